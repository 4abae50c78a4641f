//! Generated scenarios: what is found of attacks, and what is found where nothing is wrong.
//!
//! The worlds of `simulate` are written to files, one world at a time, and scanned by the program as any logs
//! are. To judge further sources, add worlds of them here, a part to [`Results`], and rows to `targets.rs`.

mod baseline;
mod notes;
mod places;
mod play;
mod published;
mod report;
mod stat;
mod tally;
mod targets;
pub(crate) mod volumes;
mod worlds;

use std::time::Instant;

use anyhow::Result;

pub(crate) use worlds::Form;

use super::product::Product;
use places::Confusion;
use tally::Tally;

/// What everything gave.
pub(crate) struct Results {
    tally: Tally,
    confusion: Confusion,
    /// Hash of the settings.
    settings: u64,
}

/// Plays all worlds of a form.
pub(crate) fn run(form: Form, product: &Product) -> Result<Results> {
    let (mut tally, begin) = (Tally::default(), Instant::now());
    let confusion = places::play(product)?;
    let plans: Vec<_> = worlds::attacked(form).into_iter().chain(worlds::quiet(form)).collect();
    let count = plans.len();
    for (number, plan) in (1..).zip(plans) {
        let played = play::play(plan, product)?;
        let (seed, secs) = (played.plan.seed, begin.elapsed().as_secs());
        println!(
            "-- world {number} of {count}: seed {seed}, {} lines, {secs} s so far",
            played.lines
        );
        tally.add(&played);
    }
    Ok(Results { tally, confusion, settings: product.settings_hash()? })
}

impl Results {
    /// The report as Markdown.
    pub(crate) fn report(&self) -> String {
        report::report(self)
    }

    /// The table of targets, and what is missed.
    pub(crate) fn targets(&self) -> String {
        format!("{}\n{}", report::target_table(self), report::note_list(self))
    }

    /// What is worse than in a published report.
    pub(crate) fn regressions(&self, published: &str) -> Vec<String> {
        published::regressions(self, published)
    }
}
