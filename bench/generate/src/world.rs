//! The simulated organization: accounts, principals, instances, remote addresses, domains.
//!
//! Everything is a function of (seed, index), so that no entity has to be held in memory.

use crate::rng::{Rng, choose, mix_pair};
use crate::text::Text;

/// Regions with the share of files that each gets.
pub(crate) const REGIONS: [(&str, f64); 4] =
    [("us-east-1", 0.55), ("eu-west-1", 0.25), ("us-west-2", 0.15), ("ap-southeast-1", 0.05)];

/// Ranges of EC2 in those Regions, with the bits that are free in each
/// (<https://ip-ranges.amazonaws.com/ip-ranges.json>).
const EC2_RANGES: [(u32, u32); 4] =
    [(0x0350_0000, 20), (0x22f8_0000, 19), (0x3418_0000, 18), (0x36fe_0000, 16)];

const WORDS: [&str; 32] = [
    "cloud", "data", "api", "shop", "news", "blue", "fast", "net", "soft", "web", "media", "app",
    "green", "north", "metric", "track", "pixel", "cdn", "edge", "mail", "pay", "auth", "store",
    "live", "stream", "play", "health", "travel", "bank", "auto", "home", "smart",
];
const SUFFIXES: [&str; 8] = ["com", "com", "com", "net", "org", "io", "co.uk", "de"];
const HOSTS: [&str; 10] =
    ["", "www.", "api.", "cdn.", "static.", "edge-1.", "img.", "m.", "telemetry.", "us-east-1."];

/// Sizes of the populations, and the time.
#[derive(Debug)]
pub(crate) struct World {
    /// Decides everything that is not a size.
    pub seed: u64,
    /// How many accounts; file shares fall with their rank.
    pub accounts: u64,
    /// How many principals, spread over the accounts by stride.
    pub principals: u64,
    /// How many instances with one interface each, spread likewise.
    pub instances: u64,
    /// How many addresses outside.
    pub remotes: u64,
    /// How many domain names.
    pub domains: u64,
    /// First second, since 1970.
    pub start: i64,
    /// Length of the time.
    pub seconds: i64,
}

/// Where and when a record is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Index of the account.
    pub account: u64,
    /// Index in [`REGIONS`].
    pub region: usize,
    /// Seconds since 1970.
    pub time: i64,
}

/// What a principal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Role,
    User,
    Service,
    Root,
}

impl World {
    /// Hash of the entity `index` of a kind of entities.
    pub(crate) fn hash(&self, what: u64, index: u64) -> u64 {
        mix_pair(self.seed, what, index)
    }

    /// The twelve digits of an account.
    pub(crate) fn account(&self, index: u64) -> u64 {
        100_000_000_000 + self.hash(1, index) % 900_000_000_000
    }

    /// What a principal is: most are roles.
    pub(crate) fn principal_kind(&self, principal: u64) -> Kind {
        match self.hash(2, principal) % 1000 {
            0..=3 => Kind::Root,
            4..=219 => Kind::User,
            220..=399 => Kind::Service,
            _ => Kind::Role,
        }
    }

    /// The address of a call: each principal has a few stable ones.
    pub(crate) fn principal_ip(&self, principal: u64, rng: &mut Rng) -> u32 {
        let count = 1 + self.hash(5, principal) % 3;
        let which = if rng.chance(0.9) { 0 } else { rng.below(count) };
        public_ip(self.hash(6, principal * 8 + which))
    }

    /// How many principals an account has.
    pub(crate) fn principals_per_account(&self) -> u64 {
        (self.principals / self.accounts).max(1)
    }

    /// How many instances an account has.
    pub(crate) fn instances_per_account(&self) -> u64 {
        (self.instances / self.accounts).max(1)
    }

    /// Number behind `i-`.
    pub(crate) fn instance_id(&self, instance: u64) -> u64 {
        self.hash(10, instance)
    }

    /// Number behind `eni-`.
    pub(crate) fn interface_id(&self, instance: u64) -> u64 {
        self.hash(11, instance)
    }

    /// Index of an instance's Region.
    pub(crate) fn instance_region(&self, instance: u64) -> usize {
        match self.hash(12, instance) % 100 {
            0..=54 => 0,
            55..=79 => 1,
            80..=94 => 2,
            _ => 3,
        }
    }

