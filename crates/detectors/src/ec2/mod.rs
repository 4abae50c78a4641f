//! Findings about EC2 instances, from VPC flow logs and resolver queries.

pub mod dns_threat_list;
pub mod domain_reputation;
pub mod port_scan;
pub mod port_sweep;
pub mod rdp_brute_force;
pub mod ssh_brute_force;
pub mod threat_list;
pub mod tor;
pub mod win_rm_brute_force;
