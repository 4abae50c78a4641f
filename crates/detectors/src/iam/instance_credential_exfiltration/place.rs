//! Where an instance's credentials were used, and what is known of the instance's ways out.

use engine::inventory::Parent;
use engine::model::{AccountId, Addr, Hasher64, Timestamp, hash64};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Event};
use serde::{Deserialize, Serialize};

/// Addresses count as the instance's for this long after it gave them up.
const SLACK_MILLIS: i64 = Timestamp::HOUR_MILLIS;

/// Where a call came from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) time: Timestamp,
    pub(super) address: Addr,
    /// Id of the VPC endpoint, empty if none.
    pub(super) endpoint: String,
    pub(super) endpoint_account: AccountId,
    /// The account of the role and the instance.
    pub(super) home: AccountId,
    pub(super) instance: String,
    /// Hash of the role's ARN.
    pub(super) role: u64,
}

/// What the inventory knows of an instance's ways out.
pub(super) struct Known {
    /// Its own addresses, and those of its VPC's NAT gateways.
    pub(super) addresses: Vec<Addr>,
    /// Whether a public address of the same family as the caller's is among them.
    pub(super) has_family: bool,
    pub(super) launched: Option<Timestamp>,
}

impl Known {
    pub(super) fn of(place: &Place, late: Option<Timestamp>, ctx: &Context<'_>) -> Known {
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
    pub(super) fn of(event: &Event<'_, ApiCalls>, instance: &str) -> Place {
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
    pub(super) fn network(&self, ctx: &Context<'_>) -> u64 {
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

/// The instance that a session is named after: `AROA…:i-0123456789abcdef0`.
pub(super) fn instance_of(principal_id: &str) -> Option<&str> {
    let (_, session) = principal_id.rsplit_once(':')?;
    let digits = session.strip_prefix("i-")?;
    let is_hex = digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    ((8..=17).contains(&digits.len()) && is_hex).then_some(session)
}

/// Whether EC2 gave the credentials to an instance: anybody who may assume the role can choose a name like
/// an instance's.
pub(super) fn is_delivered(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> bool {
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
