//! What is known about a type of finding before any log is read.
//!
//! The constants are read at run time: `guardpost explain`, the reference, the report and the API take
//! their texts from here.

use model::Severity;

/// A source of records that detection needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Data {
    /// CloudTrail management events.
    CloudTrailManagement,
    /// CloudTrail S3 data events.
    CloudTrailS3,
    /// CloudTrail network activity events of VPC endpoints.
    CloudTrailNetworkActivity,
    /// VPC flow logs.
    VpcFlow,
    /// Route 53 Resolver query logs.
    ResolverQuery,
}

impl Data {
    /// Every source, in the order of the documentation.
    pub const ALL: [Data; 5] = [
        Data::CloudTrailManagement,
        Data::CloudTrailS3,
        Data::CloudTrailNetworkActivity,
        Data::VpcFlow,
        Data::ResolverQuery,
    ];

    /// The name that documentation and reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Data::CloudTrailManagement => "CloudTrail management events",
            Data::CloudTrailS3 => "CloudTrail S3 data events",
            Data::CloudTrailNetworkActivity => "CloudTrail network activity events",
            Data::VpcFlow => "VPC flow logs",
            Data::ResolverQuery => "Route 53 Resolver query logs",
        }
    }

    /// `service.featureName` of a finding from this source.
    pub const fn feature_name(self) -> &'static str {
        match self {
            Data::CloudTrailManagement | Data::CloudTrailNetworkActivity => "CloudTrail",
            Data::CloudTrailS3 => "S3DataEvents",
            Data::VpcFlow => "FlowLogs",
            Data::ResolverQuery => "DnsLogs",
        }
    }
}

/// A type of finding: its name, its texts and what it is made of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FindingType {
    /// GuardDuty's type string, `ThreatPurpose:ResourceTypeAffected/ThreatFamilyName.Mechanism!Artifact`.
    pub name: &'static str,
    /// Severity unless a draft says otherwise.
    pub severity: Severity,
    /// One line without particulars, for lists: what the finding says in general.
    pub title: &'static str,
    /// What was seen and why it matters, for the analyst at 3 a.m.
    pub about: &'static str,
    /// How it is detected: data, condition, thresholds by the names of their settings.
    pub detection: &'static str,
    /// What else looks like this, and how to be sure that it is benign.
    pub false_positives: &'static str,
    /// What to check first and what to do.
    pub response: &'static str,
    /// ATT&CK technique identifiers, such as `T1046`.
    pub techniques: &'static [&'static str],
    /// The sources that are needed: any one of them can raise it.
    pub data: &'static [Data],
    /// What makes two occurrences the same finding, beside account, Region and type.
    pub aggregation: &'static str,
    /// Whether the type is Guardpost's own and not part of GuardDuty's catalogue.
    pub is_own: bool,
}

impl FindingType {
    /// The threat purpose: what stands before the colon.
    pub fn purpose(&self) -> &'static str {
        self.name.split(':').next().unwrap_or(self.name)
    }

    /// The resource type affected: what stands between colon and slash.
    pub fn affected(&self) -> &'static str {
        let rest = self.name.split_once(':').map_or(self.name, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }
}
