//! Which objects are logs, by their keys.

use telemetry::hint;

/// Whether a key is one of something that is no log: a folder, or what services other than those that are read
/// leave beside their logs, such as CloudTrail's digests.
pub(super) fn is_other(key: &str) -> bool {
    key.ends_with('/') || is_of_other_service(key)
}

/// Below `AWSLogs` the folder behind the account says whose log it is; elsewhere nothing does.
fn is_of_other_service(key: &str) -> bool {
    let mut folders = key.split('/').skip_while(|it| *it != "AWSLogs").skip(1).peekable();
    // The folder of an organization's trail.
    _ = folders.next_if(|it| it.starts_with("o-"));
    let is_account = |it: &str| {
        let digits = it.strip_prefix("aws-account-id=").unwrap_or(it);
        digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let has_service =
        folders.next().is_some_and(is_account) && folders.next().is_some_and(|it| !it.is_empty());
    has_service && hint(key).kind.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_other_services_are_told_by_their_folders() {
        for key in [
            "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/02/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260102T000000Z.json.gz",
            "p/AWSLogs/o-abc123/111122223333/CloudTrail-Insight/us-east-1/2026/01/02/x.json.gz",
            "AWSLogs/111122223333/Config/ConfigWritabilityCheckFile",
            "AWSLogs/111122223333/elasticloadbalancing/us-east-1/2026/01/02/x.log.gz",
            "AWSLogs/aws-account-id=111122223333/aws-service=other/aws-region=us-east-1/x",
            "AWSLogs/111122223333/",
            "anything/",
        ] {
            assert!(is_other(key), "{key}");
        }
    }

    #[test]
    fn logs_are_taken_wherever_they_lie() {
        for key in [
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/x.json.gz",
            "p/AWSLogs/o-abc123/111122223333/CloudTrail/us-east-1/2026/01/02/x.json.gz",
            "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/02/x.log.gz",
            "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/x.log.gz",
            "AWSLogs/111122223333/vpcdnsquerylogs/vpc-1/2026/01/02/x.log.gz",
            "exported/flows.parquet",
            "AWSLogs/mine/x.json",
            "",
        ] {
            assert!(!is_other(key), "{key}");
        }
    }
}
