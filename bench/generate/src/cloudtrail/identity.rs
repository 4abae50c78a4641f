//! `userIdentity` of a record.

use super::Record;
use crate::rng::{Rng, choose, mix};
use crate::text::Text;
use crate::world::{Kind, World};

/// The service that gives instances the credentials of their role.
pub(super) const EC2: &str = "ec2.amazonaws.com";

const SERVICES: [&str; 6] = [
    EC2,
    "lambda.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "autoscaling.amazonaws.com",
    "config.amazonaws.com",
    "ssm.amazonaws.com",
];

/// Seconds after which session keys change.
const SESSION: u64 = 14_400;

/// The AWS service that a principal of that kind is.
pub(super) fn service(world: &World, principal: u64) -> &'static str {
    choose(&SERVICES, world.hash(40, principal))
}

/// Decides the keys of a principal's session at a time.
pub(super) fn session_key(world: &World, principal: u64, time: i64) -> u64 {
    mix(world.hash(40, principal) ^ (time as u64 / SESSION))
}

/// Appends the identity.
pub(super) fn write(out: &mut Text, world: &World, record: &Record, rng: &mut Rng) {
    let account = world.account(record.place.account);
    let hash = world.hash(40, record.principal);
    let session = session_key(world, record.principal, record.place.time);
    match record.kind {
        Kind::Root => {
            out.push(r#"{"type":"Root","principalId":""#).num(account);
            out.push(r#"","arn":"arn:aws:iam::"#).num(account);
            out.push(r#":root","accountId":""#).num(account);
            out.push(r#"","accessKeyId":"ASIA"#).base32(session, 16).push("\"}");
        }
        Kind::User => {
            out.push(r#"{"type":"IAMUser","principalId":"AIDA"#).base32(hash, 17);
            out.push(r#"","arn":"arn:aws:iam::"#).num(account).push(":user/").user(hash);
            out.push(r#"","accountId":""#).num(account);
            out.push(r#"","accessKeyId":"AKIA"#).base32(hash ^ 7, 16);
            out.push(r#"","userName":""#).user(hash).push("\"}");
        }
        Kind::Service => {
            let service = service(world, record.principal);
            out.push(r#"{"type":"AWSService","invokedBy":""#).push(service).push("\"}");
        }
        Kind::Role => {
            let is_mfa = if rng.chance(0.05) { "true" } else { "false" };
            role(out, world, record, &Session { account, hash, key: session, is_mfa });
        }
    }
}

/// A role session.
struct Session {
    /// Digits of the account.
    account: u64,
    /// Of the role.
    hash: u64,
    /// Of the role and the time: decides the keys.
    key: u64,
    is_mfa: &'static str,
}

fn role(out: &mut Text, world: &World, record: &Record, session: &Session) {
    let &Session { account, hash, key, is_mfa } = session;
    let instance = world.instance_of_role(record.principal);
    let name = |out: &mut Text| {
        match instance {
            Some(instance) => out.push("i-").hex(world.instance_id(instance), 17),
            None => out.push("session-").num(key % 1_000_000),
        };
    };
    out.push(r#"{"type":"AssumedRole","principalId":"AROA"#).base32(hash, 17).push(":");
    name(out);
    out.push(r#"","arn":"arn:aws:sts::"#).num(account).push(":assumed-role/").role(hash).push("/");
    name(out);
    out.push(r#"","accountId":""#).num(account);
    out.push(r#"","accessKeyId":"ASIA"#).base32(key, 16);
    out.push(r#"","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA"#);
    out.base32(hash, 17).push(r#"","arn":"arn:aws:iam::"#).num(account);
    out.push(":role/").role(hash).push(r#"","accountId":""#).num(account);
    out.push(r#"","userName":""#).role(hash);
    out.push(r#""},"webIdFederationData":{},"attributes":{"creationDate":""#);
    out.time(record.place.time - (key % 3600) as i64);
    out.push(r#"","mfaAuthenticated":""#).push(is_mfa).push("\"}");
    if instance.is_some() {
        out.push(r#","ec2RoleDelivery":"2.0""#);
    }
    out.push("}}");
}
