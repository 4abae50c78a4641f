//! An S3 data call comes from an address on a threat list or from a Tor exit node.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

use crate::callers::{self, CallerList, add_lists};

const AGGREGATION: &str = "bucket and credential of the caller";
const DETECTION: &str = "An S3 data event of this kind has a source address on a list of this category. \
    Failed calls count unless the caller is anonymous: strangers who are turned away are the noise of the \
    Internet. An address on a trusted list never counts.";
const FALSE_POSITIVES: &str = "Addresses change hands: check how old the list is and whether the address is a \
    shared exit, such as a mobile carrier's, a VPN's or an office's. A bucket that is public on purpose is \
    read from everywhere; benign when its content is meant for everyone.";
const FALSE_POSITIVES_TOR: &str = "A bucket that is public on purpose is read over Tor as well. With \
    credentials, benign only when their owner confirms it.";
const RESPONSE_DISCOVERY: &str = "Look at the error code: did the call succeed? Then find out whose credential \
    it was and whether they can explain the address. If not, disable the credential, and look for \
    GetObject calls that followed. If the caller is anonymous, close the bucket's public access.";
const RESPONSE_READ: &str = "Treat the objects that were read as stolen: the finding names the latest, the \
    trail's data events name all. Disable the credential or revoke the role's sessions, and close the \
    bucket's public access if the caller is anonymous.";
const RESPONSE_WRITE: &str = "Compare the objects with their earlier versions or a backup, and look for \
    ransom notes and for changed access control lists. Disable the credential or revoke the role's \
    sessions before anything else is overwritten or deleted.";
const RESPONSE_ANY: &str = "Find out which objects were read or written: the finding names the latest, the \
    trail's data events name all. Disable the credential or revoke the role's sessions, compare what was \
    written with earlier versions, and treat what was read as stolen.";

caller_types! {
    Data::CloudTrailS3, AGGREGATION;

    /// Looking around, from a known malicious address.
    DISCOVERY_MALICIOUS = "Discovery:S3/MaliciousIPCaller", Severity::HIGH,
    "An S3 discovery API was invoked from a known malicious IP address",
    about: "A call that shows what is in a bucket or who may read it, such as ListObjects or GetObjectAcl, came \
     from an address that is known for malicious activity. Such calls come before data is stolen.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_DISCOVERY,
    techniques: &["T1619"];

    /// Looking around, from an address on the customer's threat list.
    DISCOVERY_CUSTOM = "Discovery:S3/MaliciousIPCaller.Custom", Severity::HIGH,
    "An S3 discovery API was invoked from an IP address on a custom threat list",
    about: "A call that shows what is in a bucket or who may read it, such as ListObjects or GetObjectAcl, came \
     from an address on a threat list that you uploaded. Such calls come before data is stolen.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_DISCOVERY,
    techniques: &["T1619"];

    /// Looking around, from a Tor exit.
    DISCOVERY_TOR = "Discovery:S3/TorIPCaller", Severity::MEDIUM,
    "An S3 discovery API was invoked from a Tor exit node",
    about: "A call that shows what is in a bucket or who may read it, such as ListObjects or GetObjectAcl, came \
     from an exit node of the Tor network. Somebody who hides where they are looks at your buckets.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES_TOR,
    response: RESPONSE_DISCOVERY,
    techniques: &["T1619", "T1090.003"];

    /// Reading, from a known malicious address.
    EXFILTRATION_MALICIOUS = "Exfiltration:S3/MaliciousIPCaller", Severity::HIGH,
    "An S3 API that reads data was invoked from a known malicious IP address",
    about: "A call that reads objects, such as GetObject or CopyObject, came from an address that is known for \
     malicious activity. If it succeeded, the data has left.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_READ,
    techniques: &["T1530"];

    /// Writing, from a known malicious address.
    IMPACT_MALICIOUS = "Impact:S3/MaliciousIPCaller", Severity::HIGH,
    "An S3 API that writes or deletes data was invoked from a known malicious IP address",
    about: "A call that writes or deletes objects or changes who may, such as PutObject or PutObjectAcl, came from \
     an address that is known for malicious activity. Data may be destroyed, altered or held to ransom.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_WRITE,
    techniques: &["T1485", "T1565.001"];

    /// Reading or writing, from an address on the customer's threat list.
    UNAUTHORIZED_CUSTOM = "UnauthorizedAccess:S3/MaliciousIPCaller.Custom", Severity::HIGH,
    "An S3 API was invoked from an IP address on a custom threat list",
    about: "A call that reads, writes or deletes objects, such as GetObject or PutObject, came from an address on a \
     threat list that you uploaded.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE_ANY,
    techniques: &["T1530", "T1485"];

    /// Reading or writing, from a Tor exit.
    UNAUTHORIZED_TOR = "UnauthorizedAccess:S3/TorIPCaller", Severity::HIGH,
    "An S3 API was invoked from a Tor exit node",
    about: "A call that reads, writes or deletes objects, such as GetObject or PutObject, came from an exit node of \
     the Tor network. Somebody who hides where they are handles your data.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES_TOR,
    response: RESPONSE_ANY,
    techniques: &["T1530", "T1485", "T1090.003"];
}

