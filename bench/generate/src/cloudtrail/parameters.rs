//! `requestParameters` and `responseElements` of a record, by the shape of its call.

use super::catalog::Shape;
use super::names::TEAMS;
use super::{OBJECT_EXPONENT, OBJECTS, Record, identity};
use crate::rng::{Rng, choose};
use crate::text::Text;
use crate::world::{Kind, REGIONS, World};

/// How often a role is drawn until one is for an instance.
const DRAWS_MAX: usize = 64;

/// What the parameters are about.
struct Object<'a> {
    world: &'a World,
    record: &'a Record<'a>,
    /// Of the bucket, key, role or function.
    hash: u64,
    /// Digits of the account.
    account: u64,
    region: &'a str,
}

/// Appends both members.
pub(super) fn write(out: &mut Text, world: &World, record: &Record, rng: &mut Rng) {
    let hash = world.hash(50, rng.zipf(OBJECTS, OBJECT_EXPONENT));
    let account = world.account(record.place.account);
    let region = REGIONS[record.place.region].0;
    let it = Object { world, record, hash, account, region };
    out.push(r#","requestParameters":"#);
    match record.shape {
        Shape::Empty => _ = out.push(r#"null,"responseElements":null"#),
        Shape::S3Object | Shape::S3Bucket => it.s3(out, rng),
        Shape::AssumeRole => it.assume_role(out, rng),
        Shape::Delivery => it.delivery(out, rng),
        Shape::Kms => it.kms(out),
        Shape::Describe => it.describe(out, rng),
        Shape::RunInstances => it.run_instances(out, rng),
        Shape::Ingress => it.ingress(out),
        Shape::Iam => it.iam(out),
        Shape::Policy => it.policy(out),
        Shape::Lambda => it.lambda(out),
        Shape::Logs => it.logs(out, rng),
        Shape::Secret => it.secret(out),
        Shape::Console => {
            out.push(
                r#"null,"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":"#,
            );
            out.push(
                r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","#,
            );
            out.push(r#""MFAUsed":"Yes"}"#);
        }
    }
}

impl Object<'_> {
    fn s3(&self, out: &mut Text, rng: &mut Rng) {
        out.push(r#"{"bucketName":""#).bucket(self.hash).push(r#"","Host":""#).bucket(self.hash);
        out.push(".s3.").push(self.region).push(r#".amazonaws.com""#);
        if self.record.shape == Shape::S3Object {
            let day = self.record.place.time / 86_400 % 28 + 1;
            out.push(r#","key":"year=2026/month=01/day="#).num(day as u64);
            out.push("/part-").hex(rng.next(), 12).push(".snappy.parquet\"");
        } else {
            out.push(r#","list-type":"2","prefix":"year=2026/","max-keys":"1000""#);
        }
        out.push("},");
        if self.record.name == "PutObject" {
            out.push(r#""responseElements":{"x-amz-server-side-encryption":"AES256","#);
            out.push(r#""x-amz-version-id":""#).base32(rng.next(), 24).push("\"},");
        } else {
            out.push(r#""responseElements":null,"#);
        }
        out.push(r#""additionalEventData":{"SignatureVersion":"SigV4","#);
        out.push(r#""CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"#);
        out.push(r#""AuthenticationMethod":"AuthHeader","x-amz-id-2":""#);
        for _ in 0..4 {
            out.base32(rng.next(), 12);
        }
        out.push(r#"=","bytesTransferredOut":"#).num(rng.lognormal(9.0, 2.5) as u64).push("}");
    }

    fn assume_role(&self, out: &mut Text, rng: &mut Rng) {
        out.push(r#"{"roleArn":"arn:aws:iam::"#).num(self.account).push(":role/").role(self.hash);
        out.push(r#"","roleSessionName":"session-"#).num(rng.below(1_000_000));
        out.push(
            r#"","durationSeconds":3600},"responseElements":{"credentials":{"accessKeyId":"ASIA"#,
        );
        out.base32(rng.next(), 16).push(r#"","sessionToken":"IQoJb3JpZ2luX2VjE"#);
        for _ in 0..24 {
            out.base32(rng.next(), 12);
        }
        out.push(
            r#"","expiration":"Jan 5, 2026, 8:12:45 PM"},"assumedRoleUser":{"assumedRoleId":"AROA"#,
        );
        out.base32(self.hash, 17).push(r#":session","arn":"arn:aws:sts::"#).num(self.account);
        out.push(":assumed-role/").role(self.hash).push("/session\"}}");
    }

    /// The session of an instance of the account, as that instance uses it at the time.
    fn delivery(&self, out: &mut Text, rng: &mut Rng) {
        let (world, place) = (self.world, self.record.place);
        let drawn = (0..DRAWS_MAX).find_map(|_| {
            let rank = rng.zipf(world.principals_per_account(), 1.05);
            let principal = rank * world.accounts + place.account;
            let is_role = world.principal_kind(principal) == Kind::Role;
            Some((principal, world.instance_of_role(principal).filter(|_| is_role)?))
        });
        let (principal, instance) = drawn.unwrap_or((place.account, place.account));
        let role = world.hash(40, principal);
        let key = identity::session_key(world, principal, place.time);
        let name = |out: &mut Text| {
            out.push("i-").hex(world.instance_id(instance), 17);
        };
        out.push(r#"{"roleArn":"arn:aws:iam::"#).num(self.account).push(":role/").role(role);
        out.push(r#"","roleSessionName":""#);
        name(out);
        out.push(r#""},"responseElements":{"credentials":{"accessKeyId":"ASIA"#).base32(key, 16);
        out.push(r#"","sessionToken":"IQoJb3JpZ2luX2VjE"#);
        for _ in 0..24 {
            out.base32(rng.next(), 12);
        }
        out.push(
            r#"","expiration":"Jan 5, 2026, 8:12:45 PM"},"assumedRoleUser":{"assumedRoleId":"AROA"#,
        );
        out.base32(role, 17).push(":");
        name(out);
        out.push(r#"","arn":"arn:aws:sts::"#).num(self.account).push(":assumed-role/").role(role);
        out.push("/");
        name(out);
        out.push("\"}}");
    }

    fn kms(&self, out: &mut Text) {
        out.push(r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::"#).bucket(self.hash);
        out.push(r#""},"encryptionAlgorithm":"SYMMETRIC_DEFAULT","keyId":"arn:aws:kms:"#);
        out.push(self.region).push(":").num(self.account).push(":key/").hex(self.hash, 16);
        out.push(r#""},"responseElements":null"#);
    }

    fn describe(&self, out: &mut Text, rng: &mut Rng) {
        out.push(r#"{"maxResults":1000,"filterSet":{"items":[{"name":"instance-id","#);
        out.push(r#""valueSet":{"items":["#);
        for n in 0..=rng.below(4) {
            if n > 0 {
                out.push(",");
            }
            let instance = rng.zipf(self.world.instances, 0.9);
            out.push(r#"{"value":"i-"#).hex(self.world.instance_id(instance), 17).push("\"}");
        }
        out.push(r#"]}}]}},"responseElements":null"#);
    }

    fn run_instances(&self, out: &mut Text, rng: &mut Rng) {
        out.push(r#"{"instancesSet":{"items":[{"imageId":"ami-"#).hex(self.hash, 17);
        out.push(
            r#"","minCount":1,"maxCount":1,"keyName":"deploy"}]},"instanceType":"m6i.large","#,
        );
        out.push(r#""blockDeviceMapping":{},"monitoring":{"enabled":false},"subnetId":"subnet-"#);
        out.hex(self.hash >> 3, 17).push(r#""},"responseElements":{"requestId":""#).uuid(rng);
        let instance = rng.below(self.world.instances);
        out.push(r#"","instancesSet":{"items":[{"instanceId":"i-"#);
        out.hex(self.world.instance_id(instance), 17);
        out.push(r#"","instanceState":{"code":0,"name":"pending"},"#);
        out.push(r#""privateDnsName":"ip-10-0-0-1.ec2.internal","tagSet":{"items":["#);
        out.push(r#"{"key":"Name","value":"worker"},{"key":"team","value":""#);
        out.push(choose(&TEAMS, self.hash)).push(r#""}]}}]}}"#);
    }

    fn ingress(&self, out: &mut Text) {
        out.push(r#"{"groupId":"sg-"#).hex(self.hash, 17);
        out.push(r#"","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},"#);
        out.push(r#""ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]},"ipv6Ranges":{},"prefixListIds":{}}]}},"#);
        out.push(r#""responseElements":{"_return":true}"#);
    }

    fn iam(&self, out: &mut Text) {
        let user = self.world.hash(40, self.record.principal);
        out.push(r#"{"roleName":""#).role(self.hash).push(r#"","userName":""#).user(user);
        out.push(r#""},"responseElements":null"#);
    }

    fn policy(&self, out: &mut Text) {
        out.push(r#"{"bucketName":""#).bucket(self.hash);
        out.push(r#"","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","#);
        out.push(r#"\"Principal\":{\"AWS\":\"arn:aws:iam::"#).num(self.account);
        out.push(r#":root\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::"#);
        out.bucket(self.hash).push(r#"/*\"}]}"},"responseElements":null"#);
    }

    fn lambda(&self, out: &mut Text) {
        out.push(r#"{"functionName":"arn:aws:lambda:"#).push(self.region).push(":");
        out.num(self.account).push(":function:").role(self.hash);
        out.push(r#"","sourceArn":"arn:aws:events:"#).push(self.region).push(":").num(self.account);
        out.push(r#":rule/tick","contentType":"application/json"},"responseElements":null"#);
    }

    fn logs(&self, out: &mut Text, rng: &mut Rng) {
        out.push(r#"{"logGroupName":"/aws/lambda/"#).role(self.hash);
        out.push(r#"","logStreamName":"2026/01/05/[$LATEST]"#);
        out.hex(rng.next(), 16).hex(rng.next(), 16).push(r#""},"responseElements":null"#);
    }

    fn secret(&self, out: &mut Text) {
        out.push(r#"{"secretId":"arn:aws:secretsmanager:"#).push(self.region).push(":");
        out.num(self.account).push(":secret:prod/").role(self.hash);
        out.push(r#"-AbCdEf"},"responseElements":null"#);
    }
}
