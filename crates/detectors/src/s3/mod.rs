//! Findings about S3 buckets, from CloudTrail.

pub mod malicious_caller;
