//! The finding families, one file each, in folders named after GuardDuty's documentation groups.
//!
//! A family is a struct of settings, a state and a transition. Whoever adds one touches its own file, one
//! line of the list below, and its fixtures.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[macro_use]
mod families;
#[macro_use]
mod tunables;

pub mod ec2;
pub mod iam;
pub mod s3;

pub use tunables::{Documented, Field, Section};

families! {
    ec2 {
        dns_threat_list: DnsThreatList,
    }
    iam {
        cloudtrail_logging_disabled: CloudtrailLoggingDisabled,
        pentest_os: PentestOs,
        root_credential_usage: RootCredentialUsage,
        malicious_caller: MaliciousCaller,
    }
    s3 {
        malicious_caller: MaliciousCaller,
        bucket_public_access: BucketPublicAccess,
    }
}
