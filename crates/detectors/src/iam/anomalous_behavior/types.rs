//! The eight types, one for each tactic.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::behavior::api::Tactic;

const AGGREGATION: &str = "principal; a person behind a shared role counts as one";
const DETECTION: &str = "Every hour of a principal is judged by what was called (API and service), from where (ASN, \
    country, anonymizing networks), with which class of user agent and type of user, in which Region, at which \
    hour of the week, with which failures, and what was launched (instance type, image, number). Each value has a \
    probability from the hours in which the principal used it, backed off to the principals of the account and \
    of the organization that use it. The surprise of all of them is the score of the hour, less for principals \
    that are days old. A finding is raised from `floor_milli` on, or more where the account would have more \
    findings than `budget_per_mille` allows, once the account has a history of `learning_days` and `min_events` \
    calls. `min_failures` failed calls in an hour are a burst if the principal's hours usually have few. An hour \
    that raised a finding is learnt `hold_hours` later. From `signal_milli` on an hour is weak evidence for \
    attack sequences. The type is that of the most surprising call.";
const FALSE_POSITIVES: &str = "New tasks, new tools, travel and the first days of people and programs are unusual \
    and benign. The reasons say what was unusual, how often the principal and others of the account did it \
    before, and what would have been usual. Benign when the owner of the credential confirms the calls; mark the \
    finding as not useful and the hour is learnt at once.";
const RESPONSE: &str = "Read the reasons: a strange network or country together with strange calls is worse than \
    either. Ask the owner of the credential by another way than e-mail. If they cannot explain the calls, disable \
    the access key or revoke the role's sessions, undo what succeeded, and list everything that the credential \
    did since the first strange call, in every Region.";

caller_types! {
    Data::CloudTrailManagement, AGGREGATION;

    /// Looking around.
    DISCOVERY = "Discovery:IAMUser/AnomalousBehavior", Severity::LOW,
    "APIs commonly used to discover resources were invoked in an anomalous way",
    about: "A principal listed or described resources in a way that is unusual for it and its account. Whoever \
        holds a stolen credential first looks at what it can reach.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1078.004", "T1580", "T1526"];

    /// Beginning a session.
    INITIAL_ACCESS = "InitialAccess:IAMUser/AnomalousBehavior", Severity::MEDIUM,
    "APIs commonly used to gain access were invoked in an anomalous way",
    about: "A principal signed in, took a token or began a session in a way that is unusual for it and its \
        account. Somebody else may have the password or key.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1078.004", "T1199"];

    /// Staying.
    PERSISTENCE = "Persistence:IAMUser/AnomalousBehavior", Severity::MEDIUM,
    "APIs commonly used to keep access were invoked in an anomalous way",
    about: "A principal created or changed something that lets its maker come back, such as an access key, a key \
        pair or an instance's attributes, in a way that is unusual for it and its account.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1098.001", "T1136.003"];

    /// Gaining rights.
    PRIVILEGE_ESCALATION = "PrivilegeEscalation:IAMUser/AnomalousBehavior", Severity::MEDIUM,
    "APIs commonly used to gain rights were invoked in an anomalous way",
    about: "A principal changed policies, roles, groups or users so that somebody has more rights, in a way that is \
        unusual for it and its account.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1098.003", "T1484"];

    /// Collecting credentials.
    CREDENTIAL_ACCESS = "CredentialAccess:IAMUser/AnomalousBehavior", Severity::MEDIUM,
    "APIs commonly used to collect credentials were invoked in an anomalous way",
    about: "A principal read passwords, secrets or tokens in a way that is unusual for it and its account. They \
        open databases, machines and other services.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1555.006", "T1552"];

    /// Blinding the defenders.
    DEFENSE_EVASION = "DefenseEvasion:IAMUser/AnomalousBehavior", Severity::MEDIUM,
    "APIs commonly used to evade defenses were invoked in an anomalous way",
    about: "A principal stopped, deleted or changed logs, alarms or detection in a way that is unusual for it and \
        its account. What comes next may not be seen.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1562.008", "T1562.001"];

    /// Doing harm.
    IMPACT = "Impact:IAMUser/AnomalousBehavior", Severity::HIGH,
    "APIs commonly used to harm were invoked in an anomalous way",
    about: "A principal deleted, changed or launched resources in a way that is unusual for it and its account. \
        Intruders destroy, encrypt, or run machines at your cost.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1485", "T1496", "T1531"];

    /// Taking data out.
    EXFILTRATION = "Exfiltration:IAMUser/AnomalousBehavior", Severity::HIGH,
    "APIs commonly used to take data out were invoked in an anomalous way",
    about: "A principal copied, shared or restored snapshots, images or databases, or set up replication, in a way \
        that is unusual for it and its account. The copy can be read where your controls do not reach.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1537", "T1530"];
}

/// All of them.
pub const TYPES: [&FindingType; 8] = [
    &DISCOVERY,
    &INITIAL_ACCESS,
    &PERSISTENCE,
    &PRIVILEGE_ESCALATION,
    &CREDENTIAL_ACCESS,
    &DEFENSE_EVASION,
    &IMPACT,
    &EXFILTRATION,
];

/// The type of a tactic.
pub(crate) const fn of_tactic(tactic: Tactic) -> &'static FindingType {
    match tactic {
        Tactic::Discovery => &DISCOVERY,
        Tactic::InitialAccess => &INITIAL_ACCESS,
        Tactic::Persistence => &PERSISTENCE,
        Tactic::PrivilegeEscalation => &PRIVILEGE_ESCALATION,
        Tactic::CredentialAccess => &CREDENTIAL_ACCESS,
        Tactic::DefenseEvasion => &DEFENSE_EVASION,
        Tactic::Impact => &IMPACT,
        Tactic::Exfiltration => &EXFILTRATION,
    }
}