/// What a list of each category raises, by [`Tactic`].
const LISTS: [CallerList<3>; 3] = callers::lists(
    [&DISCOVERY_MALICIOUS, &EXFILTRATION_MALICIOUS, &IMPACT_MALICIOUS],
    [&DISCOVERY_CUSTOM, &UNAUTHORIZED_CUSTOM, &UNAUTHORIZED_CUSTOM],
    [&DISCOVERY_TOR, &UNAUTHORIZED_TOR, &UNAUTHORIZED_TOR],
);

tunables! {
    /// S3 data calls from addresses on threat lists and from Tor exit nodes.
    pub struct MaliciousCaller {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for MaliciousCaller {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "s3/malicious_caller",
        // Anonymous callers have no session; the bucket is always named.
        scope: Scope::Bucket,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[
            &DISCOVERY_MALICIOUS,
            &DISCOVERY_CUSTOM,
            &DISCOVERY_TOR,
            &EXFILTRATION_MALICIOUS,
            &IMPACT_MALICIOUS,
            &UNAUTHORIZED_CUSTOM,
            &UNAUTHORIZED_TOR,
        ],
        interest: Interest::Listed(callers::LISTED),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        let row = event.row;
        self.enabled
            && row.is(ApiCall::DATA)
            && !row.is(ApiCall::SERVICE_EVENT)
            && event.event_source() == "s3.amazonaws.com"
            && (row.is_success() || !super::is_anonymous(row))
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let tactic = Tactic::of(event.event_name());
        for CallerList { category, words, types: [discovery, exfiltration, impact] } in LISTS {
            if event.listed.contains(category) {
                let finding_type = match tactic {
                    Tactic::Discovery => discovery,
                    Tactic::Exfiltration => exfiltration,
                    Tactic::Impact => impact,
                };
                out.raise(draft(finding_type, category, words, event, ctx));
            }
        }
    }
}

/// What a data call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tactic {
    Discovery,
    Exfiltration,
    Impact,
}

impl Tactic {
    fn of(name: &str) -> Tactic {
        match name {
            "GetObject"
            | "GetObjectTorrent"
            | "CopyObject"
            | "UploadPartCopy"
            | "SelectObjectContent" => Tactic::Exfiltration,
            _ if ["Get", "Head", "List"].iter().any(|verb| name.starts_with(verb)) => {
                Tactic::Discovery
            }
            _ => Tactic::Impact,
        }
    }
}

fn draft(
    finding_type: &'static FindingType,
    category: Category,
    words: &str,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.bucket_draft(finding_type, event);
    let (api, address, bucket) = (event.event_name(), event.row.source, event.bucket());
    draft.role = ResourceRole::Target;
    draft.title = format!("S3 API {api} was invoked from {words}.");
    draft.description = format!(
        "S3 API {api} was invoked on the bucket {bucket} from {words}, {address}{}.",
        match event.error_code() {
            "" => String::new(),
            code => format!("; the call failed with {code}"),
        }
    );
    add_lists(&mut draft, category, event, ctx);
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_a_tactic() {
        for (name, tactic) in [
            ("ListObjectsV2", Tactic::Discovery),
            ("ListBuckets", Tactic::Discovery),
            ("GetObjectAcl", Tactic::Discovery),
            ("HeadObject", Tactic::Discovery),
            ("GetObject", Tactic::Exfiltration),
            ("CopyObject", Tactic::Exfiltration),
            ("SelectObjectContent", Tactic::Exfiltration),
            ("PutObject", Tactic::Impact),
            ("PutObjectAcl", Tactic::Impact),
            ("DeleteObjects", Tactic::Impact),
            ("CompleteMultipartUpload", Tactic::Impact),
        ] {
            assert_eq!(Tactic::of(name), tactic, "{name}");
        }
    }
}
