//! A management call comes from an address on a threat list or from a Tor exit node.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole, ThreatIntelligenceDetail};
use engine::intel::{Categories, Category, Indicator};
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

const AGGREGATION: &str = "credential of the caller";
const DETECTION_RECON: &str = "A management call that lists, describes or reads (CloudTrail's readOnly, else \
    the verb of its name) has a source address on a list of this category. Failed calls count. Calls that \
    give out secrets or credentials do not count as reading, nor does iam:GetUser, which is asked to try \
    what a credential is worth.";
const DETECTION_UNAUTHORIZED: &str = "A management call that changes something, signs in, or gives out \
    secrets or credentials has a source address on a list of this category. Failed calls count. An \
    address on a trusted list never does.";
const FALSE_POSITIVES: &str = "Addresses change hands: check how old the list is and whether the address is a \
    shared exit, such as a mobile carrier's, a VPN's or an office's. Benign when the owner of the \
    credential confirms the call, the address and the user agent.";
const FALSE_POSITIVES_TOR: &str = "Staff who use the Tor Browser to reach the console, and privacy research. \
    Benign only when the owner of the credential confirms it; few organizations allow it.";
const RESPONSE_RECON: &str = "Ask the owner of the credential. If they cannot explain the call, disable the \
    access key or revoke the role's sessions, and list everything that the credential did from this \
    address and others. Look for successful calls first: the error code tells.";
const RESPONSE_UNAUTHORIZED: &str = "If the call succeeded, undo what it changed. Disable the access key or \
    revoke the role's sessions at once, then ask the owner. List everything that the credential did, \
    created users, keys, roles and instances above all, in every Region.";

