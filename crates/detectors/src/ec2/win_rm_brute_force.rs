//! Somebody guesses passwords of Windows Remote Management: at an instance, or from it.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::guesses::{Service, Shape};

/// Guesses at Windows Remote Management.
pub const WIN_RM_BRUTE_FORCE: FindingType = FindingType {
    name: "Impact:EC2/WinRMBruteForce",
    severity: Severity::LOW,
    title: "WinRM passwords are guessed at or from an EC2 instance",
    about: "Many short connections of nearly equal size were made to TCP port 5985 or 5986, \
        Windows Remote Management: somebody tries passwords one after the other. Whoever \
        succeeds runs commands on the host. If the instance is the target, somebody who reaches \
        that port attacks it, often from inside the network. If it is the actor, it guesses at \
        somebody else's logins and is most likely compromised; the severity is then High.",
    detection: guess_detection!(
        "A guess is an answered connection to port 5985 or 5986 of 5 to 40 packets and 0.8 to 20 \
        KiB from the client that lasts at most a minute."
    ),
    false_positives: guess_false_positives!(
        "Configuration tools and monitoring that open a connection for each command look flat."
    ),
    response: "If the instance is the target, look first whether it says that a login likely \
        succeeded, and read the Security event log (4625 failed, 4624 of type 3 accepted) and \
        the WinRM operational log. Limit the ports to management hosts. If the instance is the \
        actor, isolate it, find the process that connects, and look for other instances with the \
        same local password.",
    techniques: &["T1110.001", "T1110.003", "T1021.006"],
    data: &[Data::VpcFlow],
    aggregation: "instance and role; the remote address shown is the latest",
    is_own: false,
};

const SERVICE: Service = Service {
    finding_type: &WIN_RM_BRUTE_FORCE,
    name: "WinRM",
    ports: &[5985, 5986],
    // One attempt over HTTP or HTTPS; the ports are those of Windows.
    shape: Shape { packets: 5..=40, bytes: 800..=20_480, secs: 60 },
};

guess_family! {
    /// Guesses at logins of Windows Remote Management, at instances and by them.
    pub struct WinRmBruteForce: "ec2/win_rm_brute_force"
}
