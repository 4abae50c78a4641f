//! Somebody turns CloudTrail off: a trail is stopped, deleted or weakened, or its bucket is deleted.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity, hash64};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// CloudTrail logging disabled.
pub const CLOUDTRAIL_LOGGING_DISABLED: FindingType = FindingType {
    name: "Stealth:IAMUser/CloudTrailLoggingDisabled",
    severity: Severity::LOW,
    title: "An AWS CloudTrail trail was disabled",
    about: "A trail of this account no longer records what it did: it was stopped, deleted or changed so \
        that it records less, or the S3 bucket that holds its logs was deleted. Intruders do this to leave \
        no trace of what comes next.",
    detection: "A successful StopLogging or DeleteTrail; an UpdateTrail that turns multi-Region logging, \
        global service events or organization logging off, or log file validation where the logs say that it \
        was on; a PutEventSelectors after \
        which the trail no longer records all management events that write; or a successful DeleteBucket of \
        a bucket that a CreateTrail or UpdateTrail of the account named, or, an hour or more earlier, of \
        another account of the logs. A setting that is known to have \
        been off before does not count.",
    false_positives: "Administrators replace trails, for example by an organization trail, and delete test \
        environments. Benign when the caller is the usual deployment role, a change ticket names the trail, \
        and another trail that logs management events remains (`aws cloudtrail describe-trails`).",
    response: "Turn logging on again at once (`aws cloudtrail start-logging`, or create the trail anew). Then \
        look at everything that the caller's credential did before and after: CloudTrail's event history \
        keeps 90 days of management events even without a trail. If the caller cannot explain the call, \
        disable the credential.",
    techniques: &["T1562.008"],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller, and the trail or bucket",
    is_own: false,
};

/// The calls that tell of trails and their buckets.
const CALLS: [&str; 6] = [
    "CreateTrail",
    "DeleteBucket",
    "DeleteTrail",
    "PutEventSelectors",
    "StopLogging",
    "UpdateTrail",
];

tunables! {
    /// CloudTrail trails that are stopped, deleted or weakened.
    pub struct CloudtrailLoggingDisabled {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

/// Buckets that trails write to, by the account of the trail: the bucket may be another account's.
static BUCKETS: Profile = Profile { name: "iam/trail_buckets", hours: 366 * 24, keys: 4096 };

/// What the trails of an account looked like when they were last configured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Least recently configured first, at most [`State::TRAILS_MAX`].
    trails: Vec<Trail>,
}

/// What is known of one trail; `None` where no call told it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Trail {
    /// Region and name: `us-east-1/management-events`.
    id: String,
    bucket: String,
    multi_region: Option<bool>,
    global_services: Option<bool>,
    organization: Option<bool>,
    validation: Option<bool>,
    /// Whether all management events that write are recorded.
    management: Option<bool>,
}

impl State {
    /// Most trails of an account that are remembered. AWS allows five for each Region
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>).
    const TRAILS_MAX: usize = 128;

    fn find(&self, id: &str) -> Option<&Trail> {
        self.trails.iter().find(|it| it.id == id)
    }

    /// Takes the trail out, to be put back with [`State::put`].
    fn take(&mut self, id: &str) -> Trail {
        let place = self.trails.iter().position(|it| it.id == id);
        place.map(|it| self.trails.remove(it)).unwrap_or_default()
    }

    fn put(&mut self, trail: Trail) {
        if self.trails.len() >= State::TRAILS_MAX {
            self.trails.remove(0);
        }
        self.trails.push(trail);
    }
}

impl Detector for CloudtrailLoggingDisabled {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/cloudtrail_logging_disabled",
        scope: Scope::Account,
        // Trails live for years, and their bucket is named when they are made.
        idle: Duration::from_hours(5 * 366 * 24),
        version: 1,
        types: &[&CLOUDTRAIL_LOGGING_DISABLED],
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.row.is_success()
            && !event.row.is(ApiCall::SERVICE_EVENT)
            && matches!(event.event_source(), "cloudtrail.amazonaws.com" | "s3.amazonaws.com")
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let bucket = named_bucket(event);
        if !bucket.is_empty() {
            out.teach(&BUCKETS, hash64(bucket.as_bytes()), 1);
        }
        let Some(change) = advance(state, event).or_else(|| foreign(event, ctx)) else { return };
        if !event.listed.contains(Category::Trusted) {
            out.raise(draft(&change, event, ctx));
        }
    }
}

