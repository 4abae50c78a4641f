//! Cases, their samples and the Markdown table of them.

use super::ROUNDS;
use super::measure::{Sample, measure};
use super::programs::Line;
use super::stat::Stat;
use anyhow::{Context, Result};
use std::fmt::Write as _;

/// Something that is run again and again.
#[derive(Debug)]
pub(crate) struct Case {
    name: String,
    line: Line,
    samples: Vec<Sample>,
}

impl Case {
    /// A case that was not run yet.
    pub(crate) fn new(name: impl Into<String>, line: Line) -> Case {
        Case { name: name.into(), line, samples: Vec::new() }
    }

    fn cpu(&self) -> Vec<f64> {
        self.samples.iter().map(|sample| sample.cpu).collect()
    }

    /// Peak of memory in bytes, median of the rounds.
    pub(crate) fn peak_bytes(&self) -> f64 {
        Stat::of(self.samples.iter().map(|sample| sample.peak_kib as f64 * 1024.0)).median
    }

    /// CPU time relative to another case.
    pub(crate) fn ratio(&self, base: &Case) -> Stat {
        Stat::of_ratios(&self.cpu(), &base.cpu())
    }

    /// CPU seconds.
    pub(crate) fn seconds(&self) -> Stat {
        Stat::of(self.cpu())
    }
}

/// Runs every case once in each round.
pub(crate) fn run(cases: &mut [Case]) -> Result<()> {
    for round in 1..=ROUNDS {
        for case in &mut *cases {
            let sample =
                measure(&case.line).with_context(|| format!("cannot measure {}", case.name))?;
            eprintln!("round {round}: {}: {:.2} s", case.name, sample.cpu);
            case.samples.push(sample);
        }
    }
    Ok(())
}

/// The table of cases that all worked on the same records; `base` is the place of the floor.
pub(crate) fn markdown(cases: &[Case], base: usize, events: u64) -> Result<String> {
    let base = cases.get(base).context("there is no such case")?;
    let mut out = String::from(
        "| | CPU s | × floor | million records per CPU second | wall s | peak MiB |\n|---|---|---|---|---|---|\n",
    );
    for case in cases {
        let cpu = case.seconds();
        let wall = Stat::of(case.samples.iter().map(|sample| sample.wall));
        let rate = events as f64 / cpu.median / 1e6;
        let peak = case.peak_bytes() / f64::from(1 << 20);
        let (name, ratio) = (&case.name, case.ratio(base));
        writeln!(out, "| {name} | {cpu} | {ratio} | {rate:.2} | {:.2} | {peak:.0} |", wall.median)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, cpu: [f64; 2]) -> Case {
        let samples = cpu.map(|cpu| Sample { cpu, wall: cpu, peak_kib: 20_480 });
        Case { name: name.to_owned(), line: Vec::new(), samples: samples.to_vec() }
    }

    #[test]
    fn every_case_has_a_row() {
        let cases = [case("floor", [1.0, 1.0]), case("scan", [1.5, 2.5])];
        let text = markdown(&cases, 0, 4_000_000).unwrap();
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| floor | 1.00 (1.00–1.00) | 1.00 (1.00–1.00) | 4.00 | 1.00 | 20 |",
                "| scan | 2.00 (1.50–2.50) | 2.00 (1.50–2.50) | 2.00 | 2.00 | 20 |"
            ]
        );
    }
}
