//! Tests of the flow log parser.

use std::fmt::Write;

use model::{AccountId, Addr, Region};

use super::FlowParser;
use crate::{Cause, Flow, FlowRows, Hint, Limits, Report};

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                      start end action log-status";
const LINE: &str = "2 111122223333 eni-1235b8ca123456789 192.0.2.1 198.51.100.2 20641 22 6 20 4249 1418530010 \
                    1418530070 ACCEPT OK";

fn parser(limits: &Limits) -> FlowParser {
    let hint = Hint {
        account: AccountId::new(999).unwrap(),
        region: Region::new("eu-central-1"),
        ..Hint::default()
    };
    FlowParser::new(7, &hint, limits)
}

/// Parses a whole object at once.
fn parse(text: &[u8]) -> (FlowRows, Report) {
    let limits = Limits::default();
    let (mut out, mut report) = (FlowRows::default(), Report::default());
    let end = parser(&limits).parse(text, 0, 0, true, &mut out, &mut report);
    assert_eq!(end, text.len());
    assert_eq!(out.rows.len(), out.origins.len());
    assert_eq!(report.records, out.rows.len() as u64);
    (out, report)
}

/// Gives the parser pieces of an object as a reader would, each at most `sizes()` bytes longer than what was
/// left, and joins the blocks.
fn parse_in_pieces(
    text: &[u8],
    limits: &Limits,
    mut sizes: impl FnMut() -> usize,
) -> (FlowRows, Report) {
    let (mut all, mut out, mut report) =
        (FlowRows::default(), FlowRows::default(), Report::default());
    let mut parser = parser(limits);
    let (mut at, mut end) = (0, 0);
    while at < text.len() {
        end = (end + sizes().max(1)).min(text.len());
        loop {
            let last = end == text.len();
            let next = parser.parse(&text[at..end], 0, at as u64, last, &mut out, &mut report);
            at += next;
            if out.rows.len() < limits.block_rows {
                break;
            }
            all.append(std::mem::take(&mut out));
        }
    }
    all.append(out);
    (all, report)
}

/// One line between lines that are good, so that it is wide enough for the fast path, and alone, so that it
/// is not: the same row or the same cause.
fn check_line(header: &str, line: &str) -> Result<Flow, Cause> {
    let alone = parse(format!("{header}\n{line}\n").as_bytes());
    let skipped = alone.1.skipped().next().map(|(cause, ..)| cause);
    let spare = "x".repeat(80);
    let (rows, report) = parse(format!("{header}\n{spare}\n{line}\n{spare}\n").as_bytes());
    assert_eq!(rows.rows, alone.0.rows, "{line}");
    assert_eq!(rows.interfaces, alone.0.interfaces, "{line}");
    assert_eq!(report.no_data, alone.1.no_data, "{line}");
    assert_eq!(report.skip_data, alone.1.skip_data, "{line}");
    assert_eq!(report.failed(), alone.1.failed() + 2, "{line}");
    match (rows.rows.first(), skipped) {
        (Some(row), None) => Ok(*row),
        (None, Some(cause)) => Err(cause),
        other => panic!("{line}: {other:?}, {} without data", alone.1.no_data),
    }
}

fn addr(text: &str) -> Addr {
    Addr::parse(text).unwrap()
}

#[test]
fn the_default_line_is_read() {
    let flow = check_line(HEADER, LINE).unwrap();
    let expected = Flow {
        src: addr("192.0.2.1"),
        dst: addr("198.51.100.2"),
        bytes: 4249,
        packets: 20,
        start: 1_418_530_010,
        end: 1_418_530_070,
        interface: 0,
        src_port: 20641,
        dst_port: 22,
        protocol: 6,
        tcp_flags: 0,
        marks: 0,
        traffic_path: 0,
    };
    assert_eq!(flow, expected);
    // Without a header the default order holds.
    let (rows, report) = parse(LINE.as_bytes());
    assert_eq!((rows.rows.as_slice(), report.failed()), (&[expected][..], 0));
    assert_eq!((rows.origins[0].object, rows.origins[0].offset), (7, 0));
    assert_eq!(rows.origins[0].len as usize, LINE.len());
    let interface = &rows.interfaces[0];
    assert_eq!(&*interface.id, "eni-1235b8ca123456789");
    assert_eq!(interface.account.to_string(), "111122223333");
    assert_eq!(interface.region.as_str(), "eu-central-1");
}

