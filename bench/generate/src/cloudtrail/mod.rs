//! CloudTrail records: about sixty event names with parameters of their shape.

mod catalog;
mod identity;
mod names;
mod parameters;

use crate::rng::{Rng, choose, running_sums};
use crate::text::Text;
use crate::world::{Kind, Place, REGIONS, World};
use catalog::{CALLS, Call, Shape};

const AGENTS: [&str; 10] = [
    "aws-sdk-java/1.12.699 Linux/5.10.214-202.855.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS java/17.0.10 \
     vendor/Amazon.com_Inc. cfg/retry-mode/legacy",
    "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#5.15.0-1057-aws md/arch#x86_64 lang/python#3.11.6 \
     md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.34.84",
    "aws-cli/2.15.38 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off command/s3.ls",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) terraform-provider-aws/5.45.0 \
     (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.26.1 os/linux lang/go#1.21.9 \
     md/GOOS#linux md/GOARCH#amd64",
    "aws-sdk-go/1.51.16 (go1.21.8; linux; amd64)",
    "aws-sdk-js/3.549.0 ua/2.1 os/linux#5.10.213 lang/js md/nodejs#18.20.2 api/dynamodb#3.549.0",
    "amazon-ssm-agent/3.3.131.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 \
     Safari/537.36",
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.692 Linux/5.10.214 OpenJDK_64-Bit_Server_VM/25.402-b08 \
     java/1.8.0_402]",
    "aws-sdk-rust/1.2.0 os/linux lang/rust/1.77.0",
];
const ERRORS: [&str; 5] = [
    "AccessDenied",
    "Client.UnauthorizedOperation",
    "NoSuchEntityException",
    "ThrottlingException",
    "NoSuchKey",
];
/// Exponent of the ranks of buckets, keys, roles and other objects of calls, of [`OBJECTS`].
const OBJECT_EXPONENT: f64 = 1.1;
const OBJECTS: u64 = 4_000;

/// Writes records.
#[derive(Debug)]
pub(crate) struct CloudTrail<'a> {
    world: &'a World,
    weights: Vec<f64>,
}

/// A call of an attack: everything that the ordinary records draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scripted<'a> {
    pub principal: u64,
    pub source_ip: u32,
    pub service: &'a str,
    pub name: &'a str,
    pub error: Option<&'a str>,
    pub agent: &'a str,
}

/// A record before it is written.
struct Record<'a> {
    place: Place,
    principal: u64,
    kind: Kind,
    service: &'a str,
    name: &'a str,
    is_read: bool,
    shape: Shape,
}

impl<'a> CloudTrail<'a> {
    /// A writer for a world.
    pub(crate) fn new(world: &'a World) -> Self {
        CloudTrail { world, weights: running_sums(CALLS.iter().map(|call| call.weight)) }
    }

    /// Appends one ordinary record of a principal of the account.
    pub(crate) fn background(&self, out: &mut Text, place: Place, rng: &mut Rng) {
        let Call { service, name, is_read, shape, .. } = CALLS[rng.weighted(&self.weights)];
        let per_account = self.world.principals_per_account();
        let principal = rng.zipf(per_account, 1.05) * self.world.accounts + place.account;
        let mut kind = self.world.principal_kind(principal);
        if kind == Kind::Root && !rng.chance(0.02) {
            kind = Kind::Role;
        }
        let mut record = Record { place, principal, kind, service, name, is_read, shape };
        record.settle_kind();
        if record.is_ec2(self.world) {
            record.deliver();
        }
        self.write(out, &record, None, rng);
    }

    /// Appends one record of an attack.
    pub(crate) fn scripted(&self, out: &mut Text, place: Place, script: Scripted, rng: &mut Rng) {
        let call = CALLS.iter().find(|call| call.name == script.name);
        let mut record = Record {
            place,
            principal: script.principal,
            kind: self.world.principal_kind(script.principal),
            service: script.service,
            name: script.name,
            is_read: call.is_some_and(|call| call.is_read),
            shape: call.map_or(Shape::Empty, |call| call.shape),
        };
        record.settle_kind();
        self.write(out, &record, Some(&script), rng);
    }

