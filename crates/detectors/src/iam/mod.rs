//! Findings about IAM principals, from CloudTrail.

pub mod anomalous_behavior;
pub mod anomalous_model_invocation;
pub mod bedrock_logging_disabled;
pub mod bulk_secret_reads;
pub mod cloudtrail_logging_disabled;
pub mod compromised_credentials;
pub mod console_login_brute_force;
pub mod console_login_success;
pub mod instance_credential_exfiltration;
pub mod malicious_caller;
pub mod password_policy_change;
pub mod pentest_os;
pub mod quarantine;
pub mod range;
pub mod resource_credential_exfiltration;
pub mod root_credential_usage;
