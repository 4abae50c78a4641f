//! Findings about S3 buckets, from CloudTrail.

mod acl;
pub mod anomalous_behavior;
pub mod block_public_access_disabled;
pub mod bucket_public_access;
mod exposure;
pub mod malicious_caller;
pub mod pentest_os;
mod policy;
pub mod server_access_logging_disabled;

use engine::telemetry::{ApiCall, Caller};

/// CloudTrail writes anonymous callers as `AWSAccount` without an account number.
fn is_anonymous(row: &ApiCall) -> bool {
    row.caller == Caller::AwsAccount && !row.caller_account.is_known()
}
