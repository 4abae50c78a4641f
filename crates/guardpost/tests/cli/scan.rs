//! What a scan reads and prints.

use crate::common::{C2, C2_NAME, Folder, gzip, log, query};
use serde_json::Value;

#[test]
fn output_in_a_pipe_is_json_lines_and_nothing_else() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    folder.write("b.log", log(0, 2));
    let ran = folder.run(&["scan", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.types(), [C2, C2]);
    assert!(ran.err.contains("2 findings: 2 high"), "{}", ran.err);
    assert!(ran.err.contains("20 records"), "{}", ran.err);
    assert!(!ran.err.contains('\u{1b}'), "no bar and no color in a pipe");
}

#[test]
fn findings_carry_the_records_behind_them() {
    let folder = Folder::new();
    let text = log(0, 1);
    folder.write("plain.log", &text);
    folder.write("packed.log.gz", gzip(&log(0, 2)));
    let ran = folder.run(&["scan", "plain.log", "packed.log.gz"]);
    let mut files = Vec::new();
    for finding in ran.findings() {
        let info = finding["service"]["additionalInfo"]["value"].as_str().unwrap();
        let info: Value = serde_json::from_str(info).unwrap();
        let evidence = &info["guardpost"]["evidence"][0];
        files.push(evidence["file"].as_str().unwrap().to_owned());
        let record = evidence["text"].as_str().unwrap();
        assert!(record.contains(C2_NAME), "{record}");
        if files.last().unwrap() == "plain.log" {
            let offset = usize::try_from(evidence["offset"].as_u64().unwrap()).unwrap();
            let length = usize::try_from(evidence["length"].as_u64().unwrap()).unwrap();
            assert!(text[offset..offset + length].contains(C2_NAME));
            assert_eq!(evidence["sha256"].as_str().unwrap().len(), 64);
        }
    }
    files.sort();
    assert_eq!(files, ["packed.log.gz", "plain.log"]);
}

