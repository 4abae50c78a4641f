//! `Resources`: what the finding concerns, with the members that the format knows.

use serde_json::{Map, Value, json};

use crate::{AccessKeyDetails, Finding, InstanceDetails, LambdaDetails, S3BucketDetail, Tag};

/// At least one element: a finding without known resources names its account.
pub(super) fn resources(finding: &Finding, partition: &str) -> Vec<Value> {
    let resource = &finding.resource;
    let mut items: Vec<(String, &str, Value, &[Tag])> = Vec::new();
    if let Some(it) = &resource.instance_details {
        let id = it.instance_id.as_deref().unwrap_or_default();
        let arn =
            format!("arn:{partition}:ec2:{}:{}:instance/{id}", finding.region, finding.account_id);
        items.push((arn, "AwsEc2Instance", instance(it), &it.tags));
    }
    if let Some(it) = &resource.access_key_details {
        let id = format!("AWS::IAM::AccessKey:{}", it.access_key_id);
        items.push((id, "AwsIamAccessKey", access_key(it), &[]));
    }
    for it in &resource.s3_bucket_details {
        items.push((it.arn.clone(), "AwsS3Bucket", bucket(it), &it.tags));
    }
    if let Some(it) = &resource.lambda_details {
        items.push((it.function_arn.clone(), "AwsLambdaFunction", function(it), &[]));
    }
    if items.is_empty() {
        let id = format!("AWS::::Account:{}", finding.account_id);
        items.push((id, "AwsAccount", Value::Null, &[]));
    }
    items.into_iter().map(|it| element(finding, partition, it)).collect()
}

fn element(
    finding: &Finding,
    partition: &str,
    (id, kind, details, tags): (String, &str, Value, &[Tag]),
) -> Value {
    let mut out = json!({
        "Id": id, "Type": kind, "Partition": partition, "Region": finding.region.to_string(),
    });
    if details.as_object().is_some_and(|it| !it.is_empty()) {
        out["Details"] = json!({kind: details});
    }
    if !tags.is_empty() {
        let pairs = tags.iter().map(|it| (it.key.clone(), json!(it.value)));
        out["Tags"] = Value::Object(pairs.collect());
    }
    out
}

fn instance(it: &InstanceDetails) -> Value {
    let mut out = Map::new();
    let profile = it.iam_instance_profile.as_ref().and_then(|it| it.arn.as_ref());
    let first = it.network_interfaces.first();
    let texts = [
        ("Type", it.instance_type.as_ref()),
        ("ImageId", it.image_id.as_ref()),
        ("LaunchedAt", it.launch_time.as_ref()),
        ("IamInstanceProfileArn", profile),
        ("VpcId", first.and_then(|it| it.vpc_id.as_ref())),
        ("SubnetId", first.and_then(|it| it.subnet_id.as_ref())),
    ];
    for (name, text) in texts {
        if let Some(text) = text.filter(|it| !it.is_empty()) {
            out.insert(name.to_owned(), json!(text));
        }
    }
    let interfaces = &it.network_interfaces;
    let lists: [(&str, Vec<Value>); 3] = [
        (
            "IpV4Addresses",
            interfaces
                .iter()
                .flat_map(|it| [it.public_ip.as_ref(), it.private_ip_address.as_ref()])
                .flatten()
                .map(|it| json!(it))
                .collect(),
        ),
        (
            "IpV6Addresses",
            interfaces.iter().flat_map(|it| &it.ipv6_addresses).map(|it| json!(it)).collect(),
        ),
        (
            "NetworkInterfaces",
            interfaces
                .iter()
                .filter_map(|it| it.network_interface_id.as_ref())
                .map(|it| json!({"NetworkInterfaceId": it}))
                .collect(),
        ),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            out.insert(name.to_owned(), Value::Array(list));
        }
    }
    Value::Object(out)
}

fn access_key(it: &AccessKeyDetails) -> Value {
    let texts = [
        ("AccessKeyId", &it.access_key_id),
        ("PrincipalId", &it.principal_id),
        ("PrincipalName", &it.user_name),
        ("PrincipalType", &it.user_type),
    ];
    let known = texts.into_iter().filter(|(_, text)| !text.is_empty());
    Value::Object(known.map(|(name, text)| (name.to_owned(), json!(text))).collect())
}

fn bucket(it: &S3BucketDetail) -> Value {
    match it.owner.as_ref().filter(|it| !it.id.is_empty()) {
        Some(owner) => json!({"OwnerId": owner.id}),
        None => json!({}),
    }
}

fn function(it: &LambdaDetails) -> Value {
    let mut out = json!({"FunctionName": it.function_name});
    if let Some(role) = &it.role {
        out["Role"] = json!(role);
    }
    out
}
