//! Credentials of an EC2 instance's role are used elsewhere than on the instance.

use std::time::Duration;

use engine::findings::{
    Action, Data, Draft, EvidenceRef, FindingType, Reason, RemoteAccountDetails, Resource,
    ResourceRole,
};
use engine::intel::{Categories, Category};
use engine::inventory::Parent;
use engine::model::{
    AccountId, Addr, Entity, Hasher64, Region, Scope, Severity, Timestamp, hash64,
};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Profile, Signal, Spec};
use serde::{Deserialize, Serialize};

use super::range::Range;

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

tunables! {
    /// Credentials of EC2 instances that are used elsewhere.
    pub struct InstanceCredentialExfiltration {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Addresses by which traffic of instances leaves that the inventory cannot know: offices and data
        /// centers behind a VPN or Direct Connect, proxies. Such as `["198.51.100.0/24"]`.
        pub egress_ranges: Vec<Range> = Vec::new(),
        /// VPCs whose NAT gateways carry the traffic of other VPCs, as `account/vpc`, such as
        /// `["111122223333/vpc-0a1b2c3d4e5f60718"]`.
        pub egress_vpcs: Vec<String> = Vec::new(),
        /// Accounts whose VPC endpoints are shared with the others: their use is in order.
        pub shared_accounts: Vec<String> = Vec::new(),
        /// Accounts of the organization that the inventory does not know: findings about them are Medium.
        pub affiliated_accounts: Vec<String> = Vec::new(),
        /// How long after an instance's launch, or its first call where the launch is not known, calls from
        /// strange addresses wait for the inventory to catch up, in seconds.
        pub hold_secs: u32 = 900,
        /// Earlier days on which a network must have been used by the role to be learnt; 0 learns nothing.
        pub learn_days: u32 = 2,
        /// Instances of the role that must have used a network for it to be learnt, at most 16.
        pub learn_instances: u32 = 2,
    }
}

/// Which networks a role's instances were seen in: how often by day, and by slots of instances.
static EGRESS: Profile =
    Profile { name: "iam/instance_egress", hours: 24 * LEARN_DAYS_KEPT, keys: 16_384 };
const LEARN_DAYS_KEPT: u16 = 14;
/// Instances are counted in this many slots by hash: enough to tell one from several.
const INSTANCE_SLOTS: u64 = 16;

/// Addresses count as the instance's for this long after it gave them up.
const SLACK_MILLIS: i64 = Timestamp::HOUR_MILLIS;

/// Uses in and out of order that lie closer together than this are called concurrent.
const CONCURRENT_SECS: u64 = 600;

/// Numbers of the autonomous systems of AWS: Amazon.com and Amazon AES.
const AWS_ASNS: [u32; 2] = [16_509, 14_618];

/// Lists that nothing is learnt from.
const HOSTILE: Categories =
    Categories::of(&[Category::TorExit, Category::MaliciousCaller, Category::Threat]);

/// What is remembered of one role on one instance.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Event time of the first call.
    first: Option<Timestamp>,
    /// Event time of the latest call that was in order.
    in_order: Option<Timestamp>,
    /// Addresses of EC2 that are taken as the instance's own, at most [`State::LOCKS_MAX`].
    locks: Vec<(Addr, Timestamp)>,
    /// Networks and days that were taught, the latest last, at most [`State::TAUGHT_MAX`].
    taught: Vec<(u64, i64)>,
    /// Calls that wait for the inventory, by address, at most [`State::HELD_MAX`].
    held: Vec<Held>,
}

impl State {
    const LOCKS_MAX: usize = 4;
    const TAUGHT_MAX: usize = 8;
    const HELD_MAX: usize = 8;
}

/// A use that waits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Held {
    until: Timestamp,
    used: Use,
}

