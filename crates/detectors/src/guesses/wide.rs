//! Guesses over many pairs: of many sources at us, or of ours at many destinations.

use engine::findings::EvidenceRef;
use engine::stats::{WindowCount, WindowDistinct};
use serde::{Deserialize, Serialize};

use super::{Alert, EVIDENCE_MAX, Rule, Rules, SPRAY_TRIES};

/// Buckets of the windows over many pairs.
const BUCKETS: usize = 6;

/// Windows over all pairs of the interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Wide {
    /// Guesses of new sources, and these sources.
    tries: WindowCount<BUCKETS>,
    sources: WindowDistinct<BUCKETS>,
    /// New destinations that we guess at.
    pub(super) destinations: WindowDistinct<BUCKETS>,
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
        Some(self.alert(Rule::Distributed, tries, remotes, now))
    }

    /// A guess of ours at a new destination; `few` of them at this one.
    pub(super) fn destination(
        &mut self,
        key: u64,
        few: usize,
        now: u32,
        evidence: EvidenceRef,
        rules: &Rules,
    ) -> Option<Alert> {
        let width = rules.wide_window_secs.div_ceil(BUCKETS as u32);
        self.keep(1, evidence);
        if few < SPRAY_TRIES {
            return None;
        }
        let is_new = self.destinations.insert(now, key, width);
        let is_said =
            self.spray_at != 0 && now.saturating_sub(self.spray_at) < rules.wide_window_secs;
        if is_said || !is_new {
            return None;
        }
        let remotes = self.destinations.count(now);
        if remotes < rules.spray_destinations {
            return None;
        }
        self.spray_at = now;
        Some(self.alert(Rule::Spray, remotes * SPRAY_TRIES as u64, remotes, now))
    }

    pub(super) fn keep(&mut self, of: usize, evidence: EvidenceRef) {
        if let Some(kept) = self.evidence.get_mut(of).filter(|it| it.len() < EVIDENCE_MAX) {
            kept.push(evidence);
        }
    }

    pub(super) fn alert(&mut self, rule: Rule, tries: u64, remotes: u64, now: u32) -> Alert {
        let of = usize::from(rule == Rule::Spray);
        let evidence = self.evidence.get_mut(of).map(std::mem::take).unwrap_or_default();
        let first = evidence.iter().map(|it| it.time.secs()).min();
        let first = first.and_then(|it| u32::try_from(it).ok()).unwrap_or(now);
        Alert { rule, tries, remotes, flat: 0, first, evidence }
    }
}
