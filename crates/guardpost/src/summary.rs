//! What a scan read, what it could not read and why, and what it could not see.

use std::fmt::Write as _;
use std::time::Duration;

use findings::{Data, InputKind, InputSummary, Skipped};
use store::FindingStore as _;
use telemetry::Sample;

use crate::coverage;
use crate::scan::Scan;
use crate::text::{count, minutes, size, thousands, visible, wrap};

/// Files that cannot be read which are listed.
const UNREADABLE_MAX: usize = 5;
/// Widest and narrowest text.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=100;
/// What stands before each line.
const LABEL: usize = 10;

/// The last words of a scan.
pub fn summary(scan: &Scan, lost_evidence: u64) -> String {
    let columns = terminal_size::terminal_size_of(std::io::stderr());
    let columns = columns.map_or(*WIDTHS.end(), |(width, _)| usize::from(width.0));
    let width = columns.clamp(*WIDTHS.start(), *WIDTHS.end());
    let mut out = Summary { width, ..Summary::default() };
    out.read(scan);
    out.skipped(scan);
    out.dry_run(scan);
    out.remarks(scan, lost_evidence);
    for (data, types) in coverage::missing(&scan.coverage) {
        let types = count(types, "finding type");
        out.entry("Not seen", &format!("no {}: {types} cannot be raised", data.as_str()));
    }
    let secs = scan.elapsed.as_secs_f64();
    let records = scan.outcome.progress.records;
    let rate = thousands((records as f64 / secs.max(0.001)) as u64);
    let threads = count(scan.threads as u64, "thread");
    out.entry("Time", &format!("{secs:.1} s on {threads}, {rate} records/s"));
    out.text
}

#[derive(Default)]
struct Summary {
    text: String,
    label: &'static str,
    width: usize,
}

impl Summary {
    /// A line; its label only where it differs from that of the line above.
    fn line(&mut self, label: &'static str, text: &str) {
        let shown = if label == self.label { "" } else { label };
        self.label = label;
        // Writing to a string cannot fail.
        let _ok = writeln!(self.text, "{shown:<LABEL$}{text}");
    }

    fn entry(&mut self, label: &'static str, text: &str) {
        let wrapped = wrap(text, self.width - LABEL, "");
        for (at, line) in wrapped.lines().enumerate() {
            if at == 0 { self.line(label, line) } else { self.line(label, &format!("  {line}")) }
        }
    }

    fn read(&mut self, scan: &Scan) {
        let progress = scan.outcome.progress;
        let files = count(progress.files, "file");
        let records = count(progress.records, "record");
        self.line("Read", &format!("{files}, {}, {records}", size(progress.bytes)));
        let head = ["KIND", "RECORDS", "FILES", "ACCOUNTS", "FROM", "TO"].map(str::to_owned);
        let mut rows = vec![head];
        rows.extend(scan.outcome.tally.kinds().map(|(kind, it)| {
            [
                kind.as_str().to_owned(),
                thousands(it.records),
                thousands(it.files),
                thousands(it.accounts.len() as u64),
                minutes(it.first),
                minutes(it.last),
            ]
        }));
        if rows.len() == 1 {
            return;
        }
        let width = |at: usize| {
            rows.iter().filter_map(|it| it.get(at)).map(String::len).max().unwrap_or_default()
        };
        let [kind_width, record_width, file_width, account_width, time_width] =
            [0, 1, 2, 3, 4].map(width);
        for [kind, records, files, accounts, first, last] in &rows {
            // Writing to a string cannot fail.
            let _ok = writeln!(
                self.text,
                "  {kind:<kind_width$}  {records:>record_width$}  {files:>file_width$}  \
                 {accounts:>account_width$}  {first:<time_width$}  {last}"
            );
        }
    }

    fn skipped(&mut self, scan: &Scan) {
        for (cause, number, sample) in scan.outcome.report.skipped() {
            let (name, remedy) = (cause.as_str(), cause.remedy());
            let label = if cause.is_failure() { "Skipped" } else { "Note" };
            self.entry(label, &format!("{} × {name}: {remedy}", thousands(number)));
            let text = cut(place(scan, sample), self.width - LABEL - 2);
            self.line(label, &format!("  {text}"));
        }
        let unreadable = &scan.outcome.unreadable;
        for it in unreadable.iter().take(UNREADABLE_MAX) {
            self.line("Skipped", &format!("{}: {}", visible(&it.name), it.cause));
        }
        if unreadable.len() > UNREADABLE_MAX {
            let more = count((unreadable.len() - UNREADABLE_MAX) as u64, "more file");
            self.line("Skipped", &format!("{more} that cannot be read"));
        }
        if scan.outcome.impossible > 0 {
            let rows = count(scan.outcome.impossible, "record");
            self.entry("Skipped", &format!("{rows} {IMPOSSIBLE}"));
        }
    }

    /// Calls of instances behind a NAT gateway look like stolen credentials where nobody says whose it is.
    fn inventory(&mut self, scan: &Scan) {
        let findings = scan.outcome.store.findings();
        let open = findings.iter().filter(|it| it.finding.finding_type == SETTLED_BY_INVENTORY);
        let open = open.count() as u64;
        if open > 0 && !scan.has_inventory {
            let text = format!(
                "{} of {SETTLED_BY_INVENTORY} may be calls by way of NAT gateways and other addresses of \
                 yours: --inventory with the output of `aws ec2 describe-addresses` and \
                 `describe-nat-gateways` settles it",
                count(open, "finding")
            );
            self.entry("Hint", &text);
        }
    }

