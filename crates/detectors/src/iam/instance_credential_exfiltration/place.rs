//! Where credentials that AWS gave to a resource were used, and what is known of the ways out.
//!
//! Instances and other resources share the decisions about VPC endpoints, ways out and learnt networks.

use engine::inventory::Parent;
use engine::model::{AccountId, Addr, Hasher64, Timestamp, hash64};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Event, Out, Profile};
use serde::{Deserialize, Serialize};

use super::super::range::{OwnedVpc, Range};

/// Addresses count as the instance's for this long after it gave them up.
const SLACK_MILLIS: i64 = Timestamp::HOUR_MILLIS;

/// Where a call came from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::iam) struct Place {
    pub(in crate::iam) time: Timestamp,
    pub(in crate::iam) address: Addr,
    /// Id of the VPC endpoint, empty if none.
    pub(in crate::iam) endpoint: String,
    pub(in crate::iam) endpoint_account: AccountId,
    /// The account of the role and the instance.
    pub(in crate::iam) home: AccountId,
    pub(in crate::iam) instance: String,
    /// Hash of the role's ARN.
    pub(in crate::iam) role: u64,
}

/// What the inventory knows of an instance's ways out.
pub(in crate::iam) struct Known {
    /// Its own addresses, and those of its VPC's NAT gateways.
    pub(in crate::iam) addresses: Vec<Addr>,
    /// Whether a public address of the same family as the caller's is among them.
    pub(in crate::iam) has_family: bool,
    pub(in crate::iam) launched: Option<Timestamp>,
}

impl Known {
    pub(in crate::iam) fn of(place: &Place, late: Option<Timestamp>, ctx: &Context<'_>) -> Known {
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
    pub(in crate::iam) fn of(event: &Event<'_, ApiCalls>, instance: &str) -> Place {
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
    pub(in crate::iam) fn network(&self, ctx: &Context<'_>) -> u64 {
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

/// Whose VPC endpoint a call came through.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::iam) enum Endpoint {
    /// None: the record has a private address alone.
    Absent,
    /// The resource's own account's, or one that is shared.
    Own,
    /// Nobody knows whose.
    Unknown,
    /// Another account's.
    Foreign { account: AccountId, is_affiliated: bool },
}

impl Endpoint {
    pub(in crate::iam) fn of(
        place: &Place,
        shared: &[AccountId],
        affiliated: &[AccountId],
        ctx: &Context<'_>,
    ) -> Endpoint {
        let by_id = || ctx.inventory.vpc_endpoint(&place.endpoint).map(|it| it.account);
        let owner = Some(place.endpoint_account)
            .filter(|it| it.is_known())
            .or_else(by_id)
            .filter(|it| it.is_known());
        match owner {
            None if place.endpoint.is_empty() => Endpoint::Absent,
            None => Endpoint::Unknown,
            Some(owner) if owner == place.home || shared.contains(&owner) => Endpoint::Own,
            Some(account) => Endpoint::Foreign {
                account,
                is_affiliated: ctx.inventory.is_org_account(account)
                    || affiliated.contains(&account),
            },
        }
    }
}

/// Whether settings name the address as a way out.
pub(in crate::iam) fn is_egress(
    place: &Place,
    ranges: &[Range],
    vpcs: &[OwnedVpc],
    ctx: &Context<'_>,
) -> bool {
    ranges.iter().any(|it| it.contains(place.address))
        || vpcs.iter().any(|it| {
            let addresses = ctx.inventory.egress_addresses(it.account, &it.id, place.time);
            addresses.contains(&place.address)
        })
}

/// Another account of the organization that is known to have the address.
pub(in crate::iam) fn affiliated_holder(
    place: &Place,
    affiliated: &[AccountId],
    ctx: &Context<'_>,
) -> Option<AccountId> {
    let accounts = affiliated.iter().copied().chain(ctx.inventory.org_accounts());
    let others = accounts.filter(|it| *it != place.home);
    { others }
        .find(|it| ctx.inventory.instance_of_address(*it, "", place.address, place.time).is_some())
}

/// Which networks are learnt: by how many days and by how many users of the role.
#[derive(Clone, Copy)]
pub(in crate::iam) struct Learning {
    pub(in crate::iam) profile: &'static Profile,
    /// Earlier days that are needed; 0 learns nothing.
    pub(in crate::iam) days: u32,
    /// Instances or sessions that are needed.
    pub(in crate::iam) users: u32,
}

/// Longest memory of a learnt network, in days.
pub(in crate::iam) const LEARN_DAYS_KEPT: u16 = 14;
/// Users are counted in this many slots by hash: enough to tell one from several.
pub(in crate::iam) const USER_SLOTS: u64 = 16;
const DAY: u64 = 1;
const USER: u64 = 2;

fn lesson(network: u64, kind: u64, value: u64) -> u64 {
    Hasher64::default().number(network).number(kind).number(value).finish()
}

impl Learning {
    /// Whether enough users of the role used the network on enough earlier days.
    pub(in crate::iam) fn is_learnt(self, network: u64, today: i64, ctx: &Context<'_>) -> bool {
        let count = |key| ctx.profiles.count(self.profile, ctx.entity.account, key) > 0;
        let days = (1..=i64::from(LEARN_DAYS_KEPT))
            .filter(|back| count(lesson(network, DAY, (today - back) as u64)))
            .count();
        let users = || (0..USER_SLOTS).filter(|slot| count(lesson(network, USER, *slot))).count();
        self.days > 0 && days >= self.days as usize && users() >= self.users as usize
    }

    /// Teaches a network that a user of the role used on a day.
    pub(in crate::iam) fn teach(self, network: u64, day: i64, user: &str, out: &mut Out<'_>) {
        let slot = hash64(user.as_bytes()) % USER_SLOTS;
        out.teach(self.profile, lesson(network, DAY, day as u64), 1);
        out.teach(self.profile, lesson(network, USER, slot), 1);
    }
}

/// The instance that a session is named after: `AROA…:i-0123456789abcdef0`.
pub(in crate::iam) fn instance_of(principal_id: &str) -> Option<&str> {
    let (_, session) = principal_id.rsplit_once(':')?;
    let digits = session.strip_prefix("i-")?;
    let is_hex = digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    ((8..=17).contains(&digits.len()) && is_hex).then_some(session)
}

/// Whether EC2 gave the credentials to an instance: anybody who may assume the role can choose a name like
/// an instance's.
pub(in crate::iam) fn is_delivered(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> bool {
    event.row.is(ApiCall::EC2_ROLE_DELIVERY)
        || ctx.inventory.session(event.access_key_id()).is_some_and(|it| match &it.parent {
            Parent::Service(service) => **service == *"ec2.amazonaws.com",
            _ => false,
        })
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
}
