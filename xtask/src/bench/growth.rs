//! How cost and memory grow with the number of entities.

use super::data;
use super::options::{Options, Source};
use super::programs::Programs;
use super::table::{self, Case};
use anyhow::Result;
use std::fmt::Write as _;

/// Flow records of each set.
const RECORDS: u64 = 4_000_000;
/// Interfaces of the sets.
const INTERFACES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// A set that was measured.
struct Row {
    asked: u64,
    seen: u64,
    floor: Case,
    scan: Case,
}

/// Measures flows of ever more interfaces and returns the section.
pub(crate) fn run(options: &Options, programs: &Programs) -> Result<String> {
    let records = options.sized(RECORDS);
    let rows = INTERFACES.map(|asked| row(programs, records, asked));
    let rows: Vec<Row> = rows.into_iter().collect::<Result<_>>()?;
    let mut out = format!(
        "### Growth\n\n{records} flow records each. Bytes per interface are the growth of the peak \
         against the first row.\n\n\
         | interfaces | seen | floor CPU s | scan CPU s | × floor | peak MiB | bytes per interface |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for row in &rows {
        let Row { asked, seen, floor, scan } = row;
        let bytes = rows.first().and_then(|first| bytes_per_interface(first, row));
        writeln!(
            out,
            "| {asked} | {seen} | {} | {} | {} | {:.0} | {} |",
            floor.seconds(),
            scan.seconds(),
            scan.ratio(floor),
            scan.peak_bytes() / f64::from(1 << 20),
            bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{bytes:.0}")),
        )?;
    }
    Ok(out)
}

fn row(programs: &Programs, records: u64, asked: u64) -> Result<Row> {
    let numbers = [("--flow", records), ("--instances", asked)];
    let args: Vec<String> =
        numbers.iter().flat_map(|(key, value)| [(*key).to_owned(), value.to_string()]).collect();
    let name = format!("growth-{records}-{asked}");
    let set = data::set(programs, Source::Flow, &name, &args)?;
    let logs = set.logs();
    let floor = Case::new("floor", programs.floor(Source::Flow, &logs));
    let scan = Case::new(format!("scan, {asked} interfaces"), programs.scan(&logs, 1));
    let mut cases = [floor, scan];
    table::run(&mut cases)?;
    let [floor, scan] = cases;
    // Records without data share one key of the floor.
    Ok(Row { asked, seen: set.facts.keys.saturating_sub(1), floor, scan })
}

fn bytes_per_interface(first: &Row, row: &Row) -> Option<f64> {
    let more = row.seen.checked_sub(first.seen).filter(|&more| more > 0)?;
    Some((row.scan.peak_bytes() - first.scan.peak_bytes()) / more as f64)
}
