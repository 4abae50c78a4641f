//! What the attempts at many targets add up to: the part that port scans and port sweeps share.
//!
//! A scanner fails at most targets, a busy client at few, so a count of failures says nothing without their
//! share. Three things must hold: the sequential test of Jung et al. 2004 ("Fast Portscan Detection Using
//! Sequential Hypothesis Testing") calls the source a scanner, enough distinct targets failed, and most
//! targets failed. A slow form asks the same of a day.
//!
//! That nobody answered is known only when the watermark has passed a deadline, so answers of the same
//! minutes come first, often before the first failure. They are kept in a map of their own and counted when
//! a scan is about to be raised; the walk takes those that come in between.

mod contacts;

use engine::findings::{EvidenceRef, Reason};
use engine::intel::Category;
use engine::model::{Addr, Origin, Timestamp};
use engine::stats::{Verdict, Walk, WalkSteps, WindowDistinct};
use engine::{Connection, Context, Outcome};
use serde::{Deserialize, Serialize};

pub(crate) use contacts::{Contacts, Same, Target};

/// A benign source succeeds with 80 % of its first contacts, a scanner with 20 %; one benign source in
/// 100,000 is called a scanner, and 99 % of scanners are found.
const STEPS: WalkSteps = WalkSteps::new(800_000, 200_000, 10, 990_000);
/// Targets that are kept one by one before counters are made. The walk needs nine failures, so none of them
/// can be the last.
const FEW: usize = 8;
/// Buckets of the short window and of the day.
const SHORT: usize = 3;
const LONG: usize = 4;
const DAY_SECS: u32 = 86_400;
/// New failed targets after which the day is looked at again: its sets are large.
const LONG_STEP: u8 = 16;
/// Most records that are kept as evidence.
const EVIDENCE_MAX: usize = 7;
/// How far back answers count against failures of the short window, seconds: the window, the deadline of
/// two long aggregation intervals, and some minutes.
const ANSWERS_SECS: u32 = 3600;
/// One remote address in so many is followed when it answers; a power of two.
pub(crate) const SAMPLE: u64 = 4;
/// Without flags and with one packet each way, a remote port from here on may be a client's own.
const EPHEMERAL_FIRST: u16 = 32_768;
/// Where traceroute sends its UDP probes: 33434 and up, one port for each probe.
const TRACEROUTE: std::ops::RangeInclusive<u16> = 33_434..=33_534;
const TCP: u8 = 6;
const UDP: u8 = 17;
const SYN: u8 = 2;

/// What is asked of the attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Length of the short window, seconds.
    pub(crate) window_secs: u32,
    /// Failed targets within the short window, with the walk; ports below 1024 weigh three.
    pub(crate) failed: u64,
    /// Failed targets within the short window that need no walk.
    pub(crate) many: u64,
    /// Failed targets within a day.
    pub(crate) slow: u64,
    /// Failed targets among all, per mille.
    pub(crate) fail_per_mille: u64,
    /// Whether answers are a sample of one target in [`SAMPLE`].
    pub(crate) is_sampled: bool,
}

/// A contact with a target that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Try {
    /// The target: a port of the address concerned, or an address at the port concerned.
    pub(crate) target: u64,
    /// Event time of the latest, seconds since 1970.
    pub(crate) at: u32,
    /// Event time of the record.
    pub(crate) noted: u32,
    /// Start of the attempt, seconds since 1970.
    pub(crate) first: u32,
    /// Whether it is a port below 1024.
    pub(crate) is_low: bool,
    /// Whether the target is in the sample.
    pub(crate) is_sample: bool,
    /// The record.
    pub(crate) origin: Origin,
}

/// A scan: what was counted when the rules were met.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Scan {
    /// Whether it is the slow form.
    pub(crate) is_slow: bool,
    /// Failed targets, weighted.
    pub(crate) failed: u64,
    /// Answering targets, estimated.
    pub(crate) answered: u64,
    /// Where the walk stands, thousandths of a natural logarithm.
    pub(crate) walk: i32,
    /// Start of the first attempt since the last alert.
    pub(crate) first: Timestamp,
    /// The first failed attempts since the last alert.
    pub(crate) evidence: Vec<EvidenceRef>,
}

/// The attempts of one source at the targets of one key.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attempts {
    walk: Walk,
    is_scanner: bool,
    kept: Kept,
}

/// What is kept of failed attempts. Most targets fail once, so that one lies in place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Kept {
    First(Option<Try>),
    Few(Vec<Try>),
    Many(Box<Many>),
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Many {
    short: Counts<SHORT>,
    long: Counts<LONG>,
    /// New failed targets since the day was looked at.
    unchecked: u8,
    /// Event time of the last alert, zero when there was none.
    alerted: u32,
    first: u32,
    evidence: Vec<EvidenceRef>,
}