/// Calls from one place: what a finding says of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Use {
    first: Timestamp,
    last: Timestamp,
    count: u64,
    evidence: Vec<EvidenceRef>,
    place: Place,
    /// The account and Region whose trail has the call.
    account: AccountId,
    region: Region,
    /// The caller's principal id.
    principal: String,
    /// The role's name.
    role: String,
    resource: Resource,
    action: Action,
    is_imds_v1: bool,
}

/// Where a call came from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Place {
    time: Timestamp,
    address: Addr,
    /// Id of the VPC endpoint, empty if none.
    endpoint: String,
    endpoint_account: AccountId,
    /// The account of the role and the instance.
    home: AccountId,
    instance: String,
    /// Hash of the role's ARN.
    role: u64,
}

/// What a call is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Verdict {
    InOrder,
    /// In order as far as was learnt.
    Learnt,
    /// In order, and the address is the instance's own from now on.
    Lock,
    /// Strange, but not enough for a finding.
    Weak(&'static str),
    /// To be judged again at this time.
    Hold(Timestamp),
    Elsewhere {
        /// Whether the place is in AWS.
        is_inside: bool,
        /// The account of the place.
        account: Option<AccountId>,
        is_affiliated: bool,
        /// Whether the instance's own addresses are known.
        is_certain: bool,
    },
}

impl Detector for InstanceCredentialExfiltration {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/instance_credential_exfiltration",
        scope: Scope::Session,
        // The longest life of a session's credentials.
        idle: Duration::from_secs(36 * 3600),
        version: 1,
        types: &[&INSIDE_AWS, &OUTSIDE_AWS],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        let row = event.row;
        row.caller == Caller::AssumedRole
            && self.enabled
            // AWS calls for the session from no address, or says by whom it was asked.
            && row.source.is_known()
            && row.invoked_by.len == 0
            && !row.is(ApiCall::INSIGHT | ApiCall::SERVICE_EVENT)
            && instance_of(event.principal_id()).is_some()
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Some(instance) = instance_of(event.principal_id()) else { return };
        if !is_delivered(event, ctx) {
            return;
        }
        let time = event.time();
        state.first = Some(state.first.map_or(time, |first| first.min(time)));
        let place = Place::of(event, instance);
        let verdict = self.judge(&place, state, ctx, None);
        self.teach(&place, verdict, state, ctx, out);
        match verdict {
            Verdict::InOrder => state.in_order = state.in_order.max(Some(time)),
            Verdict::Learnt => {}
            Verdict::Lock => {
                state.in_order = state.in_order.max(Some(time));
                state.lock(place.address, time);
            }
            Verdict::Weak(what) => out.signal(signal(what, event, ctx)),
            Verdict::Hold(until) => {
                state.hold(until, used(place, event, ctx));
                if let Some(until) = state.held.iter().map(|it| it.until).min() {
                    out.wake(until);
                }
            }
            Verdict::Elsewhere { .. } => {
                out.raise(draft(&used(place, event, ctx), verdict, state.in_order, ctx));
            }
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let (due, waiting) =
            std::mem::take(&mut state.held).into_iter().partition(|it| it.until <= at);
        state.held = waiting;
        let due: Vec<Held> = due;
        for Held { used, .. } in due {
            match self.judge(&used.place, state, ctx, Some(at)) {
                Verdict::InOrder => state.in_order = state.in_order.max(Some(used.last)),
                Verdict::Lock => state.lock(used.place.address, used.last),
                verdict @ Verdict::Elsewhere { .. } => {
                    out.raise(draft(&used, verdict, state.in_order, ctx));
                }
                Verdict::Learnt | Verdict::Weak(_) | Verdict::Hold(_) => {}
            }
        }
        if let Some(until) = state.held.iter().map(|it| it.until).min() {
            out.wake(until);
        }
    }
}

