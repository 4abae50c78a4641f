//! Findings about IAM principals, from CloudTrail.