/// Distinct targets in a window of `N` buckets.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Counts<const N: usize> {
    failed: WindowDistinct<N>,
    /// Failed ports below 1024.
    low: WindowDistinct<N>,
    /// Failed targets of the sample.
    sample: WindowDistinct<N>,
}

#[derive(Clone, Copy)]
struct Totals {
    failed: u64,
    weighted: u64,
    answered: u64,
    /// Failed targets as far as the sample tells.
    sample: u64,
}

impl Attempts {
    /// Takes a failed attempt. Gives a scan when the rules are met and it was not said lately. `answers`
    /// gives the targets that answered in so many seconds before.
    pub(crate) fn fail(
        &mut self,
        it: Try,
        rules: &Rules,
        answers: impl Fn(u32) -> u64,
    ) -> Option<Scan> {
        if !matches!(self.kept, Kept::Many(_)) {
            if self.note(it) {
                return None;
            }
            let mut many = Box::<Many>::default();
            for it in self.kept.few() {
                many.count(it, rules);
            }
            self.kept = Kept::Many(many);
        }
        let Kept::Many(many) = &mut self.kept else { return None };
        let is_new = many.count(&it, rules);
        if is_new {
            self.is_scanner = self.walk.failure(&STEPS) == Verdict::Scanner;
        }
        if !is_new && many.alerted == 0 {
            return None;
        }
        many.judge(it.at, (self.walk, self.is_scanner), rules, answers)
    }

    /// Takes the answer of a target that did not answer lately. An answer of the sample stands for as many
    /// as the sample is one in.
    pub(crate) fn succeed(&mut self, rules: &Rules) {
        for _ in 0..if rules.is_sampled { SAMPLE } else { 1 } {
            self.walk.success(&STEPS);
        }
        self.is_scanner = false;
    }

    /// Keeps an attempt one by one. Returns whether there was room.
    fn note(&mut self, it: Try) -> bool {
        let few = self.kept.few_mut();
        if let Some(known) = few.iter_mut().find(|known| known.target == it.target) {
            known.at = known.at.max(it.at);
            return true;
        }
        let is_live = |known: &Try| known.at.saturating_add(DAY_SECS) > it.at;
        match &mut self.kept {
            Kept::First(first) => match *first {
                Some(known) if is_live(&known) => self.kept = Kept::Few(vec![known, it]),
                _ => *first = Some(it),
            },
            Kept::Few(few) => {
                few.retain(is_live);
                if few.len() >= FEW {
                    return false;
                }
                few.push(it);
            }
            Kept::Many(_) => return false,
        }
        self.is_scanner = self.walk.failure(&STEPS) == Verdict::Scanner;
        true
    }
}

impl Default for Kept {
    fn default() -> Self {
        Kept::First(None)
    }
}

impl Kept {
    /// The attempts as long as they are few.
    fn few(&self) -> &[Try] {
        match self {
            Kept::First(first) => first.as_slice(),
            Kept::Few(few) => few,
            Kept::Many(_) => &[],
        }
    }

    fn few_mut(&mut self) -> &mut [Try] {
        match self {
            Kept::First(first) => first.as_mut_slice(),
            Kept::Few(few) => few,
            Kept::Many(_) => &mut [],
        }
    }
}

impl Many {
    /// Counts an attempt. Returns whether the target is surely new in the short window.
    fn count(&mut self, it: &Try, rules: &Rules) -> bool {
        let is_new = self.short.insert(it, rules.window_secs.div_ceil(SHORT as u32));
        self.long.insert(it, DAY_SECS / LONG as u32);
        if is_new {
            self.unchecked = self.unchecked.saturating_add(1);
            if self.first == 0 {
                self.first = it.first;
            }
            if self.evidence.len() < EVIDENCE_MAX {
                self.evidence.push(it.evidence());
            }
        }
        is_new
    }

