//! Attacks that show in CloudTrail.

use super::{Scene, Script};
use crate::cloudtrail::{CloudTrail, Scripted};
use crate::object::Source;
use crate::rng::Rng;
use crate::text::Text;
use crate::world::{Kind, Place};
use std::net::Ipv4Addr;

/// Seconds between two calls.
const PACE: i64 = 3;

/// Service, event name and error of a call.
type Call = (&'static str, &'static str, Option<&'static str>);

/// Appends the calls of an attack by a principal of the fitting kind.
pub(super) fn write(
    out: &mut Text,
    scene: &Scene,
    cloudtrail: &CloudTrail,
    name: &str,
    rng: &mut Rng,
) -> Script {
    let world = scene.world;
    let account = scene.place.account;
    let mut principal = rng.below(world.principals_per_account()) * world.accounts + account;
    let fits = |it: u64| {
        let is_on_instance = name != "stolen-instance-role" || world.instance_of_role(it).is_some();
        world.principal_kind(it) == kind(name) && is_on_instance
    };
    while !fits(principal) {
        principal += world.accounts;
    }
    let calls = calls(name);
    for (n, &(service, name, error)) in calls.iter().enumerate() {
        if n > 0 {
            out.push(",");
        }
        let place = Place { time: scene.place.time + n as i64 * PACE, ..scene.place };
        let agent = "python-requests/2.31.0";
        let script = Scripted { principal, source_ip: scene.peer, service, name, error, agent };
        cloudtrail.scripted(out, place, script, rng);
    }
    let subject = format!(
        r#""account":"{}","principal":{principal},"source_ip":"{}""#,
        world.account(account),
        Ipv4Addr::from(scene.peer)
    );
    Script { source: Source::CloudTrail, records: calls.len() as u64, subject }
}

fn kind(name: &str) -> Kind {
    match name {
        "root-use" => Kind::Root,
        "stolen-instance-role" => Kind::Role,
        _ => Kind::User,
    }
}

fn calls(name: &str) -> Vec<Call> {
    const RECON: [&str; 5] = [
        "ListUsers",
        "ListRoles",
        "GetAccountAuthorizationDetails",
        "ListAttachedRolePolicies",
        "GetUser",
    ];
    const THEFT: [&str; 4] = ["ListBuckets", "GetObject", "GetBucketAcl", "GetObject"];
    let cycle = |service, names: &'static [&str], count| {
        names.iter().cycle().take(count).map(move |&name| (service, name, None))
    };
    match name {
        "logging-off" => vec![
            ("cloudtrail", "StopLogging", None),
            ("cloudtrail", "DeleteTrail", None),
            ("guardduty", "DeleteDetector", None),
            ("ec2", "DeleteFlowLogs", None),
        ],
        "recon" => {
            let denied = |n: usize| (!n.is_multiple_of(3)).then_some("AccessDenied");
            let calls = cycle("iam", &RECON, 200).enumerate();
            calls.map(|(n, (service, name, _))| (service, name, denied(n))).collect()
        }
        "stolen-instance-role" => cycle("s3", &THEFT, 40).collect(),
        _ => vec![
            ("signin", "ConsoleLogin", None),
            ("iam", "CreateAccessKey", None),
            ("iam", "CreateUser", None),
            ("iam", "AttachUserPolicy", None),
        ],
    }
}
