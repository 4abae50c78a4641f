//! Measures the SQLite store at a number of findings: `cargo run --release -p guardpost-store --example
//! measure -- FOLDER [FINDINGS]`. The database stays in the folder; a second run measures it again.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use findings::{
    Action, Draft, FindingType, InstanceDetails, NetworkConnectionAction, RemoteIpDetails,
};
use findings::{Resource, S3BucketDetail};
use model::{AccountId, Region, Severity, Timestamp};
use serde_json::json;
use store::{
    Commit, Criteria, FindingQuery, GroupBy, Owner, Scope, Sort, SqliteStore, StatisticsQuery,
    Store,
};

const START: Timestamp = Timestamp::from_secs(1_772_366_400);
/// As long as descriptions are.
const DESCRIPTION: &str = "What was seen, in two or three sentences with the particulars of the case, \
                           so that documents have their usual size and take their usual time.";
/// Drafts of one commit.
const BATCH: u64 = 1000;
/// Runs of each question; the median is shown.
const RUNS: usize = 21;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: measure FOLDER [FINDINGS]")?;
    let count: u64 = arguments.next().map_or(Ok(1_000_000), |it| it.parse())?;
    std::fs::create_dir_all(&folder)?;
    let path = Path::new(&folder).join("measure.db");
    let store = SqliteStore::open_with_limit(&path, 100_000_000)?;
    let types = types();
    let begun = Instant::now();
    let done = store.mark()?.map_or(0, |it| it + 1);
    for batch in done..count.div_ceil(BATCH) {
        let drafts = (batch * BATCH..count.min((batch + 1) * BATCH)).map(|it| draft(it, &types));
        let drafts = drafts.collect();
        let time = START + Duration::from_secs(7776 * batch);
        store.commit(Commit { batch, drafts, time, suppressions: &[] })?;
    }
    let size = std::fs::metadata(&path)?.len() / (1 << 20);
    println!("{count} findings, {size} MiB, filled in {:.0} s", begun.elapsed().as_secs_f64());
    lists(&store)?;
    counts(&store)?;
    writes(&store, &types, count)
}

/// The median of some runs.
fn measure<T>(name: &str, mut run: impl FnMut() -> Result<T>) -> Result<()> {
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < RUNS && (times.len() < 3 || begun.elapsed() < Duration::from_secs(20)) {
        let begun = Instant::now();
        black_box(run()?);
        times.push(begun.elapsed());
    }
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let millis = |it: Duration| it.as_secs_f64() * 1000.0;
    println!("| {name} | {:.2} | {:.2} |", millis(median), millis(worst));
    Ok(())
}

fn owner() -> Scope {
    let account = AccountId::new(111_122_223_333).unwrap_or_default();
    Scope::of(Owner::new(account, Region::new("eu-central-1")))
}

fn query(scope: Scope, criterion: &serde_json::Value, sort: Sort) -> Result<FindingQuery> {
    let criteria = Criteria::parse(&json!({ "criterion": criterion }))?;
    Ok(FindingQuery { scope, criteria, sort, limit: 50, token: None })
}

fn lists(store: &SqliteStore) -> Result<()> {
    println!("| question | median, ms | worst, ms |\n|---|---|---|");
    let latest = Sort::default;
    let by = |field| Sort::by(field, true);
    let port = "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4";
    let id = store.list_findings(&query(owner(), &json!({}), latest())?)?.items.remove(0);
    let later = (START + Duration::from_hours(80 * 24)).millis();
    let cases = [
        ("page, all, latest first", Scope::all(), json!({}), latest()),
        ("page, one owner, latest first", owner(), json!({}), latest()),
        ("page, all, by severity", Scope::all(), json!({}), by("severity")?),
        ("page, one owner, by severity", owner(), json!({}), by("severity")?),
        ("page, all, by count", Scope::all(), json!({}), by("service.count")?),
        ("page, severity at least 7", Scope::all(), json!({"severity": {"gte": 7}}), latest()),
        ("page, severity 9", Scope::all(), json!({"severity": {"eq": ["9"]}}), latest()),
        ("page, one type", Scope::all(), json!({"type": {"eq": ["Recon:EC2/Type39"]}}), latest()),
        ("page, no such type", Scope::all(), json!({"type": {"eq": ["x"]}}), latest()),
        ("page, type by pattern", Scope::all(), json!({"type": {"matches": ["*:S3/*"]}}), latest()),
        (
            "page, pattern without match",
            Scope::all(),
            json!({"type": {"matches": ["*:X/*"]}}),
            latest(),
        ),
        (
            "page, one owner, current, severity at least 4, last ten days",
            owner(),
            json!({
                "service.archived": {"eq": ["false"]},
                "severity": {"gte": 4},
                "updatedAt": {"gte": later},
            }),
            latest(),
        ),
        (
            "page, archived of which there are none",
            Scope::all(),
            json!({"service.archived": {"eq": ["true"]}}),
            latest(),
        ),
        ("page, by identifier", Scope::all(), json!({"id": {"eq": [id]}}), latest()),
        (
            "page, document field with index, about 3,900 findings",
            Scope::all(),
            json!({port: {"eq": ["198.51.100.7"]}}),
            latest(),
        ),
        (
            "page, document field with index, one finding",
            Scope::all(),
            json!({"resource.instanceDetails.instanceId": {"eq": ["i-00000014"]}}),
            latest(),
        ),
        (
            "page, one owner, document field without index, no finding",
            owner(),
            json!({"title": {"eq": ["x"]}}),
            latest(),
        ),
        (
            "page, document field without index, no finding",
            Scope::all(),
            json!({"title": {"eq": ["x"]}}),
            latest(),
        ),
        (
            "page, one owner, document field with index, one finding",
            owner(),
            json!({"resource.instanceDetails.instanceId": {"eq": ["i-00000014"]}}),
            latest(),
        ),
    ];
    for (name, scope, criterion, sort) in cases {
        let query = query(scope, &criterion, sort)?;
        measure(name, || Ok(store.list_findings(&query)?))?;
    }
    let mut deep = FindingQuery { limit: 1000, ..query(Scope::all(), &json!({}), latest())? };
    for _ in 0..100 {
        deep.token = store.list_findings(&deep)?.next;
    }
    deep.limit = 50;
    measure("page behind 100,000 others", || Ok(store.list_findings(&deep)?))?;
    let ids = store.list_findings(&query(Scope::all(), &json!({}), latest())?)?.items;
    measure("50 whole findings", || Ok(store.get_findings(&Scope::all(), &ids)?))
}