#[test]
fn optional_columns_are_read_in_any_order() {
    let header = format!(
        "region {HEADER} tcp-flags flow-direction traffic-path some-new-field vpc-id subnet-id instance-id"
    );
    let line = |end: &str| {
        format!("us-east-1 {} {end} x vpc-1 subnet-2 i-3", LINE.replace("ACCEPT", "REJECT"))
    };
    let flow = check_line(&header, &line("18 egress 8")).unwrap();
    assert_eq!((flow.tcp_flags, flow.traffic_path), (18, 8));
    assert_eq!(flow.marks, Flow::REJECT | Flow::HAS_TCP_FLAGS | Flow::EGRESS);
    let flow = check_line(&header, &line("- ingress -")).unwrap();
    assert_eq!((flow.tcp_flags, flow.traffic_path), (0, 0));
    assert_eq!(flow.marks, Flow::REJECT | Flow::INGRESS);
    assert_eq!(check_line(&header, &line("256 - -")), Err(Cause::InvalidNumber));
    let (rows, _) = parse(format!("{header}\n{}", line("0 - -")).as_bytes());
    let interface = &rows.interfaces[0];
    assert_eq!(interface.region.as_str(), "us-east-1");
    assert_eq!((&*interface.vpc, &*interface.subnet), ("vpc-1", "subnet-2"));
    assert_eq!(&*interface.instance, "i-3");
}

#[test]
fn packets_of_others_are_marked() {
    let header = format!("{HEADER} pkt-srcaddr pkt-dstaddr");
    let marks = |from: &str, to: &str, packet: &str| {
        let line = LINE.replace("192.0.2.1", from).replace("198.51.100.2", to);
        check_line(&header, &format!("{line} {packet}")).unwrap().marks
    };
    // An instance to a NAT gateway, the gateway to the remote host, and both ways back.
    assert_eq!(marks("10.0.1.5", "10.0.0.220", "10.0.1.5 203.0.113.5"), Flow::TO_OTHER);
    assert_eq!(marks("10.0.0.220", "203.0.113.5", "10.0.0.220 203.0.113.5"), 0);
    assert_eq!(marks("203.0.113.5", "10.0.0.220", "203.0.113.5 10.0.0.220"), 0);
    assert_eq!(marks("10.0.0.220", "10.0.1.5", "203.0.113.5 10.0.1.5"), Flow::FROM_OTHER);
    // A container's own address behind that of its host, and fields that say nothing.
    assert_eq!(marks("10.0.1.5", "10.0.0.220", "10.0.1.5 10.0.0.77"), 0);
    assert_eq!(marks("10.0.1.5", "10.0.0.220", "- x"), 0);
}

#[test]
fn ipv6_ports_and_large_numbers() {
    let flow = |from: &str, to: &str| check_line(HEADER, &LINE.replace(from, to));
    assert_eq!(flow("192.0.2.1", "2001:db8::a").unwrap().src, addr("2001:db8::a"));
    assert_eq!(
        flow("198.51.100.2", "2001:db8:1:2:3:4:5:6").unwrap().dst,
        addr("2001:db8:1:2:3:4:5:6")
    );
    assert_eq!(flow("20641 22", "- -").unwrap().dst_port, 0);
    assert_eq!(flow("20 4249", "4294967296 18446744073709551615").unwrap().packets, u32::MAX);
    assert_eq!(flow("4249", "18446744073709551615").unwrap().bytes, u64::MAX);
    assert_eq!(flow("4249", "1234567890123456").unwrap().bytes, 1_234_567_890_123_456);
    assert_eq!(flow("OK", "OK\r").unwrap().bytes, 4249);
}

