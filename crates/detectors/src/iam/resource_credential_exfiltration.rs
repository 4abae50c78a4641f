//! Credentials of a Lambda function's or ECS task's role are used elsewhere than in AWS.

use std::time::Duration;

use engine::findings::{
    Data, Draft, FindingType, LambdaDetails, Reason, RemoteAccountDetails, ResourceRole,
};
use engine::intel::Category;
use engine::inventory::Parent;
use engine::model::{AccountId, Addr, Entity, Scope, Severity};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Profile, Signal, Spec};
use serde::{Deserialize, Serialize};

use super::instance_credential_exfiltration::place::{
    Endpoint, LEARN_DAYS_KEPT, Learning, Place, USER_SLOTS, affiliated_holder, instance_of,
    is_egress,
};
use super::instance_credential_exfiltration::{AWS_ASNS, HOSTILE};
use super::range::{OwnedVpc, Range};

const AGGREGATION: &str = "role and function or task";
const FALSE_POSITIVES: &str = "Traffic may leave AWS by ways that the logs do not show: a proxy service, an \
    inspection VPC with addresses of your own, or a data center behind a VPN or Direct Connect. Name them \
    in the settings `egress_ranges`, `egress_vpcs` and `shared_accounts`. Some programs hand their \
    credentials on by design, such as presigned URLs that browsers use. Networks that several sessions of \
    the role used on earlier days are learnt and go quiet.";
const RESPONSE: &str = "Revoke the role's active sessions (IAM, role, Revoke sessions): functions and tasks get \
    fresh credentials by themselves. List what the session did from the strange address, in every Region. \
    Then find out how the credentials left: environment variables that a function logs or returns, code or \
    a dependency that sends them, or requests to the task's credential endpoint made through a web \
    application (SSRF).";

/// From another AWS account.
pub const INSIDE_AWS: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration.InsideAWS",
    severity: Severity::HIGH,
    title: "Credentials of a function or task were used from another AWS account",
    about: "Credentials that were made for one ECS task or Lambda function only were used from an address or \
        VPC endpoint that belongs to another AWS account. Intruders copy such credentials and use them from \
        their own AWS account, where calls look less strange.",
    detection: "A call by a session that AWS gave to a task or function (inScopeOf in the record, or an \
        AssumeRole by the service in the logs) through a VPC endpoint of another account; or by a task's \
        session from an address of EC2 that is neither its first one, nor known to be the account's, nor in \
        the settings' egress, nor learnt. Medium if the other account belongs to the organization. Addresses \
        of EC2 say nothing about functions, which have none of their own.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1552.005", "T1078.004"],
    data: &[Data::CloudTrailManagement, Data::CloudTrailS3, Data::CloudTrailNetworkActivity],
    aggregation: AGGREGATION,
    is_own: false,
};

/// From outside AWS.
pub const OUTSIDE_AWS: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration.OutsideAWS",
    severity: Severity::HIGH,
    title: "Credentials of a function or task were used from outside AWS",
    about: "Credentials that were made for one Lambda function or ECS task only were used from an address \
        outside AWS. Somebody copied them, and now acts with the rights of the role.",
    detection: "A call by a session that AWS gave to a function or task (inScopeOf in the record, or an \
        AssumeRole by the service in the logs) from a public address that is not of AWS, is not in the \
        settings' egress, and was not used by `learn_sessions` sessions of the role on `learn_days` earlier \
        days.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1552.005", "T1078.004"],
    data: &[Data::CloudTrailManagement, Data::CloudTrailS3],
    aggregation: AGGREGATION,
    is_own: false,
};

