//! Findings about EC2 instances, from VPC flow logs and resolver queries.

pub mod dns_threat_list;
