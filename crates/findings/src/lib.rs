//! Finding types, drafts and findings: pure data and its output formats.
//!
//! Knows no telemetry format, no storage and no HTTP.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod action;
mod draft;
mod finding_type;
mod resource;

pub use action::{
    Action, AwsApiCallAction, City, ConnectionDirection, Country, DnsRequestAction, DomainDetails,
    GeoLocation, LocalIpDetails, NetworkConnectionAction, Organization, PortDetails,
    PortProbeAction, PortProbeDetail, RemoteAccountDetails, RemoteIpDetails,
};
pub use draft::{Draft, EvidenceRef, Reason, ResourceRole, ThreatIntelligenceDetail};
pub use finding_type::{Data, FindingType};
pub use resource::{
    AccessKeyDetails, IamInstanceProfile, InstanceDetails, LambdaDetails, NetworkInterface, Owner,
    PermissionConfiguration, PrivateIpAddressDetails, PublicAccess, Resource, S3BucketDetail,
    S3ObjectDetail, SecurityGroup, Tag,
};
