//! Findings about EC2 instances, from VPC flow logs and resolver queries.

pub mod denial_of_service;
pub mod dga_domain_request;
pub mod dns_data_exfiltration;
pub mod dns_threat_list;
pub mod domain_reputation;
pub mod known_dga;
pub(crate) mod lists;
pub mod metadata_dns_rebind;
pub mod network_port_unusual;
pub mod port_probe;
pub mod port_scan;
pub mod port_sweep;
pub mod rdp_brute_force;
pub mod spambot;
pub mod ssh_brute_force;
pub mod threat_list;
pub mod tor;
pub mod traffic_volume_unusual;
pub mod unusual_dns_resolver;
pub mod win_rm_brute_force;
