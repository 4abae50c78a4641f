//! Where the population's calls come from.

use std::collections::BTreeMap;

use crate::places::Place;

/// A kind of network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Office,
    Home,
    Mobile,
    Cloud,
    Travel,
    Vpn,
    Hosting,
    Runner,
}

const fn place(
    asn: u32,
    organization: &'static str,
    country: (&'static str, &'static str),
) -> Place {
    Place {
        asn,
        organization,
        country: country.0,
        country_name: country.1,
        city: "Example",
        latitude: 50.0,
        longitude: 10.0,
    }
}

const DE: (&str, &str) = ("DE", "Germany");
const US: (&str, &str) = ("US", "United States");

/// Networks by kind; numbers of autonomous systems are those for documentation.
const NETWORKS: &[(Kind, Place, u32)] = &[
    (Kind::Office, place(64496, "Example Office", DE), 4),
    (Kind::Office, place(64497, "Example Branch", US), 2),
    (Kind::Home, place(64498, "Example Telecom", DE), 44),
    (Kind::Home, place(64499, "Example Cable", DE), 30),
    (Kind::Home, place(64500, "Example Fiber", DE), 18),
    (Kind::Home, place(64501, "Example Regional", DE), 8),
    (Kind::Home, place(64502, "Example Broadband", US), 40),
    (Kind::Home, place(64503, "Example Rural", US), 10),
    (Kind::Home, place(64504, "Example City Networks", DE), 6),
    (Kind::Mobile, place(64505, "Example Mobile", DE), 16),
    (Kind::Mobile, place(64506, "Example Wireless", US), 12),
    (Kind::Cloud, place(64507, "Example Cloud", US), 40),
    (Kind::Runner, place(64508, "Example Runners", US), 48),
    (Kind::Travel, place(64509, "Example France", ("FR", "France")), 10),
    (Kind::Travel, place(64510, "Example Britain", ("GB", "United Kingdom")), 10),
    (Kind::Travel, place(64511, "Example Spain", ("ES", "Spain")), 10),
    (Kind::Travel, place(65536, "Example Poland", ("PL", "Poland")), 10),
    (Kind::Travel, place(65537, "Example India", ("IN", "India")), 10),
    (Kind::Travel, place(65538, "Example Japan", ("JP", "Japan")), 10),
    (Kind::Vpn, place(65539, "Example VPN", ("SE", "Sweden")), 8),
    (Kind::Vpn, place(65540, "Example Privacy", ("CH", "Switzerland")), 8),
    (Kind::Hosting, place(65541, "Example Hosting", ("NL", "Netherlands")), 10),
    (Kind::Hosting, place(65542, "Example Servers", ("RO", "Romania")), 10),
    (Kind::Hosting, place(65543, "Example Dedicated", DE), 10),
    (Kind::Hosting, place(65544, "Example Bulletproof", ("RU", "Russia")), 10),
    (Kind::Hosting, place(65545, "Example VPS", US), 10),
    (Kind::Travel, place(65546, "Example Brazil", ("BR", "Brazil")), 4),
    (Kind::Travel, place(65547, "Example Nigeria", ("NG", "Nigeria")), 4),
    (Kind::Travel, place(65548, "Example Vietnam", ("VN", "Vietnam")), 4),
];
/// The last three are places that nobody of the population goes to.
const ORDINARY_TRAVEL: usize = 6;

/// All addresses by network.
#[derive(Clone, Debug)]
pub(super) struct Networks {
    /// Kind and addresses of each network.
    of: Vec<(Kind, Vec<String>)>,
    pub(super) places: BTreeMap<u32, Place>,
}

impl Networks {
    pub(super) fn new() -> Networks {
        let mut free = [(192u8, 0u8, 2u8), (198, 51, 100), (203, 0, 113)]
            .into_iter()
            .flat_map(|(a, b, c)| (1..=254u8).map(move |d| std::net::Ipv4Addr::new(a, b, c, d)));
        let mut networks = Networks { of: Vec::new(), places: BTreeMap::new() };
        for (kind, place, count) in NETWORKS {
            let addresses: Vec<std::net::Ipv4Addr> = free.by_ref().take(*count as usize).collect();
            networks.places.extend(addresses.iter().map(|it| ((*it).into(), *place)));
            networks.of.push((*kind, addresses.iter().map(ToString::to_string).collect()));
        }
        networks
    }

    /// Numbers of the networks of a kind that the population uses.
    pub(super) fn of_kind(&self, kind: Kind) -> Vec<usize> {
        let of = self.of.iter().enumerate().filter(|it| it.1.0 == kind).map(|it| it.0);
        if kind == Kind::Travel { of.take(ORDINARY_TRAVEL).collect() } else { of.collect() }
    }

    /// Numbers of the networks in countries that nobody of the population goes to.
    pub(super) fn far_away(&self) -> Vec<usize> {
        let of = self.of.iter().enumerate().filter(|it| it.1.0 == Kind::Travel).map(|it| it.0);
        of.skip(ORDINARY_TRAVEL).collect()
    }

    /// An address of a network.
    pub(super) fn address(&self, network: usize, number: u64) -> String {
        let addresses = self.of.get(network).map_or(&[][..], |it| &it.1);
        let at = number as usize % addresses.len().max(1);
        addresses.get(at).cloned().unwrap_or_default()
    }

    /// Addresses of a kind of network.
    pub(super) fn addresses(&self, kind: Kind) -> Vec<String> {
        self.of.iter().filter(|it| it.0 == kind).flat_map(|it| it.1.clone()).collect()
    }
}