    /// What was learnt from is not judged.
    fn learning(&mut self, scan: &Scan) {
        let mut kinds = scan.outcome.tally.kinds();
        let calls = kinds.find(|(kind, _)| kind.data() == Some(Data::CloudTrailManagement));
        let (Some(days), Some((_, calls))) = (scan.learning_days, calls) else { return };
        let learnt = Duration::from_hours(24 * u64::from(days));
        let days = count(u64::from(days), "day");
        let first = scan.known.map_or(calls.first, |it| it.since.min(calls.first));
        let text = if first + learnt < calls.last {
            format!(
                "unusual behavior is judged after the first {days} of each account's API calls, from which is \
                 learnt what is usual"
            )
        } else {
            format!(
                "unusual behavior was not judged: what is usual is learnt from the first {days} of each account's \
                 API calls, and these logs span less"
            )
        };
        self.entry("Note", &text);
    }

    /// Matches of custom detection rules that were only counted.
    fn dry_run(&mut self, scan: &Scan) {
        for (rule, number) in scan.dry_run() {
            let word = if number == 1 { "match" } else { "matches" };
            self.entry("Dry run", &format!("{rule}: {} {word}", thousands(number)));
        }
    }

    fn remarks(&mut self, scan: &Scan, lost_evidence: u64) {
        let outcome = &scan.outcome;
        let note = |out: &mut Summary, number: u64, noun: &str, text: &str| {
            if number > 0 {
                out.entry("Note", &format!("{} {text}", count(number, noun)));
            }
        };
        note(
            self,
            scan.outside_files,
            "file",
            "outside of the time asked for, by the path: not opened",
        );
        note(self, outcome.outside, "record", "outside of the time asked for");
        note(self, scan.duplicates, "file", "with the content of another: read once");
        note(self, scan.empty, "file", "without content");
        note(
            self,
            outcome.counters.duplicates,
            "API call",
            "delivered more than once: counted once",
        );
        note(self, outcome.report.no_data, "flow record", "that say there was no traffic");
        note(
            self,
            outcome.report.skip_data,
            "flow record",
            "that say AWS left records out (SKIPDATA): traffic of these minutes is missing",
        );
        note(
            self,
            outcome.counters.late,
            "record",
            "came later than the lateness bound allows: they count, but reopen no window. Unsorted or \
             joined files are the usual cause; give the files as AWS delivered them",
        );
        note(
            self,
            outcome.dropped,
            "finding",
            "beyond what is kept: limit the scan by --since, --until or PATH",
        );
        note(
            self,
            lost_evidence,
            "record",
            "of evidence could not be read again: the files changed",
        );
        let text = "let go before their time because too many waited for earlier ones";
        note(self, outcome.released_early, "API call", text);
        let text = "decided early because their interface has too many at a time";
        note(self, outcome.counters.evicted_connections, "connection", text);
        let text = "of weak evidence dropped because too many waited";
        note(self, outcome.counters.refused_signals, "piece", text);
        let evicted: u64 = outcome.counters.evictions.iter().map(|(_, it)| *it).sum();
        note(
            self,
            evicted,
            "state",
            "forgotten because too many entities are active: raise engine.entities_per_key_group",
        );
        self.inventory(scan);
        self.learning(scan);
        if let Some(known) = scan.known {
            let (since, until) = (minutes(known.since), minutes(known.until));
            self.entry(
                "Baseline",
                &format!("learnt from {since} to {until}; records before are left out"),
            );
        }
        if let Some(kept) = &scan.kept {
            self.entry("Baseline", kept);
        }
        for warning in &scan.warnings {
            self.entry("Note", warning);
        }
    }
}

/// What is wrong with records whose time is impossible, and what to do.
const IMPOSSIBLE: &str =
    "from more than a day after now or from before 2006: check the clock of the source";

/// Findings that descriptions of resources would settle.
const SETTLED_BY_INVENTORY: &str =
    "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS";

fn cut(text: String, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text;
    }
    text.chars().take(columns - 1).chain(['…']).collect()
}

/// Where a sample lies, and its text.
fn place(scan: &Scan, sample: &Sample) -> String {
    let name = scan.objects.get(sample.object as usize).map_or("", |it| it.name.as_str());
    let text = if sample.text.is_empty() { String::new() } else { format!(": {}", sample.text) };
    format!("{} at byte {}{text}", visible(name), thousands(sample.offset))
}

/// What was read, for the HTML report.
pub fn inputs(scan: &Scan) -> InputSummary {
    let outcome = &scan.outcome;
    let mut skipped: Vec<Skipped> = outcome
        .report
        .skipped()
        .map(|(cause, count, sample)| Skipped {
            cause: format!("{}: {}", cause.as_str(), cause.remedy()),
            count,
            sample: place(scan, sample),
        })
        .collect();
    skipped.extend(outcome.unreadable.iter().map(|it| Skipped {
        cause: it.cause.clone(),
        count: 1,
        sample: it.name.clone(),
    }));
    if outcome.impossible > 0 {
        skipped.push(Skipped {
            cause: format!("records {IMPOSSIBLE}"),
            count: outcome.impossible,
            sample: String::new(),
        });
    }
    let span = outcome.tally.span();
    let kinds = outcome.tally.kinds().map(|(kind, it)| InputKind {
        name: kind.as_str().to_owned(),
        records: it.records,
        files: it.files,
        accounts: it.accounts.len() as u64,
        first: it.first,
        last: it.last,
    });
    InputSummary {
        files: outcome.files.clone(),
        kinds: kinds.collect(),
        records: outcome.progress.records,
        first: span.map(|it| it.0),
        last: span.map(|it| it.1),
        skipped,
    }
}
