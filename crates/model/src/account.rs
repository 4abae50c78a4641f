//! AWS account numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An AWS account: twelve decimal digits, leading zeros kept when printed. Zero means "not known".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AccountId(u64);

impl AccountId {
    /// No account is named.
    pub const UNKNOWN: AccountId = AccountId(0);

    /// Takes the number, if it has at most twelve digits.
    pub const fn new(number: u64) -> Option<AccountId> {
        if number < 1_000_000_000_000 { Some(AccountId(number)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Whether an account is named.
    pub const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// Reads one to twelve ASCII digits.
    pub fn from_digits(bytes: &[u8]) -> Option<AccountId> {
        if bytes.is_empty() || bytes.len() > 12 {
            return None;
        }
        let mut number = 0u64;
        for &b in bytes {
            if !b.is_ascii_digit() {
                return None;
            }
            number = number * 10 + u64::from(b - b'0');
        }
        Some(AccountId(number))
    }
}

impl FromStr for AccountId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        AccountId::from_digits(text.as_bytes()).ok_or("an account is a number of twelve digits")
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            Ok(AccountId(u64::deserialize(deserializer)?))
        }
    }
}