#[test]
fn compressed_files_and_standard_input_give_the_same() {
    let folder = Folder::new();
    let text = log(0, 1);
    folder.write("plain", &text);
    folder.write("packed.gz", gzip(&text));
    folder.write("packed.zst", zstd::encode_all(text.as_bytes(), 3).unwrap());
    let ids = |args: &[&str], input: &[u8]| {
        let ran = folder.run_with(args, input);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.findings().iter().map(|it| it["id"].clone()).collect::<Vec<_>>()
    };
    let expected = ids(&["scan", "plain"], b"");
    assert_eq!(expected.len(), 1);
    assert_eq!(ids(&["scan", "packed.gz"], b""), expected);
    assert_eq!(ids(&["scan", "packed.zst"], b""), expected);
    assert_eq!(ids(&["scan", "-"], text.as_bytes()), expected);
    let ran = folder.run_with(&["scan", "-"], &gzip(&text));
    assert!(ran.out.contains(C2_NAME) && ran.out.contains(r#"\"file\":\"-\""#), "{}", ran.out);
}

#[test]
fn the_same_content_is_read_once() {
    let folder = Folder::new();
    folder.write("one/a.gz", gzip(&log(0, 1)));
    folder.write("two/b.gz", gzip(&log(0, 1)));
    let ran = folder.run(&["scan", "one", "two", "one", "."]);
    assert_eq!(ran.findings()[0]["service"]["count"], 1);
    assert!(ran.err.contains("1 file, "), "{}", ran.err);
    assert!(ran.err.contains("1 file with the content of another"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_are_followed_once() {
    let folder = Folder::new();
    folder.write("logs/deep/a.log", log(0, 1));
    std::os::unix::fs::symlink("../..", folder.path().join("logs/deep/back")).unwrap();
    std::os::unix::fs::symlink("deep", folder.path().join("logs/again")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("logs/broken")).unwrap();
    let ran = folder.run(&["scan", "logs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.findings().len(), 1);
    assert!(ran.err.contains("logs/broken: "), "{}", ran.err);
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let folder = Folder::new();
    let name = format!("x\u{1b}[2Jy\u{202e}z.{C2_NAME}");
    folder.write("a\u{1b}[31m.log", query(0, 1, &name));
    folder.write("b.log", "\u{1b}]0;gone\u{7} no log\n");
    for format in ["table", "json", "csv", "html"] {
        let ran = folder.run(&["scan", ".", "--format", format]);
        assert_eq!(ran.code, 0, "{ran:?}");
        for text in [&ran.out, &ran.err] {
            let is_active = |c: char| (c.is_control() && !"\r\n\t".contains(c)) || c == '\u{202e}';
            assert!(!text.contains(is_active), "{format}: {text:?}");
        }
        assert!(ran.out.contains("EC2/C&"), "{format}: {}", ran.out);
    }
}

#[test]
fn broken_files_are_counted_with_a_sample_and_a_remedy() {
    let folder = Folder::new();
    let whole = gzip(&log(0, 1).repeat(200));
    folder.write("good.gz", gzip(&log(0, 2)));
    folder.write("cut.gz", &whole[..whole.len() / 2]);
    folder.write("notes.txt", "nothing that a log would hold\n");
    folder.write("line.log", query(0, 3, "a.example.com") + "{\"query_name\": 7\n");
    folder.write("none", "");
    let ran = folder.run(&["scan", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.types().contains(&C2.to_owned()));
    for part in [
        "notes.txt at byte 0: nothing",
        "unknown format",
        "2 × cut off: fetch the object again",
        "1 file without content",
    ] {
        assert!(ran.err.contains(part), "`{part}` is not in: {}", ran.err);
    }
    assert!(folder.run(&["scan", ".", "--quiet"]).err.is_empty());
}

#[test]
fn rows_outside_of_the_time_asked_for_are_left_out() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1) + &log(120, 2));
    let count = |args: &[&str]| folder.run(&[&["scan", "a.log"], args].concat()).findings().len();
    assert_eq!(count(&["--since", "2026-01-05", "--until", "2026-01-05"]), 2);
    assert_eq!(count(&["--since", "2026-01-05T11:00:00Z"]), 1);
    assert_eq!(count(&["--until", "2026-01-05T11:00:00Z"]), 1);
    let ran = folder.run(&["scan", "a.log", "--until", "2026-01-04"]);
    assert!(ran.out.is_empty() && ran.err.contains("20 records outside"), "{}", ran.err);
}

#[test]
fn findings_are_shown_by_type_and_severity() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    let count = |args: &[&str]| folder.run(&[&["scan", "a.log"], args].concat()).findings().len();
    assert_eq!(count(&["--types", "backdoor:*"]), 1);
    assert_eq!(count(&["--types", "*:S3/*,*!dns"]), 1);
    assert_eq!(count(&["--types", "*:S3/*"]), 0);
    assert_eq!(count(&["--min-severity", "high"]), 1);
    assert_eq!(count(&["--min-severity", "critical"]), 0);
}

#[test]
fn the_form_of_a_file_is_that_of_its_name() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    for (name, part) in [
        ("report.html", "<!doctype html>"),
        ("findings.csv", "severity,band,type"),
        ("findings.jsonl", "{\"schemaVersion\""),
        ("findings.txt", "SEVERITY"),
    ] {
        let ran = folder.run(&["scan", "a.log", "--output", name]);
        assert!(ran.code == 0 && ran.out.is_empty() && ran.err.contains(name), "{ran:?}");
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.starts_with(part), "{name}: {}", &text[..40]);
    }
    for name in ["findings.parquet", "findings"] {
        folder.run(&["scan", "a.log", "--output", name]).fails(&[name, "--format", ".jsonl"]);
        assert!(!folder.path().join(name).exists());
    }
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    for part in ["SHA-256", "a.log", C2_NAME, "scan a.log --output report.html"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn what_an_earlier_run_wrote_is_not_read() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    for _ in 0..2 {
        assert_eq!(folder.run(&["scan", ".", "--strict", "--output", "report.html"]).code, 0);
    }
    assert_eq!(folder.run(&["scan", ".", "--strict"]).code, 3);
}

#[test]
fn a_file_out_of_order_is_told() {
    let folder = Folder::new();
    // Ten hours, the latest first, in blocks of an hour.
    let hours = |at: u64| (0..60).map(move |of| query(at * 60 + of, 1, "www.example.com"));
    folder.write("a.log", (0..10).rev().flat_map(hours).collect::<String>());
    folder.write("small.toml", "[limits]\nblock_rows = 60\n");
    let ran = folder.run(&["scan", "a.log", "--config", "small.toml"]);
    assert!(ran.err.contains("records came later than"), "{}", ran.err);
    let ran = folder.run(&["scan", "a.log"]);
    assert!(!ran.err.contains("came later"), "a block is put in order: {}", ran.err);
}

#[test]
fn a_list_and_a_trusted_list_decide() {
    let folder = Folder::new();
    folder.write("a.log", query(0, 1, "bad.example.com") + &query(1, 2, C2_NAME));
    folder.write("bad.txt", "bad.example.com\n");
    folder.write("good.txt", format!("{C2_NAME}\n"));
    let ran = folder.run(&["scan", "a.log", "--threat-list", "mining-pool=bad.txt"]);
    let mut types = ran.types();
    types.sort();
    assert_eq!(types, [C2, "CryptoCurrency:EC2/BitcoinTool.B!DNS"]);
    assert!(folder.run(&["scan", "a.log", "--trusted-list", "good.txt"]).out.is_empty());
}

#[test]
fn lists_and_descriptions_may_be_compressed() {
    let folder = Folder::new();
    folder.write("a.log", query(0, 1, "bad.example.com"));
    folder.write("bad.txt.gz", gzip("bad.example.com\n"));
    let ran = folder.run(&["scan", "a.log", "--threat-list", "mining-pool=bad.txt.gz"]);
    assert_eq!(ran.types(), ["CryptoCurrency:EC2/BitcoinTool.B!DNS"]);
    let cut = gzip("bad.example.com\n");
    folder.write("cut.gz", &cut[..cut.len() - 9]);
    let ran = folder.run(&["scan", "a.log", "--trusted-list", "cut.gz"]);
    ran.fails(&["--trusted-list: cannot read `cut.gz`", "cut off"]);
    folder.write("empty.json.gz", gzip("{}"));
    let ran = folder.run(&["scan", "a.log", "--inventory", "empty.json.gz"]);
    ran.fails(&["no member of a known description"]);
}

#[test]
fn the_exit_code_is_that_of_what_is_shown() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    let code =
        |more: &[&str]| folder.run(&[&["scan", "a.log", "--fail-on", "low"], more].concat()).code;
    assert_eq!(code(&[]), 2);
    assert_eq!(code(&["--types", "Recon:*"]), 0);
    assert_eq!(code(&["--min-severity", "critical"]), 0);
}

#[test]
fn a_time_far_ahead_is_skipped_and_holds_nobody_back() {
    let folder = Folder::new();
    let far = query(0, 1, "www.example.com").replace("2026-01-05", "2099-01-05");
    folder.write("a.log", far + &log(0, 1));
    folder.write("b.log", log(0, 2));
    let ran = folder.run(&["scan", "."]);
    assert_eq!(ran.findings().len(), 2);
    assert!(ran.err.contains("1 record from more than a day after now"), "{}", ran.err);
    assert!(!ran.err.contains("came later"), "{}", ran.err);
}

#[test]
fn a_time_before_aws_is_skipped_and_changes_nothing() {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    let alone = folder.run(&["scan", "a.log"]);
    for year in ["1970", "2005"] {
        let old = query(0, 1, C2_NAME).replace("2026-01-05", &format!("{year}-01-05"));
        folder.write("a.log", old + &log(0, 1));
        let ran = folder.run(&["scan", "a.log"]);
        assert_eq!(ran.types(), alone.types(), "{year}");
        assert!(ran.err.contains("Skipped   1 record from "), "{}", ran.err);
    }
}

#[test]
fn one_record_with_a_wrong_clock_does_not_move_its_file() {
    let folder = Folder::new();
    let far = query(0, 1, "www.example.com").replace("2026-01-05", "2099-01-05");
    folder.write("a.log", far + &log(0, 1));
    folder.write("b.log", query(480, 2, "www.example.com"));
    let ran = folder.run(&["scan", "."]);
    assert_eq!(ran.findings().len(), 1);
    assert!(!ran.err.contains("came later"), "{}", ran.err);
}
