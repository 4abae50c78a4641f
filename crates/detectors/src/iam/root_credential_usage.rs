//! The root user of an account signs in or calls an API.

use std::time::Duration;

use engine::findings::{Data, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::inventory::Parent;
use engine::model::{Scope, Severity};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

/// Root credentials used.
pub const ROOT_CREDENTIAL_USAGE: FindingType = FindingType {
    name: "Policy:IAMUser/RootCredentialUsage",
    severity: Severity::LOW,
    title: "Root credentials were used",
    about: "The root user of the account signed in to the console or called an API. Root can do everything, \
        cannot be limited by IAM policies, and is needed for a handful of tasks only.",
    detection: "Any successful console sign-in or API call whose caller is Root. Left out are calls that an \
        AWS service makes on the account's behalf (invokedBy), service events, and the short-term root \
        sessions of sts:AssumeRoot. Failed API calls count where `count_failed_calls` is set; failed \
        sign-ins never do.",
    false_positives: "Some tasks need root: closing the account, changing its name or root e-mail, restoring \
        locked bucket or queue policies. Benign when the owner of the root mailbox confirms the task, the \
        time and the address, and MFA was used.",
    response: "Ask whoever holds the root credentials. If nobody can explain the use: change the root \
        password, delete root's access keys, check MFA and the e-mail address of the account, and look \
        for users, keys, roles and policies that root created. Root needs no access keys.",
    techniques: &["T1078.004"],
    data: &[Data::CloudTrailManagement, Data::CloudTrailS3],
    aggregation: "credential of the caller",
    is_own: false,
};

/// Short-term root credentials used.
pub const SHORT_TERM_ROOT_CREDENTIAL_USAGE: FindingType = FindingType {
    name: "Policy:IAMUser/ShortTermRootCredentialUsage",
    title: "Short-term root credentials were used",
    about: "Somebody acts as root of a member account with the restricted short-term credentials that the \
        management account or a delegated administrator gets by sts:AssumeRoot. They can do little: unlock a \
        bucket or queue policy, audit or delete root's own credentials. Such tasks are rare.",
    detection: "Any successful API call by Root whose session was made by sts:AssumeRoot (assumedRoot in the \
        record). Left out are calls that an AWS service makes on the account's behalf and service events. \
        Failed calls count where `count_failed_calls` is set. Where the record of AssumeRoot was read too, \
        the credential that asked for the session is named.",
    false_positives: "Centrally managed root access is the recommended way to do the few tasks that need root. \
        Benign when a change ticket names the account and the task, and the caller of AssumeRoot is one of \
        the people who may do it.",
    response: "Find the AssumeRoot call of the management or delegated administrator account (same access key \
        id in its responseElements) and ask its caller. If nobody can explain it, disable that credential, \
        and look at what the session changed: bucket and queue policies, root's password, keys and MFA.",
    ..ROOT_CREDENTIAL_USAGE
};

tunables! {
    /// Use of root credentials.
    pub struct RootCredentialUsage {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Whether API calls by root that were denied or failed count as well.
        pub count_failed_calls: bool = false,
    }
}

impl Detector for RootCredentialUsage {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "iam/root_credential_usage",
        scope: Scope::Session,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&ROOT_CREDENTIAL_USAGE, &SHORT_TERM_ROOT_CREDENTIAL_USAGE],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        const NOT_BY_ROOT: u16 = ApiCall::SERVICE_EVENT | ApiCall::INSIGHT;
        let row = event.row;
        row.caller == Caller::Root
            && self.enabled
            && !row.is(NOT_BY_ROOT)
            && row.invoked_by.len == 0
            && !(is_sign_in(event) && event.response().contains("\"Failure\""))
            && (is_success(row) || self.count_failed_calls && !is_sign_in(event))
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let is_short = event.row.is(ApiCall::ASSUMED_ROOT);
        let (finding_type, kind) = if is_short {
            (&SHORT_TERM_ROOT_CREDENTIAL_USAGE, "short-term root credentials")
        } else {
            (&ROOT_CREDENTIAL_USAGE, "root credentials")
        };
        let mut draft = ctx.caller_draft(finding_type, event);
        let api = event.event_name();
        draft.role = ResourceRole::Target;
        draft.title = format!("API {api} was invoked using {kind}.");
        draft.description = if event.row.source.is_known() {
            format!("API {api} was invoked using {kind} from IP address {}.", event.row.source)
        } else {
            format!("API {api} was invoked using {kind} from {}.", event.source_text())
        };
        draft.reasons.push(Reason::new("caller", "Root", ""));
        if !is_sign_in(event) {
            draft.reasons.push(Reason::new("session with MFA", event.row.is(ApiCall::MFA), ""));
        }
        let session = ctx.inventory.session(event.access_key_id()).filter(|_| is_short);
        if let Some(Parent::Key(parent) | Parent::Principal(parent)) = session.map(|it| &it.parent)
        {
            draft.reasons.push(Reason::new("session asked for by", parent, ""));
        }
        out.raise(draft);
    }
}

/// A sign-in that failed has an error message but no error code.
fn is_success(row: &ApiCall) -> bool {
    row.is_success() && row.error_message.len == 0
}

fn is_sign_in(event: &Event<'_, ApiCalls>) -> bool {
    event.row.is(ApiCall::CONSOLE_SIGN_IN) || event.event_source() == "signin.amazonaws.com"
}