    fn judge(
        &mut self,
        now: u32,
        (walk, is_scanner): (Walk, bool),
        rules: &Rules,
        answers: impl Fn(u32) -> u64,
    ) -> Option<Scan> {
        let since = now.saturating_sub(self.alerted);
        if self.alerted != 0 && since < rules.window_secs {
            return None;
        }
        let mut short = self.short.totals(now, rules);
        if short.weighted >= rules.failed && is_scanner || short.failed >= rules.many {
            short.answered = rules.estimate(answers(ANSWERS_SECS));
            if short.is_mostly_failed(rules) {
                return Some(self.scan(now, walk, short, false));
            }
        }
        let is_said = self.alerted != 0 && since < DAY_SECS / LONG as u32;
        if !is_scanner || self.unchecked < LONG_STEP || is_said {
            return None;
        }
        self.unchecked = 0;
        let mut long = self.long.totals(now, rules);
        long.weighted = long.failed;
        if long.failed < rules.slow {
            return None;
        }
        long.answered = rules.estimate(answers(DAY_SECS));
        long.is_mostly_failed(rules).then(|| self.scan(now, walk, long, true))
    }

    fn scan(&mut self, now: u32, walk: Walk, totals: Totals, is_slow: bool) -> Scan {
        self.alerted = now;
        self.unchecked = 0;
        Scan {
            is_slow,
            failed: totals.weighted,
            answered: totals.answered,
            walk: walk.position(),
            first: Timestamp::from_secs(i64::from(std::mem::take(&mut self.first))),
            evidence: std::mem::take(&mut self.evidence),
        }
    }
}

impl Try {
    fn evidence(&self) -> EvidenceRef {
        EvidenceRef { time: Timestamp::from_secs(i64::from(self.noted)), origin: self.origin }
    }
}

impl<const N: usize> Counts<N> {
    fn insert(&mut self, it: &Try, width: u32) -> bool {
        if it.is_low {
            self.low.insert(it.at, it.target, width);
        }
        if it.is_sample {
            self.sample.insert(it.at, it.target, width);
        }
        self.failed.insert(it.at, it.target, width)
    }

    fn totals(&self, now: u32, rules: &Rules) -> Totals {
        let failed = self.failed.count(now);
        Totals {
            failed,
            weighted: failed + 2 * self.low.count(now),
            answered: 0,
            sample: if rules.is_sampled { SAMPLE * self.sample.count(now) } else { failed },
        }
    }
}

impl Rules {
    /// Answering targets by those that were counted. A sample may be small by chance: one standard
    /// deviation more is taken for true.
    fn estimate(&self, counted: u64) -> u64 {
        if self.is_sampled { SAMPLE * (counted + counted.isqrt() + 1) } else { counted }
    }
}

impl Totals {
    fn is_mostly_failed(self, rules: &Rules) -> bool {
        // Known targets are left out of the sample only, so a sample without any new one means that
        // what fails is known.
        let is_fresh = self.sample * 4 >= self.failed;
        is_fresh && self.failed * 1000 >= rules.fail_per_mille * (self.failed + self.answered)
    }
}

impl Scan {
    /// The reasons in the order of the test, by the names of the settings.
    pub(crate) fn reasons(&self, targets: &str, threshold: &str) -> Vec<Reason> {
        let all = (self.failed + self.answered).max(1);
        vec![
            Reason::new(targets, self.failed, threshold),
            Reason::new(
                "failed among all targets, percent",
                self.failed * 100 / all,
                "fail_per_mille",
            ),
            Reason::new(
                "likelihood ratio of a scanner, natural logarithm",
                format!("{}.{:03}", self.walk / 1000, self.walk.unsigned_abs() % 1000),
                "sequential test (11.503)",
            ),
        ]
    }
}

/// Whether a connection is an attempt of ours that tells something about its target.
///
/// Left out: later lines of a connection; backscatter (packets that answer what we never asked: nothing was
/// sent by us, or it was sent without SYN); resets that might as well be ours to a client of ours; the
/// probes of traceroute; protocols without ports.
pub(crate) fn is_attempt(connection: &Connection) -> bool {
    if !connection.is_outbound || connection.is_update || connection.packets_out == 0 {
        return false;
    }
    match connection.protocol {
        TCP => {
            let has_flags = (connection.flags_out | connection.flags_in) != 0;
            let is_start = !has_flags || connection.flags_out & SYN != 0;
            let is_ambiguous = !has_flags
                && connection.outcome == Outcome::Refused
                && connection.remote_port >= EPHEMERAL_FIRST;
            is_start && !is_ambiguous
        }
        UDP => !TRACEROUTE.contains(&connection.remote_port),
        _ => false,
    }
}

