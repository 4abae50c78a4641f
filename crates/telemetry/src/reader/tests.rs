//! Tests of objects: envelopes, layouts, blocks, evidence, hostile bytes.

use std::io::Write;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Origin, Timestamp};

use super::*;
use crate::{Cause, Format, Limits, Report};

const FLOW: &str = "2 111122223333 eni-1235b8ca123456789 192.0.2.1 198.51.100.2 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
const QUERY: &str = r#"{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-1","query_timestamp":"2026-01-31T12:00:00Z","query_name":"www.example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"192.0.2.5","Type":"A","Class":"IN"}],"srcaddr":"10.0.0.4","srcport":"33000","transport":"UDP","srcids":{"instance":"i-0123456789abcdef0"}}"#;

fn call(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","eventTime":"2026-01-31T12:00:00Z","eventName":"{name}","eventSource":"iam.amazonaws.com","requestParameters":{{"a":"\"{{"}}}}"#
    )
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads an object to its end.
fn read_with(bytes: &[u8], limits: Limits) -> (Vec<Block>, Report, Option<Format>) {
    let options = Arc::new(Options { limits, interest: crate::Interest::all() });
    let most = options.limits.block_rows;
    let mut reader = ObjectReader::new(3, "", bytes.to_vec(), options);
    let mut report = Report::default();
    let mut blocks = Vec::new();
    while let Some(block) = reader.next_block(&mut report) {
        assert!(!block.is_empty() && block.len() <= most);
        blocks.push(block);
    }
    let rows: usize = blocks.iter().map(Block::len).sum();
    assert_eq!(rows as u64, report.records, "rows and records differ");
    (blocks, report, reader.format())
}

/// Reads an object that has nothing bad: (flows, queries, calls).
fn counts(bytes: &[u8]) -> (usize, usize, usize) {
    let (blocks, report, _) = read_with(bytes, Limits::default());
    assert_eq!(report.failed(), 0, "{report:?}");
    count(&blocks)
}

fn count(blocks: &[Block]) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    for block in blocks {
        match block {
            Block::Flows(flows) => counts.0 += flows.rows.len(),
            Block::Queries(queries) => counts.1 += queries.rows.len(),
            Block::ApiCalls(calls) => counts.2 += calls.rows.len(),
        }
    }
    counts
}

/// A subscription message of CloudWatch Logs.
fn subscription(messages: &[&str]) -> String {
    let events: Vec<String> = messages
        .iter()
        .map(|it| format!(r#"{{"id":"1","timestamp":1,"message":{}}}"#, quoted(it)))
        .collect();
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{}]}}"#,
        events.join(",")
    )
}

