//! The engine: batches in, drafts out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use findings::Draft;
use intel::Intel;
use model::{AccountId, EntityId, Scope, Timestamp};

use crate::batch::{Batch, Control};
use crate::connection::{ConnectionSettings, SILENT_SECS};
use crate::detector::Feedback;
use crate::disabled::Disabled;
use crate::executor::Executor;
use crate::inventory::Inventory;
use crate::key_group::KeyGroup;
use crate::names::NameCache;
use crate::out::Outputs;
use crate::profiles::Profiles;
use crate::registry::{Due, Registry};
use crate::seen::Seen;
use crate::signal::Signal;
use crate::work::{Routed, Work};

mod route;

pub(crate) use route::CallIndex;

/// Judges drafts before they are routed as signals: what the user suppresses is no evidence.
pub trait Suppression: Send + Sync {
    /// Whether a suppression rule archives the draft.
    fn suppresses(&self, draft: &Draft) -> bool;
}

/// Bounds and settings that hold for all detectors.
#[derive(Clone)]
pub struct EngineOptions {
    /// The lateness bound that the watermark was made with.
    pub lateness: Duration,
    /// Most entities of one scope in one of the 256 key groups. Raising it keeps more states in memory.
    pub entities_per_key_group: usize,
    /// How long an answer is waited for.
    pub connections: ConnectionSettings,
    /// Suppression rules in force.
    pub suppression: Option<Arc<dyn Suppression>>,
    /// What is switched off.
    pub disabled: Arc<Disabled>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            lateness: Duration::from_mins(15),
            entities_per_key_group: 16_384,
            connections: ConnectionSettings::default(),
            suppression: None,
            disabled: Arc::default(),
        }
    }
}

/// What a batch gave.
#[derive(Default, Debug)]
pub struct BatchOutput {
    /// Number of the batch.
    pub batch: u64,
    /// The drafts in a fixed order.
    pub drafts: Vec<Draft>,
}

