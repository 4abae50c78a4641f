//! Guesses over many pairs: of many sources at us, or of ours at many destinations.

use engine::findings::EvidenceRef;
use engine::stats::{Ring, Size, WindowCount, WindowDistinct, flatness};
use serde::{Deserialize, Serialize};

use super::pair::Login;
use super::{Alert, EVIDENCE_MAX, Rule, Rules, SPRAY_TRIES};

/// Buckets of the windows over many pairs.
const BUCKETS: usize = 6;
/// Connections to hosts that may be older than the logs, of which it is kept how large they are.
const SIZES_MAX: usize = 64;

/// Windows over all pairs of the interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Wide {
    /// Guesses of new sources, and these sources.
    tries: WindowCount<BUCKETS>,
    sources: WindowDistinct<BUCKETS>,
    /// New destinations that we guess at.
    pub(super) destinations: WindowDistinct<BUCKETS>,
    /// New private ones that may be older than the logs.
    learning: WindowDistinct<BUCKETS>,
    learning_logins: Ring<Login, SIZES_MAX>,
    distributed_at: u32,
    spray_at: u32,
    pub(super) evidence: [Vec<EvidenceRef>; 2],
}

impl Wide {
    /// A guess of a new source.
    pub(super) fn source(
        &mut self,
        key: u64,
        now: u32,
        evidence: EvidenceRef,
        rules: &Rules,
    ) -> Option<Alert> {
        let width = rules.wide_window_secs.div_ceil(BUCKETS as u32);
        self.tries.add(now, 1, width);
        self.sources.insert(now, key, width);
        self.keep(0, evidence);
        let is_said = self.distributed_at != 0
            && now.saturating_sub(self.distributed_at) < rules.wide_window_secs;
        let tries = self.tries.total(now);
        if is_said || tries < rules.distributed_tries {
            return None;
        }
        let remotes = self.sources.count(now);
        if remotes < rules.distributed_sources {
            return None;
        }
        self.distributed_at = now;
        Some(self.alert(Rule::Distributed, tries, remotes, now, false))
    }

    /// A guess of ours at a new destination, of which the evidence is kept; `few` of them at this one.
    pub(super) fn destination(
        &mut self,
        key: u64,
        few: usize,
        now: u32,
        rules: &Rules,
        learning: Option<Login>,
    ) -> Option<Alert> {
        let width = rules.wide_window_secs.div_ceil(BUCKETS as u32);
        let is_learning = learning.is_some();
        if let Some(login) = learning {
            self.learning_logins.push(login);
        }
        if few < SPRAY_TRIES {
            return None;
        }
        let destinations = if is_learning { &mut self.learning } else { &mut self.destinations };
        let is_new = destinations.insert(now, key, width);
        let is_said =
            self.spray_at != 0 && now.saturating_sub(self.spray_at) < rules.wide_window_secs;
        if is_said || !is_new {
            return None;
        }
        let remotes = destinations.count(now);
        // A controller does this and that on its fleet, while guesses are of one size at all hosts.
        let is_flat = !is_learning || self.is_flat(now, rules);
        let is_spray = remotes >= rules.spray_destinations && is_flat;
        if !is_spray && (!is_learning || remotes < rules.learning_destinations) {
            return None;
        }
        self.spray_at = now;
        let tries = remotes * SPRAY_TRIES as u64;
        Some(self.alert(Rule::Spray, tries, remotes, now, !is_spray))
    }

    /// Whether what was sent to hosts that may be older than the logs is of nearly the same size.
    fn is_flat(&self, now: u32, rules: &Rules) -> bool {
        let since = now.saturating_sub(rules.wide_window_secs);
        let recent = self.learning_logins.iter().filter(|it| it.first >= since);
        let sizes: Vec<Size> = recent.map(Login::size).collect();
        flatness(sizes).per_mille >= rules.flat_per_mille
    }

    pub(super) fn keep(&mut self, of: usize, evidence: EvidenceRef) {
        if let Some(kept) = self.evidence.get_mut(of).filter(|it| it.len() < EVIDENCE_MAX) {
            kept.push(evidence);
        }
    }

    fn alert(
        &mut self,
        rule: Rule,
        tries: u64,
        remotes: u64,
        now: u32,
        is_learning: bool,
    ) -> Alert {
        let of = usize::from(rule == Rule::Spray);
        let evidence = self.evidence.get_mut(of).map(std::mem::take).unwrap_or_default();
        let first = evidence.iter().map(|it| it.time.secs()).min();
        let first = first.and_then(|it| u32::try_from(it).ok()).unwrap_or(now);
        Alert { rule, tries, remotes, flat: 0, first, evidence, is_learning }
    }
}
