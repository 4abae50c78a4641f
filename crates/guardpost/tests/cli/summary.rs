//! What `guardpost summary` says of principals and instances of the samples.
#![expect(clippy::unwrap_used, reason = "the samples and what is printed of them are known")]

use std::path::Path;

use serde_json::Value;

use crate::common::{Folder, query};

/// The samples' logs, descriptions and lists; nothing where the program is built without them.
fn samples() -> Option<[String; 3]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    folder.is_dir().then(|| {
        let tor = format!("tor-exit={}", path("lists/tor-exit.txt"));
        [path("AWSLogs"), path("inventory/instances-444455556666-eu-west-1.json"), tor]
    })
}

fn json(args: &[&str]) -> Value {
    let ran = Folder::new().run(&[&["summary", "-f", "json", "-q"], args].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn names(list: &Value, member: &str) -> Vec<String> {
    let items = list["top"].as_array().unwrap().iter();
    items.map(|it| it[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_user_is_told_with_sources_apis_and_findings() {
    let Some([logs, _, tor]) = samples() else { return };
    let carol = "arn:aws:iam::111122223333:user/carol";
    let it = json(&["--principal", carol, &logs, "--threat-list", &tor]);
    let calls = &it["calls"];
    let number = |name: &str| calls[name].as_u64().unwrap();
    assert_eq!(number("calls"), number("succeeded") + number("failed"));
    assert!(number("failed") > 0 && number("calls") > 100, "{calls}");
    assert_eq!(names(&calls["sources"], "name"), ["198.51.100.10", "192.0.2.66"]);
    assert!(calls["sources"]["top"][1]["lists"][0].as_str().unwrap().contains("tor-exit"));
    let apis = calls["apis"]["top"].as_array().unwrap();
    assert_eq!(apis.len(), 10, "the default of --top");
    assert!(calls["apis"]["total"].as_u64().unwrap() > 10);
    assert!(apis.iter().any(|it| it["errors"]["AccessDenied"].as_u64() > Some(0)));
    let findings = it["findings"].as_array().unwrap();
    let types: Vec<&str> = findings.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"Stealth:IAMUser/CloudTrailLoggingDisabled"), "{types:?}");
    assert!(types.contains(&"UnauthorizedAccess:IAMUser/TorIPCaller"), "{types:?}");
    // A key of hers gives the same calls.
    let key = names(&calls["accessKeys"], "name").remove(0);
    let by_key = json(&["--principal", &key, &logs, "--threat-list", &tor]);
    assert_eq!(by_key["calls"], *calls);
    // The window counts.
    let day =
        json(&["--principal", carol, &logs, "--since", "2026-03-04", "--until", "2026-03-04"]);
    assert!(day["firstSeen"].as_str().unwrap().starts_with("2026-03-04"), "{day}");
    assert!(day["calls"]["calls"].as_u64().unwrap() < number("calls"));
}

#[test]
fn an_instance_is_told_with_traffic_names_and_credentials() {
    let Some([logs, inventory, _]) = samples() else { return };
    let id = "i-0a1b2c3d4e5f60050";
    let it = json(&["--instance", id, &logs, "--inventory", &inventory, "--top", "500"]);
    assert_eq!(it["instance"]["name"], "dev-1");
    assert!(it["instance"]["addresses"].as_array().unwrap().iter().any(|it| it == "10.2.1.10"));
    let traffic = &it["traffic"];
    assert!(traffic["received"].as_u64() > Some(0) && traffic["sent"].as_u64() > Some(0));
    assert!(names(&traffic["remotes"], "address").contains(&"203.0.113.222".to_owned()));
    assert!(names(&traffic["served"], "port").contains(&"22/tcp".to_owned()));
    assert!(names(&traffic["called"], "port").contains(&"3333/tcp".to_owned()));
    assert!(names(&it["queries"]["names"], "name").contains(&"pool.supportxmr.com".to_owned()));
    assert!(it["calls"]["calls"].as_u64() > Some(0), "calls with its role's credentials");
    let findings = it["findings"].as_array().unwrap();
    assert!(findings.iter().any(|it| it["type"] == "Recon:EC2/Portscan"));
    // Neither threads nor the order of files make a difference.
    for threads in ["1", "4"] {
        let args = [
            "--instance",
            id,
            &logs,
            "--inventory",
            &inventory,
            "--top",
            "500",
            "--threads",
            threads,
        ];
        assert_eq!(json(&args), it);
    }
}

#[test]
fn the_table_says_how_many_there_are() {
    let Some([logs, inventory, _]) = samples() else { return };
    let args = ["summary", "--instance", "i-0a1b2c3d4e5f60050", &logs, "--inventory", &inventory];
    let ran = Folder::new().run(&[&args[..], &["--top", "3"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in [
        "Instance    dev-1",
        "Traffic ",
        "REMOTE ADDRESSES (3 of ",
        "NAMES ASKED FOR (3 of ",
        "FINDINGS",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(ran.err.contains("Read      50 files"), "{}", ran.err);
}

#[test]
fn wrong_use_is_told_before_anything_is_read() {
    let folder = Folder::new();
    folder.write("a.log", query(0, 1, "www.example.com"));
    folder
        .run(&["summary", "--principal", "alice", "a.log"])
        .fails(&["--principal `alice`", "arn:aws:iam"]);
    folder
        .run(&["summary", "--instance", "web-1", "a.log"])
        .fails(&["--instance `web-1`", "i-0a1b"]);
    folder.run(&["summary", "a.log"]).fails(&["--principal", "--instance"]);
    let both = [
        "summary",
        "--instance",
        "i-0a1b2c3d4e5f60718",
        "--principal",
        "AKIAIOSFODNN7EXAMPLE",
        "a.log",
    ];
    folder.run(&both).fails(&["cannot be used with"]);
}

#[test]
fn who_is_not_there_is_told_with_who_is() {
    let folder = Folder::new();
    folder.write("a.log", query(0, 1, "www.example.com"));
    let ran = folder.run(&["summary", "--instance", "i-0a1b2c3d4e5f60718", "a.log"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("in no record") && ran.err.contains("i-00000000000000001"), "{ran:?}");
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let folder = Folder::new();
    let name = "x\u{1b}[2Jy\u{202e}z.example.com";
    folder.write("a.log", query(0, 1, name));
    for format in ["table", "json"] {
        let args = ["summary", "--instance", "i-00000000000000001", "a.log", "-f", format];
        let ran = folder.run(&args);
        assert_eq!(ran.code, 0, "{ran:?}");
        for text in [&ran.out, &ran.err] {
            let is_active = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(is_active), "{format}: {text:?}");
        }
        assert!(ran.out.contains("z.example.com"), "{}", ran.out);
    }
}
