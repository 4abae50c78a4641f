//! Ranges of addresses, and VPCs with their accounts, in settings.

use std::fmt;
use std::str::FromStr;

use engine::model::{AccountId, Addr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Addresses that share their first bits, written as `198.51.100.0/24` or as a single address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    base: Addr,
    /// Number of leading bits of [`Addr::bits`] that count, 0 to 128.
    bits: u8,
}

/// A text that is no range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadRange(String);

impl fmt::Display for BadRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no range of addresses; write it as 198.51.100.0/24", self.0)
    }
}

impl Range {
    /// Whether the address is in the range.
    pub fn contains(self, addr: Addr) -> bool {
        let ignored = 128 - u32::from(self.bits);
        let bits = |it: Addr| it.bits().checked_shr(ignored).unwrap_or(0);
        // An IPv4 address is never in a range of IPv6 addresses, however wide.
        self.base.v4().is_some() == addr.v4().is_some() && bits(self.base) == bits(addr)
    }
}

impl FromStr for Range {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Range, BadRange> {
        let bad = || BadRange(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let base = Addr::parse(address).ok_or_else(bad)?;
        // IPv4 addresses are kept as the last 32 of 128 bits.
        let (before, longest) = if base.v4().is_some() { (96, 32) } else { (0, 128) };
        let bits = match length {
            None => longest,
            Some(length) => length.parse().map_err(|_| bad())?,
        };
        if bits > longest {
            return Err(bad());
        }
        Ok(Range { base, bits: before + bits })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if self.base.v4().is_some() { 96 } else { 0 };
        write!(f, "{}/{}", self.base, self.bits - before)
    }
}

impl Serialize for Range {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Range, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A VPC with the account that owns it, written as `111122223333/vpc-0a1b2c3d4e5f60718`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedVpc {
    /// The owner.
    pub account: AccountId,
    /// Id of the VPC.
    pub id: String,
}

impl Serialize for OwnedVpc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.account, self.id))
    }
}

impl<'de> Deserialize<'de> for OwnedVpc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OwnedVpc, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once('/').and_then(|(account, id)| {
            let account = AccountId::from_digits(account.as_bytes())?;
            (account.is_known() && id.starts_with("vpc-")).then_some((account, id))
        });
        let (account, id) = parts.ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no VPC with its account; write it as 111122223333/vpc-0a1b2c3d4e5f60718"
            ))
        })?;
        Ok(OwnedVpc { account, id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vpcs_need_an_account() {
        let read = |text: &str| serde_json::from_value::<OwnedVpc>(text.into());
        let vpc = read("111122223333/vpc-0a1b").unwrap();
        assert_eq!(
            (vpc.account.to_string().as_str(), vpc.id.as_str()),
            ("111122223333", "vpc-0a1b")
        );
        assert_eq!(serde_json::to_value(&vpc).unwrap(), "111122223333/vpc-0a1b");
        for bad in ["vpc-0a1b", "1/vpc", "x/vpc-1", "000000000000/vpc-1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_hold_their_addresses_and_no_others() {
        for (range, address, expected) in [
            ("198.51.100.0/24", "198.51.100.255", true),
            ("198.51.100.0/24", "198.51.101.0", false),
            ("198.51.100.7", "198.51.100.7", true),
            ("198.51.100.7", "198.51.100.8", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "203.0.113.1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let range: Range = range.parse().unwrap();
            assert_eq!(
                range.contains(Addr::parse(address).unwrap()),
                expected,
                "{range} {address}"
            );
            assert_eq!(range.to_string().parse(), Ok(range));
        }
        for bad in ["", "x/8", "198.51.100.0/33", "198.51.100.0/-1", "2001:db8::/129"] {
            assert!(bad.parse::<Range>().is_err(), "{bad}");
        }
    }
}
