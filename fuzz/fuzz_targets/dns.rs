//! Query log lines, in one piece and cut anywhere: the rows must be the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry::{DnsParser, DnsRows, Hint, Limits, Report};

fn parse(pieces: [&[u8]; 2]) -> (DnsRows, Report) {
    let mut parser = DnsParser::new(0, &Hint::default(), &Limits::default());
    let (mut rows, mut report) = (DnsRows::default(), Report::default());
    let [first, second] = pieces;
    let done = parser.parse(first, 0, 0, false, &mut rows, &mut report);
    let rest = [&first[done..], second].concat();
    parser.parse(&rest, 0, done as u64, true, &mut rows, &mut report);
    (rows, report)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((at, text)) = bytes.split_first() else { return };
    let at = text.len() * usize::from(*at) / 256;
    let (whole, of_whole) = parse([text, b""]);
    let (cut, of_cut) = parse([&text[..at], &text[at..]]);
    assert_eq!((whole, of_whole), (cut, of_cut));
});
