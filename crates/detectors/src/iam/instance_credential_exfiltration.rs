//! Credentials of an EC2 instance's role are used elsewhere than on the instance.

mod finding;
pub(super) mod place;

use std::time::Duration;

use engine::findings::Draft;
use engine::intel::{Categories, Category};
use engine::model::{AccountId, Addr, Scope, Timestamp};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

pub use finding::{INSIDE_AWS, OUTSIDE_AWS};
use finding::{Use, draft, signal, used};
use place::{
    Endpoint, Known, LEARN_DAYS_KEPT, Learning, Place, USER_SLOTS, affiliated_holder, instance_of,
    is_delivered, is_egress,
};

use super::range::{OwnedVpc, Range};

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
        pub egress_vpcs: Vec<OwnedVpc> = Vec::new(),
        /// Accounts whose VPC endpoints are shared with the others: their use is in order.
        pub shared_accounts: Vec<AccountId> = Vec::new(),
        /// Accounts of the organization that the inventory does not know: findings about them are Medium.
        pub affiliated_accounts: Vec<AccountId> = Vec::new(),
        /// How long after an instance's launch, or its first call where the launch is not known, calls from
        /// strange addresses wait for the inventory to catch up, in seconds.
        pub hold_secs: u32 = 900 => 0..=86_400,
        /// Earlier days on which a network must have been used by the role to be learnt; 0 learns nothing.
        pub learn_days: u32 = 2 => 0..=LEARN_DAYS_KEPT as i64,
        /// Instances of the role that must have used a network for it to be learnt, at most 16.
        pub learn_instances: u32 = 2 => 1..=USER_SLOTS as i64,
    }
}

/// Which networks a role's instances were seen in: how often by day, and by slots of instances.
static EGRESS: Profile =
    Profile { name: "iam/instance_egress", hours: 24 * LEARN_DAYS_KEPT, keys: 16_384 };

/// Numbers of the autonomous systems of AWS: Amazon.com and Amazon AES.
pub(super) const AWS_ASNS: [u32; 2] = [16_509, 14_618];

/// Lists that nothing is learnt from.
pub(super) const HOSTILE: Categories =
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
        idle: Duration::from_hours(36),
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
            || is_egress(place, &self.egress_ranges, &self.egress_vpcs, ctx)
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
        if !listed.intersects(HOSTILE)
            && self.learning().is_learnt(place.network(ctx), place.time.day(), ctx)
        {
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
        let affiliated = affiliated_holder(place, &self.affiliated_accounts, ctx);
        Verdict::Elsewhere {
            is_inside: is_ec2,
            account: affiliated,
            is_affiliated: affiliated.is_some(),
            is_certain,
        }
    }

    /// A call through a VPC endpoint.
    fn judge_private(&self, place: &Place, ctx: &Context<'_>) -> Verdict {
        match Endpoint::of(place, &self.shared_accounts, &self.affiliated_accounts, ctx) {
            Endpoint::Absent => {
                let known = Known::of(place, None, ctx);
                if known.addresses.is_empty() || known.addresses.contains(&place.address) {
                    Verdict::InOrder
                } else {
                    Verdict::Weak("private address of another host")
                }
            }
            Endpoint::Unknown => Verdict::Weak("VPC endpoint of an account that is not known"),
            Endpoint::Own => Verdict::InOrder,
            Endpoint::Foreign { account, is_affiliated } => Verdict::Elsewhere {
                is_inside: true,
                account: Some(account),
                is_affiliated,
                is_certain: true,
            },
        }
    }

    const fn learning(&self) -> Learning {
        Learning { profile: &EGRESS, days: self.learn_days, users: self.learn_instances }
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
        self.learning().teach(network, day, &place.instance, out);
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

#[cfg(test)]
mod tests {
    use super::*;

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
