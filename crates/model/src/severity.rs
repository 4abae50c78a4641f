//! Severities as GuardDuty numbers them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A severity from 1 to 10; findings carry whole numbers
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html>).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Severity(u8);

/// The four named bands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeverityBand {
    /// 1 to 3.
    Low,
    /// 4 to 6.
    Medium,
    /// 7 and 8.
    High,
    /// 9 and 10.
    Critical,
}

impl Severity {
    /// The value that findings of the low band carry.
    pub const LOW: Severity = Severity(2);
    /// The value that findings of the medium band carry.
    pub const MEDIUM: Severity = Severity(5);
    /// The value that findings of the high band carry.
    pub const HIGH: Severity = Severity(8);
    /// The value that attack sequences carry.
    pub const CRITICAL: Severity = Severity(9);

    /// Takes a number from 1 to 10.
    pub const fn new(value: u8) -> Option<Severity> {
        if 1 <= value && value <= 10 { Some(Severity(value)) } else { None }
    }

    /// The number, 1 to 10.
    pub const fn value(self) -> u8 {
        self.0
    }

    /// The band of the number.
    pub const fn band(self) -> SeverityBand {
        match self.0 {
            0..=3 => SeverityBand::Low,
            4..=6 => SeverityBand::Medium,
            7..=8 => SeverityBand::High,
            _ => SeverityBand::Critical,
        }
    }
}

impl SeverityBand {
    /// All bands, mildest first.
    pub const ALL: [SeverityBand; 4] =
        [SeverityBand::Low, SeverityBand::Medium, SeverityBand::High, SeverityBand::Critical];

    /// The smallest number of the band.
    pub const fn floor(self) -> u8 {
        match self {
            SeverityBand::Low => 1,
            SeverityBand::Medium => 4,
            SeverityBand::High => 7,
            SeverityBand::Critical => 9,
        }
    }
}

impl fmt::Display for SeverityBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SeverityBand::Low => "Low",
            SeverityBand::Medium => "Medium",
            SeverityBand::High => "High",
            SeverityBand::Critical => "Critical",
        })
    }
}

impl FromStr for SeverityBand {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        SeverityBand::ALL
            .into_iter()
            .find(|band| band.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is not one of low, medium, high, critical"))
    }
}
