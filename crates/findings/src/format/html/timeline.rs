//! Findings over time as stacked bars, drawn as inline SVG.

use model::{SeverityBand, Timestamp};

use crate::format::html::class;
use crate::format::{minutes, put};
use crate::{Finding, ReportFinding};

/// Widths of a bar in hours that people can read, with what they are called.
const STEPS: [(i64, &str); 6] =
    [(1, "hour"), (6, "6 hours"), (24, "day"), (168, "week"), (720, "30 days"), (8760, "365 days")];
/// Most bars.
const BARS_MAX: i64 = 72;
/// Fewest bars: a short period is shown with some room around it.
const BARS_MIN: i64 = 24;
const LEFT: i64 = 36;
const WIDTH: i64 = 1060;
const HEIGHT: i64 = 150;
const BASE: i64 = HEIGHT + 10;

/// Counts by band, mildest first.
type Bar = [u64; SeverityBand::ALL.len()];

/// The bars of the timeline: which finding stands in which.
pub(crate) struct Timeline {
    start: i64,
    step: i64,
    bars: i64,
    unit: &'static str,
}

impl Timeline {
    /// Chooses bars for when findings were last seen; nothing without findings.
    pub(crate) fn new(findings: &[&ReportFinding<'_>]) -> Option<Timeline> {
        let hours = || findings.iter().map(|it| it.finding.service.event_last_seen.hour());
        let (first, last) = (hours().min()?, hours().max()?);
        let span = last.saturating_sub(first).saturating_add(1);
        let step = STEPS.iter().find(|(step, _)| span / step < BARS_MAX);
        let (step, unit) = step.copied().unwrap_or((span / BARS_MAX + 1, "long period"));
        let used = last.div_euclid(step) - first.div_euclid(step) + 1;
        let bars = used.max(BARS_MIN);
        let start = first.div_euclid(step) - (bars - used) / 2;
        Some(Timeline { start, step, bars, unit })
    }

    /// The number of a finding's bar.
    pub(crate) fn bar_of(&self, finding: &Finding) -> i64 {
        finding.service.event_last_seen.hour().div_euclid(self.step) - self.start
    }

    /// Draws the chart.
    pub(crate) fn draw(&self, out: &mut String, findings: &[&ReportFinding<'_>]) {
        let mut counts = vec![Bar::default(); usize::try_from(self.bars).unwrap_or_default()];
        for it in findings {
            let bar = usize::try_from(self.bar_of(it.finding)).ok();
            let count = bar.and_then(|it| counts.get_mut(it));
            if let Some(count) = count.and_then(|bar| bar.get_mut(it.finding.band() as usize)) {
                *count += 1;
            }
        }
        let (start, step, bars) = (self.start, self.step, self.bars);
        let axis = Axis { start, step, bars, top: top(&counts) };
        put(
            out,
            format_args!(
                "<p class=\"caption\">Findings by the {unit} in which they were last seen, UTC</p>\n\
                 <div class=\"scroll\"><svg class=\"timeline\" id=\"chart\" viewBox=\"0 0 {WIDTH} {}\" \
                 data-base=\"{BASE}\" data-height=\"{HEIGHT}\" data-top=\"{}\" role=\"group\" \
                 aria-label=\"Findings per {unit} by severity\">\n",
                BASE + 26,
                axis.top,
                unit = self.unit,
            ),
        );
        axis.grid(out);
        for (at, bar) in counts.iter().enumerate() {
            axis.bar(out, at as i64, bar);
        }
        axis.labels(out);
        out.push_str("</svg></div>\n");
    }
}

/// The number at the top of the scale: even from three on, so that the middle line is whole.
fn top(counts: &[Bar]) -> u64 {
    let most = counts.iter().map(|it| it.iter().sum::<u64>()).max().unwrap_or(0).max(1);
    if most > 2 { most.next_multiple_of(2) } else { most }
}

struct Axis {
    start: i64,
    step: i64,
    bars: i64,
    top: u64,
}

impl Axis {
    fn x(&self, bar: i64) -> i64 {
        LEFT + (WIDTH - LEFT) * bar / self.bars
    }

    fn y(&self, count: u64) -> i64 {
        BASE - (HEIGHT as u64).saturating_mul(count).checked_div(self.top).unwrap_or(0) as i64
    }

    fn grid(&self, out: &mut String) {
        let middle = (self.top > 2).then_some(self.top / 2);
        for count in [Some(0), middle, Some(self.top)].into_iter().flatten() {
            let y = self.y(count);
            put(
                out,
                format_args!(
                    "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>\
                     <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{count}</text>\n",
                    LEFT - 8,
                    y + 4
                ),
            );
        }
    }

    fn bar(&self, out: &mut String, at: i64, bar: &Bar) {
        let total: u64 = bar.iter().sum();
        if total == 0 {
            return;
        }
        let time = minutes(Timestamp::from_hour((self.start + at) * self.step));
        let gap = if self.bars > 48 { 2 } else { 4 };
        let (x, width) = (self.x(at) + gap / 2, self.x(at + 1) - self.x(at) - gap);
        put(
            out,
            format_args!("<g class=\"bar\" data-b=\"{at}\" data-from=\"{time}\"><title>{time} — "),
        );
        let named = SeverityBand::ALL.iter().zip(bar).rev().filter(|(_, count)| **count > 0);
        for (place, (band, count)) in named.enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            put(out, format_args!("{comma}{count} {}", class(*band)));
        }
        // Where the pointer or the keyboard picks the bar.
        put(
            out,
            format_args!(
                "</title><rect class=\"hit\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{HEIGHT}\"/>",
                BASE - HEIGHT
            ),
        );
        // The most severe stand on the base line, where their heights compare.
        let mut below = 0;
        for (band, count) in
            SeverityBand::ALL.iter().zip(bar).rev().filter(|(_, count)| **count > 0)
        {
            let (y, end) = (self.y(below + count), self.y(below));
            below += count;
            put(
                out,
                format_args!(
                    "<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\"/>",
                    class(*band),
                    end - y
                ),
            );
        }
        out.push_str("</g>\n");
    }

    fn labels(&self, out: &mut String) {
        let every = self.bars.div_euclid(6).max(1);
        for at in (0..self.bars).step_by(every as usize) {
            let time = minutes(Timestamp::from_hour((self.start + at) * self.step));
            let text = if self.step < 24 { time.get(5..) } else { time.get(..10) };
            put(
                out,
                format_args!(
                    "<text x=\"{}\" y=\"{}\">{}</text>\n",
                    self.x(at),
                    BASE + 20,
                    text.unwrap_or(&time)
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn draw(times: &[Timestamp]) -> String {
        let sample = fixture::samples().remove(0);
        let mut samples = vec![sample; times.len()];
        for (sample, time) in samples.iter_mut().zip(times) {
            sample.finding.service.event_last_seen = *time;
        }
        let reports: Vec<ReportFinding<'_>> = samples.iter().map(fixture::Sample::report).collect();
        let findings: Vec<&ReportFinding<'_>> = reports.iter().collect();
        let mut out = String::new();
        if let Some(it) = Timeline::new(&findings) {
            it.draw(&mut out, &findings);
        }
        out
    }

    #[test]
    fn every_finding_is_in_a_bar_and_bars_are_bounded() {
        let day = 86_400_000;
        for span in [0, day, 10 * day, 100 * day, 1000 * day, 4_000_000 * day, i64::MAX] {
            let times = [
                Timestamp::from_millis(0),
                Timestamp::from_millis(span / 2),
                Timestamp::from_millis(span),
            ];
            let text = draw(&times);
            let counted: u64 = text
                .split("— ")
                .skip(1)
                .map(|it| it.split(' ').next().unwrap().parse::<u64>().unwrap())
                .sum();
            assert_eq!(counted, 3, "{span}");
            assert!(text.len() < 20_000);
        }
    }

    #[test]
    fn nothing_is_drawn_without_findings() {
        assert_eq!(draw(&[]), "");
    }
}
