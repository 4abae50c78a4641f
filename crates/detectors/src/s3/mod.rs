//! Findings about S3 buckets, from CloudTrail.