tunables! {
    /// Credentials of Lambda functions and ECS tasks that are used elsewhere.
    pub struct ResourceCredentialExfiltration {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Addresses by which traffic of functions and tasks leaves: offices and data centers behind a VPN or
        /// Direct Connect, proxies. Such as `["198.51.100.0/24"]`.
        pub egress_ranges: Vec<Range> = Vec::new(),
        /// VPCs whose NAT gateways carry the traffic, as `account/vpc`, such as
        /// `["111122223333/vpc-0a1b2c3d4e5f60718"]`.
        pub egress_vpcs: Vec<OwnedVpc> = Vec::new(),
        /// Accounts whose VPC endpoints are shared with the others: their use is in order.
        pub shared_accounts: Vec<AccountId> = Vec::new(),
        /// Accounts of the organization that the inventory does not know: findings about them are Medium.
        pub affiliated_accounts: Vec<AccountId> = Vec::new(),
        /// Earlier days on which a network must have been used by the role to be learnt; 0 learns nothing.
        pub learn_days: u32 = 2 => 0..=LEARN_DAYS_KEPT as i64,
        /// Sessions of the role that must have used a network for it to be learnt, at most 16.
        pub learn_sessions: u32 = 2 => 1..=USER_SLOTS as i64,
    }
}

/// Which networks a role's sessions were seen in.
static EGRESS: Profile =
    Profile { name: "iam/resource_egress", hours: 24 * LEARN_DAYS_KEPT, keys: 16_384 };

/// What is remembered of one session.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The first address of EC2: a task's own.
    lock: Option<Addr>,
    /// Networks and days that were taught, the latest last, at most [`State::TAUGHT_MAX`].
    taught: Vec<(u64, i64)>,
}

impl State {
    const TAUGHT_MAX: usize = 8;

    /// Whether it was not taught yet.
    fn note(&mut self, network: u64, day: i64) -> bool {
        let is_new = !self.taught.contains(&(network, day));
        if is_new {
            if self.taught.len() >= State::TAUGHT_MAX {
                self.taught.remove(0);
            }
            self.taught.push((network, day));
        }
        is_new
    }
}

/// What credentials were given to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Function,
    Task,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Kind::Function => "Lambda function",
            Kind::Task => "ECS task",
        }
    }

    /// By `inScopeOf`, whose `issuerType` is such as `AWS::Lambda::Function`.
    fn of_scope(in_scope_of: &str) -> Option<Kind> {
        if in_scope_of.contains("AWS::Lambda::Function") {
            Some(Kind::Function)
        } else if in_scope_of.contains("AWS::ECS::") || in_scope_of.contains(":ecs:") {
            Some(Kind::Task)
        } else {
            None
        }
    }

    /// By the service that assumed the role.
    fn of_service(service: &str) -> Option<Kind> {
        match service {
            "lambda.amazonaws.com" => Some(Kind::Function),
            "ecs-tasks.amazonaws.com" => Some(Kind::Task),
            _ => None,
        }
    }
}

/// `userIdentity.inScopeOf`
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct InScopeOf {
    credentials_issued_to: String,
}

/// Whether the address is of AWS, by the lists.
fn is_aws(event: &Event<'_, ApiCalls>) -> bool {
    event.listed.contains(Category::AwsEc2) || event.listed.contains(Category::AwsService)
}

