//! One source: scan, floor and decompression, and DuckDB where it is installed.

use super::data;
use super::duck::DuckDb;
use super::options::{Options, Source};
use super::programs::Programs;
use super::table::{self, Case};
use anyhow::Result;
use std::fmt::Write as _;

/// Place of the floor among the cases.
const FLOOR: usize = 1;

/// Measures a source and returns its section.
pub(crate) fn run(options: &Options, programs: &Programs, source: Source) -> Result<String> {
    let records = options.sized(source.records());
    let mut args = vec![format!("--{}", source.name()), records.to_string(), "--intel".to_owned()];
    let mut name = format!("{}-{records}", source.name());
    if options.inject {
        args.extend(["--inject".to_owned(), "all".to_owned()]);
        name.push_str("-inject");
    }
    let set = data::set(programs, source, &name, &args)?;
    let logs = set.logs();
    let mut cases = vec![
        Case::new("decompression alone", programs.inflate(source, &logs)),
        Case::new("floor", programs.floor(source, &logs)),
        Case::new("`guardpost scan`, 1 thread", programs.scan(&logs, 1)),
        Case::new("`guardpost scan`, 2 threads", programs.scan(&logs, 2)),
    ];
    let duck = if source == Source::Flow { DuckDb::find() } else { None };
    if let Some(duck) = &duck {
        for query in duck.flow_queries(&set.folder) {
            cases.push(Case::new(format!("DuckDB: {}", query.name), query.line));
        }
    }
    table::run(&mut cases)?;
    let facts = &set.facts;
    let mut out = String::new();
    writeln!(
        out,
        "### {}\n\n{} records of 8 accounts over 7 days, {:.0} MB in gzip files, {:.0} MB of text.\n",
        source.title(),
        facts.events,
        facts.packed_bytes as f64 / 1e6,
        facts.raw_bytes as f64 / 1e6,
    )?;
    out.push_str(&table::markdown(&cases, FLOOR, facts.events)?);
    if let Some(duck) = &duck {
        let sum: f64 = cases.iter().skip(4).map(|case| case.seconds().median).sum();
        writeln!(out, "\nThe DuckDB queries ({}) in turn take {sum:.2} CPU s.", duck.version())?;
        out.push_str(
            "Each answers one question; the floor answers none and the scan runs every detector.\n",
        );
    }
    Ok(out)
}
