//! Findings about S3 buckets, from CloudTrail.

pub mod bucket_public_access;
pub mod malicious_caller;