impl InstanceCredentialExfiltration {
    /// Judges a place by what was known at the time of the call; `late` is the end of waiting, up to which
    /// facts count then.
    fn judge(
        &self,
        place: &Place,
        state: &State,
        ctx: &Context<'_>,
        late: Option<Timestamp>,
    ) -> Verdict {
        if !place.endpoint.is_empty() || !place.address.is_public() {
            return self.judge_private(place, ctx);
        }
        let known = Known::of(place, late, ctx);
        let verdict = ctx.intel.address(place.address);
        let listed = ctx.intel.categories(verdict, ctx.entity.account, ctx.entity.region);
        let is_ec2 = listed.contains(Category::AwsEc2)
            || ctx.intel.place(place.address).is_some_and(|it| AWS_ASNS.contains(&it.asn));
        if known.addresses.contains(&place.address)
            || self.is_egress(place, ctx)
            || listed.contains(Category::Trusted)
            || (!is_ec2 && listed.contains(Category::AwsService))
        {
            return Verdict::InOrder;
        }
        let holder = |account| {
            ctx.inventory.instance_of_address(account, "", place.address, place.time).is_some()
        };
        if holder(place.home) {
            return Verdict::Weak("address of another instance of the account");
        }
        if !listed.intersects(HOSTILE) && self.is_learnt(place, ctx) {
            return Verdict::Learnt;
        }
        let is_certain = known.has_family;
        if is_ec2 && !is_certain {
            // An instance that was started again has got another address.
            let since = known.launched.unwrap_or(Timestamp::MIN);
            let mut locks = state.locks.iter().filter(|it| it.1 >= since).map(|it| it.0);
            if locks.clone().next().is_none() {
                return Verdict::Lock;
            }
            if locks.any(|it| it == place.address) {
                return Verdict::InOrder;
            }
        }
        if late.is_none() {
            let start = known.launched.or(state.first).unwrap_or(place.time);
            let until = start + Duration::from_secs(u64::from(self.hold_secs));
            let is_fresh = known.launched.is_some() || !is_certain;
            if is_fresh && place.time < until {
                return Verdict::Hold(until);
            }
        }
        let affiliated =
            self.affiliated_accounts.iter().filter_map(|it| account(it)).find(|it| holder(*it));
        Verdict::Elsewhere {
            is_inside: is_ec2,
            account: affiliated,
            is_affiliated: affiliated.is_some(),
            is_certain,
        }
    }

    /// A call through a VPC endpoint.
    fn judge_private(&self, place: &Place, ctx: &Context<'_>) -> Verdict {
        let by_id = || ctx.inventory.vpc_endpoint(&place.endpoint).map(|it| it.account);
        let owner = Some(place.endpoint_account)
            .filter(|it| it.is_known())
            .or_else(by_id)
            .filter(|it| it.is_known());
        let is_named =
            |accounts: &[String], owner| accounts.iter().any(|it| account(it) == Some(owner));
        match owner {
            None if place.endpoint.is_empty() => {
                let known = Known::of(place, None, ctx);
                if known.addresses.is_empty() || known.addresses.contains(&place.address) {
                    Verdict::InOrder
                } else {
                    Verdict::Weak("private address of another host")
                }
            }
            None => Verdict::Weak("VPC endpoint of an account that is not known"),
            Some(owner) if owner == place.home || is_named(&self.shared_accounts, owner) => {
                Verdict::InOrder
            }
            Some(owner) => Verdict::Elsewhere {
                is_inside: true,
                account: Some(owner),
                is_affiliated: ctx.inventory.is_org_account(owner)
                    || is_named(&self.affiliated_accounts, owner),
                is_certain: true,
            },
        }
    }

    /// Whether the settings name the address as a way out.
    fn is_egress(&self, place: &Place, ctx: &Context<'_>) -> bool {
        self.egress_ranges.iter().any(|it| it.contains(place.address))
            || self.egress_vpcs.iter().filter_map(|it| it.split_once('/')).any(|(owner, vpc)| {
                account(owner).is_some_and(|owner| {
                    ctx.inventory.egress_addresses(owner, vpc, place.time).contains(&place.address)
                })
            })
    }