impl Detector for ResourceCredentialExfiltration {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/resource_credential_exfiltration",
        scope: Scope::Session,
        // The longest life of a session's credentials.
        idle: Duration::from_hours(36),
        version: 1,
        types: &[&INSIDE_AWS, &OUTSIDE_AWS],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        let row = event.row;
        if row.caller != Caller::AssumedRole
            || !self.enabled
            // AWS calls for the session from no address, or says by whom it was asked.
            || !row.source.is_known()
            || row.invoked_by.len != 0
            || row.is(ApiCall::INSIGHT | ApiCall::SERVICE_EVENT)
            || event.listed.contains(Category::Trusted)
        {
            return false;
        }
        // Most calls of functions come from AWS: they are not looked at again.
        let is_outside = row.source.is_public() && row.vpc_endpoint.len == 0 && !is_aws(event);
        match Kind::of_scope(event.in_scope_of()) {
            Some(Kind::Task) => row.source.is_public() || row.vpc_endpoint.len > 0,
            Some(Kind::Function) => is_outside || row.vpc_endpoint.len > 0,
            None => is_outside && instance_of(event.principal_id()).is_none(),
        }
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let by_lineage = || match &ctx.inventory.session(event.access_key_id())?.parent {
            Parent::Service(service) => Kind::of_service(service),
            _ => None,
        };
        let Some(kind) = Kind::of_scope(event.in_scope_of()).or_else(by_lineage) else { return };
        let place = Place::of(event, &session_name(event));
        if !place.endpoint.is_empty() || !place.address.is_public() {
            match Endpoint::of(&place, &self.shared_accounts, &self.affiliated_accounts, ctx) {
                Endpoint::Absent | Endpoint::Own => {}
                Endpoint::Unknown => out.signal(signal(event, ctx)),
                Endpoint::Foreign { account, is_affiliated } => {
                    let inside = Inside { account: Some(account), is_affiliated };
                    out.raise(draft(kind, Some(inside), &place, event, ctx));
                }
            }
            return;
        }
        let is_ec2 = event.listed.contains(Category::AwsEc2)
            || ctx.intel.place(place.address).is_some_and(|it| AWS_ASNS.contains(&it.asn));
        let is_service = event.listed.contains(Category::AwsService);
        if self.is_in_order(kind, (is_ec2, is_service), &place, state, ctx) {
            return;
        }
        let learning =
            Learning { profile: &EGRESS, days: self.learn_days, users: self.learn_sessions };
        let (network, day) = (place.network(ctx), place.time.day());
        let is_hostile = event.listed.intersects(HOSTILE);
        let is_learnt = !is_hostile && learning.is_learnt(network, day, ctx);
        if self.learn_days > 0 && !is_hostile && state.note(network, day) {
            learning.teach(network, day, event.access_key_id(), out);
        }
        if !is_learnt {
            let inside = is_ec2.then(|| {
                let account = affiliated_holder(&place, &self.affiliated_accounts, ctx);
                Inside { account, is_affiliated: account.is_some() }
            });
            out.raise(draft(kind, inside, &place, event, ctx));
        }
    }
}

/// Another account of AWS.
#[derive(Clone, Copy)]
struct Inside {
    account: Option<AccountId>,
    is_affiliated: bool,
}

impl ResourceCredentialExfiltration {
    /// Whether a public address may be the resource's own or its way out.
    fn is_in_order(
        &self,
        kind: Kind,
        (is_ec2, is_service): (bool, bool),
        place: &Place,
        state: &mut State,
        ctx: &Context<'_>,
    ) -> bool {
        // Functions and services call from addresses of AWS that nobody can tell apart.
        if kind == Kind::Function && is_ec2
            || !is_ec2 && is_service
            || is_egress(place, &self.egress_ranges, &self.egress_vpcs, ctx)
            || ctx
                .inventory
                .instance_of_address(place.home, "", place.address, place.time)
                .is_some()
        {
            return true;
        }
        is_ec2 && *state.lock.get_or_insert(place.address) == place.address
    }
}

/// The name of the session: the function's, or the task's id.
fn session_name(event: &Event<'_, ApiCalls>) -> String {
    event.principal_id().rsplit_once(':').map_or("", |(_, name)| name).to_owned()
}

