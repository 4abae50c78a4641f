//! The finding types of credentials used elsewhere, and what a finding says.

use std::time::Duration;

use engine::findings::{
    Action, Data, Draft, EvidenceRef, FindingType, Reason, RemoteAccountDetails, Resource,
    ResourceRole,
};
use engine::intel::Category;
use engine::model::{AccountId, Entity, Region, Scope, Severity, Timestamp};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Event, Signal};
use serde::{Deserialize, Serialize};

use super::Verdict;
use super::place::Place;

const AGGREGATION: &str = "role and instance";
const FALSE_POSITIVES: &str = "The instance's traffic may leave by ways that the inventory does not know: a \
    data center behind a VPN or Direct Connect, an egress VPC or endpoints of another account, a proxy \
    service. Name them in the settings `egress_ranges`, `egress_vpcs` and `shared_accounts`. Some tools \
    hand an instance's credentials on by design. Networks that several instances of the role used on \
    earlier days are learnt and go quiet.";
const RESPONSE: &str = "Revoke the role's active sessions (IAM, role, Revoke sessions): instances get fresh \
    credentials by themselves. List what the session did from the strange address, in every Region. Then \
    find out how the credentials left the instance: requests to 169.254.169.254 made through a web \
    application (SSRF), or code run on it. Require IMDSv2. Isolate the instance if the way is not clear.";

/// From another AWS account.
pub const INSIDE_AWS: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.InsideAWS",
    severity: Severity::HIGH,
    title: "Credentials of an EC2 instance were used from another AWS account",
    about: "Credentials that were made for one EC2 instance only were used from an address or a VPC endpoint \
        that belongs to another AWS account. Intruders copy an instance's credentials and use them from \
        their own AWS account, where calls look less strange.",
    detection: "A call by a session of an instance's role (session name i-…, delivered by EC2) through a VPC \
        endpoint of another account, or from an address of EC2 that is neither the instance's own, nor of \
        its VPC's NAT gateways or the settings' egress, nor learnt. Medium if the other account belongs to \
        the organization. Without knowledge of the instance's addresses the first address of EC2 is taken \
        as its own.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1552.005", "T1078.004"],
    data: &[Data::CloudTrailManagement, Data::CloudTrailS3, Data::CloudTrailNetworkActivity],
    aggregation: AGGREGATION,
    is_own: false,
};

/// From outside AWS.
pub const OUTSIDE_AWS: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
    severity: Severity::HIGH,
    title: "Credentials of an EC2 instance were used from outside AWS",
    about: "Credentials that were made for one EC2 instance only were used from an address outside AWS. \
        Somebody copied them from the instance, most often through a web application that fetches URLs \
        (SSRF), and now acts with the rights of its role.",
    detection: "A call by a session of an instance's role (session name i-…, delivered by EC2) from a public \
        address that is not of AWS, is not in the settings' egress, and was not used by two or more \
        instances of the role on two or more earlier days. Where the instance's addresses are not known, \
        calls wait until `hold_secs` after its launch for the inventory to catch up.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1552.005", "T1078.004"],
    data: &[Data::CloudTrailManagement, Data::CloudTrailS3],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Uses in and out of order that lie closer together than this are called concurrent.
const CONCURRENT_SECS: u64 = 600;

/// Calls from one place: what a finding says of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Use {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) count: u64,
    pub(super) evidence: Vec<EvidenceRef>,
    pub(super) place: Place,
    /// The account and Region whose trail has the call.
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// The caller's principal id.
    pub(super) principal: String,
    /// The role's name.
    pub(super) role: String,
    #[serde(with = "as_json")]
    pub(super) resource: Resource,
    #[serde(with = "as_json")]
    pub(super) action: Action,
    pub(super) is_imds_v1: bool,
}

