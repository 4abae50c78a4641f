//! What the samples give: every intrusion that was put in, and nothing for ordinary activity.
#![expect(clippy::unwrap_used, reason = "the samples lie beside the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::Folder;

const CAROL: &str = "AKIAIOSFODNN7EXAMPLE";
const DAVE: &str = "AKIAEXAMPLEDAVE00001";
const ERIN: &str = "AKIAEXAMPLEERIN00001";
const WEB: &str = "ASIAEXAMPLE00100003X i-0a1b2c3d4e5f60010";
const WEB_2: &str = "i-0a1b2c3d4e5f60011";
const DEV: &str = "i-0a1b2c3d4e5f60050";
const DEV_2: &str = "i-0a1b2c3d4e5f60051";
const DESK: &str = "i-0a1b2c3d4e5f60052";
const LAB: &str = "i-0a1b2c3d4e5f60053";
const CUSTOMERS: &str = "AKIAIOSFODNN7EXAMPLE example-customers";
const LAB_BUCKET: &str = "AKIAEXAMPLEERIN00001 example-lab";

/// Type and resource of each finding.
const EXPECTED: [(&str, &str); 34] = [
    ("Backdoor:EC2/C&CActivity.B", DEV),
    ("Backdoor:EC2/C&CActivity.B!DNS", DEV),
    ("CryptoCurrency:EC2/BitcoinTool.B", DEV),
    ("CryptoCurrency:EC2/BitcoinTool.B!DNS", DEV),
    ("Discovery:S3/MaliciousIPCaller", LAB_BUCKET),
    ("Discovery:S3/TorIPCaller", CUSTOMERS),
    ("Impact:EC2/AbusedDomainRequest.Reputation", LAB),
    ("Impact:EC2/BitcoinDomainRequest.Reputation", LAB),
    ("Impact:EC2/MaliciousDomainRequest.Reputation", LAB),
    ("Impact:EC2/PortSweep", DEV),
    ("Impact:EC2/SuspiciousDomainRequest.Reputation", LAB),
    ("PenTest:IAMUser/KaliLinux", DAVE),
    ("Persistence:IAMUser/RootCredentialChanged", "Root"),
    ("Policy:IAMUser/RootCredentialUsage", "Root"),
    ("Policy:S3/BucketAnonymousAccessGranted", CUSTOMERS),
    ("Policy:S3/BucketPublicAccessGranted", LAB_BUCKET),
    ("Recon:EC2/Portscan", DEV),
    ("Recon:IAMUser/MaliciousIPCaller", ERIN),
    ("Recon:IAMUser/TorIPCaller", CAROL),
    ("Stealth:IAMUser/CloudTrailLoggingDisabled", CAROL),
    ("Trojan:EC2/BlackholeTraffic!DNS", LAB),
    ("Trojan:EC2/DGADomainRequest.C!DNS", LAB),
    ("Trojan:EC2/DriveBySourceTraffic!DNS", DESK),
    ("Trojan:EC2/DropPoint", LAB),
    ("Trojan:EC2/DropPoint!DNS", LAB),
    ("Trojan:EC2/PhishingDomainRequest!DNS", DESK),
    ("UnauthorizedAccess:EC2/MaliciousIPCaller.Custom", WEB_2),
    ("UnauthorizedAccess:EC2/SSHBruteForce", DEV),
    ("UnauthorizedAccess:EC2/SSHBruteForce", DEV),
    ("UnauthorizedAccess:EC2/SSHBruteForce", DEV_2),
    ("UnauthorizedAccess:EC2/TorClient", DEV),
    ("UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS", WEB),
    ("UnauthorizedAccess:IAMUser/TorIPCaller", CAROL),
    ("UnauthorizedAccess:S3/TorIPCaller", CUSTOMERS),
];

/// Types of custom detection rules, which the demo turns on.
const CUSTOM: [&str; 2] =
    ["Exfiltration:S3/TransferDataToCloudAccount", "Persistence:IAM/AccountManipulation"];

fn samples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Paths of the files of a folder of the samples, in order, and their stems.
fn files(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(samples().join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|it| it.unwrap().path())
        .map(|it| {
            let stem = it.file_stem().unwrap().to_string_lossy().into_owned();
            (it.to_string_lossy().into_owned(), stem)
        })
        .collect();
    files.sort();
    files
}

/// The credential, the instance and the bucket that a finding is about, as far as it has them.
fn resource(finding: &Value) -> String {
    let resource = &finding["resource"];
    let text = |path: &str| resource.pointer(path).and_then(Value::as_str).unwrap_or("");
    let key = match text("/accessKeyDetails/accessKeyId") {
        "" => text("/accessKeyDetails/userType"),
        key => key,
    };
    let parts = [key, text("/instanceDetails/instanceId"), text("/s3BucketDetails/0/name")];
    parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

fn scan_samples() -> Vec<Value> {
    let mut args = vec!["scan".to_owned(), samples().join("AWSLogs").display().to_string()];
    for (path, category) in files("lists") {
        args.extend(["--threat-list".to_owned(), format!("{category}={path}")]);
    }
    for (path, _) in files("inventory") {
        args.extend(["--inventory".to_owned(), path]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).chain(["--format", "json"]).collect();
    let ran = Folder::new().run(&args);
    assert_eq!(ran.code, 0, "{ran:?}");
    // The samples themselves must be read without complaint.
    // Five days are too short to learn from: that is said once, and nothing else.
    let said: Vec<&str> = ran.err.split("Note      unusual behavior was not judged").collect();
    assert_eq!(said.len(), 2, "{}", ran.err);
    let said = said.concat();
    for word in ["Note", "Hint", "skipped", "came later", "more than once"] {
        assert!(!said.contains(word), "{}", ran.err);
    }
    ran.findings()
}

#[test]
fn without_descriptions_a_scan_says_once_what_would_settle_it() {
    let logs = samples().join("AWSLogs").display().to_string();
    let ran = Folder::new().run(&["scan", &logs, "--format", "json"]);
    assert_eq!(ran.err.matches("--inventory").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("describe-addresses"), "{}", ran.err);
}

#[test]
fn the_samples_give_the_intrusions_and_nothing_else() {
    let findings = scan_samples();
    let mut found: Vec<(&str, String)> =
        findings.iter().map(|it| (it["type"].as_str().unwrap(), resource(it))).collect();
    found.sort();
    let mut expected = EXPECTED.map(|(name, of)| (name, of.to_owned()));
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_demo_shows_the_intrusions() {
    let found: BTreeSet<&str> = EXPECTED.iter().map(|it| it.0).chain(CUSTOM).collect();
    let ran = Folder::new().run(&["demo"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err.contains(&format!("{} findings", EXPECTED.len() + CUSTOM.len())),
        "{}",
        ran.err
    );
    for name in &found {
        assert!(ran.out.contains(name), "{name} is not in: {}", ran.out);
    }
}

#[test]
fn the_guessed_password_is_a_likely_success() {
    let titles: Vec<String> = scan_samples()
        .iter()
        .filter(|it| it["service"]["additionalInfo"].to_string().contains("likelySuccess"))
        .map(|it| it["title"].as_str().unwrap().to_owned())
        .collect();
    let expected = format!("192.0.2.77 is performing SSH brute force attacks against {DEV}.");
    assert_eq!(titles, [expected]);
}