/// Whether the customer trusts the address.
pub(crate) fn is_trusted(ctx: &Context<'_>, addr: Addr) -> bool {
    let verdict = ctx.intel.address(addr);
    let (account, region) = (ctx.entity.account, ctx.entity.region);
    ctx.intel.categories(verdict, account, region).contains(Category::Trusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        window_secs: 900,
        failed: 25,
        many: 100,
        slow: 200,
        fail_per_mille: 667,
        is_sampled: false,
    };

    fn attempt(target: u64, at: u32) -> Try {
        let origin = Origin::default();
        Try { target, at, noted: at, first: at, is_low: false, is_sample: true, origin }
    }

    /// Fails `failed` targets a second apart, with so many answers, and gives the alerts.
    fn alerts(failed: u64, step: u32, answers: u64, rules: &Rules) -> Vec<Scan> {
        let mut attempts = Attempts::default();
        let alerts = (0..failed).filter_map(|i| {
            attempts.fail(attempt(i, 1_000_000 + i as u32 * step), rules, |_| answers)
        });
        alerts.collect()
    }

    #[test]
    fn twenty_five_failures_are_a_scan_and_twenty_four_are_not() {
        assert_eq!(alerts(25, 1, 0, &RULES).len(), 1);
        assert!(alerts(24, 1, 0, &RULES).is_empty());
    }

    #[test]
    fn low_ports_weigh_three() {
        let mut attempts = Attempts::default();
        let low = |i| Try { is_low: true, ..attempt(i, 1_000_000) };
        let at = (1..20).position(|i| attempts.fail(low(i), &RULES, |_| 0).is_some());
        assert_eq!(at, Some(8), "nine ports weigh 27");
    }

    #[test]
    fn failures_must_be_two_of_three() {
        assert_eq!(alerts(25, 1, 12, &RULES).len(), 1);
        assert!(alerts(25, 1, 13, &RULES).is_empty());
    }

    #[test]
    fn one_target_again_and_again_is_quiet() {
        let mut attempts = Attempts::default();
        for at in 0..5000 {
            let target = u64::from(at % 8);
            assert_eq!(attempts.fail(attempt(target, 1_000_000 + at), &RULES, |_| 0), None);
        }
        assert_eq!(attempts.kept.few().len(), 8, "few targets take little memory");
    }

    #[test]
    fn a_scan_is_said_once_in_a_window() {
        assert_eq!(alerts(1000, 1, 0, &RULES).len(), 2);
    }

    #[test]
    fn a_slow_scan_is_said_after_two_hundred() {
        // One in 100 seconds: at most ten in the short window.
        let got = alerts(250, 100, 0, &RULES);
        assert_eq!(got.len(), 1);
        assert!(got[0].is_slow && (200..=240).contains(&got[0].failed), "{got:?}");
        assert!(alerts(180, 100, 0, &RULES).is_empty());
    }

    /// Alarms in 1000 sources that try 200 targets with this success, by the sampled and the exact form.
    fn alarms(seed: u64, success_percent: u64) -> (usize, usize) {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let (mut sampled, mut exact) = (0, 0);
        for _ in 0..1000 {
            let (mut by_sample, mut by_all) = (Attempts::default(), Attempts::default());
            let (mut in_sample, mut answered) = (0, 0);
            let (mut hit_sample, mut hit_all) = (false, false);
            let rules = Rules { is_sampled: true, ..RULES };
            for target in 0..200 {
                let is_sample = next() % SAMPLE == 0;
                if next() % 100 < success_percent {
                    answered += 1;
                    by_all.succeed(&RULES);
                    if is_sample {
                        in_sample += 1;
                        by_sample.succeed(&rules);
                    }
                    continue;
                }
                let it = Try { is_sample, ..attempt(target, 1_000_000 + target as u32) };
                hit_sample |= by_sample.fail(it, &rules, |_| in_sample).is_some();
                hit_all |= by_all.fail(it, &RULES, |_| answered).is_some();
            }
            (sampled, exact) = (sampled + usize::from(hit_sample), exact + usize::from(hit_all));
        }
        (sampled, exact)
    }

    #[test]
    fn a_sample_of_answers_tells_nearly_what_all_tell() {
        // 1000 sources each of seeds 1 to 6.
        assert_eq!(alarms(1, 80), (0, 0));
        // Every failure of the 200 targets is a chance, so half-failing sources pass now and then in either
        // form; the sample may add one in a hundred.
        for (seed, success) in [(2, 60), (3, 50)] {
            let (sampled, exact) = alarms(seed, success);
            println!("{success} % success: {sampled} by the sample, {exact} by all");
            assert!(sampled <= exact + 10 && exact <= 50, "{success} %: {sampled} and {exact}");
        }
        for (seed, success, least) in [(4, 20, 970), (5, 10, 999), (6, 5, 1000)] {
            let (sampled, exact) = alarms(seed, success);
            println!("{success} % success: {sampled} by the sample, {exact} by all");
            assert!(sampled >= least && exact == 1000, "{success} %: {sampled} and {exact}");
        }
    }
}
