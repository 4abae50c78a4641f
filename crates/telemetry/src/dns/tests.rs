//! Tests of the query log parser.

use std::fmt::Write;

use model::{AccountId, Addr, Region, Timestamp, hash64};

use super::DnsParser;
use crate::{Cause, DnsQuery, DnsRows, Hint, Limits, Report};

/// A record as AWS writes it.
const RECORD: &str = concat!(
    r#"{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-0bed033f","#,
    r#""query_timestamp":"2026-01-06T17:31:56Z","query_name":"WWW.Example.com.","query_type":"A","#,
    r#""query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}],"#,
    r#""srcaddr":"192.0.2.99","srcport":"48876","transport":"UDP","srcids":{"instance":"i-0f8cf3685a2708a26"}}"#
);

fn parser(limits: &Limits) -> DnsParser {
    let hint = Hint {
        account: AccountId::new(999).unwrap(),
        region: Region::new("eu-central-1"),
        ..Hint::default()
    };
    DnsParser::new(7, &hint, limits)
}

/// Parses a whole object at once.
fn parse(text: &[u8]) -> (DnsRows, Report) {
    let (mut out, mut report) = (DnsRows::default(), Report::default());
    let mut parser = parser(&Limits::default());
    let mut at = 0;
    loop {
        at = parser.parse(text, at, 0, true, &mut out, &mut report);
        if !parser.is_at_other() {
            break;
        }
        at = skip_other(text, at, 0, &mut report);
    }
    assert_eq!(at, text.len());
    assert_eq!(out.rows.len(), out.origins.len());
    assert_eq!(report.records, out.rows.len() as u64);
    (out, report)
}

/// Counts a record of another format and passes over its line, as far as the text has it: where to go on.
fn skip_other(text: &[u8], at: usize, base: u64, report: &mut Report) -> usize {
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |it| at + it);
    report.skip(Cause::UnknownFormat, 7, base + at as u64, &[]);
    end
}

/// Gives the parser pieces of an object as a reader would, each at most `sizes()` bytes longer than what was
/// left, and joins the blocks.
fn parse_in_pieces(
    text: &[u8],
    limits: &Limits,
    mut sizes: impl FnMut() -> usize,
) -> (DnsRows, Report) {
    let (mut all, mut out, mut report) =
        (DnsRows::default(), DnsRows::default(), Report::default());
    let mut parser = parser(limits);
    let (mut at, mut end) = (0, 0);
    while at < text.len() {
        end = (end + sizes().max(1)).min(text.len());
        loop {
            let last = end == text.len();
            let next = parser.parse(&text[at..end], 0, at as u64, last, &mut out, &mut report);
            at += next;
            if parser.is_at_other() {
                // The rest of its line must be passed over as one, wherever the pieces end.
                at = skip_other(text, at, 0, &mut report);
                end = end.max(at);
                continue;
            }
            if out.rows.len() < limits.block_rows {
                break;
            }
            all.append(std::mem::take(&mut out));
        }
    }
    all.append(out);
    (all, report)
}

/// What a row says, with its names resolved.
#[derive(Clone, PartialEq, Debug)]
struct Seen {
    name: String,
    answers: Vec<(String, String)>,
    row: DnsQuery,
    host: crate::DnsHost,
}

fn seen(rows: &DnsRows) -> Vec<Seen> {
    let see = |row: &DnsQuery| Seen {
        name: rows.name(row).to_owned(),
        answers: rows.answers(row).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        // The places in the text depend on what was read before.
        row: DnsQuery {
            host: 0,
            name: crate::Span { offset: 0, ..row.name },
            answers: crate::Span { offset: 0, ..row.answers },
            ..*row
        },
        host: rows.hosts[row.host as usize].clone(),
    };
    rows.rows.iter().map(see).collect()
}