    /// Private address of an instance, within 10.0.0.0/8.
    #[expect(
        clippy::unused_self,
        reason = "an address is asked of the world as the other facts are"
    )]
    pub(crate) fn instance_ip(&self, instance: u64) -> u32 {
        let spread = (instance as u32).wrapping_mul(2_654_435_761) >> 8;
        0x0a00_0000 | (spread & 0x00ff_fffe) | 1
    }

    /// Number behind `vpc-`: one in each account and Region.
    pub(crate) fn vpc(&self, account: u64, region: usize) -> u64 {
        self.hash(13, account * 16 + region as u64)
    }

    /// The address by which an instance reaches the interfaces of AWS: its own public one, or that of a
    /// NAT gateway of its VPC, which are one in each of three Availability Zones.
    pub(crate) fn instance_egress_ip(&self, instance: u64) -> u32 {
        let region = self.instance_region(instance);
        let hash = self.hash(14, instance);
        let place = match hash % 5 {
            0 | 1 => hash >> 8,
            _ => self.hash(15, self.vpc(instance % self.accounts, region) ^ ((hash >> 8) % 3)),
        };
        let (base, free_bits) = EC2_RANGES[region];
        base | (place as u32 & ((1 << free_bits) - 1))
    }

    /// The instance of the account that a role is for; three quarters of all roles are for none.
    pub(crate) fn instance_of_role(&self, principal: u64) -> Option<u64> {
        let hash = self.hash(16, principal);
        let own = hash % self.instances_per_account() * self.accounts;
        (hash >> 32).is_multiple_of(4).then_some(own + principal % self.accounts)
    }

    /// An address outside.
    pub(crate) fn remote_ip(&self, index: u64) -> u32 {
        public_ip(self.hash(20, index))
    }

    /// Appends a domain name.
    pub(crate) fn domain(&self, index: u64, out: &mut Text) {
        let hash = self.hash(30, index);
        out.push(choose(&HOSTS, hash >> 40));
        out.push(choose(&WORDS, hash)).push(choose(&WORDS, hash >> 5));
        if (hash >> 10) & 3 != 0 {
            out.num((hash >> 12) & 0x3ff);
        }
        out.push(".").push(choose(&SUFFIXES, hash >> 30));
    }
}

/// An address that is neither private nor reserved, by a hash.
pub(crate) fn public_ip(hash: u64) -> u32 {
    let mut address = hash as u32;
    loop {
        let is_special = matches!(
            address.to_be_bytes(),
            [0 | 10 | 127 | 224..=255, ..]
                | [172, 16..=31, ..]
                | [192, 168, ..]
                | [169, 254, ..]
                | [100, 64..=127, ..]
        );
        if !is_special {
            return address;
        }
        address = address.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_keep_their_address_and_share_gateways() {
        let world = World {
            seed: 1,
            accounts: 8,
            principals: 2_000,
            instances: 4_000,
            remotes: 100,
            domains: 100,
            start: 0,
            seconds: 1,
        };
        let addresses: Vec<u32> = (0..4_000).map(|it| world.instance_egress_ip(it)).collect();
        assert_eq!(addresses[7], world.instance_egress_ip(7));
        let gateways: std::collections::BTreeSet<u32> = addresses.iter().copied().collect();
        // Two fifths have their own, the others share at most three in each VPC.
        assert!((1_400..1_800).contains(&gateways.len()), "{}", gateways.len());
        let first = |address: u32| EC2_RANGES.iter().any(|it| address >> it.1 == it.0 >> it.1);
        assert!(addresses.into_iter().all(first));
        let roles: Vec<u64> = (0..2_000).filter_map(|it| world.instance_of_role(it)).collect();
        assert!((400..600).contains(&roles.len()), "{}", roles.len());
        let own = |it: u64| world.instance_of_role(it).is_none_or(|at| at % 8 == it % 8);
        assert!((0..2_000).all(own));
    }

    #[test]
    fn public_addresses_are_public() {
        for hash in [0, 0x0a00_0001, 0x7f00_0001, 0xac10_0001, 0xc0a8_0001, 0xe000_0001] {
            let address = std::net::Ipv4Addr::from(public_ip(hash));
            assert!(!address.is_private() && !address.is_loopback() && !address.is_multicast());
        }
        assert_eq!(public_ip(0xc000_0201), 0xc000_0201);
    }
}
