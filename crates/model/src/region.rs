//! AWS Regions as small copyable names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const CAPACITY: usize = 23;

/// An AWS Region such as `eu-central-1`; empty when not known. At most 23 bytes, longer names are cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Region {
    bytes: [u8; CAPACITY],
    len: u8,
}

impl Region {
    /// No Region is named.
    pub const UNKNOWN: Region = Region { bytes: [0; CAPACITY], len: 0 };

    /// Takes a Region's name. Only ASCII letters, digits and dashes are kept.
    pub fn new(name: &str) -> Region {
        let mut region = Region::UNKNOWN;
        for b in name.bytes().filter(|b| b.is_ascii_alphanumeric() || *b == b'-').take(CAPACITY) {
            region.bytes[region.len as usize] = b;
            region.len += 1;
        }
        region
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len as usize]).unwrap_or("")
    }

    /// Whether a Region is named.
    pub const fn is_known(&self) -> bool {
        self.len != 0
    }

    /// The partition that the Region belongs to: `aws`, `aws-cn`, `aws-us-gov` or an isolated one.
    pub fn partition(&self) -> &'static str {
        let name = self.as_str();
        match name {
            _ if name.starts_with("cn-") => "aws-cn",
            _ if name.starts_with("us-gov-") => "aws-us-gov",
            _ if name.starts_with("us-iso-") => "aws-iso",
            _ if name.starts_with("us-isob-") => "aws-iso-b",
            _ => "aws",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Region::new(&String::deserialize(deserializer)?))
    }
}