fn signal(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Signal {
    let anchor = |kind: &str, name: &str| {
        Entity::new(Scope::Anchor, ctx.entity.account, &format!("{kind}:{name}"))
    };
    Signal {
        name: "iam/resource_credential_elsewhere".into(),
        account: event.row.account,
        region: event.row.region,
        // A third of a decimal digit: shared endpoints are common.
        weight: 300,
        evidence: event.evidence(),
        anchors: vec![
            anchor("key", event.access_key_id()),
            anchor("principal", event.principal_id()),
        ],
        detail: "VPC endpoint of an account that is not known".into(),
    }
}

fn draft(
    kind: Kind,
    inside: Option<Inside>,
    place: &Place,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let finding_type = if inside.is_some() { &INSIDE_AWS } else { &OUTSIDE_AWS };
    let mut draft = ctx.caller_draft(finding_type, event);
    let scope: InScopeOf = serde_json::from_str(event.in_scope_of()).unwrap_or_default();
    let issued_to = scope.credentials_issued_to;
    let (kind_name, role, address) = (kind.as_str(), event.caller_label(), place.address);
    event.principal_id().clone_into(&mut draft.key);
    draft.role = ResourceRole::Target;
    if kind == Kind::Function {
        let arn = issued_to.as_str();
        let name = arn.split(":function:").nth(1).and_then(|it| it.split(':').next());
        draft.resource.lambda_details = Some(LambdaDetails {
            function_arn: arn.to_owned(),
            function_name: name.unwrap_or(&place.instance).to_owned(),
            role: Some(event.issuer_arn().to_owned()).filter(|it| !it.is_empty()),
            ..LambdaDetails::default()
        });
    }
    let resource = if issued_to.is_empty() { &place.instance } else { &issued_to };
    let created =
        format!("Credentials created exclusively for the {kind_name} {resource} using role {role}");
    if let Some(Inside { account, is_affiliated }) = inside {
        if is_affiliated {
            draft.severity = Severity::MEDIUM;
        }
        let owner = account.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        draft.title = format!(
            "Credentials for the {kind_name} role {role} were used from a remote AWS account."
        );
        draft.description = format!(
            "{created} have been used from IP address {address} in the remote AWS account {owner}."
        );
        if let Some(action) = &mut draft.action.aws_api_call_action {
            action.remote_account_details =
                Some(RemoteAccountDetails { account_id: owner, affiliated: is_affiliated });
        }
    } else {
        draft.title = format!(
            "Credentials for the {kind_name} role {role} were used from external IP address {address}."
        );
        draft.description = format!("{created} have been used from external IP address {address}.");
    }
    let mut add = |what: &str, value: &str| draft.reasons.push(Reason::new(what, value, ""));
    if place.endpoint.is_empty() {
        add("address that is not of the resource", &address.to_string());
    } else {
        add("VPC endpoint of another account", &place.endpoint);
    }
    for category in event.listed.iter().filter(|it| {
        matches!(
            it,
            Category::TorExit | Category::Vpn | Category::MaliciousCaller | Category::Threat
        )
    }) {
        add("address on a list", category.as_str());
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_told_by_what_credentials_are_issued_to() {
        let function = r#"{"issuerType":"AWS::Lambda::Function",
            "credentialsIssuedTo":"arn:aws:lambda:us-east-1:111122223333:function:report"}"#;
        let task = r#"{"issuerType":"AWS::ECS::Task",
            "credentialsIssuedTo":"arn:aws:ecs:us-east-1:111122223333:task/main/0123456789abcdef"}"#;
        assert_eq!(Kind::of_scope(function), Some(Kind::Function));
        assert_eq!(Kind::of_scope(task), Some(Kind::Task));
        assert_eq!(Kind::of_scope(r#"{"issuerType":"AWS::SSO::Instance"}"#), None);
        assert_eq!(Kind::of_service("ecs-tasks.amazonaws.com"), Some(Kind::Task));
        assert_eq!(Kind::of_service("ec2.amazonaws.com"), None);
    }

    #[test]
    fn what_was_taught_is_bounded() {
        let mut state = State::default();
        assert!(state.note(1, 1) && !state.note(1, 1));
        for network in 2..30 {
            assert!(state.note(network, 1));
        }
        assert_eq!(state.taught.len(), State::TAUGHT_MAX);
    }
}
