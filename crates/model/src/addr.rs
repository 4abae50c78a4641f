//! IP addresses in sixteen bytes, IPv4 mapped into IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IPv4 or IPv6 address. IPv4 is held as `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Addr {
    high: u64,
    low: u64,
}

const V4_PREFIX: u64 = 0xffff_0000_0000;

impl Addr {
    /// `::`, used where no address is known.
    pub const UNSPECIFIED: Addr = Addr { high: 0, low: 0 };

    /// Takes an IPv4 address in host byte order.
    #[inline]
    pub const fn from_v4(address: u32) -> Addr {
        Addr { high: 0, low: V4_PREFIX | address as u64 }
    }

    /// Takes the 128 bits of an IPv6 address.
    #[inline]
    pub const fn from_bits(bits: u128) -> Addr {
        Addr { high: (bits >> 64) as u64, low: bits as u64 }
    }

    /// The 128 bits, IPv4 mapped.
    #[inline]
    pub const fn bits(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// The IPv4 address in host byte order, if it is one.
    #[inline]
    pub const fn v4(self) -> Option<u32> {
        if self.high == 0 && self.low >> 32 == 0xffff { Some(self.low as u32) } else { None }
    }

    /// Whether an address is known.
    #[inline]
    pub const fn is_known(self) -> bool {
        self.high | self.low != 0
    }

    /// Reads a textual address.
    pub fn parse(text: &str) -> Option<Addr> {
        text.parse::<IpAddr>().ok().map(Addr::from)
    }

    /// A 64-bit key of the address, stable over runs.
    #[inline]
    pub fn key(self) -> u64 {
        let mixed = (self.low ^ self.high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ self.high
    }

    /// Whether the address is reachable over the Internet: not private (RFC 1918, 4193), shared
    /// (RFC 6598), loopback, link-local, multicast, documentation or otherwise reserved (RFC 6890).
    ///
    /// Documentation addresses count as public, since tests and samples use them as such.
    pub fn is_public(self) -> bool {
        match self.v4() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(self.bits()),
        }
    }
}

fn is_public_v4(v4: u32) -> bool {
    let [a, b, c, _] = v4.to_be_bytes();
    !(matches!(a, 0 | 10 | 127 | 224..=255)
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(bits: u128) -> bool {
    let first = (bits >> 112) as u16;
    // Global unicast is 2000::/3 (RFC 4291 section 2.4).
    first & 0xe000 == 0x2000
}

impl From<IpAddr> for Addr {
    fn from(ip: IpAddr) -> Addr {
        match ip {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => v6.into(),
        }
    }
}

impl From<Ipv4Addr> for Addr {
    fn from(v4: Ipv4Addr) -> Addr {
        Addr::from_v4(v4.into())
    }
}

impl From<Ipv6Addr> for Addr {
    fn from(v6: Ipv6Addr) -> Addr {
        Addr::from_bits(v6.into())
    }
}

impl From<Addr> for IpAddr {
    fn from(addr: Addr) -> IpAddr {
        match addr.v4() {
            Some(v4) => IpAddr::V4(v4.into()),
            None => IpAddr::V6(addr.bits().into()),
        }
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&IpAddr::from(*self), f)
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Addr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.high, self.low).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Addr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Addr::parse(&text).ok_or_else(|| serde::de::Error::custom("not an IP address"))
        } else {
            let (high, low) = <(u64, u64)>::deserialize(deserializer)?;
            Ok(Addr { high, low })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_told_from_private_ones() {
        for text in ["198.51.100.7", "8.8.8.8", "2600:1f18::1", "172.32.0.1", "100.128.0.1"] {
            assert!(Addr::parse(text).unwrap().is_public(), "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.16.9.9",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "fe80::1",
            "fd00::1",
            "::1",
            "224.0.0.1",
        ] {
            assert!(!Addr::parse(text).unwrap().is_public(), "{text}");
        }
    }

    #[test]
    fn text_survives_the_round_trip() {
        for text in ["192.0.2.1", "2001:db8::5", "::"] {
            assert_eq!(Addr::parse(text).unwrap().to_string(), text);
        }
    }
}