fn counts(store: &SqliteStore) -> Result<()> {
    let high = json!({"criterion": {"severity": {"gte": 7}}});
    for (name, scope, criteria) in [
        ("all", Scope::all(), Criteria::default()),
        ("one owner", owner(), Criteria::default()),
        ("severity at least 7", Scope::all(), Criteria::parse(&high)?),
    ] {
        for group_by in [
            GroupBy::Severity,
            GroupBy::FindingType,
            GroupBy::Account,
            GroupBy::Date,
            GroupBy::Resource,
        ] {
            let (scope, criteria) = (scope.clone(), criteria.clone());
            let query = StatisticsQuery { scope, criteria, group_by, ascending: false, limit: 25 };
            measure(&format!("counts by {group_by:?}, {name}"), || Ok(store.statistics(&query)?))?;
        }
    }
    Ok(())
}

fn writes(store: &SqliteStore, types: &[&'static FindingType], count: u64) -> Result<()> {
    let mut batch = store.mark()?.map_or(0, |it| it + 1);
    for size in [1, 100, 1000] {
        measure(&format!("commit of {size} drafts to findings that exist"), || {
            let step = (count / size).max(1);
            let drafts = (0..size).map(|it| draft(it * step, types)).collect();
            let time = START + Duration::from_secs(7776 * batch);
            let commit = Commit { batch, drafts, time, suppressions: &[] };
            batch += 1;
            Ok(store.commit(commit)?)
        })?;
    }
    Ok(())
}

/// Forty types, leaked since types are constants.
fn types() -> Vec<&'static FindingType> {
    let one = |it: usize| -> &'static FindingType {
        let (purpose, severity) = [
            ("Recon:EC2", Severity::LOW),
            ("Policy:S3", Severity::MEDIUM),
            ("Backdoor:EC2", Severity::HIGH),
            ("UnauthorizedAccess:EC2", Severity::LOW),
        ][it % 4];
        let severity = if it == 38 { Severity::CRITICAL } else { severity };
        let purpose = if it == 39 { "Recon:EC2" } else { purpose };
        Box::leak(Box::new(FindingType {
            name: Box::leak(format!("{purpose}/Type{it}").into_boxed_str()),
            severity,
            title: "a title of about the usual length of such titles",
            about: "",
            detection: "",
            false_positives: "",
            response: "",
            techniques: &[],
            data: &[],
            aggregation: "",
            is_own: false,
        }))
    };
    (0..40).map(one).collect()
}

/// Draft number `n`: a finding of its own, of one of 40 accounts and two Regions.
fn draft(n: u64, types: &[&'static FindingType]) -> Draft {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let account = AccountId::new(111_122_223_333 + mixed % 40).unwrap_or_default();
    let region = Region::new(["eu-central-1", "us-east-1"][(mixed >> 8) as usize % 2]);
    // The square makes the first types the most frequent.
    let share = (mixed >> 12) % 1600;
    let finding_type = types[(share * share / 64_001) as usize % types.len()];
    let time = START + Duration::from_millis(7776 * n);
    let key = format!("i-{n:08x}");
    let mut draft = Draft::new(finding_type, account, region, key.clone(), time);
    draft.title = format!("{key} does something that it has not done in the last two weeks.");
    DESCRIPTION.clone_into(&mut draft.description);
    let is_bucket = finding_type.name.contains(":S3/");
    draft.resource = Resource {
        resource_type: if is_bucket { "S3Bucket" } else { "Instance" }.to_owned(),
        instance_details: (!is_bucket).then(|| InstanceDetails {
            instance_id: Some(key.clone()),
            image_id: Some("ami-99999999".to_owned()),
            instance_type: Some("m3.xlarge".to_owned()),
            ..InstanceDetails::default()
        }),
        s3_bucket_details: if is_bucket {
            vec![S3BucketDetail {
                name: format!("bucket-{}", n % 5000),
                ..S3BucketDetail::default()
            }]
        } else {
            Vec::new()
        },
        ..Resource::default()
    };
    draft.action = Action::network_connection(NetworkConnectionAction {
        protocol: "TCP".to_owned(),
        remote_ip_details: Some(RemoteIpDetails {
            ip_address_v4: Some(format!("198.51.100.{}", mixed % 256)),
            ..RemoteIpDetails::default()
        }),
        ..NetworkConnectionAction::default()
    });
    draft
}
