//! Messages inside of envelopes: as text and as base64.
#![no_main]

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use telemetry::{Limits, ObjectReader, Options, Report};

fuzz_target!(|bytes: &[u8]| {
    let data = STANDARD.encode(bytes);
    let mut object = format!("{{\"records\":[{{\"data\":\"{data}\"}}]}}\n").into_bytes();
    object.extend_from_slice(b"{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"message\":\"");
    object.extend_from_slice(bytes);
    object.extend_from_slice(b"\"}]}");
    let limits = Limits { block_rows: 4, object_bytes: 1 << 20, ..Limits::default() };
    let options = Arc::new(Options { limits, ..Options::default() });
    let mut reader = ObjectReader::new(0, "", object, options);
    let (mut report, mut rows) = (Report::default(), 0);
    while let Some(block) = reader.next_block(&mut report) {
        rows += block.len() as u64;
    }
    assert_eq!(rows, report.records);
});
