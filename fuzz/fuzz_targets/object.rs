//! Whole objects as they are stored: compression, layout and every format; records are fetched again.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use telemetry::{Block, Interest, Limits, ObjectReader, Options, Report, extract, first_time};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        block_rows: 4,
        record_bytes: 4096,
        window_bytes: 8192,
        object_bytes: 1 << 20,
        ..Limits::default()
    };
    let options = Arc::new(Options { limits, interest: Interest::all() });
    let mut reader = ObjectReader::new(0, "", bytes.to_vec(), options);
    let (mut report, mut rows) = (Report::default(), 0);
    let mut origins = Vec::new();
    while let Some(block) = reader.next_block(&mut report) {
        rows += block.len() as u64;
        origins.extend(match block {
            Block::Flows(flows) => flows.origins,
            Block::Queries(queries) => queries.origins,
            Block::ApiCalls(calls) => calls.origins,
        });
    }
    assert_eq!(rows, report.records);
    origins.sort_by_key(|it| it.offset);
    assert!(extract(bytes.to_vec(), &origins).iter().all(Option::is_some));
    first_time("", bytes, |_| true);
});