/// Reading, from a known malicious address.
pub const RECON_MALICIOUS: FindingType = FindingType {
    name: "Recon:IAMUser/MaliciousIPCaller",
    severity: Severity::MEDIUM,
    title: "A reconnaissance API was invoked from a known malicious IP address",
    about: "An API that lists or describes resources was called with a credential of this account, from an \
        address that is known for malicious activity. Whoever holds a stolen credential first looks at \
        what it can reach.",
    detection: DETECTION_RECON,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_RECON,
    techniques: &["T1078.004", "T1580"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Reading, from an address on the customer's threat list.
pub const RECON_CUSTOM: FindingType = FindingType {
    name: "Recon:IAMUser/MaliciousIPCaller.Custom",
    severity: Severity::MEDIUM,
    title: "A reconnaissance API was invoked from an IP address on a custom threat list",
    about: "An API that lists or describes resources was called with a credential of this account, from an \
        address on a threat list that you uploaded. Whoever holds a stolen credential first looks at what \
        it can reach.",
    detection: DETECTION_RECON,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_RECON,
    techniques: &["T1078.004", "T1580"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Reading, from a Tor exit.
pub const RECON_TOR: FindingType = FindingType {
    name: "Recon:IAMUser/TorIPCaller",
    severity: Severity::MEDIUM,
    title: "A reconnaissance API was invoked from a Tor exit node",
    about: "An API that lists or describes resources was called with a credential of this account, from an \
        exit node of the Tor network. Tor hides where the caller is; intruders use it to look around \
        with stolen credentials.",
    detection: DETECTION_RECON,
    false_positives: FALSE_POSITIVES_TOR,
    response: RESPONSE_RECON,
    techniques: &["T1078.004", "T1580", "T1090.003"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Changing, from a known malicious address.
pub const UNAUTHORIZED_MALICIOUS: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
    severity: Severity::MEDIUM,
    title: "An API was invoked from a known malicious IP address",
    about: "An API that changes something or gives access, such as launching an instance, creating a user or \
        signing in, was called with a credential of this account from an address that is known for \
        malicious activity. The credential is probably in the wrong hands.",
    detection: DETECTION_UNAUTHORIZED,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_UNAUTHORIZED,
    techniques: &["T1078.004"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Changing, from an address on the customer's threat list.
pub const UNAUTHORIZED_CUSTOM: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
    severity: Severity::MEDIUM,
    title: "An API was invoked from an IP address on a custom threat list",
    about: "An API that changes something or gives access, such as launching an instance, creating a user or \
        signing in, was called with a credential of this account from an address on a threat list that \
        you uploaded.",
    detection: DETECTION_UNAUTHORIZED,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_UNAUTHORIZED,
    techniques: &["T1078.004"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Changing, from a Tor exit.
pub const UNAUTHORIZED_TOR: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/TorIPCaller",
    severity: Severity::MEDIUM,
    title: "An API was invoked from a Tor exit node",
    about: "An API that changes something or gives access, such as launching an instance, creating a user or \
        signing in, was called with a credential of this account from an exit node of the Tor network. \
        Somebody hides where they are.",
    detection: DETECTION_UNAUTHORIZED,
    false_positives: FALSE_POSITIVES_TOR,
    response: RESPONSE_UNAUTHORIZED,
    techniques: &["T1078.004", "T1090.003"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// What a list of each category raises: its words in titles, and the types of reading and of the rest.
const TYPES: [(Category, &str, &FindingType, &FindingType); 3] = [
    (
        Category::MaliciousCaller,
        "a known malicious IP address",
        &RECON_MALICIOUS,
        &UNAUTHORIZED_MALICIOUS,
    ),
    (
        Category::Threat,
        "an IP address on a custom threat list",
        &RECON_CUSTOM,
        &UNAUTHORIZED_CUSTOM,
    ),
    (Category::TorExit, "a Tor exit node", &RECON_TOR, &UNAUTHORIZED_TOR),
];

tunables! {
    /// Management calls from addresses on threat lists and from Tor exit nodes.
    pub struct MaliciousCaller {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for MaliciousCaller {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "iam/malicious_caller",
        scope: Scope::Session,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[
            &RECON_MALICIOUS,
            &RECON_CUSTOM,
            &RECON_TOR,
            &UNAUTHORIZED_MALICIOUS,
            &UNAUTHORIZED_CUSTOM,
            &UNAUTHORIZED_TOR,
        ],
        interest: Interest::Listed(Categories::of(&[
            Category::MaliciousCaller,
            Category::Threat,
            Category::TorExit,
        ])),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        const OTHERS: u16 =
            ApiCall::DATA | ApiCall::NETWORK_ACTIVITY | ApiCall::INSIGHT | ApiCall::SERVICE_EVENT;
        self.enabled && !event.row.is(OTHERS)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let is_recon = is_recon(event);
        for (category, words, recon, unauthorized) in TYPES {
            if event.listed.contains(category) {
                let finding_type = if is_recon { recon } else { unauthorized };
                out.raise(draft(finding_type, category, words, event, ctx));
            }
        }
    }
}

/// Calls that read but give out secrets, credentials or access, in order: whoever makes them does more
/// than look around.
const ACCESSING: &[&str] = &[
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "BatchGetSecretValue",
    "ConsoleLogin",
    "Decrypt",
    "GetAuthorizationToken",
    "GetCredentialsForIdentity",
    "GetFederationToken",
    "GetParameter",
    "GetParameters",
    "GetParametersByPath",
    "GetPasswordData",
    "GetSecretValue",
    "GetSessionToken",
    "GetSigninToken",
    "GetUser",
    "StartSession",
];

/// Whether the call lists, describes or reads.
fn is_recon(event: &Event<'_, ApiCalls>) -> bool {
    let name = event.event_name();
    if ACCESSING.binary_search(&name).is_ok() {
        return false;
    }
    if event.row.is(ApiCall::HAS_READ_ONLY) {
        return event.row.is(ApiCall::READ_ONLY);
    }
    ["List", "Describe", "Get", "Head", "Lookup", "Search", "BatchGet", "BatchDescribe"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

fn draft(
    finding_type: &'static FindingType,
    category: Category,
    words: &str,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.caller_draft(finding_type, event);
    let (api, address) = (event.event_name(), event.row.source);
    let is_recon = finding_type.purpose() == "Recon";
    draft.role = ResourceRole::Target;
    draft.title = if is_recon {
        format!("Reconnaissance API {api} was invoked from {words}.")
    } else {
        format!("API {api} was invoked from {words}.")
    };
    draft.description = if is_recon {
        format!(
            "API {api}, commonly used in reconnaissance attacks, was invoked from {words}, {address}. \
             Unauthorized actors perform such activity to gather information and discover resources like \
             databases, S3 buckets etc., in order to further tailor the attack."
        )
    } else {
        format!("API {api} was invoked from {words}, {address}.")
    };
    add_lists(&mut draft, category, event, ctx);
    draft
}

/// Adds the lists of one category that name the caller's address.
pub(crate) fn add_lists(
    draft: &mut Draft,
    category: Category,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) {
    let address = Indicator::Address(event.row.source);
    let lists = ctx.intel.lists(event.verdict, event.row.account, event.row.region);
    draft.intel = lists
        .filter(|it| it.category == category)
        .map(|it| ThreatIntelligenceDetail {
            threat_list_name: it.name.clone(),
            threat_names: it.threat_name(address).map(str::to_owned).into_iter().collect(),
            threat_file_sha256: None,
        })
        .collect();
    if let Some(list) = draft.intel.first() {
        let list_name = list.threat_list_name.clone();
        if let Some(name) = list.threat_names.first() {
            draft.additional.insert("threatName".to_owned(), name.clone().into());
        }
        draft.additional.insert("threatListName".to_owned(), list_name.into());
    }
    let reason = Reason::new("source address on a list", event.row.source, category.as_str());
    draft.reasons.push(reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_accessing_calls_are_in_order() {
        assert!(ACCESSING.is_sorted());
    }
}