pub(super) fn used(place: Place, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Use {
    let mut base = ctx.caller_draft(&OUTSIDE_AWS, event);
    let details = ctx.inventory.instance_details(place.home, &place.instance, place.time);
    base.resource.instance_details = Some(details);
    Use {
        first: base.first,
        last: base.last,
        count: 1,
        evidence: base.evidence,
        place,
        account: base.account,
        region: base.region,
        principal: event.principal_id().to_owned(),
        role: event.caller_label().to_owned(),
        resource: base.resource,
        action: base.action,
        is_imds_v1: event.row.is(ApiCall::IMDS_V1),
    }
}

pub(super) fn signal(what: &'static str, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Signal {
    let anchor = |kind: &str, name: &str| {
        Entity::new(Scope::Anchor, ctx.entity.account, &format!("{kind}:{name}"))
    };
    Signal {
        name: "iam/instance_credential_elsewhere".into(),
        account: event.row.account,
        region: event.row.region,
        // A third of a decimal digit: shared endpoints and sister instances are common.
        weight: 300,
        evidence: event.evidence(),
        anchors: vec![
            anchor("key", event.access_key_id()),
            anchor("principal", event.principal_id()),
        ],
        detail: what.into(),
    }
}

pub(super) fn draft(
    used: &Use,
    verdict: Verdict,
    in_order: Option<Timestamp>,
    ctx: &Context<'_>,
) -> Draft {
    let Verdict::Elsewhere { is_inside, account, is_affiliated, is_certain } = verdict else {
        return Draft::new(&OUTSIDE_AWS, used.account, used.region, "", used.first);
    };
    let finding_type = if is_inside { &INSIDE_AWS } else { &OUTSIDE_AWS };
    let key = used.principal.as_str();
    let mut draft = Draft::new(finding_type, used.account, used.region, key, used.first);
    (draft.last, draft.count) = (used.last, used.count);
    draft.role = ResourceRole::Target;
    draft.resource = used.resource.clone();
    draft.action = used.action.clone();
    draft.evidence.clone_from(&used.evidence);
    let (role, address) = (&used.role, used.place.address);
    let instance = &used.place.instance;
    if is_inside {
        if is_affiliated {
            draft.severity = Severity::MEDIUM;
        }
        let owner = account.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        draft.title = format!(
            "Credentials for the EC2 instance role {role} were used from a remote AWS account."
        );
        draft.description = format!(
            "Credentials created exclusively for the EC2 instance {instance} using instance role {role} have \
             been used from IP address {address} in the remote AWS account {owner}."
        );
        if let Some(action) = &mut draft.action.aws_api_call_action {
            action.remote_account_details =
                Some(RemoteAccountDetails { account_id: owner, affiliated: is_affiliated });
        }
    } else {
        draft.title = format!(
            "Credentials for the EC2 instance role {role} were used from external IP address {address}."
        );
        draft.description = format!(
            "Credentials created exclusively for the EC2 instance {instance} using instance role {role} have \
             been used from external IP address {address}."
        );
    }
    add_reasons(&mut draft, used, in_order, is_certain, ctx);
    draft
}

fn add_reasons(
    draft: &mut Draft,
    used: &Use,
    in_order: Option<Timestamp>,
    is_certain: bool,
    ctx: &Context<'_>,
) {
    let place = &used.place;
    let mut add = |what: &str, value: String, threshold: &str| {
        draft.reasons.push(Reason::new(what, value, threshold));
    };
    if place.endpoint.is_empty() {
        add("address that is not the instance's", place.address.to_string(), "");
    } else {
        add("VPC endpoint of another account", place.endpoint.clone(), "");
    }
    if !is_certain {
        add(
            "lower confidence: the instance's own public addresses are not known",
            place.instance.clone(),
            "hold_secs",
        );
    }
    if in_order.is_some_and(|it| {
        it.since(used.last).max(used.first.since(it)) <= Duration::from_secs(CONCURRENT_SECS)
    }) {
        add("used on the instance at about the same time", "true".to_owned(), "");
    }
    if used.is_imds_v1 {
        add("credentials delivered by IMDSv1, which needs no token", "true".to_owned(), "");
    }
    let verdict = ctx.intel.address(place.address);
    for category in ctx.intel.categories(verdict, used.account, used.region).iter() {
        if matches!(
            category,
            Category::TorExit | Category::Vpn | Category::MaliciousCaller | Category::Threat
        ) {
            add("address on a list", category.as_str().to_owned(), "");
        }
    }
}

/// Members that findings leave out when empty can be read back from JSON only: snapshots hold them as text.
mod as_json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(value).map_err(S::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map_err(D::Error::custom)
    }
}