/// What the engine counted since it began.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Flow lines worked on.
    pub flows: u64,
    /// Resolver queries worked on.
    pub queries: u64,
    /// API calls worked on, repeated deliveries left out.
    pub calls: u64,
    /// API calls that had been delivered before.
    pub duplicates: u64,
    /// Rows that came after the watermark had passed them: they update states and reopen no window.
    pub late: u64,
    /// Lessons for hours that had closed.
    pub late_lessons: u64,
    /// Connections decided because the table of their interface was full.
    pub evicted_connections: u64,
    /// Signals that found no place.
    pub refused_signals: u64,
    /// Entities that states are kept of.
    pub entities: u64,
    /// States by detector.
    pub states: Vec<(&'static str, u64)>,
    /// States dropped because a key group was full, by detector.
    pub evictions: Vec<(&'static str, u64)>,
}

/// The engine. Owns every state; knows no concrete detector.
pub struct Engine {
    pub(crate) registry: Arc<Registry>,
    pub(crate) options: EngineOptions,
    pub(crate) intel: Arc<Intel>,
    pub(crate) inventory: Inventory,
    pub(crate) profiles: Profiles,
    pub(crate) key_groups: Vec<Mutex<KeyGroup>>,
    pub(crate) seen: Seen,
    pub(crate) watermark: Timestamp,
    /// The first hour that is not closed; none before the first watermark.
    pub(crate) open_hour: Option<i64>,
    pub(crate) last_batch: u64,
    pub(crate) counters: Counters,
    pub(crate) names: Vec<Mutex<NameCache>>,
    pub(crate) calls: CallIndex,
}

/// A key group behind its lock. Nobody holds it but the thread that works on it.
pub(crate) fn lock(key_group: &Mutex<KeyGroup>) -> std::sync::MutexGuard<'_, KeyGroup> {
    key_group.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Engine {
    /// An engine without history.
    pub fn new(registry: Arc<Registry>, intel: Arc<Intel>, options: EngineOptions) -> Engine {
        let key_groups =
            (0..EntityId::KEY_GROUPS).map(|_| Mutex::new(KeyGroup::new(&registry))).collect();
        Engine {
            calls: CallIndex::new(&registry),
            registry,
            options,
            intel,
            inventory: Inventory::default(),
            profiles: Profiles::default(),
            key_groups,
            seen: Seen::default(),
            watermark: Timestamp::MIN,
            open_hour: None,
            last_batch: 0,
            counters: Counters::default(),
            names: Vec::new(),
        }
    }

    /// The facts learnt so far.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The watermark after the latest batch.
    pub fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// Works on a batch: learns its facts, runs the detectors, passes time, correlates.
    pub fn process(&mut self, batch: &Batch, executor: &dyn Executor) -> BatchOutput {
        self.begin(batch, executor);
        let routed = self.route(batch, executor);
        self.learn_facts(batch, &routed);
        self.feedback(batch, &routed, executor);
        self.each_key_group(batch, &routed, executor, |number, key_group, work| {
            key_group.run(number, work);
        });
        self.pass_time(batch, &routed, executor);
        let mut drafts = self.correlate(batch, &routed, executor);
        self.end(batch);
        drafts.sort_by(|a, b| draft_order(a).cmp(&draft_order(b)));
        BatchOutput { batch: batch.number, drafts }
    }

    fn begin(&mut self, batch: &Batch, executor: &dyn Executor) {
        self.last_batch = batch.number;
        self.names.resize_with(executor.width().max(1), || Mutex::new(NameCache::new()));
        for control in &batch.controls {
            match control {
                Control::Intel(intel) => self.intel = intel.clone(),
                Control::Inventory(facts) => self.inventory.learn_descriptions(facts),
                Control::Disabled(disabled) => self.options.disabled = disabled.clone(),
                Control::Feedback { .. } => {}
            }
        }
        if self.open_hour.is_none() && batch.watermark != Timestamp::MIN {
            self.open_hour = Some(Self::first_hour(batch));
        }
    }

    /// The hour of the earliest row: hours before it taught nothing.
    fn first_hour(batch: &Batch) -> i64 {
        let secs = |it: u32| Timestamp::from_secs(i64::from(it));
        let flows = batch.flows.iter().map(|it| secs(it.start)).min();
        let queries = batch.queries.rows.iter().map(|it| secs(it.time)).min();
        let calls = batch.calls.rows.iter().map(|it| it.time).min();
        let earliest = [flows, queries, calls].into_iter().flatten().min();
        earliest.unwrap_or(batch.watermark).min(batch.watermark).hour()
    }

    fn feedback(&mut self, batch: &Batch, routed: &Routed, executor: &dyn Executor) {
        for control in &batch.controls {
            let Control::Feedback { account, finding_type, key, useful, .. } = control else {
                continue;
            };
            let feedback = Feedback { finding_type, key, useful: *useful };
            self.each_key_group(batch, routed, executor, |_, key_group, work| {
                key_group.feedback(*account, &feedback, work);
            });
        }
    }

    /// Closes hours and runs wake-ups up to the batch's watermark.
    fn pass_time(&mut self, batch: &Batch, routed: &Routed, executor: &dyn Executor) {
        let Some(mut hour) = self.open_hour else { return };
        let reached = batch.watermark + Duration::from_millis(1);
        loop {
            // Hours in which nothing was asked for and nothing was taught are passed at once.
            let busy = self.key_groups.iter().filter_map(|it| {
                let key_group = lock(it);
                let wake = key_group.next_wake().map(Timestamp::hour);
                wake.into_iter().chain(key_group.outputs.lessons.next_hour()).min()
            });
            let busy = busy.min().unwrap_or(i64::MAX);
            hour = hour.max(busy.min(batch.watermark.hour()));
            self.open_hour = Some(hour);
            let hour_end = Timestamp::from_hour(hour + 1);
            self.each_key_group(batch, routed, executor, |_, key_group, work| {
                key_group.run_wakes(hour_end.min(reached), work);
            });
            if hour_end > batch.watermark {
                break;
            }
            let mut guards: Vec<_> = self.key_groups.iter().map(lock).collect();
            self.profiles.close(hour, guards.iter_mut().map(|it| &mut it.outputs.lessons));
            hour += 1;
        }
        for key_group in &self.key_groups {
            lock(key_group).outputs.lessons.close_before(hour);
        }
        self.watermark = self.watermark.max(batch.watermark);
    }

    /// Routes signals and drafts a second and last time.
    fn correlate(&mut self, batch: &Batch, routed: &Routed, executor: &dyn Executor) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let mut signals = Vec::new();
        for key_group in &self.key_groups {
            let Outputs { drafts: more, signals: weak, .. } = &mut lock(key_group).outputs;
            drafts.append(more);
            signals.append(weak);
        }
        let disabled = Arc::clone(&self.options.disabled);
        drafts.retain_mut(|it| disabled.passes(it));
        if self.registry.signals.is_empty() {
            return drafts;
        }
        let suppression = self.options.suppression.as_deref();
        let heard = drafts.iter().filter(|it| !suppression.is_some_and(|rule| rule.suppresses(it)));
        signals.extend(heard.filter_map(Signal::of_draft));
        for signal in signals {
            for (anchor, _) in signal.anchor_ids() {
                lock(&self.key_groups[anchor.key_group()]).wait(anchor, signal.clone());
            }
        }
        // Connections may be decided so much after their time, and signals come in order.
        let settled = batch.watermark - Duration::from_secs(SILENT_SECS.unsigned_abs());
        self.each_key_group(batch, routed, executor, |_, key_group, work| {
            key_group.run_signals(settled, work);
        });
        for key_group in &self.key_groups {
            let outputs = &mut lock(key_group).outputs;
            drafts.append(&mut outputs.drafts);
            outputs.signals.clear();
        }
        drafts.retain_mut(|it| disabled.passes(it));
        drafts
    }

    /// What happens between batches: caps, and once a day what is idle.
    fn end(&mut self, batch: &Batch) {
        let day = batch.watermark.day();
        let is_new_day = self.seen.day.replace(day).is_some_and(|before| before < day);
        for key_group in &self.key_groups {
            let mut key_group = lock(key_group);
            key_group.hold_cap(self.options.entities_per_key_group, &self.registry);
            if is_new_day {
                key_group.sweep(batch.watermark, &self.registry);
            }
        }
        self.seen.forget(batch.watermark);
        if is_new_day {
            self.inventory.expire(batch.watermark);
        }
    }

    fn each_key_group(
        &self,
        batch: &Batch,
        routed: &Routed,
        executor: &dyn Executor,
        run: impl Fn(usize, &mut KeyGroup, &Work<'_>) + Sync,
    ) {
        let open_hour_end =
            self.open_hour.map_or(Timestamp::MAX, |hour| Timestamp::from_hour(hour + 1));
        let work = Work {
            registry: &self.registry,
            intel: &self.intel,
            inventory: &self.inventory,
            profiles: &self.profiles,
            batch,
            routed,
            settings: self.options.connections,
            watermark: self.watermark,
            due: Due { lateness: self.options.lateness, open_hour_end },
        };
        executor.for_each(self.key_groups.len(), &|number| {
            run(number, &mut lock(&self.key_groups[number]), &work);
        });
    }

    /// How many interfaces of an account are remembered.
    pub fn known_interfaces(&self, account: AccountId) -> usize {
        let of_account = |it: &Mutex<KeyGroup>| {
            let key_group = lock(it);
            let interfaces = key_group.entities[Scope::Interface as usize].iter();
            interfaces.filter(|(_, info)| info.account == account).count()
        };
        self.key_groups.iter().map(of_account).sum()
    }

    /// Rows that came after the watermark had passed them.
    pub fn late(&self) -> u64 {
        self.counters.late
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters.clone();
        let names = || self.registry.specs().map(|it| it.name);
        counters.states = names().map(|name| (name, 0)).collect();
        counters.evictions = names().map(|name| (name, 0)).collect();
        for key_group in &self.key_groups {
            let key_group = lock(key_group);
            counters.late_lessons += key_group.outputs.lessons.late;
            counters.refused_signals += key_group.refused_signals;
            counters.evicted_connections += key_group.evicted_connections;
            counters.entities += key_group.entities.iter().map(|it| it.len() as u64).sum::<u64>();
            for (at, table) in key_group.tables.iter().enumerate() {
                counters.states[at].1 += table.len() as u64;
                counters.evictions[at].1 += key_group.evictions[at];
            }
        }
        counters
    }
}

fn draft_order(draft: &Draft) -> impl Ord + '_ {
    (
        draft.last,
        draft.finding_type.name,
        draft.account,
        draft.region,
        draft.key.as_str(),
        draft.first,
        draft.evidence.as_slice(),
        draft.title.as_str(),
    )
}