/// A record between lines, so that it is wide enough for the fast path, and alone, so that it is not: the
/// same row or the same cause.
fn check_record(record: &str) -> Result<Seen, Cause> {
    let (alone, report) = parse(record.as_bytes());
    let spare = "x".repeat(80);
    let (wide, wide_report) = parse(format!("{spare}\n{record}\n{spare}\n").as_bytes());
    assert_eq!(seen(&alone), seen(&wide), "{record}");
    assert_eq!(wide_report.failed(), report.failed() + 2, "{record}");
    let skipped = report.skipped().next().map(|(cause, ..)| cause);
    match (seen(&alone).pop(), skipped) {
        (Some(row), None) => Ok(row),
        (None, Some(cause)) => Err(cause),
        other => panic!("{record}: {other:?}"),
    }
}

fn check_changed(from: &str, to: &str) -> Result<Seen, Cause> {
    assert!(RECORD.contains(from), "{from}");
    check_record(&RECORD.replace(from, to))
}

#[test]
fn the_usual_record_is_read() {
    let seen = check_record(RECORD).unwrap();
    assert_eq!(seen.name, "www.example.com");
    assert_eq!(seen.answers, [("A".to_owned(), "192.0.2.1".to_owned())]);
    let time = Timestamp::parse("2026-01-06T17:31:56Z").unwrap().secs();
    let row = seen.row;
    assert_eq!(row.name_hash, hash64(b"www.example.com"));
    assert_eq!((i64::from(row.time), row.qtype, row.rcode), (time, 1, 0));
    assert_eq!((row.answer_count, row.marks), (1, 0));
    let host = seen.host;
    assert_eq!(host.account.to_string(), "111122223333");
    assert_eq!((host.region.as_str(), &*host.vpc), ("us-east-1", "vpc-0bed033f"));
    assert_eq!(&*host.instance, "i-0f8cf3685a2708a26");
    assert_eq!(host.address, Addr::parse("192.0.2.99").unwrap());
    let (rows, _) = parse(format!("\n{RECORD}\n").as_bytes());
    assert_eq!((rows.origins[0].offset, rows.origins[0].len as usize), (1, RECORD.len()));
}

#[test]
fn order_and_spaces_do_not_matter() {
    let expected = check_record(RECORD).unwrap();
    let value: serde_json::Value = serde_json::from_str(RECORD).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let sorted = serde_json::to_string(&value).unwrap();
    assert_ne!(sorted, RECORD);
    assert_eq!(check_record(&sorted), Ok(expected.clone()));
    assert_eq!(check_record(&RECORD.replace("\":", "\" : ")), Ok(expected.clone()));
    assert_eq!(check_record(&RECORD.replace("1.100000", "1.1")), Ok(expected.clone()));
    assert_eq!(check_record(&format!("  {RECORD} \r")), Ok(expected.clone()));
    // Spread over lines, and several on one line.
    let text = format!("{pretty}\n{RECORD}{RECORD} {pretty}{RECORD}\n{sorted}");
    let (rows, report) = parse(text.as_bytes());
    assert_eq!((seen(&rows), report.failed()), (vec![expected; 6], 0));
}

