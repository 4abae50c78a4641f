//! The inventory's facts in the shapes of findings.

use findings::{
    IamInstanceProfile, InstanceDetails, NetworkInterface, Owner, PermissionConfiguration,
    PrivateIpAddressDetails, PublicAccess, S3BucketDetail,
};
use model::{AccountId, Addr, Timestamp};
use serde_json::json;

use super::buckets::{BlockPublicAccess, BucketFact};
use super::exposure::Exposure;
use super::facts::Inventory;
use super::instances::InstanceFact;
use super::network::Interface;

impl Inventory {
    /// An instance for a finding. At least its id is set, whatever else is known.
    pub fn instance_details(&self, account: AccountId, id: &str, at: Timestamp) -> InstanceDetails {
        let mut details = match self.instance(account, id, at) {
            Some(fact) => self.known_details(fact),
            None => InstanceDetails::default(),
        };
        details.instance_id = some(id);
        details.network_interfaces =
            self.interfaces_of_instance(account, id, at).iter().map(interface_details).collect();
        details
    }

    fn known_details(&self, fact: &InstanceFact) -> InstanceDetails {
        let has_profile = !fact.profile_arn.is_empty() || !fact.profile_id.is_empty();
        InstanceDetails {
            availability_zone: some(&fact.availability_zone),
            iam_instance_profile: has_profile.then(|| IamInstanceProfile {
                arn: some(&fact.profile_arn),
                id: some(&fact.profile_id),
            }),
            image_description: self.image_description(&fact.image).and_then(some),
            image_id: some(&fact.image),
            instance_state: some(&fact.state),
            instance_type: some(&fact.instance_type),
            launch_time: fact.launched.map(|time| time.to_string()),
            platform: some(&fact.platform),
            tags: fact.tags.clone(),
            ..InstanceDetails::default()
        }
    }

    /// A bucket for a finding. At least its name and ARN are set, whatever else is known.
    pub fn bucket_detail(&self, name: &str, partition: &str, at: Timestamp) -> S3BucketDetail {
        let mut detail = S3BucketDetail {
            arn: format!("arn:{partition}:s3:::{name}"),
            name: name.to_owned(),
            bucket_type: "Destination".to_owned(),
            ..S3BucketDetail::default()
        };
        let Some(fact) = self.bucket(name, at) else { return detail };
        detail.created_at = fact.created.map(|time| time.millis() as f64 / 1000.0);
        detail.owner = some(&fact.owner).map(|id| Owner { id });
        detail.tags.clone_from(&fact.tags);
        detail.public_access = Some(self.public_access(fact, at));
        detail
    }

    fn public_access(&self, fact: &BucketFact, at: Timestamp) -> PublicAccess {
        let account_block = self.account_block(fact.account, at).unwrap_or_default();
        let exposure = Exposure::of(fact, account_block);
        PublicAccess {
            permission_configuration: PermissionConfiguration {
                bucket_level_permissions: json!({
                    "accessControlList": {
                        "allowsPublicReadAccess": exposure.acl.read,
                        "allowsPublicWriteAccess": exposure.acl.write,
                    },
                    "bucketPolicy": {
                        "allowsPublicReadAccess": exposure.policy.read,
                        "allowsPublicWriteAccess": exposure.policy.write,
                    },
                    "blockPublicAccess": block_details(fact.block.unwrap_or_default()),
                }),
                account_level_permissions: json!({
                    "blockPublicAccess": block_details(account_block),
                }),
            },
            effective_permission: if exposure.is_public() { "PUBLIC" } else { "NOT_PUBLIC" }
                .to_owned(),
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn block_details(block: BlockPublicAccess) -> serde_json::Value {
    json!({
        "ignorePublicAcls": block.ignore_public_acls,
        "restrictPublicBuckets": block.restrict_public_buckets,
        "blockPublicAcls": block.block_public_acls,
        "blockPublicPolicy": block.block_public_policy,
    })
}

fn interface_details(interface: &Interface<'_>) -> NetworkInterface {
    let private: Vec<PrivateIpAddressDetails> = interface
        .private
        .iter()
        .map(|kept| PrivateIpAddressDetails {
            private_dns_name: some(&kept.dns),
            private_ip_address: kept.address.to_string(),
        })
        .collect();
    let primary = private.first().cloned();
    NetworkInterface {
        ipv6_addresses: interface.ipv6.iter().map(Addr::to_string).collect(),
        network_interface_id: some(&interface.id),
        private_dns_name: primary.as_ref().and_then(|first| first.private_dns_name.clone()),
        private_ip_address: primary.map(|first| first.private_ip_address),
        private_ip_addresses: private,
        public_dns_name: some(&interface.public_dns),
        public_ip: interface.public.first().map(Addr::to_string),
        security_groups: interface.security_groups.to_vec(),
        subnet_id: some(&interface.subnet),
        vpc_id: some(&interface.vpc),
    }
}