#[test]
fn plain_files_of_every_format() {
    let flows = format!("{HEADER}\n{FLOW}\n{FLOW}\n");
    let queries = format!("{QUERY}\n{QUERY}\n{QUERY}\n");
    let calls = format!(r#"{{"Records":[{}]}}"#, call("A"));
    for (text, expected, format) in [
        (flows.as_str(), (2, 0, 0), Format::Flow),
        (FLOW, (1, 0, 0), Format::Flow),
        (queries.as_str(), (0, 3, 0), Format::Dns),
        (QUERY.trim_end(), (0, 1, 0), Format::Dns),
        (calls.as_str(), (0, 0, 1), Format::CloudTrail),
    ] {
        for bytes in [
            text.as_bytes().to_vec(),
            gzip(text.as_bytes()),
            gzip(&gzip(text.as_bytes())),
            zstd::encode_all(text.as_bytes(), 1).unwrap(),
        ] {
            let (blocks, report, found) = read_with(&bytes, Limits::default());
            assert_eq!((count(&blocks), report.failed(), found), (expected, 0, Some(format)));
            assert_eq!(report.bytes, text.len() as u64);
        }
    }
}

#[test]
fn logs_of_several_kinds_may_be_joined() {
    let file = format!("{{\"Records\":[{},{}]}}", call("A"), call("B"));
    for text in [
        format!("{QUERY}\n{file}\n{QUERY}\n"),
        format!("{file}{QUERY}\n{QUERY}\n"),
        format!("{QUERY}\n{QUERY}\n{}\n{}\n", call("A"), call("B")),
        format!("{}\n{QUERY}\n{}\n{QUERY}", call("A"), call("B")),
    ] {
        assert_eq!(counts(text.as_bytes()), (0, 2, 2), "{text}");
    }
}

#[test]
fn members_that_a_caller_chooses_do_not_change_the_format() {
    let tags = r#"{"tags":{"query_name":"a","query_timestamp":"b"}}"#;
    let hostile = call("TagResource").replace(r#"{"a":"\"{"}"#, tags);
    assert!(hostile.contains(tags));
    let file = format!("{{\"Records\":[{hostile},{}]}}", call("StopLogging"));
    assert_eq!(counts(file.as_bytes()), (0, 0, 2));
    let lines = format!("{hostile}\n{}\n", call("StopLogging"));
    assert_eq!(counts(lines.as_bytes()), (0, 0, 2));
}

#[test]
fn every_envelope_is_opened() {
    let (a, b) = (call("A"), call("B"));
    let bridge = |kind: &str, detail: &str| {
        format!(
            r#"{{"version":"0","id":"x","detail-type":"{kind}","source":"aws.iam","account":"111122223333","time":"2026-01-31T12:00:00Z","region":"us-east-1","resources":[],"detail":{detail}}}"#
        )
    };
    let events = bridge("AWS API Call via CloudTrail", &a)
        + "\n"
        + &bridge("AWS Console Sign In via CloudTrail", &b);
    let mixed = subscription(&[&a, FLOW, QUERY]);
    let logs = |key: &str| {
        format!(
            r#"{{"{key}":[{{"logStreamName":"s","timestamp":1,"message":{},"ingestionTime":2,"eventId":"1"}},{{"message":{}}}],"searchedLogStreams":[],"nextToken":"x"}}"#,
            quoted(&a),
            quoted(FLOW)
        )
    };
    let data = |text: &str| STANDARD.encode(gzip(text.as_bytes()));
    let firehose = format!(
        r#"{{"requestId":"r","timestamp":1,"records":[{{"data":"{}"}},{{"data":"{}"}}]}}"#,
        data(&mixed),
        STANDARD.encode(&b)
    );
    let lookup = format!(r#"{{"Events":[{{"EventId":"1","CloudTrailEvent":{}}}]}}"#, quoted(&a));
    for (text, expected) in [
        (events, (0, 0, 2)),
        (mixed.clone(), (1, 1, 1)),
        (mixed.repeat(3), (3, 3, 3)),
        (format!("[{mixed},{mixed}]"), (2, 2, 2)),
        (logs("events"), (1, 0, 1)),
        (firehose, (1, 1, 2)),
        (lookup, (0, 0, 1)),
        (format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, data(&mixed)), (1, 1, 1)),
        (format!("{}\n{}\n", data(&mixed), data(&mixed)), (2, 2, 2)),
        (data(&mixed).trim_end_matches('=').to_owned(), (1, 1, 1)),
        (subscription(&[&format!(r#"{{"Records":[{a},{b}]}}"#)]), (0, 0, 2)),
        (subscription(&[&format!("{FLOW}\n{FLOW}")]), (2, 0, 0)),
        (format!("{a}\n{QUERY}\n{mixed}"), (1, 2, 2)),
        (QUERY.replace(',', ",\n  "), (0, 1, 0)),
    ] {
        assert_eq!(counts(text.as_bytes()), expected, "{text}");
        assert_eq!(counts(&gzip(text.as_bytes())), expected);
        assert_eq!(counts(&gzip(&gzip(text.as_bytes()))), expected);
    }
    // Firehose joins what CloudWatch Logs compressed.
    assert_eq!(counts(&gzip(mixed.as_bytes()).repeat(2)), (2, 2, 2));
}

#[test]
fn records_of_envelopes_have_the_origin_of_the_envelope() {
    let envelope = subscription(&[&call("A"), FLOW, QUERY, FLOW]);
    let text = format!("{}\n{envelope}\n", call("X"));
    let (blocks, _, format) = read_with(text.as_bytes(), Limits::default());
    assert_eq!(format, Some(Format::CloudTrail));
    let place =
        Origin { object: 3, offset: call("X").len() as u64 + 1, len: envelope.len() as u32 };
    for block in blocks {
        let origins = match block {
            Block::Flows(flows) => flows.origins,
            Block::Queries(queries) => queries.origins,
            Block::ApiCalls(calls) => calls.origins.into_iter().skip(1).collect(),
        };
        assert!(!origins.is_empty() && origins.iter().all(|it| *it == place), "{origins:?}");
    }
}

#[test]
fn what_holds_no_records_is_told() {
    let control = subscription(&["x"]).replace("DATA_MESSAGE", "CONTROL_MESSAGE");
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-31T12:00:00Z","Bucket":"b"}"#;
    let (blocks, report, _) = read_with(format!("{control}{test}").as_bytes(), Limits::default());
    assert_eq!((blocks.len(), report.control, report.failed()), (0, 2, 0));
    for (text, cause) in [
        (r#"{"awsAccountId":"111122223333","digestStartTime":"x","logFiles":[{}]}"#, Cause::Digest),
        (
            r#"{"Records":[{"eventVersion":"1.07","eventTime":"2026-01-31T12:00:00Z","eventCategory":"Insight","insightDetails":{}}]}"#,
            Cause::UnknownFormat,
        ),
        (
            "https 2026-01-31T12:00:00Z app/lb/1 192.0.2.1:1 198.51.100.1:80 0.0 0.0 0.0 200\n",
            Cause::UnknownFormat,
        ),
        (r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1"}"#, Cause::UnknownFormat),
        (
            r#"{"detail-type":"EC2 Instance State-change Notification","detail":{"state":"running"}}"#,
            Cause::UnknownFormat,
        ),
        (r#"{"message":"hello"}"#, Cause::UnknownFormat),
        (r#"{"data":"%%%"}"#, Cause::UnknownFormat),
        ("\u{1}\u{2}\u{3}", Cause::UnknownFormat),
    ] {
        let (blocks, report, _) = read_with(text.as_bytes(), Limits::default());
        assert_eq!((blocks.len(), report.count(cause)), (0, 1), "{text}: {report:?}");
        assert_eq!(report.skipped().count(), 1);
    }
}

#[test]
fn packed_files_that_are_not_read_are_one_unknown_object() {
    let packed = [&b"\xfd7zXZ\0"[..], b"BZh9", b"PK\x03\x04", b"\x04\x22\x4d\x18"];
    for begin in packed {
        // What lies behind may look like anything.
        let bytes = [begin, b"\x00\n{\"a\": {\n{\xff}\n", FLOW.as_bytes()].concat();
        let (blocks, report, _) = read_with(&bytes, Limits::default());
        assert_eq!((blocks.len(), report.failed()), (0, 1));
        assert_eq!(report.count(Cause::UnknownFormat), 1);
    }
}

#[test]
fn wrappings_end() {
    let mut text = call("A");
    for _ in 0..4 {
        text = subscription(&[&text]);
    }
    assert_eq!(counts(text.as_bytes()), (0, 0, 1));
    for _ in 0..3 {
        text = subscription(&[&text]);
    }
    let (blocks, report, _) = read_with(text.as_bytes(), Limits::default());
    assert_eq!((blocks.len(), report.count(Cause::TooDeep)), (0, 1));
    let bomb = STANDARD.encode(gzip(&vec![b' '; 1 << 20]));
    let limits = Limits { object_bytes: 1 << 16, ..Limits::default() };
    let (_, report, _) = read_with(format!(r#"{{"data":"{bomb}"}}"#).as_bytes(), limits);
    assert_eq!(report.count(Cause::DecompressionBomb), 1);
}

#[test]
fn large_objects_give_the_same_rows_in_windows_and_blocks() {
    let small = || Limits {
        block_rows: 100,
        window_bytes: 32 << 10,
        record_bytes: 8 << 10,
        ..Limits::default()
    };
    let calls: Vec<String> = (0..1000).map(|n| call(&format!("Call{n}"))).collect();
    let document = format!(r#"{{"Records":[{}]}}"#, calls.join(","));
    let lines = calls.join("\n");
    let flows = format!("{HEADER}\n{}", format!("{FLOW}\n").repeat(1000));
    let queries = format!("{QUERY}\n").repeat(1000);
    let envelopes = subscription(&[&calls[0], FLOW, QUERY]).repeat(350);
    for text in [document, lines, flows, queries, envelopes] {
        let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
        let (whole, report, _) = read_with(text.as_bytes(), Limits::default());
        let (parts, of_parts, _) = read_with(&zstd, small());
        assert!(parts.len() >= 10 && report.failed() == 0);
        assert_eq!(report, of_parts);
        assert_eq!(joined(whole), joined(parts));
    }
}

/// All rows of a kind in one block.
fn joined(blocks: Vec<Block>) -> (Vec<Origin>, usize, Vec<String>) {
    let (mut origins, mut names) = (Vec::new(), Vec::new());
    let mut rows = 0;
    for block in blocks {
        rows += block.len();
        match block {
            Block::Flows(flows) => origins.extend(flows.origins),
            Block::Queries(queries) => origins.extend(queries.origins),
            Block::ApiCalls(calls) => {
                names.extend(calls.rows.iter().map(|it| it.event_name.of(&calls.text).to_owned()));
                origins.extend(calls.origins);
            }
        }
    }
    origins.sort();
    (origins, rows, names)
}

#[test]
fn cut_objects_give_what_lies_before_the_cut() {
    let flows = format!("{HEADER}\n{}", format!("{FLOW}\n").repeat(5000));
    let packed = gzip(flows.as_bytes());
    let (blocks, report, _) = read_with(&packed[..packed.len() - 30], Limits::default());
    assert_eq!(report.count(Cause::Truncated), 1);
    let Some(Block::Flows(rows)) = blocks.first() else { panic!("no flows") };
    assert!(rows.rows.iter().all(|it| it.bytes == 4249 && it.end == 1_418_530_070));
    let long = format!("{FLOW}\n{}\n{FLOW}\n", "9".repeat(1 << 17));
    let limits = Limits { record_bytes: 1 << 10, window_bytes: 1, ..Limits::default() };
    let (blocks, report, _) = read_with(&zstd::encode_all(long.as_bytes(), 1).unwrap(), limits);
    assert_eq!((count(&blocks).0, report.failed()), (2, 1), "{report:?}");
}

#[test]
fn evidence_is_found_again() {
    let calls: Vec<String> = (0..3000).map(|n| call(&format!("Call{n}"))).collect();
    let text = format!(r#"{{"Records":[{}]}}"#, calls.join(","));
    let (blocks, ..) = read_with(text.as_bytes(), Limits::default());
    let Some(Block::ApiCalls(rows)) = blocks.first() else { panic!("no calls") };
    let picked = [0, 1, 1, 1500, 2999];
    let mut wanted: Vec<Origin> = picked.iter().map(|n| rows.origins[*n]).collect();
    let beyond = Origin { object: 3, offset: text.len() as u64 - 1, len: 50 };
    wanted.push(beyond);
    for bytes in [
        text.as_bytes().to_vec(),
        gzip(text.as_bytes()),
        zstd::encode_all(text.as_bytes(), 1).unwrap(),
    ] {
        let found = extract(bytes, &wanted);
        assert_eq!(found.len(), wanted.len());
        for (n, record) in picked.iter().zip(&found) {
            assert_eq!(record.as_deref(), Some(calls[*n].as_bytes()));
        }
        assert_eq!(found.last().unwrap(), &None);
    }
    assert_eq!(extract(Vec::new(), &wanted[..1]), [None]);
    assert!(extract(gzip(b"x"), &[]).is_empty());
}

#[test]
fn times_order_objects() {
    let text = format!("{HEADER}\n{FLOW}\n");
    let head = gzip(text.as_bytes());
    let expected = Some(Timestamp::from_secs(1_418_530_010));
    assert_eq!(first_time("x.gz", &head, |_| true), expected);
    assert_eq!(
        first_time("x", QUERY.as_bytes(), |_| true),
        Timestamp::parse("2026-01-31T12:00:00Z").ok()
    );
    let document = format!(r#"{{"Records":[{},{}"#, call("A"), call("B"));
    assert_eq!(
        first_time("x", document.as_bytes(), |_| true),
        Timestamp::parse("2026-01-31T12:00:00Z").ok()
    );
    let key = "111122223333_CloudTrail_us-east-1_20260201T0005Z_x.json.gz";
    assert_eq!(first_time(key, &head, |_| true), Timestamp::parse("2026-02-01T00:05:00Z").ok());
    assert_eq!(first_time("x", b"nothing", |_| true), None);
    // One record with a wrong clock does not move the others.
    let far = format!("{}\n{QUERY}\n", QUERY.replace("2026", "2099"));
    let possible = |it: Timestamp| it.secs() < 2_000_000_000;
    assert_eq!(
        first_time("x", far.as_bytes(), possible),
        Timestamp::parse("2026-01-31T12:00:00Z").ok()
    );
}

#[test]
fn buffers_are_used_again() {
    let mut buffer = Vec::new();
    for text in [format!("{HEADER}\n{FLOW}\n"), call("A"), String::new(), FLOW.to_owned()] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let options = Arc::default();
            let mut reader = ObjectReader::with_buffer(0, "", bytes, buffer, options);
            let mut report = Report::default();
            while reader.next_block(&mut report).is_some() {}
            assert_eq!((report.records, report.failed()), (u64::from(!text.is_empty()), 0));
            buffer = reader.into_buffer();
        }
    }
}

#[test]
fn parquet_rows_are_flows_with_evidence() {
    let file = crate::codec::parquet_flow_file(2500);
    let (blocks, report, format) = read_with(&file, Limits::default());
    assert_eq!(format, Some(Format::Flow));
    assert_eq!((count(&blocks), report.failed()), ((2250, 0, 0), 0), "{report:?}");
    let Block::Flows(flows) = &blocks[0] else { panic!("flows") };
    assert_eq!((flows.rows[1].packets, flows.rows[1].bytes), (2, 5_000_000_000));
    let line = extract(file.clone(), &flows.origins[1..2]).remove(0).unwrap();
    assert!(line.starts_with(b"2 111122223333 eni-0a1b 10.0.0.5 198.51.100.7 40000 443 6 2 "));
    assert_eq!(first_time("", &file, |_| true), Some(Timestamp::from_secs(1_772_366_400)));
    assert!(crate::is_read_whole(&file[..8]) && !crate::is_read_whole(b"2 111122223333"));

    let (blocks, report, _) = read_with(&file[..file.len() / 2], Limits::default());
    assert_eq!(count(&blocks), (0, 0, 0));
    assert!(report.failed() > 0, "a cut file is not noticed");
}

/// A small generator of pseudo-random numbers (Marsaglia 2003, xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n.max(1)
    }

    /// Flips, cuts, doubles or overwrites bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + self.below(40)).min(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                3 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                4 if at < bytes.len() => bytes[at] = br#""\{}[],: -09"#[self.below(12)],
                _ if at < bytes.len() => bytes[at] = self.below(256) as u8,
                _ => {}
            }
        }
    }
}

#[test]
fn mutated_objects_neither_panic_nor_lose_count() {
    let calls = [call("A"), call("B"), call("C"), call("D")];
    let texts = [
        format!(r#"{{"Records":[{}]}}"#, calls.join(",")),
        calls.join("\n"),
        format!("{HEADER}\n{}", format!("{FLOW}\n").repeat(6)),
        format!("{QUERY}\n").repeat(4),
        subscription(&[&calls[0], FLOW, QUERY]).repeat(2),
        format!(r#"{{"records":[{{"data":"{}"}}]}}"#, STANDARD.encode(gzip(calls[0].as_bytes()))),
    ];
    let mut random = Random(0x0123_4567_89ab_cdef);
    let limits = || Limits {
        record_bytes: 2048,
        window_bytes: 4096,
        block_rows: 3,
        depth: 16,
        object_bytes: 1 << 20,
        ..Limits::default()
    };
    for round in 0..6000 {
        let text = texts[round % texts.len()].as_bytes();
        let mut bytes = match round / texts.len() % 4 {
            0 | 1 => text.to_vec(),
            2 => gzip(text),
            _ => zstd::encode_all(text, 1).unwrap(),
        };
        random.mutate(&mut bytes);
        // `read_with` asserts that blocks are bounded and that rows and records agree.
        let (blocks, report, _) = read_with(&bytes, limits());
        let rows: usize = blocks.iter().map(Block::len).sum();
        let without_data = report.no_data + report.skip_data;
        let told = report.failed() + report.control + without_data + report.count(Cause::Digest);
        assert!(
            rows > 0 || told > 0 || report.bytes < 200,
            "nothing told: {}",
            String::from_utf8_lossy(&bytes)
        );
        assert!(rows <= 200, "{rows} rows");
        assert_eq!(read_with(&bytes, limits()).1, report, "not the same twice");
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let size = 1 << 18;
    for piece in [
        r#"{"eventVersion""#,
        r#",{"eventVersion":""#,
        "\n{",
        "{",
        "[",
        "[{",
        "\"",
        "\\",
        "{\"a\":",
        "\n{\"a\":\"",
        r#"{"Records":["#,
        r#"{"a":{},"#,
        "}",
        "]",
        "x\n",
        " ",
        "{\"message\":\"{\"},",
        "H4sI\n",
    ] {
        let text = piece.repeat(size / piece.len());
        for start in ["", r#"{"Records":["#, r#"{"Records":[{"eventVersion":"1"},"#, "{\n"] {
            let (_, report, _) = read_with(format!("{start}{text}").as_bytes(), Limits::default());
            assert!(report.bytes as usize >= text.len());
        }
    }
}
