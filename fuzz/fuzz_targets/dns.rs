//! Query log lines, in one piece and cut anywhere: the rows must be the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry::{DnsParser, DnsRows, Hint, Limits, Report};

fn parse(text: &[u8], cut: usize) -> (DnsRows, Report) {
    let mut parser = DnsParser::new(0, &Hint::default(), &Limits::default());
    let (mut rows, mut report) = (DnsRows::default(), Report::default());
    let mut at = 0;
    for end in [cut, text.len()] {
        loop {
            let piece = &text[at.min(end)..end];
            let last = end == text.len();
            at += parser.parse(piece, 0, at as u64, last, &mut rows, &mut report);
            if !parser.is_at_other() {
                break;
            }
            // Pass over the line of a record that is none of a query log.
            let line = text[at..].iter().position(|b| *b == b'\n');
            at = line.map_or(text.len(), |it| at + it);
        }
    }
    (rows, report)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((at, text)) = bytes.split_first() else { return };
    let at = text.len() * usize::from(*at) / 256;
    assert_eq!(parse(text, text.len()), parse(text, at));
});