#[test]
fn bad_lines_are_counted_by_cause() {
    let check = |from: &str, to: &str, cause: Cause| {
        assert_eq!(check_line(HEADER, &LINE.replace(from, to)), Err(cause), "{to}");
    };
    check("192.0.2.1", "192.0.2.256", Cause::InvalidAddress);
    check("192.0.2.1", "192.0.2.01", Cause::InvalidAddress);
    check("192.0.2.1", "", Cause::InvalidAddress);
    check("192.0.2.1", "-", Cause::MissingField);
    check("20641", "65536", Cause::InvalidNumber);
    check("20641", "2o641", Cause::InvalidNumber);
    check("22 6", "22 256", Cause::InvalidNumber);
    check("4249", "18446744073709551616", Cause::InvalidNumber);
    check("1418530010", "4294967296", Cause::InvalidNumber);
    check("1418530010", "-", Cause::MissingField);
    check("ACCEPT", "-", Cause::MissingField);
    check("ACCEPT", "ALLOW", Cause::UnknownFormat);
    check("eni-1235b8ca123456789", "-", Cause::MissingField);
    check("111122223333", "1111222233334", Cause::InvalidNumber);
    check("111122223333", "11112222333x", Cause::InvalidNumber);
    check(" 22 ", " ", Cause::WrongFieldCount);
    check(" 22 ", " 22  ", Cause::WrongFieldCount);
    check("2 111122223333", "6 TransitGateway 111122223333", Cause::UnknownFormat);
}

#[test]
fn lines_without_data_are_counted() {
    let line = "2 111122223333 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA";
    let text = format!("{HEADER}\n{line}\n{LINE}\n{}\n{LINE}\n", line.replace("NO", "SKIP"));
    let (rows, report) = parse(text.as_bytes());
    assert_eq!((rows.rows.len(), report.failed()), (2, 0));
    assert_eq!((report.no_data, report.skip_data), (1, 1));
}

#[test]
fn a_header_between_records_switches_the_columns() {
    let other = "${dstport} ${srcport} ${bytes} ${packets} ${protocol} ${interface-id} ${srcaddr} ${dstaddr} \
                 ${start} ${end} ${action}";
    let line = "22 20641 4249 20 6 eni-9 192.0.2.1 198.51.100.2 1418530010 1418530070 ACCEPT";
    let text = format!("{HEADER}\n{LINE}\n\n \r\n{other}\n{line}\n{HEADER}\r\n{LINE}\r\n");
    let (rows, report) = parse(text.as_bytes());
    assert_eq!(report.failed(), 0);
    let [first, second, third] = rows.rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((first, second.interface), (third, 1));
    assert_eq!(Flow { interface: 0, ..*second }, *first);
    // The account of the object's key stands in for the missing column.
    assert_eq!(rows.interfaces[1].account.number(), 999);
}

#[test]
fn a_header_that_lacks_columns_is_named_once() {
    let header = HEADER.replace(" srcaddr", "").replace(" end", "");
    let text = format!("{header}\na\nb\nc\n{HEADER}\n{LINE}\n");
    let (rows, report) = parse(text.as_bytes());
    assert_eq!((rows.rows.len(), report.count(Cause::MissingField)), (1, 3));
    let (_, _, sample) = report.skipped().next().unwrap();
    assert_eq!(sample.text, "the header lacks srcaddr, end: a");
    let gateway =
        "version resource-type account-id tgw-id srcaddr dstaddr packets bytes start end\n1\n2\n";
    assert_eq!(parse(gateway.as_bytes()).1.count(Cause::UnknownFormat), 2);
}

