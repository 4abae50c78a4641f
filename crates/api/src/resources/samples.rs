//! Sample findings: every type with GuardDuty's own placeholders, so that what reads findings can be tried.

use findings::{Action, Commits, Data, Draft, Finding, FindingType, Resource};
use model::Timestamp;
use serde_json::{Value, json};
use store::Owner;

/// What makes all samples of a type one finding.
const KEY: &str = "sample";

/// A sample of a type. No threat is meant by it.
pub(crate) fn sample(finding_type: &'static FindingType, owner: Owner, now: Timestamp) -> Finding {
    let mut draft = Draft::new(finding_type, owner.account, owner.region, KEY, now);
    draft.title = format!("[SAMPLE] {}", finding_type.title);
    draft.description = format!("[SAMPLE] {}", finding_type.about);
    draft.resource = resource(finding_type.affected());
    draft.action = action(finding_type);
    draft.additional.insert("sample".to_owned(), Value::Bool(true));
    Finding::from_draft(&draft, 0, Commits { first: now, last: now })
}

fn resource(affected: &str) -> Resource {
    let value = match affected {
        "EC2" => json!({ "resourceType": "Instance", "instanceDetails": instance() }),
        "Lambda" => json!({
            "resourceType": "Lambda",
            "lambdaDetails": {
                "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:GeneratedFindingFunctionName",
                "functionName": "GeneratedFindingFunctionName",
                "tags": [],
            },
        }),
        "S3" => json!({
            "resourceType": "S3Bucket",
            "accessKeyDetails": access_key(),
            "s3BucketDetails": [{
                "arn": "arn:aws:s3:::GeneratedFindingS3Bucket", "name": "GeneratedFindingS3Bucket",
                "type": "Destination", "tags": [],
            }],
        }),
        _ => json!({ "resourceType": "AccessKey", "accessKeyDetails": access_key() }),
    };
    // The shapes are those of the crate `findings`; a test reads each of them.
    serde_json::from_value(value).unwrap_or_default()
}

fn instance() -> Value {
    let tag = |n: u8| {
        json!({
            "key": format!("GeneratedFindingInstaceTag{n}"),
            "value": format!("GeneratedFindingInstaceValue{n}"),
        })
    };
    json!({
        "instanceId": "i-99999999", "imageId": "ami-99999999", "instanceType": "m3.xlarge",
        "instanceState": "running", "availabilityZone": "GeneratedFindingInstaceAvailabilityZone",
        "launchTime": "2016-08-02T02:05:06.000Z",
        "networkInterfaces": [{
            "networkInterfaceId": "eni-bfcffe88", "privateIpAddress": "10.0.0.1",
            "privateDnsName": "GeneratedFindingPrivateDnsName", "publicIp": "198.51.100.0",
            "publicDnsName": "GeneratedFindingPublicDNSName", "subnetId": "GeneratedFindingSubnetId",
            "vpcId": "GeneratedFindingVPCId", "ipv6Addresses": [],
            "privateIpAddresses": [{ "privateIpAddress": "10.0.0.1" }],
            "securityGroups": [{
                "groupId": "GeneratedFindingSecurityId", "groupName": "GeneratedFindingSecurityGroupName",
            }],
        }],
        "productCodes": [],
        "tags": (1..=9).map(tag).collect::<Vec<_>>(),
    })
}

fn access_key() -> Value {
    json!({
        "accessKeyId": "GeneratedFindingAccessKeyId", "principalId": "GeneratedFindingPrincipalId",
        "userName": "GeneratedFindingUserName", "userType": "IAMUser",
    })
}

fn action(finding_type: &FindingType) -> Action {
    let remote = json!({
        "ipAddressV4": "198.51.100.0",
        "country": { "countryName": "GeneratedFindingCountryName" },
        "city": { "cityName": "GeneratedFindingCityName" },
        "geoLocation": { "lat": 0.0, "lon": 0.0 },
        "organization": {
            "asn": "-1", "asnOrg": "GeneratedFindingASNOrg",
            "isp": "GeneratedFindingISP", "org": "GeneratedFindingORG",
        },
    });
    let value = match finding_type.data.first() {
        Some(Data::VpcFlow) => json!({
            "actionType": "NETWORK_CONNECTION",
            "networkConnectionAction": {
                "blocked": false, "connectionDirection": "OUTBOUND", "protocol": "TCP",
                "localPortDetails": { "port": 39677, "portName": "Unknown" },
                "remotePortDetails": { "port": 22, "portName": "SSH" },
                "remoteIpDetails": remote,
            },
        }),
        Some(Data::ResolverQuery) => json!({
            "actionType": "DNS_REQUEST",
            "dnsRequestAction": {
                "domain": "GeneratedFindingDomainName", "protocol": "UDP", "blocked": false,
            },
        }),
        _ => json!({
            "actionType": "AWS_API_CALL",
            "awsApiCallAction": {
                "api": "GeneratedFindingAPIName", "serviceName": "GeneratedFindingAPIServiceName",
                "callerType": "Remote IP", "remoteIpDetails": remote,
            },
        }),
    };
    serde_json::from_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use model::{AccountId, Region, Severity};

    use super::*;

    const fn of(name: &'static str, data: &'static [Data]) -> FindingType {
        FindingType {
            name,
            severity: Severity::HIGH,
            title: "t",
            about: "a",
            detection: "",
            false_positives: "",
            response: "",
            techniques: &[],
            data,
            aggregation: "",
            is_own: false,
        }
    }

    static TYPES: [(FindingType, &str, &str); 5] = [
        (of("Recon:EC2/Portscan", &[Data::VpcFlow]), "Instance", "NETWORK_CONNECTION"),
        (
            of("Trojan:EC2/DGADomainRequest.C!DNS", &[Data::ResolverQuery]),
            "Instance",
            "DNS_REQUEST",
        ),
        (
            of("Policy:IAMUser/RootCredentialUsage", &[Data::CloudTrailManagement]),
            "AccessKey",
            "AWS_API_CALL",
        ),
        (
            of("Policy:S3/BucketPublicAccessGranted", &[Data::CloudTrailManagement]),
            "S3Bucket",
            "AWS_API_CALL",
        ),
        (of("Backdoor:Lambda/C&CActivity.B", &[Data::VpcFlow]), "Lambda", "NETWORK_CONNECTION"),
    ];

    #[test]
    fn resource_and_action_follow_the_type() {
        let owner =
            Owner::new(AccountId::new(111_122_223_333).unwrap(), Region::new("eu-central-1"));
        for (finding_type, resource, action) in &TYPES {
            let finding = sample(finding_type, owner, Timestamp::from_secs(1_772_366_400));
            assert_eq!(finding.resource.resource_type, *resource);
            assert_eq!(finding.service.action.as_ref().unwrap().action_type, *action);
            assert!(finding.title.starts_with("[SAMPLE] "));
            assert_eq!(finding.service.additional_info.keys()["sample"], true);
            assert_eq!(finding.id.len(), 32);
        }
    }
}