#[test]
fn answers_in_both_spellings() {
    let answers = r#"{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}"#;
    let with = |list: &str| check_changed(answers, list).unwrap();
    assert_eq!((with("").answers.len(), with("").row.answer_count), (0, 0));
    let other = with(r#"{"answer_type":"A","rdata":"192.0.2.1","answer_class":"IN"}"#);
    assert_eq!(other, check_record(RECORD).unwrap());
    let two =
        with(&format!(r#"{{"Rdata":"a.example.com.","Type":"CNAME","Class":"IN"}},{answers}"#));
    assert_eq!(two.answers[0], ("CNAME".to_owned(), "a.example.com.".to_owned()));
    assert_eq!(two.answers[1], ("A".to_owned(), "192.0.2.1".to_owned()));
    let text = with(r#"{"Rdata":"\"v=spf1\" \\052\nx","Type":"TXT","Class":"IN"}"#);
    assert_eq!(text.answers[0].1, "\"v=spf1\" \\052 x");
    let number = with(r#"{"Rdata":"00ff","Type":"41","Class":"IN"}"#);
    assert_eq!(number.answers[0].0, "41");
    let many = with(&vec![answers; 300].join(","));
    assert_eq!((many.answers.len(), many.row.answer_count), (DnsRows::ANSWERS_MAX, 255));
    let many = with(&vec![answers; 20].join(","));
    assert_eq!((many.answers.len(), many.row.answer_count), (DnsRows::ANSWERS_MAX, 20));
    let long = with(&answers.replace("192.0.2.1", &"z".repeat(5000)));
    assert_eq!(long.answers[0].1.len(), 512);
    assert_eq!(check_changed(&format!("[{answers}]"), "null").unwrap().row.answer_count, 0);
}

#[test]
fn names_types_codes_and_marks() {
    let name = |name: &str| check_changed("WWW.Example.com.", name).unwrap().name;
    assert_eq!(name("\\\\052.Example.com."), "\\052.example.com");
    assert_eq!(name("a\\u0041\\/b."), "aa/b");
    assert_eq!(name("bücher.example."), "bücher.example");
    assert_eq!(name("."), "");
    let kind = |kind: &str| {
        check_changed(r#""query_type":"A""#, &format!(r#""query_type":{kind}"#)).unwrap().row.qtype
    };
    let kinds = ["\"TYPE65\"", "\"HTTPS\"", "\"NULL\"", "28", "\"NEW\""].map(kind);
    assert_eq!(kinds, [65, 65, 10, 28, 0]);
    let code = |code: &str| check_changed("NOERROR", code).unwrap().row.rcode;
    assert_eq!(["NXDOMAIN", "SERVFAIL", "BADCODE"].map(code), [3, 2, 255]);
    assert_eq!(check_changed("UDP", "TCP").unwrap().row.marks, DnsQuery::TCP);
    let blocked = check_changed("26\"}}", "26\"},\"firewall_rule_action\":\"BLOCK\"}").unwrap();
    assert_eq!(blocked.row.marks, DnsQuery::BLOCKED);
    let alert = check_changed("26\"}}", "26\"},\"firewall_rule_action\":\"ALERT\"}").unwrap();
    assert_eq!(alert.row.marks, 0);
}

#[test]
fn hosts_are_named_by_instance_else_by_address() {
    let ids = r#""instance":"i-0f8cf3685a2708a26""#;
    let endpoint = check_changed(ids, r#""resolver_endpoint":"rslvr-in-1""#).unwrap();
    assert_eq!(&*endpoint.host.instance, "");
    let six = check_changed("192.0.2.99", "2001:db8::9").unwrap();
    assert_eq!(six.host.address, Addr::parse("2001:db8::9").unwrap());
    let records = [
        RECORD.to_owned(),
        RECORD.replace("192.0.2.99", "192.0.2.98"),
        RECORD.replace("111122223333", "444455556666"),
        RECORD.replace("vpc-0bed033f", "vpc-0bed0330"),
        RECORD.replace(ids, ""),
        RECORD.replace(ids, "").replace("192.0.2.99", "192.0.2.98"),
        RECORD.replace("i-0f8c", "i-00000000000000000000f8c"),
    ];
    let text = [records.join("\n"), records.join("\n")].join("\n");
    let (rows, _) = parse(text.as_bytes());
    let ids: Vec<u32> = rows.rows.iter().map(|it| it.host).collect();
    assert_eq!(ids, [0, 0, 1, 2, 3, 4, 5, 0, 0, 1, 2, 3, 4, 5]);
    // The key of the object stands in for what the record lacks.
    let bare =
        r#"{"query_timestamp":"2026-01-06T17:31:56Z","query_name":"a.","srcaddr":"192.0.2.9"}"#;
    let host = check_record(bare).unwrap().host;
    assert_eq!((host.account.number(), host.region.as_str()), (999, "eu-central-1"));
}

#[test]
fn bad_records_are_counted_by_cause() {
    for (from, to, cause) in [
        ("192.0.2.99", "192.0.2.999", Cause::InvalidAddress),
        ("2026-01-06T17:31:56Z", "2026-01-06T27:31:56Z", Cause::InvalidTime),
        ("2026-01-06T17:31:56Z", "2026-13-06T17:31:56Z", Cause::InvalidTime),
        ("2026-01-06T17:31:56Z", "1969-01-06T17:31:56Z", Cause::InvalidTime),
        ("2026-01-06T17:31:56Z", "2106-02-07T06:28:16Z", Cause::InvalidTime),
        ("2026-01-06T17:31:56Z", "", Cause::MissingField),
        ("query_name", "queryname", Cause::MissingField),
        ("query_timestamp", "time", Cause::MissingField),
        ("111122223333", "1111222233334", Cause::InvalidNumber),
        ("\"rcode\":", "\"rcode\"", Cause::InvalidJson),
        ("{\"version\"", "[\"version\"", Cause::InvalidJson),
        ("WWW", &"w".repeat(2000), Cause::RecordTooLong),
        ("[{", &format!("[{}{{", "[".repeat(100)), Cause::TooDeep),
    ] {
        assert_eq!(check_changed(from, to).unwrap_err(), cause, "{to}");
    }
    let mut bytes = RECORD.as_bytes().to_vec();
    let at = RECORD.find("WWW").unwrap();
    bytes[at] = 0xff;
    assert_eq!(parse(&bytes).1.count(Cause::InvalidUtf8), 1);
    assert_eq!(parse(&RECORD.as_bytes()[..300]).1.count(Cause::Truncated), 1);
}

#[test]
fn a_broken_line_does_not_take_others_along() {
    for cut in 1..RECORD.len() {
        let text = format!("{RECORD}\n{}\n{RECORD}\n{RECORD}", &RECORD[..cut]);
        let (rows, report) = parse(text.as_bytes());
        assert_eq!((rows.rows.len(), report.failed()), (3, 1), "{}", &RECORD[..cut]);
    }
}

#[test]
fn records_that_are_too_long_are_dropped_once() {
    let limits = Limits { record_bytes: 30_000, ..Limits::default() };
    let long = RECORD.replace("NOERROR", &"N".repeat(100_000));
    let text = format!("{RECORD}\n{long}\n{RECORD}\n");
    for size in [1_000, 45_000, 1_000_000] {
        let (rows, report) = parse_in_pieces(text.as_bytes(), &limits, || size);
        assert_eq!((rows.rows.len(), report.count(Cause::RecordTooLong)), (2, 1), "{size}");
        assert_eq!(report.failed(), 1);
    }
}

#[test]
fn blocks_end_at_their_size() {
    let limits = Limits { block_rows: 2, ..Limits::default() };
    let text = format!("{RECORD}\n{RECORD}{RECORD}{RECORD}\n{RECORD}\n");
    let mut parser = parser(&limits);
    let (mut at, mut sizes) = (0, vec![]);
    while at < text.len() {
        let (mut out, mut report) = (DnsRows::default(), Report::default());
        at = parser.parse(text.as_bytes(), at, 0, true, &mut out, &mut report);
        assert_eq!((out.hosts.len(), report.failed()), (1, 0));
        sizes.push(out.rows.len());
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn query_logs_are_told_from_other_text() {
    assert!(DnsParser::looks_like(RECORD.as_bytes()));
    let long = RECORD.replace("192.0.2.1", &"9".repeat(10_000));
    assert!(DnsParser::looks_like(long.as_bytes()));
    for text in [
        "",
        "{}",
        "{\"Records\":[]}",
        "query_name query_timestamp",
        "[1]",
        r#"{"eventName":"TagResource","tags":{"query_name":"a","query_timestamp":"b"}}"#,
        r#"{"message":"\"query_name\" \"query_timestamp\""}"#,
    ] {
        assert!(!DnsParser::looks_like(text.as_bytes()), "{text}");
    }
}

#[test]
fn records_of_another_format_are_left_to_the_caller() {
    let text = format!("{RECORD}\n{{\"eventName\":\"a\"}}\n{RECORD}\n");
    let mut parser = parser(&Limits::default());
    let (mut out, mut report) = (DnsRows::default(), Report::default());
    let at = parser.parse(text.as_bytes(), 0, 0, true, &mut out, &mut report);
    assert!(parser.is_at_other());
    assert_eq!((at, out.rows.len(), report.failed()), (RECORD.len() + 1, 1, 0));
}

/// Seeded numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound as u64) as usize
    }

    fn record(&mut self, text: &mut String) {
        let mut n = |bound| self.below(bound);
        let answers: Vec<String> = (0..n(4))
            .map(|_| match n(4) {
                0 => r#"{"Rdata":"\"x\\052y\"","Type":"TXT","Class":"IN"}"#.to_owned(),
                1 => r#"{"Rdata":"a.example.com.","Type":"CNAME","Class":"IN"}"#.to_owned(),
                _ => format!(r#"{{"Rdata":"192.0.2.{}","Type":"A","Class":"IN"}}"#, n(256)),
            })
            .collect();
        let (account, vpc, minute, name) = (n(3), n(100), n(60), n(1000));
        let address =
            if n(8) == 0 { "2001:db8::7".to_owned() } else { format!("198.51.100.{}", n(256)) };
        let code = ["NOERROR", "NXDOMAIN", "SERVFAIL"][n(3)];
        let kind = ["A", "AAAA", "TXT", "TYPE65"][n(4)];
        let ids = match n(6) {
            0 => String::new(),
            _ => format!(r#""instance":"i-0f8cf3685a2708a{}""#, n(30)),
        };
        let end = if n(8) == 0 { r#","firewall_rule_action":"BLOCK""# } else { "" };
        writeln!(
            text,
            r#"{{"version":"1.100000","account_id":"11112222333{account}","region":"us-east-1","vpc_id":"vpc-{vpc}","query_timestamp":"2026-01-06T17:{minute:02}:56Z","query_name":"Host{name}.Example.com.","query_type":"{kind}","query_class":"IN","rcode":"{code}","answers":[{}],"srcaddr":"{address}","srcport":"48876","transport":"UDP","srcids":{{{ids}}}{end}}}"#,
            answers.join(",")
        )
        .unwrap();
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        const BYTES: &[u8] = b"\"\"\\\\\n{}[],: 019aZT-.\r\x00\xff\xc3\xa9";
        for _ in 0..self.below(text.len() / 150 + 1) {
            let at = self.below(text.len());
            let byte = BYTES[self.below(BYTES.len())];
            match self.below(4) {
                0 => text.insert(at, byte),
                1 => drop(text.remove(at)),
                _ => text[at] = byte,
            }
        }
    }
}

#[test]
fn the_fast_path_equals_the_complete_path_on_mutations() {
    let mut random = Random(1);
    for round in 0..400 {
        let mut text = String::new();
        for _ in 0..=random.below(60) {
            random.record(&mut text);
        }
        let mut text = text.into_bytes();
        if round % 4 != 0 {
            random.mutate(&mut text);
        }
        let (rows, report) = parse(&text);
        // Single lines are never wide: all of them take the complete path.
        let limits = Limits::default();
        let lines: Vec<usize> = text.split_inclusive(|b| *b == b'\n').map(<[u8]>::len).collect();
        let mut lines = lines.into_iter();
        let singly = parse_in_pieces(&text, &limits, || lines.next().unwrap_or(1));
        assert_eq!((&rows, &report), (&singly.0, &singly.1), "round {round}");
        let pieces = parse_in_pieces(&text, &limits, || random.below(3000));
        assert_eq!((rows, report), pieces, "round {round}");
    }
}

#[test]
fn noise_never_panics() {
    let mut random = Random(2);
    for byte in [b' ', b'\n', b'{', b'[', b'"', b'\\', b'9', 0, 0xff] {
        parse(&vec![byte; 70_000]);
    }
    for _ in 0..300 {
        let text: Vec<u8> = (0..random.below(5000))
            .map(|_| b"\"\"\\{}[],:1a \n\xff\x00u"[random.below(16)])
            .collect();
        let (rows, report) = parse(&text);
        assert_eq!((rows, report), parse_in_pieces(&text, &Limits::default(), || 333));
    }
}