#[test]
fn the_same_interface_in_two_accounts_is_two() {
    let other = LINE.replace("111122223333", "444455556666");
    let long = LINE.replace("eni-", "eni-000000000000000000000000");
    let text = [LINE, &other, &long, LINE, &other, &long].join("\n");
    let ids: Vec<u32> = parse(text.as_bytes()).0.rows.iter().map(|it| it.interface).collect();
    assert_eq!(ids, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn blocks_end_at_their_size_and_have_their_own_interfaces() {
    let limits = Limits { block_rows: 2, ..Limits::default() };
    let text = format!("{HEADER}\n{}", format!("{LINE}\n").repeat(5));
    let mut parser = parser(&limits);
    let (mut at, mut sizes) = (0, vec![]);
    while at < text.len() {
        let (mut out, mut report) = (FlowRows::default(), Report::default());
        at = parser.parse(text.as_bytes(), at, 0, true, &mut out, &mut report);
        assert_eq!(out.interfaces.len(), 1);
        sizes.push(out.rows.len());
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn lines_that_are_too_long_are_dropped_once() {
    let limits = Limits { record_bytes: 40_000, ..Limits::default() };
    let long = "9".repeat(200_000);
    let text = format!("{HEADER}\n{LINE}\n{long}\n{LINE}\n{}\n{LINE}", " ".repeat(39_000));
    for size in [1_000, 45_000, 1_000_000] {
        let (rows, report) = parse_in_pieces(text.as_bytes(), &limits, || size);
        assert_eq!((rows.rows.len(), report.count(Cause::RecordTooLong)), (3, 1));
        assert_eq!(report.failed(), 1);
    }
}

#[test]
fn a_line_without_newline_waits_for_its_rest() {
    let limits = Limits::default();
    let (mut out, mut report) = (FlowRows::default(), Report::default());
    let mut parser = parser(&limits);
    assert_eq!(parser.parse(LINE.as_bytes(), 0, 0, false, &mut out, &mut report), 0);
    assert_eq!(parser.parse(LINE.as_bytes(), 0, 0, true, &mut out, &mut report), LINE.len());
    assert_eq!((out.rows.len(), report.failed()), (1, 0));
}

#[test]
fn flow_logs_are_told_from_other_text() {
    for line in
        [HEADER, LINE, "6 TransitGateway 111122223333 111122223333 tgw-1", "srcaddr dstaddr"]
    {
        assert!(FlowParser::looks_like(line.as_bytes()), "{line}");
    }
    for line in ["", "{\"Records\":[]}", "hello world", "2 3 4", "127.0.0.1 - - [x] \"GET /\""] {
        assert!(!FlowParser::looks_like(line.as_bytes()), "{line}");
    }
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

    fn line(&mut self, text: &mut String) {
        let mut n = |bound| self.below(bound);
        let (a, b) = (n(256), n(256));
        let address =
            if n(5) == 0 { format!("2001:db8::{a:x}:{b}") } else { format!("192.0.{b}.{a}") };
        let action = if n(3) == 0 { "REJECT" } else { "ACCEPT" };
        let scale = 10usize.pow(n(18) as u32);
        let (eni, port, bytes) = (n(5), n(65_536), n(scale));
        writeln!(
            text,
            "2 111122223333 eni-1235b8ca12345678{eni} {address} 198.51.100.{a} {port} 22 6 {b} {bytes} \
             1418530010 1418530070 {action} OK"
        )
        .unwrap();
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        const BYTES: &[u8] = b" \n-.:0123456789aE\r\x00\xff${}";
        for _ in 0..self.below(text.len() / 100 + 1) {
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
    for round in 0..600 {
        let mut text = String::new();
        if round % 2 == 0 {
            text = format!("{HEADER}\n");
        }
        for _ in 0..=random.below(120) {
            random.line(&mut text);
        }
        let mut text = text.into_bytes();
        random.mutate(&mut text);
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
    for byte in [b' ', b'\n', b'-', b'9', 0, 0xff, b'\r'] {
        parse(&vec![byte; 70_000]);
    }
    for _ in 0..300 {
        let text: Vec<u8> =
            (0..random.below(5000)).map(|_| b" \n-.0159:eni\xffz\x00"[random.below(15)]).collect();
        let (rows, report) = parse(&text);
        assert_eq!((rows, report), parse_in_pieces(&text, &Limits::default(), || 333));
    }
}
