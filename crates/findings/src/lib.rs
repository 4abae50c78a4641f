//! Finding types, drafts and findings: pure data and its output formats.
//!
//! Knows no telemetry format, no storage and no HTTP.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod action;
mod canonical;
mod draft;
mod escape;
mod explanation;
mod finding;
mod finding_type;
#[cfg(test)]
mod fixture;
pub mod format;
mod identity;
mod merge;
mod redact;
mod report;
mod resource;

pub use action::{
    Action, AwsApiCallAction, City, ConnectionDirection, Country, DnsRequestAction, DomainDetails,
    GeoLocation, LocalIpDetails, NetworkConnectionAction, Organization, PortDetails,
    PortProbeAction, PortProbeDetail, RemoteAccountDetails, RemoteIpDetails,
};
pub use canonical::canonical;
pub use draft::{Draft, EvidenceRef, Reason, ResourceRole, ThreatIntelligenceDetail};
pub use explanation::{EXPLANATION_KEY, EvidenceRecord, Explanation};
pub use finding::{AdditionalInfo, Evidence, Finding, Service};
pub use finding_type::{Data, FindingType};
pub use identity::{AggregationKey, detector_id, finding_id};
pub use merge::{Commits, RETENTION};
pub use redact::redact;
pub use report::{
    CoverageGap, CoverageRow, InputFile, InputKind, InputSummary, ListUsed, Report, ReportFinding,
    Skipped,
};
pub use resource::{
    AccessKeyDetails, IamInstanceProfile, InstanceDetails, LambdaDetails, ModelDetail,
    NetworkInterface, Owner, PermissionConfiguration, PrivateIpAddressDetails, ProductCode,
    PublicAccess, Resource, S3BucketDetail, S3ObjectDetail, SecurityGroup, Tag, VpcConfig,
};
