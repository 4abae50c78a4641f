//! `userIdentity` of a record.

use super::Record;
use crate::rng::{Rng, choose, mix};
use crate::text::Text;
use crate::world::{Kind, World};

const SERVICES: [&str; 6] = [
    "ec2.amazonaws.com",
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

/// Appends the identity.
pub(super) fn write(out: &mut Text, world: &World, record: &Record, rng: &mut Rng) {
    let account = world.account(record.place.account);
    let hash = world.hash(40, record.principal);
    let session = mix(hash ^ (record.place.time as u64 / SESSION));
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
    let is_on_instance = (hash >> 32).is_multiple_of(4);
    let name = |out: &mut Text| {
        if is_on_instance {
            out.push("i-").hex(world.instance_id(hash % world.instances), 17);
        } else {
            out.push("session-").num(key % 1_000_000);
        }
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
    if is_on_instance {
        out.push(r#","ec2RoleDelivery":"2.0""#);
    }
    out.push("}}");
}
