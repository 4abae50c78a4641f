//! The five types, by what is done to buckets and objects.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

const AGGREGATION: &str = "bucket and principal; a person behind a shared role counts as one";
const DETECTION: &str = "Every hour of a principal is judged by which calls it makes to buckets and objects, which \
    buckets, from where (ASN, country, anonymizing networks), with which class of user agent, at which hour of the \
    week, and by how many: the calls of a kind in a day, of the principal, of the principal to the bucket and of all \
    to the bucket, against `volume_factor` times the highest of nearly all earlier days, from `min_volume` calls on. \
    Each value has a probability from the hours in which the principal used it, backed off to the principals of the \
    account and of the organization that use it. A finding is raised from `floor_milli` on, or more where the account \
    would have more findings than `budget_per_mille` allows, once the account has a history of `learning_days` and \
    `min_events` calls. An hour that raised a finding is learnt `hold_hours` later. From `signal_milli` on an hour is \
    weak evidence for attack sequences.";
const FALSE_POSITIVES: &str = "New jobs, backups, migrations and audits read or write what nobody did before. The \
    reasons say what was unusual and what would have been usual. Benign when the owner of the credential confirms it; \
    mark the finding as not useful and the hour is learnt at once.";
const RESPONSE: &str = "Ask the owner of the credential by another way than e-mail. If they cannot explain it, disable \
    the access key or revoke the role's sessions, and list what was read, changed and deleted in all buckets since \
    the first strange call. Restore deleted objects from versions or backups, undo changes of policies, and find out \
    what the data that was read is worth.";

caller_types! {
    Data::CloudTrailS3, AGGREGATION;

    /// Listing.
    DISCOVERY = "Discovery:S3/AnomalousBehavior", Severity::LOW,
    "An API commonly used to list S3 objects was invoked in an anomalous way",
    about: "A principal listed the objects of a bucket in a way that is unusual for it, its account or the bucket. \
        Whoever looks for data to steal lists it first.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1619"];

    /// Reading.
    EXFILTRATION = "Exfiltration:S3/AnomalousBehavior", Severity::HIGH,
    "An API commonly used to read S3 objects was invoked in an anomalous way",
    about: "A principal read objects of a bucket, or many more than usual, in a way that is unusual for it, its account \
        or the bucket. Data may be on its way out.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1530"];

    /// Deleting.
    DELETE = "Impact:S3/AnomalousBehavior.Delete", Severity::HIGH,
    "An API commonly used to delete S3 data was invoked in an anomalous way",
    about: "A principal deleted objects or a bucket in a way that is unusual for it, its account or the bucket. Data may \
        be destroyed or held for ransom.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1485", "T1486"];

    /// Changing who may.
    PERMISSION = "Impact:S3/AnomalousBehavior.Permission", Severity::HIGH,
    "An API commonly used to change permissions of S3 data was invoked in an anomalous way",
    about: "A principal changed the policy or access control of a bucket or object in a way that is unusual for it, its \
        account or the bucket. Data may be opened to others, or closed to you.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1222", "T1537"];

    /// Writing.
    WRITE = "Impact:S3/AnomalousBehavior.Write", Severity::MEDIUM,
    "An API commonly used to write S3 objects was invoked in an anomalous way",
    about: "A principal wrote objects to a bucket, or many more than usual, in a way that is unusual for it, its account \
        or the bucket. Data may be overwritten, or the bucket misused.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1565.001", "T1486"];
}

/// All of them, by number of the kind of call.
pub const TYPES: [&FindingType; 5] = [&DISCOVERY, &EXFILTRATION, &DELETE, &PERMISSION, &WRITE];
