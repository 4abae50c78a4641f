//! The result depends on the content alone.

use std::fmt::Write as _;

use crate::common::{Folder, gzip, log, query};

/// Logs of several hours in files whose names say nothing of their order.
fn corpus() -> Folder {
    let folder = Folder::new();
    for number in 0..40u64 {
        let minute = number * 13;
        let mut text = log(minute, number % 7);
        for at in 0..300 {
            text += &query(minute + at / 40, (number + at) % 11, &format!("h{at}.example.com"));
        }
        let name = format!("{:02}.gz", (number * 17) % 40);
        folder.write(&name, gzip(&text));
    }
    folder
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let folder = corpus();
    // Small blocks and batches make many of both.
    folder.write("small.toml", "[limits]\nblock_rows = 64\n[intake]\nbatch_rows = 200\n");
    let run = |threads: &str, more: &[&str]| {
        let ran = folder.run(&[&["scan", ".", "--threads", threads], more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.findings()
    };
    let expected = run("1", &[]);
    assert!(expected.len() >= 7, "{}", expected.len());
    for threads in ["2", "4", "9"] {
        assert!(run(threads, &[]) == expected, "{threads} threads");
        assert!(run(threads, &["--config", "small.toml"]) == expected, "{threads} threads, small");
    }
}

#[test]
fn the_order_of_arguments_makes_no_difference() {
    let folder = corpus();
    let mut names: Vec<String> = (0..40).map(|it| format!("{it:02}.gz")).collect();
    let mut run = |reversed: bool| {
        if reversed {
            names.reverse();
        }
        let args: Vec<&str> =
            ["scan"].into_iter().chain(names.iter().map(String::as_str)).collect();
        folder.run(&args).findings()
    };
    let expected = run(false);
    assert!(run(true) == expected);
}

#[expect(clippy::unwrap_used, reason = "writing to a string cannot fail")]
/// Logs of ten hours of three sources, each joined into one file.
fn joined() -> Folder {
    let folder = Folder::new();
    let (mut queries, mut flows, mut calls) = (String::new(), String::new(), String::new());
    for minute in 0..600u64 {
        let second = 1_767_607_200 + minute * 60;
        queries += &query(minute, minute % 7, "www.example.com");
        for port in 1..=minute % 90 {
            writeln!(
                flows,
                "2 111122223333 eni-{:017x} 10.0.0.5 192.0.2.9 40000 {port} 6 1 40 {second} {} REJECT OK",
                minute / 100,
                second + 50
            )
            .unwrap();
        }
        calls += &call(minute);
    }
    folder.write("x", queries + &log(601, 3));
    folder.write("y", gzip(&flows));
    folder.write("z", calls);
    folder
}

/// A record of CloudTrail: somebody uses the root user's access key.
fn call(minute: u64) -> String {
    let (hour, of_hour) = (10 + minute / 60, minute % 60);
    format!(
        concat!(
            r#"{{"eventVersion":"1.08","eventTime":"2026-01-05T{hour:02}:{of_hour:02}:00Z","#,
            r#""eventID":"00000000-0000-0000-0000-{minute:012}","eventSource":"ec2.amazonaws.com","#,
            r#""eventName":"DescribeInstances","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","#,
            r#""userAgent":"aws-cli/2","userIdentity":{{"type":"Root","principalId":"111122223333","#,
            r#""arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","#,
            r#""accessKeyId":"AKIAIOSFODNN7EXAMPLE"}},"eventType":"AwsApiCall","#,
            r#""recipientAccountId":"111122223333","requestParameters":null,"responseElements":null}}"#
        ),
        hour = hour,
        of_hour = of_hour,
        minute = minute
    ) + "\n"
}

#[test]
fn joined_files_of_several_sources_are_read_in_time_order() {
    let folder = joined();
    let run = |threads: &str| folder.run(&["scan", "x", "y", "z", "--threads", threads]);
    let one = run("1");
    assert!(!one.err.contains("came later") && !one.err.contains("Skipped"), "{}", one.err);
    let mut types = one.types();
    types.sort();
    types.dedup();
    assert!(types.len() >= 3, "each source gives findings: {types:?}");
    for threads in ["2", "5"] {
        assert!(run(threads).findings() == one.findings(), "{threads} threads");
    }
}
