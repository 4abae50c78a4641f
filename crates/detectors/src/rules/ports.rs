//! Which ports a security group or network ACL opens to the world.

use std::fmt;

use serde_json::Value;

use super::call::Call;
use super::json::{at, list, number, text};

/// A range of ports that somebody may reach.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Opened {
    /// Addresses that may, in CIDR notation.
    pub(super) range: String,
    /// First and last port; the widest for all protocols.
    pub(super) ports: (i64, i64),
}

/// Ports by which hosts are administered, from SSH to the kubelet, and those of databases that must not face
/// the Internet.
pub(super) const ADMINISTRATIVE: [i64; 17] = [
    22, 23, 135, 445, 1433, 2375, 2376, 3306, 3389, 5432, 5900, 5985, 5986, 6379, 9200, 10_250,
    27_017,
];

const ALL: (i64, i64) = (0, 65_535);

impl Opened {
    pub(super) fn has(&self, port: i64) -> bool {
        (self.ports.0..=self.ports.1).contains(&port)
    }

    pub(super) fn has_administrative(&self) -> bool {
        ADMINISTRATIVE.into_iter().any(|it| self.has(it))
    }

    pub(super) fn len(&self) -> i64 {
        self.ports.1 - self.ports.0 + 1
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.ports;
        if first == last {
            write!(f, "port {first} for {}", self.range)
        } else {
            write!(f, "ports {first} to {last} for {}", self.range)
        }
    }
}

fn is_world(range: &str) -> bool {
    matches!(range, "0.0.0.0/0" | "::/0")
}

/// Ports of a protocol that has any: TCP, UDP, or all of them.
fn ports(protocol: &str, from: Option<i64>, to: Option<i64>) -> Option<(i64, i64)> {
    match protocol {
        "-1" | "all" => Some(ALL),
        "tcp" | "6" | "udp" | "17" => {
            let from = from?;
            Some(if from == -1 { ALL } else { (from, to.unwrap_or(from)) })
        }
        _ => None,
    }
}

/// What a call opens in a security group to the whole Internet.
pub(super) fn opened_group(call: &Call<'_, '_>) -> Vec<Opened> {
    let request = &call.request;
    let mut out = Vec::new();
    // One rule in members of its own, as old clients write it.
    add(&mut out, request, &[text(request, "cidrIp"), text(request, "cidrIpv6")]);
    for permission in list(request, "ipPermissions") {
        let v4 = list(permission, "ipRanges").map(|it| text(it, "cidrIp"));
        let v6 = list(permission, "ipv6Ranges").map(|it| text(it, "cidrIpv6"));
        add(&mut out, permission, &v4.chain(v6).collect::<Vec<_>>());
    }
    // `ModifySecurityGroupRules`.
    for rule in list(request, "securityGroupRule").map(|it| at(it, "securityGroupRule")) {
        add(&mut out, rule, &[text(rule, "cidrIpv4"), text(rule, "cidrIpv6")]);
    }
    out
}

fn add(out: &mut Vec<Opened>, rule: &Value, ranges: &[&str]) {
    let (from, to) = (number(rule, "fromPort"), number(rule, "toPort"));
    let Some(ports) = ports(text(rule, "ipProtocol"), from, to) else { return };
    let world = ranges.iter().filter(|it| is_world(it));
    out.extend(world.map(|range| Opened { range: (*range).to_owned(), ports }));
}

/// What a call lets in by a network ACL from the whole Internet; nothing for all protocols, which is what
/// the ACLs of a fresh VPC do and what leaves the decision to security groups.
pub(super) fn opened_acl(call: &Call<'_, '_>) -> Option<Opened> {
    let range = call.any_text(&["cidrBlock", "ipv6CidrBlock"]);
    let is_inbound = call.flag("egress") == Some(false) && call.text("ruleAction") == "allow";
    let protocol = match call.text("aclProtocol") {
        "" => call.text("protocol"),
        protocol => protocol,
    };
    if !is_inbound || !is_world(range) || protocol == "-1" {
        return None;
    }
    let port = |name| number(&call.request, name);
    let ports = ports(protocol, port("portRange.from"), port("portRange.to"))?;
    Some(Opened { range: range.to_owned(), ports })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_without_ports_open_none() {
        assert_eq!(ports("-1", None, None), Some(ALL));
        assert_eq!(ports("tcp", Some(22), None), Some((22, 22)));
        assert_eq!(ports("tcp", Some(-1), Some(-1)), Some(ALL));
        assert_eq!(ports("icmp", Some(8), Some(0)), None);
        assert_eq!(ports("tcp", None, None), None);
    }

    #[test]
    fn ranges_hold_their_ends() {
        let opened = Opened { range: "::/0".to_owned(), ports: (20, 22) };
        assert!(opened.has(22) && opened.has(20) && !opened.has(23));
        assert!(opened.has_administrative());
        assert!(!Opened { ports: (80, 80), ..opened.clone() }.has_administrative());
        assert_eq!(opened.to_string(), "ports 20 to 22 for ::/0");
    }
}