    /// Whether enough instances of the role used the network on enough earlier days.
    fn is_learnt(&self, place: &Place, ctx: &Context<'_>) -> bool {
        let network = place.network(ctx);
        let count = |key| ctx.profiles.count(&EGRESS, ctx.entity.account, key) > 0;
        let today = place.time.day();
        let days = (1..=i64::from(LEARN_DAYS_KEPT))
            .filter(|back| count(lesson(network, DAY, (today - back) as u64)))
            .count();
        let enough = |found: usize, wanted: u32| found >= wanted as usize;
        self.learn_days > 0
            && enough(days, self.learn_days)
            && enough(
                (0..INSTANCE_SLOTS).filter(|slot| count(lesson(network, INSTANCE, *slot))).count(),
                self.learn_instances,
            )
    }

    /// Teaches the network of a call that nothing but learning could bring in order.
    fn teach(
        &self,
        place: &Place,
        verdict: Verdict,
        state: &mut State,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let is_strange = match verdict {
            Verdict::Hold(_) | Verdict::Elsewhere { .. } => {
                place.endpoint.is_empty() && place.address.is_public()
            }
            // What was learnt must be used on to stay learnt.
            Verdict::Learnt => true,
            Verdict::InOrder | Verdict::Lock | Verdict::Weak(_) => false,
        };
        if !is_strange || self.learn_days == 0 {
            return;
        }
        let (network, day) = (place.network(ctx), place.time.day());
        if state.taught.contains(&(network, day)) {
            return;
        }
        let verdict = ctx.intel.address(place.address);
        let listed = ctx.intel.categories(verdict, ctx.entity.account, ctx.entity.region);
        if listed.intersects(HOSTILE) {
            return;
        }
        if state.taught.len() >= State::TAUGHT_MAX {
            state.taught.remove(0);
        }
        state.taught.push((network, day));
        let slot = hash64(place.instance.as_bytes()) % INSTANCE_SLOTS;
        out.teach(&EGRESS, lesson(network, DAY, day as u64), 1);
        out.teach(&EGRESS, lesson(network, INSTANCE, slot), 1);
    }
}

const DAY: u64 = 1;
const INSTANCE: u64 = 2;

fn lesson(network: u64, kind: u64, value: u64) -> u64 {
    Hasher64::default().number(network).number(kind).number(value).finish()
}

/// What the inventory knows of an instance's ways out.
struct Known {
    /// Its own addresses, and those of its VPC's NAT gateways.
    addresses: Vec<Addr>,
    /// Whether a public address of the same family as the caller's is among them.
    has_family: bool,
    launched: Option<Timestamp>,
}

impl Known {
    fn of(place: &Place, late: Option<Timestamp>, ctx: &Context<'_>) -> Known {
        let (home, id) = (place.home, place.instance.as_str());
        let to = late.map_or(place.time, |late| late.max(place.time));
        let from = Timestamp::from_millis(place.time.millis().saturating_sub(SLACK_MILLIS));
        let mut addresses = ctx.inventory.addresses_of_instance(home, id, from, to);
        let fact = ctx.inventory.instance(home, id, to);
        let mut vpcs: Vec<&str> = fact.map(|it| &*it.vpc).into_iter().collect();
        let interfaces = ctx.inventory.interfaces_of_instance(home, id, to);
        vpcs.extend(interfaces.iter().map(|it| &*it.fact.vpc));
        vpcs.retain(|it| !it.is_empty());
        vpcs.dedup();
        for vpc in vpcs {
            addresses.extend(ctx.inventory.egress_addresses(home, vpc, to));
        }
        let is_v4 = place.address.v4().is_some();
        Known {
            has_family: addresses.iter().any(|it| it.v4().is_some() == is_v4 && it.is_public()),
            addresses,
            launched: fact.and_then(|it| it.launched),
        }
    }
}

impl Place {
    fn of(event: &Event<'_, ApiCalls>, instance: &str) -> Place {
        let row = event.row;
        Place {
            time: row.time,
            address: row.source,
            endpoint: event.vpc_endpoint().to_owned(),
            endpoint_account: row.vpc_endpoint_account,
            home: if row.caller_account.is_known() { row.caller_account } else { row.account },
            instance: instance.to_owned(),
            role: hash64(event.issuer_arn().as_bytes()),
        }
    }

