//! How far a scan has come, for whoever sits at a terminal.

use std::fmt::Write;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use model::SeverityBand;

use crate::pipeline::Progress;
use crate::text::{size, thousands};

/// Time between two changes of what is shown.
const STEP: Duration = Duration::from_millis(100);

/// Time after which it is said how long the rest will take: what the first files take says little.
const KNOWN_AFTER: Duration = Duration::from_secs(2);

/// A bar on standard error; nothing where that is no terminal.
pub struct Bar {
    shown: ProgressBar,
    is_shown: bool,
    files: u64,
    bytes: u64,
    started: Instant,
    drawn: Instant,
}

impl Bar {
    /// A bar that says what is done before reading.
    pub fn new(is_quiet: bool) -> Bar {
        let is_shown = !is_quiet && std::io::stderr().is_terminal();
        let bar = if is_shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.set_message("looking at files");
        if is_shown {
            bar.enable_steady_tick(STEP);
        }
        let now = Instant::now();
        Bar { shown: bar, is_shown, files: 0, bytes: 0, started: now, drawn: now }
    }

    /// Says how much is to be read.
    pub fn begin(&mut self, bytes: u64, files: u64) {
        (self.files, self.bytes) = (files, bytes);
        self.started = Instant::now();
        self.shown.set_length(bytes);
        self.shown.reset_elapsed();
        let style = ProgressStyle::with_template(
            "{bar:32.cyan/blue} {percent:>3}%  {left}\n  {prefix}\n  {msg}",
        );
        if let Ok(style) = style {
            self.shown.set_style(style.with_key("left", write_left).progress_chars("━╸─"));
        }
    }

    /// Shows how far it has come.
    pub fn show(&mut self, progress: &Progress) {
        if !self.is_shown || self.drawn.elapsed() < STEP {
            return;
        }
        self.drawn = Instant::now();
        let secs = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = |number: u64| (number as f64 / secs) as u64;
        self.shown.set_position(progress.bytes);
        self.shown.set_prefix(format!(
            "{} of {} files  {} of {}  {} records/s  {}/s",
            thousands(progress.files),
            thousands(self.files),
            size(progress.bytes),
            size(self.bytes),
            thousands(rate(progress.records)),
            size(rate(progress.bytes)),
        ));
        self.shown.set_message(findings(progress));
    }

    /// Removes the bar.
    pub fn end(&self) {
        self.shown.finish_and_clear();
    }
}

fn write_left(state: &ProgressState, out: &mut dyn Write) {
    if let Some(left) = left(state.pos(), state.len().unwrap_or(0), state.elapsed()) {
        // The bar has nowhere to report an error to.
        let _ok = write!(out, "{} left", HumanDuration(left));
    }
}

/// How long the rest takes if it goes on as it went so far.
fn left(done: u64, all: u64, elapsed: Duration) -> Option<Duration> {
    if elapsed < KNOWN_AFTER || done == 0 {
        return None;
    }
    let rest = all.saturating_sub(done) as f64 / done as f64;
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * rest).ok()
}

fn findings(progress: &Progress) -> String {
    let parts: Vec<String> = SeverityBand::ALL
        .iter()
        .zip(progress.findings)
        .rev()
        .filter(|(_, count)| *count > 0)
        .map(|(band, count)| format!("{} {}", thousands(count), band.to_string().to_lowercase()))
        .collect();
    if parts.is_empty() {
        "no findings so far".to_owned()
    } else {
        format!("findings so far: {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_once_it_is_known() {
        let secs = Duration::from_secs;
        assert_eq!(left(0, 100, secs(60)), None);
        assert_eq!(left(1, 1_000_000, secs(1)), None);
        assert_eq!(left(25, 100, secs(10)), Some(secs(30)));
        assert_eq!(left(120, 100, secs(10)), Some(secs(0)));
    }
}