/// The bucket that a call names for a trail, empty if none.
fn named_bucket(event: &Event<'_, ApiCalls>) -> String {
    if !matches!(event.event_name(), "CreateTrail" | "UpdateTrail") {
        return String::new();
    }
    let request: Value = serde_json::from_str(event.request()).unwrap_or(Value::Null);
    request.get("s3BucketName").and_then(Value::as_str).unwrap_or("").to_owned()
}

/// The deletion of a bucket that a trail of another known account writes to, as an earlier hour told.
fn foreign(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Option<Change> {
    let (bucket, own) = (event.bucket(), event.row.account);
    if event.event_name() != "DeleteBucket" || bucket.is_empty() {
        return None;
    }
    let key = hash64(bucket.as_bytes());
    let mut others = ctx.inventory.org_accounts().filter(|it| *it != own);
    let is_logs = others.any(|it| ctx.profiles.count(&BUCKETS, it, key) > 0);
    is_logs.then(|| deleted(bucket))
}

/// A change that leaves less recorded.
struct Change {
    /// The trail or bucket as the call names it.
    name: String,
    /// The same for every way of naming it.
    id: String,
    /// What the call did.
    what: &'static str,
    is_bucket: bool,
}

/// Learns from the call, and says whether it weakens logging.
fn advance(state: &mut State, event: &Event<'_, ApiCalls>) -> Option<Change> {
    if event.event_source() == "s3.amazonaws.com" {
        return match event.event_name() {
            "DeleteBucket" => delete_bucket(state, event.bucket()),
            _ => None,
        };
    }
    // What cannot be read names no trail: stopping and deleting are signs without it.
    let request: Value = serde_json::from_str(event.request()).unwrap_or(Value::Null);
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or("");
    let named = [text("name"), text("trailName")].into_iter().find(|it| !it.is_empty());
    let name = named.unwrap_or("").chars().take(NAME_MAX).collect::<String>();
    let id = trail_id(&name, event.row.region.as_str());
    let what = match event.event_name() {
        "StopLogging" => Some("logging was stopped"),
        "DeleteTrail" => {
            state.take(&id);
            Some("the trail was deleted")
        }
        "CreateTrail" => {
            let trail = created(id.clone(), &request);
            state.take(&trail.id);
            state.put(trail);
            None
        }
        "UpdateTrail" => update(state, &id, &request),
        "PutEventSelectors" => select(state, &id, &request),
        _ => None,
    };
    what.map(|what| Change { name, id, what, is_bucket: false })
}

/// Longest name of a trail or its ARN that is kept; names have up to 128 characters.
const NAME_MAX: usize = 256;

/// Region and name of a trail that is named by either its ARN or its name.
fn trail_id(name: &str, region: &str) -> String {
    match name.split_once(":trail/") {
        Some((head, name)) => format!("{}/{name}", head.split(':').nth(3).unwrap_or(region)),
        None => format!("{region}/{name}"),
    }
}

fn delete_bucket(state: &State, bucket: &str) -> Option<Change> {
    let is_logs = !bucket.is_empty() && state.trails.iter().any(|it| it.bucket == bucket);
    is_logs.then(|| deleted(bucket))
}

fn deleted(bucket: &str) -> Change {
    Change {
        name: bucket.to_owned(),
        id: bucket.to_owned(),
        what: "the S3 bucket that the trail writes to was deleted",
        is_bucket: true,
    }
}

fn flag(request: &Value, name: &str) -> Option<bool> {
    request.get(name).and_then(Value::as_bool)
}

fn created(id: String, request: &Value) -> Trail {
    // A fresh trail records all management events of one Region and the global services
    // (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>).
    let setting = |name, default| Some(flag(request, name).unwrap_or(default));
    let mut trail = Trail {
        id,
        multi_region: setting("isMultiRegionTrail", false),
        global_services: setting("includeGlobalServiceEvents", true),
        organization: setting("isOrganizationTrail", false),
        validation: setting("enableLogFileValidation", false),
        management: Some(true),
        ..Trail::default()
    };
    take_bucket(&mut trail, request);
    trail
}

fn take_bucket(trail: &mut Trail, request: &Value) {
    if let Some(bucket) = request.get("s3BucketName").and_then(Value::as_str)
        && bucket.len() <= NAME_MAX
    {
        bucket.clone_into(&mut trail.bucket);
    }
}

/// What an `UpdateTrail` weakens, if anything.
fn update(state: &mut State, id: &str, request: &Value) -> Option<&'static str> {
    let mut trail = Trail { id: id.to_owned(), ..state.take(id) };
    // (setting, before, whether it counts as on when not known, text). Not to record Regions or global
    // services hides events; the two others are off for most trails.
    let settings: [(&str, &mut Option<bool>, bool, &'static str); 4] = [
        (
            "isMultiRegionTrail",
            &mut trail.multi_region,
            true,
            "multi-Region logging was turned off",
        ),
        (
            "includeGlobalServiceEvents",
            &mut trail.global_services,
            true,
            "global service events were turned off",
        ),
        (
            "isOrganizationTrail",
            &mut trail.organization,
            false,
            "logging for the organization was turned off",
        ),
        (
            "enableLogFileValidation",
            &mut trail.validation,
            false,
            "log file validation was turned off",
        ),
    ];
    let mut weakened = None;
    for (name, before, default, what) in settings {
        let Some(after) = flag(request, name) else { continue };
        if before.unwrap_or(default) && !after {
            weakened = weakened.or(Some(what));
        }
        *before = Some(after);
    }
    take_bucket(&mut trail, request);
    state.put(trail);
    weakened
}

/// Whether a `PutEventSelectors` leaves management events unrecorded that were recorded before.
fn select(state: &mut State, id: &str, request: &Value) -> Option<&'static str> {
    let after = records_management(request)?;
    let was_recorded = state.find(id).and_then(|it| it.management).unwrap_or(true);
    let trail = Trail { id: id.to_owned(), management: Some(after), ..state.take(id) };
    state.put(trail);
    (was_recorded && !after)
        .then_some("the event selectors no longer record all management events that write")
}

