//! CloudTrail documents: the bytes are put behind the start of one, so that they are taken for records.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use telemetry::{Interest, Limits, ObjectReader, Options, Report};

fuzz_target!(|bytes: &[u8]| {
    let document = [b"{\"Records\":[", bytes, b"]}"].concat();
    let limits =
        Limits { block_rows: 4, record_bytes: 4096, window_bytes: 8192, ..Limits::default() };
    let options = Arc::new(Options { limits, interest: Interest::all() });
    let mut reader = ObjectReader::new(0, "", document, options);
    let (mut report, mut rows) = (Report::default(), 0);
    while let Some(block) = reader.next_block(&mut report) {
        assert!(block.len() <= 4);
        rows += block.len() as u64;
    }
    assert_eq!(rows, report.records);
});
