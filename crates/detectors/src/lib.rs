//! The finding families, one file each, in folders named after GuardDuty's documentation groups.
//!
//! A family is a struct of settings, a state and a transition. Whoever adds one touches its own file, one
//! line of the list below, and its fixtures.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[macro_use]
mod families;
#[macro_use]
mod tunables;
#[macro_use]
mod callers;
#[macro_use]
mod guesses;
#[macro_use]
mod talkers;

mod attempts;
mod behavior;
mod distributions;
pub mod ec2;
pub mod iam;
pub mod lambda;
mod learning;
pub mod rules;
pub mod s3;
mod scores;
mod strict;
mod tunnels;

pub use scores::{Floor, Scored, scored};
pub use strict::catalogue_only;
pub use tunables::{Documented, Field, Section};

families! {
    ec2 {
        denial_of_service: DenialOfService,
        dga_domain_request: DgaDomainRequest,
        dns_data_exfiltration: DnsDataExfiltration,
        dns_threat_list: DnsThreatList,
        domain_reputation: DomainReputation,
        known_dga: KnownDga,
        metadata_dns_rebind: MetadataDnsRebind,
        network_port_unusual: NetworkPortUnusual,
        port_probe: PortProbe,
        port_scan: PortScan,
        port_sweep: PortSweep,
        rdp_brute_force: RdpBruteForce,
        spambot: Spambot,
        ssh_brute_force: SshBruteForce,
        threat_list: ThreatList,
        tor: Tor,
        traffic_volume_unusual: TrafficVolumeUnusual,
        unusual_dns_resolver: UnusualDnsResolver,
        win_rm_brute_force: WinRmBruteForce,
    }
    iam {
        anomalous_behavior: AnomalousBehavior,
        anomalous_model_invocation: AnomalousModelInvocation,
        bedrock_logging_disabled: BedrockLoggingDisabled,
        bulk_secret_reads: BulkSecretReads,
        cloudtrail_logging_disabled: CloudtrailLoggingDisabled,
        compromised_credentials: CompromisedCredentials,
        console_login_brute_force: ConsoleLoginBruteForce,
        console_login_success: ConsoleLoginSuccess,
        instance_credential_exfiltration: InstanceCredentialExfiltration,
        malicious_caller: MaliciousCaller,
        password_policy_change: PasswordPolicyChange,
        pentest_os: PentestOs,
        quarantine: Quarantine,
        resource_credential_exfiltration: ResourceCredentialExfiltration,
        root_credential_usage: RootCredentialUsage,
    }
    lambda {
        threat_list: ThreatList,
        tor: Tor,
    }
    rules {
        custom_detection: CustomDetection,
        own_rules: OwnRules,
    }
    s3 {
        anomalous_behavior: AnomalousBehavior,
        block_public_access_disabled: BlockPublicAccessDisabled,
        bucket_public_access: BucketPublicAccess,
        malicious_caller: MaliciousCaller,
        pentest_os: PentestOs,
        server_access_logging_disabled: ServerAccessLoggingDisabled,
    }
}