/// Whether all management events that write are recorded; nothing when the request cannot be read.
fn records_management(request: &Value) -> Option<bool> {
    let list = |name: &str| match request.get(name) {
        None | Some(Value::Null) => Some(&[][..]),
        Some(value) => value.as_array().map(Vec::as_slice),
    };
    let (basic, advanced) = (list("eventSelectors")?, list("advancedEventSelectors")?);
    if !request.is_object() {
        return None;
    }
    let by_basic = basic.iter().any(|selector| {
        flag(selector, "includeManagementEvents") != Some(false)
            && selector.get("readWriteType").and_then(Value::as_str) != Some("ReadOnly")
    });
    Some(by_basic || advanced.iter().any(selects_writes))
}

/// Whether an advanced selector takes all management events that write, but for services left out.
fn selects_writes(selector: &Value) -> bool {
    let fields = selector.get("fieldSelectors").and_then(Value::as_array);
    let fields = fields.map_or(&[][..], Vec::as_slice);
    let equals = |field: &Value| -> Vec<String> {
        let values = field.get("equals").or_else(|| field.get("equalTo"));
        let values = values.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut is_management = false;
    for field in fields {
        match field.get("field").and_then(Value::as_str) {
            Some("eventCategory") => {
                is_management = equals(field).iter().any(|it| it == "Management");
            }
            Some("readOnly") if equals(field).iter().all(|it| it == "false") => {}
            // Any other field that must equal something leaves the rest unrecorded.
            Some(_) if !equals(field).is_empty() => return false,
            _ => {}
        }
    }
    is_management
}

fn draft(change: &Change, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.caller_draft(&CLOUDTRAIL_LOGGING_DISABLED, event);
    let (name, api, user) = (&change.name, event.event_name(), event.caller_label());
    draft.key = format!("{} {}", draft.key, change.id);
    draft.role = ResourceRole::Target;
    let subject = if change.is_bucket {
        format!("The S3 bucket {name} of an AWS CloudTrail trail")
    } else if name.is_empty() {
        "An AWS CloudTrail trail".to_owned()
    } else {
        format!("AWS CloudTrail trail {name}")
    };
    let verb = if change.is_bucket { "deleted" } else { "disabled" };
    draft.title = format!("{subject} was {verb}.");
    draft.description = format!(
        "{subject} was {verb} by {user} calling {api}: {}. This can be an attacker's attempt to cover \
         their tracks by eliminating any trace of activity performed while they accessed your account.",
        change.what
    );
    let kind = if change.is_bucket { "AWS::S3::Bucket" } else { "AWS::CloudTrail::Trail" };
    if let Some(action) = &mut draft.action.aws_api_call_action {
        action.affected_resources.insert(kind.to_owned(), name.clone());
    }
    draft.reasons.push(Reason::new("call that weakens logging", api, change.what));
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_trail_is_one_by_its_arn_or_its_name() {
        let arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
        assert_eq!(trail_id(arn, "us-east-1"), "eu-west-1/main");
        assert_eq!(trail_id("main", "us-east-1"), "us-east-1/main");
    }

    #[test]
    fn selectors_that_drop_writes_are_weak() {
        for (request, expected) in [
            (r#"{"eventSelectors":[]}"#, Some(false)),
            (r"{}", Some(false)),
            (r#"{"eventSelectors":[{}]}"#, Some(true)),
            (r#"{"eventSelectors":[{"includeManagementEvents":false}]}"#, Some(false)),
            (r#"{"eventSelectors":[{"readWriteType":"ReadOnly"}]}"#, Some(false)),
            (r#"{"eventSelectors":[{"readWriteType":"WriteOnly"}]}"#, Some(true)),
            (r#"{"eventSelectors":"x"}"#, None),
            (r#""x""#, None),
            (
                r#"{"advancedEventSelectors":[{"fieldSelectors":[
                    {"field":"eventCategory","equals":["Management"]},
                    {"field":"eventSource","notEquals":["kms.amazonaws.com"]}]}]}"#,
                Some(true),
            ),
            (
                r#"{"advancedEventSelectors":[{"fieldSelectors":[
                    {"field":"eventCategory","equals":["Management"]},
                    {"field":"readOnly","equals":["true"]}]}]}"#,
                Some(false),
            ),
            (
                r#"{"advancedEventSelectors":[{"fieldSelectors":[
                    {"field":"eventCategory","equals":["Data"]}]}]}"#,
                Some(false),
            ),
        ] {
            assert_eq!(records_management(&json(request)), expected, "{request}");
        }
    }

    #[test]
    fn only_what_was_on_can_be_weakened() {
        let mut state = State::default();
        let off = json(r#"{"isMultiRegionTrail":false,"enableLogFileValidation":false}"#);
        assert!(update(&mut state, "r/a", &off).is_some());
        assert!(update(&mut state, "r/a", &off).is_none());
        state.put(created("r/b".to_owned(), &json(r#"{"enableLogFileValidation":true}"#)));
        assert_eq!(update(&mut state, "r/b", &off), Some("log file validation was turned off"));
        assert!(select(&mut state, "r/b", &json(r#"{"eventSelectors":[]}"#)).is_some());
        assert!(select(&mut state, "r/b", &json(r#"{"eventSelectors":[]}"#)).is_none());
    }

    #[test]
    fn the_trails_of_a_state_are_bounded() {
        let mut state = State::default();
        for n in 0..State::TRAILS_MAX + 9 {
            state.put(Trail { id: n.to_string(), ..Trail::default() });
        }
        assert_eq!(state.trails.len(), State::TRAILS_MAX);
        assert_eq!(state.trails[0].id, "9");
    }
}
