//! Somebody guesses SSH passwords or keys: at an instance, or from it.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::guesses::{Service, Shape};

/// Guesses at SSH.
pub const SSH_BRUTE_FORCE: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/SSHBruteForce",
    severity: Severity::LOW,
    title: "SSH passwords are guessed at or from an EC2 instance",
    about: "Many short connections of nearly equal size were made to TCP port 22: somebody \
        tries passwords or keys one after the other. If the instance is the target, it is \
        reachable for such attempts, which any public SSH port is. If it is the actor, it \
        guesses at somebody else's logins and is most likely compromised; the severity is then \
        High.",
    detection: guess_detection!(
        "A guess is an answered connection to port 22 of 8 to 60 packets and 1 to 12 KiB from the \
        client that lasts at most a minute."
    ),
    false_positives: guess_false_positives!(
        "A host that serves Git over SSH to many people behind one address can look flat."
    ),
    response: "If the instance is the target, look first whether it says that a login likely \
        succeeded, and read the instance's authentication log for accepted logins from the \
        remote address. Limit port 22 to known addresses or use Session Manager, and allow keys \
        only. If the instance is the actor, isolate it, find the process that connects, and look \
        for the way it was broken into; check the hosts that it attacked.",
    techniques: &["T1110.001", "T1110.003", "T1021.004"],
    data: &[Data::VpcFlow],
    aggregation: "instance and role; the remote address shown is the latest",
    is_own: false,
};

const SERVICE: Service = Service {
    finding_type: &SSH_BRUTE_FORCE,
    name: "SSH",
    ports: &[22],
    // One attempt to log in, key exchange included.
    shape: Shape { packets: 8..=60, bytes: 1000..=12_288, secs: 60 },
};

guess_family! {
    /// Guesses at SSH logins, at instances and by them.
    pub struct SshBruteForce: "ec2/ssh_brute_force"
}
