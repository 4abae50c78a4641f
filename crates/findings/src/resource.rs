//! The resource concerned: `resource`, in GuardDuty's own shapes.
//!
//! Members, casing and types by <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Resource.html>.

use serde::{Deserialize, Serialize};

/// `resource`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct Resource {
    /// `Instance`, `AccessKey`, `S3Bucket`, `Lambda`, …
    pub resource_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_details: Option<AccessKeyDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_details: Option<InstanceDetails>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub s3_bucket_details: Vec<S3BucketDetail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda_details: Option<LambdaDetails>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_details: Vec<ModelDetail>,
}

/// `modelDetails[]`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct ModelDetail {
    pub model_id: String,
}

impl Resource {
    /// What people call the resource: its most telling identifier, else its type.
    pub fn name(&self) -> &str {
        let instance = self.instance_details.as_ref().and_then(|it| it.instance_id.as_deref());
        let bucket = self.s3_bucket_details.first().map(|it| it.name.as_str());
        let function = self.lambda_details.as_ref().map(|it| it.function_name.as_str());
        let user = self.access_key_details.as_ref().map(|it| {
            if it.user_name.is_empty() { it.access_key_id.as_str() } else { it.user_name.as_str() }
        });
        let names = [instance, bucket, function, user];
        names.into_iter().flatten().find(|it| !it.is_empty()).unwrap_or(&self.resource_type)
    }
}

/// `accessKeyDetails`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct AccessKeyDetails {
    pub access_key_id: String,
    pub principal_id: String,
    pub user_name: String,
    pub user_type: String,
}

/// `instanceDetails`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct InstanceDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_instance_profile: Option<IamInstanceProfile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_time: Option<String>,
    #[serde(default)]
    pub network_interfaces: Vec<NetworkInterface>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub product_codes: Vec<ProductCode>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// One element of `productCodes`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct ProductCode {
    pub product_code_id: String,
    pub product_code_type: String,
}

/// `iamInstanceProfile`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct IamInstanceProfile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// One element of `networkInterfaces`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct NetworkInterface {
    #[serde(default)]
    pub ipv6_addresses: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_interface_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dns_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    #[serde(default)]
    pub private_ip_addresses: Vec<PrivateIpAddressDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_dns_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
    #[serde(default)]
    pub security_groups: Vec<SecurityGroup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
}

/// One element of `privateIpAddresses`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct PrivateIpAddressDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dns_name: Option<String>,
    pub private_ip_address: String,
}

/// One element of `securityGroups`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct SecurityGroup {
    pub group_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
}

/// One element of `tags`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// One element of `s3BucketDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct S3BucketDetail {
    pub arn: String,
    pub name: String,
    /// `Destination` or `Source`.
    #[serde(rename = "type")]
    pub bucket_type: String,
    /// Seconds since 1970, as the API writes timestamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access: Option<PublicAccess>,
    #[serde(rename = "s3ObjectDetails", default, skip_serializing_if = "Vec::is_empty")]
    pub s3_object_details: Vec<S3ObjectDetail>,
}

/// `owner`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct Owner {
    pub id: String,
}

/// `publicAccess`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct PublicAccess {
    pub permission_configuration: PermissionConfiguration,
    /// `PUBLIC` or `NOT_PUBLIC`.
    pub effective_permission: String,
}

/// `permissionConfiguration`: the two levels as GuardDuty nests them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct PermissionConfiguration {
    pub bucket_level_permissions: serde_json::Value,
    pub account_level_permissions: serde_json::Value,
}

/// One element of `s3ObjectDetails`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct S3ObjectDetail {
    pub object_arn: String,
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e_tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// `lambdaDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct LambdaDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub function_arn: String,
    pub function_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified_at: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcConfig>,
}

/// `vpcConfig` of a function.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct VpcConfig {
    #[serde(default)]
    pub security_groups: Vec<SecurityGroup>,
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    pub vpc_id: String,
}
