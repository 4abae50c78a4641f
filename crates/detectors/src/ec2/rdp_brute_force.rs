//! Somebody guesses passwords of Windows desktops: at an instance, or from it.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::guesses::{Service, Shape};

/// Guesses at RDP.
pub const RDP_BRUTE_FORCE: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/RDPBruteForce",
    severity: Severity::LOW,
    title: "RDP passwords are guessed at or from an EC2 instance",
    about: "Many short connections of nearly equal size were made to TCP port 3389, the Remote \
        Desktop Protocol: somebody tries passwords of a Windows host one after the other. If the \
        instance is the target, its desktop is reachable for such attempts, which is how many \
        ransomware cases begin. If it is the actor, it guesses at somebody else's logins and is \
        most likely compromised; the severity is then High.",
    detection: guess_detection!(
        "A guess is an answered connection to port 3389 of 6 to 120 packets and 1 to 40 KiB from \
        the client that lasts at most a minute. RDP over UDP is not looked at."
    ),
    false_positives: guess_false_positives!(
        "Gateways and brokers that probe their desktops with a full handshake look flat; so do \
        clients that reconnect again and again to a host which refuses them."
    ),
    response: "If the instance is the target, look first whether it says that a login likely \
        succeeded, and read the Security event log: 4625 are failed, 4624 of type 3 or 10 \
        accepted logins, with the remote address. Close port 3389 to the Internet (Fleet Manager \
        or a gateway instead), require network-level authentication and lock accounts after \
        failures. If the instance is the actor, isolate it, find the process that connects, and \
        check the hosts that it attacked.",
    techniques: &["T1110.001", "T1110.003", "T1021.001"],
    data: &[Data::VpcFlow],
    aggregation: "instance and role; the remote address shown is the latest",
    is_own: false,
};

const SERVICE: Service = Service {
    finding_type: &RDP_BRUTE_FORCE,
    name: "RDP",
    ports: &[3389],
    // One attempt with or without network-level authentication, TLS included.
    shape: Shape { packets: 6..=120, bytes: 1000..=40_960, secs: 60 },
};

guess_family! {
    /// Guesses at RDP logins, at instances and by them.
    pub struct RdpBruteForce: "ec2/rdp_brute_force"
}
