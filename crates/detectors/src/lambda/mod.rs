//! Findings about Lambda functions, from the VPC flow logs of their interfaces.

pub mod threat_list;
pub mod tor;
