//! A management call comes from an address on a threat list or from a Tor exit node.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

use crate::callers::{self, CallerList, add_lists};

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

caller_types! {
    Data::CloudTrailManagement, AGGREGATION;

    /// Reading, from a known malicious address.
    RECON_MALICIOUS = "Recon:IAMUser/MaliciousIPCaller", Severity::MEDIUM,
    "A reconnaissance API was invoked from a known malicious IP address",
    about: "An API that lists or describes resources was called with a credential of this account, from an \
        address that is known for malicious activity. Whoever holds a stolen credential first looks at \
        what it can reach.",
    detection: DETECTION_RECON,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_RECON,
    techniques: &["T1078.004", "T1580"];

    /// Reading, from an address on the customer's threat list.
    RECON_CUSTOM = "Recon:IAMUser/MaliciousIPCaller.Custom", Severity::MEDIUM,
    "A reconnaissance API was invoked from an IP address on a custom threat list",
    about: "An API that lists or describes resources was called with a credential of this account, from an \
        address on a threat list that you uploaded. Whoever holds a stolen credential first looks at what \
        it can reach.",
    detection: DETECTION_RECON,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_RECON,
    techniques: &["T1078.004", "T1580"];

    /// Reading, from a Tor exit.
    RECON_TOR = "Recon:IAMUser/TorIPCaller", Severity::MEDIUM,
    "A reconnaissance API was invoked from a Tor exit node",
    about: "An API that lists or describes resources was called with a credential of this account, from an \
        exit node of the Tor network. Tor hides where the caller is; intruders use it to look around \
        with stolen credentials.",
    detection: DETECTION_RECON,
    false_positives: FALSE_POSITIVES_TOR,
    response: RESPONSE_RECON,
    techniques: &["T1078.004", "T1580", "T1090.003"];

    /// Changing, from a known malicious address.
    UNAUTHORIZED_MALICIOUS = "UnauthorizedAccess:IAMUser/MaliciousIPCaller", Severity::MEDIUM,
    "An API was invoked from a known malicious IP address",
    about: "An API that changes something or gives access, such as launching an instance, creating a user or \
        signing in, was called with a credential of this account from an address that is known for \
        malicious activity. The credential is probably in the wrong hands.",
    detection: DETECTION_UNAUTHORIZED,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_UNAUTHORIZED,
    techniques: &["T1078.004"];

    /// Changing, from an address on the customer's threat list.
    UNAUTHORIZED_CUSTOM = "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom", Severity::MEDIUM,
    "An API was invoked from an IP address on a custom threat list",
    about: "An API that changes something or gives access, such as launching an instance, creating a user or \
        signing in, was called with a credential of this account from an address on a threat list that \
        you uploaded.",
    detection: DETECTION_UNAUTHORIZED,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_UNAUTHORIZED,
    techniques: &["T1078.004"];

    /// Changing, from a Tor exit.
    UNAUTHORIZED_TOR = "UnauthorizedAccess:IAMUser/TorIPCaller", Severity::MEDIUM,
    "An API was invoked from a Tor exit node",
    about: "An API that changes something or gives access, such as launching an instance, creating a user or \
        signing in, was called with a credential of this account from an exit node of the Tor network. \
        Somebody hides where they are.",
    detection: DETECTION_UNAUTHORIZED,
    false_positives: FALSE_POSITIVES_TOR,
    response: RESPONSE_UNAUTHORIZED,
    techniques: &["T1078.004", "T1090.003"];
}

/// What a list of each category raises: the types of reading and of the rest.
const LISTS: [CallerList<2>; 3] = callers::lists(
    [&RECON_MALICIOUS, &UNAUTHORIZED_MALICIOUS],
    [&RECON_CUSTOM, &UNAUTHORIZED_CUSTOM],
    [&RECON_TOR, &UNAUTHORIZED_TOR],
);

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
        interest: Interest::Listed(callers::LISTED),
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
        for CallerList { category, words, types: [recon, unauthorized] } in LISTS {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_accessing_calls_are_in_order() {
        assert!(ACCESSING.is_sorted());
    }
}