    fn write(&self, out: &mut Text, record: &Record, script: Option<&Scripted>, rng: &mut Rng) {
        let region = REGIONS[record.place.region].0;
        out.push(r#"{"eventVersion":"1.09","userIdentity":"#);
        identity::write(out, self.world, record, rng);
        out.push(r#","eventTime":""#).time(record.place.time);
        out.push(r#"","eventSource":""#).push(record.service);
        out.push(r#".amazonaws.com","eventName":""#).push(record.name);
        out.push(r#"","awsRegion":""#).push(region);
        self.caller(out, record, script, rng);
        let error = match script.and_then(|it| it.error) {
            Some(error) => Some(error),
            None => rng.chance(0.04).then(|| rng.pick(&ERRORS)),
        };
        if let Some(error) = error {
            out.push(r#","errorCode":""#).push(error);
            out.push(r#"","errorMessage":"User is not authorized to perform: "#);
            out.push(record.service).push(":").push(record.name);
            out.push(r#" because no identity-based policy allows the action""#);
        }
        parameters::write(out, self.world, record, rng);
        out.push(r#","requestID":""#).uuid(rng).push(r#"","eventID":""#).uuid(rng);
        out.push(r#"","readOnly":"#).push(if record.is_read { "true" } else { "false" });
        self.resources(out, record, rng);
        self.tail(out, record, region);
    }

    /// Address and user agent.
    fn caller(&self, out: &mut Text, record: &Record, script: Option<&Scripted>, rng: &mut Rng) {
        let service = identity::service(self.world, record.principal);
        let is_service = record.kind == Kind::Service;
        out.push(r#"","sourceIPAddress":""#);
        match script {
            _ if is_service => out.push(service),
            Some(script) => out.ip(script.source_ip),
            None => {
                let usual = self.world.principal_ip(record.principal, rng);
                let instance = record.instance(self.world);
                out.ip(instance.map_or(usual, |it| self.world.instance_egress_ip(it)))
            }
        };
        let agent = match script {
            Some(script) => script.agent,
            None if is_service => service,
            None => {
                let usual = self.world.hash(41, record.principal);
                choose(&AGENTS, usual.wrapping_add(rng.chance(0.05).into()))
            }
        };
        out.push(r#"","userAgent":""#).push(agent).push("\"");
    }

    fn resources(&self, out: &mut Text, record: &Record, rng: &mut Rng) {
        let account = self.world.account(record.place.account);
        let mut object = || rng.zipf(OBJECTS, OBJECT_EXPONENT);
        match record.shape {
            Shape::S3Object | Shape::S3Bucket => {
                out.push(r#","resources":[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::"#);
                out.num(object()).push(r#"/"},{"accountId":""#).num(account);
                out.push(r#"","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::"#).num(object());
                out.push("\"}]");
            }
            Shape::Kms => {
                out.push(r#","resources":[{"accountId":""#).num(account);
                out.push(r#"","type":"AWS::KMS::Key","ARN":"arn:aws:kms:"#);
                out.push(REGIONS[record.place.region].0).push(":").num(account);
                out.push(":key/").hex(object(), 16).push("\"}]");
            }
            _ => {}
        }
    }

    fn tail(&self, out: &mut Text, record: &Record, region: &str) {
        let is_data = record.shape == Shape::S3Object
            || matches!(record.name, "Invoke" | "GetItem" | "ListObjects");
        let is_login = record.name == "ConsoleLogin";
        out.push(r#","eventType":""#).push(if is_login {
            "AwsConsoleSignIn"
        } else {
            "AwsApiCall"
        });
        out.push(r#"","managementEvent":"#).push(if is_data { "false" } else { "true" });
        out.push(r#","recipientAccountId":""#).num(self.world.account(record.place.account));
        out.push(r#"","eventCategory":""#).push(if is_data { "Data" } else { "Management" });
        out.push("\"");
        if record.kind != Kind::Service {
            out.push(
                r#","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","#,
            );
            out.push(r#""clientProvidedHostHeader":""#).push(record.service).push(".").push(region);
            out.push(r#".amazonaws.com"}"#);
        }
        out.push("}");
    }
}

impl Record<'_> {
    /// The instance whose role the caller is.
    fn instance(&self, world: &World) -> Option<u64> {
        if self.kind == Kind::Role { world.instance_of_role(self.principal) } else { None }
    }

    /// Whether the caller is EC2 itself.
    fn is_ec2(&self, world: &World) -> bool {
        self.kind == Kind::Service && identity::service(world, self.principal) == identity::EC2
    }

    /// EC2 calls in its own name only to assume the roles of instances.
    fn deliver(&mut self) {
        (self.service, self.name, self.is_read) = ("sts", "AssumeRole", true);
        self.shape = Shape::Delivery;
    }

    /// Only people sign in at the console.
    fn settle_kind(&mut self) {
        if self.name == "ConsoleLogin" && self.kind != Kind::Root {
            self.kind = Kind::User;
        }
    }
}