    /// The role with the network of the address: /24 or /48, and its autonomous system.
    fn network(&self, ctx: &Context<'_>) -> u64 {
        let ignored = if self.address.v4().is_some() { 8 } else { 80 };
        let bits = self.address.bits() >> ignored;
        let asn = ctx.intel.place(self.address).map_or(0, |it| it.asn);
        Hasher64::default()
            .number(self.role)
            .number((bits >> 64) as u64)
            .number(bits as u64)
            .number(u64::from(asn))
            .finish()
    }
}

impl State {
    fn lock(&mut self, address: Addr, time: Timestamp) {
        self.locks.retain(|it| it.0 != address);
        if self.locks.len() >= State::LOCKS_MAX {
            self.locks.remove(0);
        }
        self.locks.push((address, time));
    }

    /// Adds a call to those from its place. When too many places wait, the oldest is forgotten.
    fn hold(&mut self, until: Timestamp, used: Use) {
        let same = |it: &&mut Held| it.used.place.address == used.place.address;
        if let Some(held) = self.held.iter_mut().find(same) {
            let into = &mut held.used;
            into.first = into.first.min(used.first);
            into.count += used.count;
            if into.evidence.len() < Draft::EVIDENCE_MAX {
                into.evidence.extend(used.evidence);
            }
            if used.last >= into.last {
                (into.last, into.action, into.resource) = (used.last, used.action, used.resource);
            }
            return;
        }
        if self.held.len() >= State::HELD_MAX {
            self.held.remove(0);
        }
        self.held.push(Held { until, used });
    }
}

/// The instance that a session is named after: `AROA…:i-0123456789abcdef0`.
fn instance_of(principal_id: &str) -> Option<&str> {
    let (_, session) = principal_id.rsplit_once(':')?;
    let digits = session.strip_prefix("i-")?;
    let is_hex = digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    ((8..=17).contains(&digits.len()) && is_hex).then_some(session)
}

/// Whether EC2 gave the credentials to an instance: anybody who may assume the role can choose a name like
/// an instance's.
fn is_delivered(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> bool {
    event.row.is(ApiCall::EC2_ROLE_DELIVERY)
        || ctx.inventory.session(event.access_key_id()).is_some_and(|it| match &it.parent {
            Parent::Service(service) => **service == *"ec2.amazonaws.com",
            _ => false,
        })
}

fn account(text: &str) -> Option<AccountId> {
    AccountId::from_digits(text.as_bytes()).filter(|it| it.is_known())
}

fn used(place: Place, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Use {
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

fn signal(what: &'static str, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Signal {
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

fn draft(used: &Use, verdict: Verdict, in_order: Option<Timestamp>, ctx: &Context<'_>) -> Draft {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_instances_are_told_by_their_name() {
        assert_eq!(instance_of("AROAX:i-0123456789abcdef0"), Some("i-0123456789abcdef0"));
        assert_eq!(instance_of("AROAX:i-01234567"), Some("i-01234567"));
        for other in [
            "AROAX:ci-42",
            "AROAX:i-xyz",
            "AROAX:i-0123456",
            "i-01234567",
            "AROAX:i-0123456789ABCDEF0",
        ] {
            assert_eq!(instance_of(other), None, "{other}");
        }
    }

    #[test]
    fn locks_are_bounded_and_renewed() {
        let mut state = State::default();
        let addr = |n: u32| Addr::from_v4(0xc633_6400 + n);
        for n in 0..9 {
            state.lock(addr(n), Timestamp::from_secs(i64::from(n)));
        }
        state.lock(addr(6), Timestamp::from_secs(20));
        let kept: Vec<Addr> = state.locks.iter().map(|it| it.0).collect();
        assert_eq!(kept, [addr(5), addr(7), addr(8), addr(6)]);
    }
}
