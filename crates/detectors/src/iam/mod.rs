//! Findings about IAM principals, from CloudTrail.

pub mod cloudtrail_logging_disabled;
pub mod instance_credential_exfiltration;
pub mod malicious_caller;
pub mod pentest_os;
pub mod range;
pub mod root_credential_usage;
