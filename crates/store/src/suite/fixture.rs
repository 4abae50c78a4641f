//! Drafts and questions for the cases.

use std::time::Duration;

use findings::{
    AccessKeyDetails, Action, AwsApiCallAction, Draft, EvidenceRef, Finding, FindingType,
    GeoLocation, InstanceDetails, NetworkConnectionAction, PortDetails, Reason, RemoteIpDetails,
    Resource, ResourceRole, S3BucketDetail,
};
use model::{AccountId, Origin, Region, Severity, Timestamp};
use serde_json::{Value, json};

use crate::{Commit, CommitOutcome, Criteria, FindingQuery, Owner, Scope, Sort, Store};

const fn finding_type(name: &'static str, severity: Severity) -> FindingType {
    FindingType {
        name,
        severity,
        title: "a title",
        about: "",
        detection: "",
        false_positives: "",
        response: "",
        techniques: &[],
        data: &[],
        aggregation: "",
        is_own: false,
    }
}

pub(crate) const TYPES: [&FindingType; 4] = [
    &finding_type("UnauthorizedAccess:EC2/SSHBruteForce", Severity::LOW),
    &finding_type("Recon:EC2/PortProbeUnprotectedPort", Severity::MEDIUM),
    &finding_type("Policy:S3/BucketAnonymousAccessGranted", Severity::HIGH),
    &finding_type("Stealth:IAMUser/CloudTrailLoggingDisabled", Severity::LOW),
];

pub(crate) const START: Timestamp = Timestamp::from_secs(1_772_366_400);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

pub(crate) fn account(number: u64) -> AccountId {
    AccountId::new(111_122_223_333 + number).unwrap()
}

pub(crate) fn region() -> Region {
    Region::new("eu-central-1")
}

pub(crate) fn owner(number: u64) -> Owner {
    Owner::new(account(number), region())
}

/// An SSH brute force against `key` in the first account.
pub(crate) fn draft(key: &str, time: Timestamp) -> Draft {
    Draft::new(TYPES[0], account(0), region(), key, time)
}

/// Draft number `n`: numbers decide about everything in it, and many have the same key.
pub(crate) fn varied(n: u64) -> Draft {
    // splitmix64 (G. Steele et al., "Fast splittable pseudorandom number generators", 2014).
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |end: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 29) % end
    };
    let time = START + Duration::from_millis(below(200 * 24) * 3_600_000 + below(3));
    let which = below(4);
    let key = format!("resource-{}", below(12));
    let (account, region) =
        (account(below(3)), Region::new(["eu-central-1", "us-east-1"][below(2) as usize]));
    let mut draft = Draft::new(TYPES[which as usize], account, region, key.clone(), time);
    draft.last = time + MINUTE * below(3) as u32;
    draft.count = 1 + below(5);
    draft.severity = Severity::new(1 + below(10) as u8).unwrap();
    draft.role = [ResourceRole::Target, ResourceRole::Actor][below(2) as usize];
    draft.title = format!("title {} ü", below(3));
    draft.resource = resource(which, &key);
    draft.action = action(which, below(4), below(200) as u16);
    if below(2) == 0 {
        draft.additional.insert("threatListName".into(), json!(format!("list-{}", below(3))));
        draft.additional.insert("inBytes".into(), json!(below(1000) as f64 / 7.0));
    }
    draft.reasons.push(Reason::new("attempts", below(9), 10));
    for _ in 0..below(4) {
        let origin = Origin { object: below(3) as u32, len: 100, offset: below(50) * 100 };
        draft.evidence.push(EvidenceRef { time: draft.first, origin });
    }
    draft
}

fn resource(which: u64, key: &str) -> Resource {
    let key = key.to_owned();
    match which {
        0 | 1 => Resource {
            resource_type: "Instance".into(),
            instance_details: Some(InstanceDetails {
                instance_id: Some(key),
                ..InstanceDetails::default()
            }),
            ..Resource::default()
        },
        2 => Resource {
            resource_type: "S3Bucket".into(),
            s3_bucket_details: ["", "-copy"]
                .map(|it| S3BucketDetail {
                    name: format!("{key}{it}"),
                    ..S3BucketDetail::default()
                })
                .into(),
            ..Resource::default()
        },
        _ => Resource {
            resource_type: "AccessKey".into(),
            access_key_details: Some(AccessKeyDetails {
                access_key_id: key,
                user_name: "bob".into(),
                ..AccessKeyDetails::default()
            }),
            ..Resource::default()
        },
    }
}

fn action(which: u64, host: u64, port: u16) -> Action {
    let remote_ip_details = Some(RemoteIpDetails {
        ip_address_v4: Some(format!("198.51.100.{host}")),
        geo_location: Some(GeoLocation { lat: f64::from(port) / 3.0, lon: 0.1 + 0.2 }),
        ..RemoteIpDetails::default()
    });
    match which {
        0 | 1 => Action::network_connection(NetworkConnectionAction {
            protocol: "TCP".into(),
            local_port_details: Some(PortDetails { port, port_name: "Unknown".into() }),
            remote_ip_details,
            ..NetworkConnectionAction::default()
        }),
        2 => Action::default(),
        _ => Action::api_call(AwsApiCallAction {
            api: "StopLogging".into(),
            remote_ip_details,
            ..AwsApiCallAction::default()
        }),
    }
}

/// Commits the drafts as this batch, `batch` minutes after [`START`].
pub(crate) fn commit(store: &dyn Store, batch: u64, drafts: Vec<Draft>) -> CommitOutcome {
    let time = START + MINUTE * batch as u32;
    store.commit(Commit { batch, drafts, time, suppressions: &[] }).unwrap()
}

/// Commits drafts 0 to `count` in batches of seven.
pub(crate) fn fill(store: &dyn Store, count: u64) {
    for batch in 0..count.div_ceil(7) {
        let drafts = (batch * 7..count.min(batch * 7 + 7)).map(varied).collect();
        commit(store, batch, drafts);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "cases are written where they are checked")]
pub(crate) fn criteria(criterion: Value) -> Criteria {
    Criteria::parse(&json!({ "criterion": criterion })).unwrap()
}

/// All findings that pass, in the order of `sort`, read by pages of five.
pub(crate) fn list(
    store: &dyn Store,
    scope: &Scope,
    criteria: &Criteria,
    sort: &Sort,
) -> Vec<Finding> {
    let mut query = FindingQuery {
        scope: scope.clone(),
        criteria: criteria.clone(),
        sort: sort.clone(),
        limit: 5,
        token: None,
    };
    let mut found = Vec::new();
    loop {
        let page = store.list_findings(&query).unwrap();
        assert!(page.items.len() <= 5);
        found.extend(store.get_findings(scope, &page.items).unwrap());
        query.token = page.next;
        if query.token.is_none() {
            return found;
        }
        assert_eq!(page.items.len(), 5);
    }
}

/// Every finding, the latest first.
pub(crate) fn all(store: &dyn Store) -> Vec<Finding> {
    list(store, &Scope::all(), &Criteria::default(), &Sort::default())
}

/// Every finding of the first key in [`TYPES`] and [`draft`].
pub(crate) fn ids(store: &dyn Store) -> Vec<String> {
    all(store).into_iter().map(|it| it.id).collect()
}
