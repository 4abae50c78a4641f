//! Who and what there is in the two accounts.

use std::borrow::Cow;

use crate::time::{DAY, HOUR, MINUTE};
use crate::world::{Host, Nat};

/// 2026-03-02T00:00:00Z, a Monday.
pub(super) const START: i64 = 1_772_409_600;
/// Days that the samples cover.
pub(super) const DAYS: i64 = 5;

/// Production.
pub(super) const PROD: &str = "111122223333";
/// Development.
pub(super) const DEV: &str = "444455556666";
/// The two Regions.
pub(super) const EAST: &str = "us-east-1";
pub(super) const WEST: &str = "eu-west-1";

/// The address that the office's traffic leaves by.
pub(super) const OFFICE: &str = "198.51.100.10";
/// Public and private address of the NAT gateway of production.
pub(super) const NAT_PUBLIC: &str = "203.0.113.2";
pub(super) const NAT_PRIVATE: &str = "10.0.0.5";
/// Nodes of the load balancer.
pub(super) const BALANCERS: [&str; 2] = ["10.0.0.20", "10.0.0.21"];

/// An exit node of the Tor network, on the list.
pub(super) const TOR_EXIT: &str = "192.0.2.66";
/// A relay of the Tor network, on the list.
pub(super) const TOR_RELAY: &str = "192.0.2.67";
/// An address that calls APIs with bad intent, on the list.
pub(super) const BAD_CALLER: &str = "192.0.2.99";
/// A command and control server, a mining pool and a drop point, on the lists.
pub(super) const C2_ADDRESS: &str = "203.0.113.223";
pub(super) const POOL_ADDRESS: &str = "203.0.113.222";
pub(super) const DROP_ADDRESS: &str = "203.0.113.224";
/// An address on the customer's own list.
pub(super) const CUSTOM_ADDRESS: &str = "192.0.2.88";

/// A place and time of day of the first day, `(day, hour, minute)`, as seconds since 1970.
pub(super) fn at(day: i64, hour: i64, minute: i64) -> i64 {
    START + day * DAY + hour * HOUR + minute * MINUTE
}

const fn host(
    (name, kind, role): (&'static str, &'static str, &'static str),
    (account, region, network): (&'static str, &'static str, u32),
    number: u32,
    ip: &'static str,
    public: Option<&'static str>,
) -> Host {
    let (public, nat) = match public {
        Some(public) => (Some(Cow::Borrowed(public)), None),
        None => (None, Some(NAT)),
    };
    Host {
        name: Cow::Borrowed(name),
        account: Cow::Borrowed(account),
        region: Cow::Borrowed(region),
        ip: Cow::Borrowed(ip),
        public,
        nat,
        number,
        network,
        role: Cow::Borrowed(role),
        kind: Cow::Borrowed(kind),
        tags: Vec::new(),
        function: None,
    }
}

const NAT: Nat = Nat {
    interface: Cow::Borrowed("eni-0a1b2c3d4e5f600f0"),
    private: Cow::Borrowed(NAT_PRIVATE),
    public: Cow::Borrowed(NAT_PUBLIC),
};

const P: (&str, &str, u32) = (PROD, EAST, 1);
const D: (&str, &str, u32) = (DEV, WEST, 4);

/// All instances.
pub(super) static HOSTS: [Host; 12] = [
    host(("web-1", "m6i.large", "web"), P, 0x10, "10.0.1.10", Some("203.0.113.10")),
    host(("web-2", "m6i.large", "web"), P, 0x11, "10.0.1.11", Some("203.0.113.11")),
    host(("bastion", "t3.micro", "bastion"), P, 0x12, "10.0.0.10", Some("203.0.113.12")),
    host(("api-1", "c6i.large", "api"), P, 0x20, "10.0.2.20", None),
    host(("api-2", "c6i.large", "api"), P, 0x21, "10.0.2.21", None),
    host(("db-1", "r6i.xlarge", "database"), P, 0x30, "10.0.3.30", None),
    host(("ops-1", "t3.medium", "operations"), P, 0x40, "10.0.4.40", None),
    host(
        ("replica-1", "r6i.large", "database"),
        (PROD, WEST, 2),
        0x31,
        "10.1.3.30",
        Some("203.0.113.20"),
    ),
    host(("dev-1", "t3.large", "developer"), D, 0x50, "10.2.1.10", Some("203.0.113.40")),
    host(("dev-2", "t3.large", "developer"), D, 0x51, "10.2.1.11", Some("203.0.113.41")),
    host(("desk-1", "t3.xlarge", "desktop"), D, 0x52, "10.2.1.20", Some("203.0.113.42")),
    host(("lab-1", "c6i.xlarge", "developer"), D, 0x53, "10.2.1.30", Some("203.0.113.43")),
];

/// The instance of that name.
pub(super) fn named(name: &str) -> &'static Host {
    let found = HOSTS.iter().find(|it| it.name == name);
    found.expect("names of hosts are written in this folder only")
}
