//! The whole state at a batch mark, written and restored.
//!
//! A snapshot covers all that can change a result: states with their wake-ups, connection tables, waiting
//! signals, open lessons, profiles, facts, the calls seen, the watermark. What is equal is written equal:
//! entities go by identity, not by their number in memory.

use std::collections::BTreeMap;

use model::{EntityId, Scope, Timestamp};
use serde::{Deserialize, Serialize};

use crate::context::EntityInfo;
use crate::core::{Engine, lock};
use crate::inventory::Inventory;
use crate::key_group::KeyGroup;
use crate::profiles::{Lessons, Profiles};
use crate::registry::Registry;
use crate::seen::Seen;
use crate::signal::Signal;
use crate::table::AnyTable;

/// First bytes of a snapshot and the version of its layout.
const MAGIC: [u8; 8] = *b"GPSNAP\0\x02";

/// Why a snapshot cannot be written or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A state does not fit the format.
    #[error("cannot write the state")]
    Write(#[source] postcard::Error),
    /// The bytes are not a state of this program.
    #[error("cannot read the snapshot: it is damaged or of another version")]
    Read(#[source] postcard::Error),
    /// A batch is open: cut it and take what is done first.
    #[error("a batch is open")]
    Open,
    /// The bytes do not begin as a snapshot does.
    #[error("these bytes are not a snapshot")]
    NotASnapshot,
    /// The snapshot's parts contradict each other.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    /// Name and state version of each detector, in the order of its states.
    detectors: Vec<(String, u16)>,
    last_batch: u64,
    watermark: Timestamp,
    open_hour: Option<i64>,
    inventory: Inventory,
    profiles: Profiles,
    seen: Seen,
    key_groups: Vec<Group>,
}

#[derive(Serialize, Deserialize, Default)]
pub(crate) struct Group {
    entities: Vec<SavedEntity>,
    waiting: Vec<(EntityId, u64, Signal)>,
    lessons: Lessons,
    evictions: Vec<u64>,
    refused_signals: u64,
    evicted_connections: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedEntity {
    info: EntityInfo,
    stage: Option<Vec<u8>>,
    /// States by number of the detector.
    states: Vec<(u16, Vec<u8>)>,
}

impl Group {
    /// Leaves out what does not outlive a day: connections and signals that wait; and what was counted.
    pub(crate) fn forget_short(&mut self) {
        self.waiting.clear();
        for entity in &mut self.entities {
            entity.stage = None;
        }
        self.evictions.clear();
        (self.refused_signals, self.evicted_connections) = (0, 0);
    }
}

impl Engine {
    /// The whole state after the latest batch. Equal states give equal bytes.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let key_groups: Result<_, _> =
            self.key_groups.iter().map(|it| save(&lock(it), &|_| true)).collect();
        let specs = self.registry.specs();
        let manifest = Manifest {
            detectors: specs.map(|it| (it.name.to_owned(), it.version)).collect(),
            last_batch: self.last_batch,
            watermark: self.watermark,
            open_hour: self.open_hour,
            inventory: self.inventory.clone(),
            profiles: self.profiles.clone(),
            seen: self.seen.clone(),
            key_groups: key_groups?,
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(postcard::to_stdvec(&manifest).map_err(SnapshotError::Write)?);
        Ok(bytes)
    }

    /// Takes the state of a snapshot over. States of detectors that are not in force, or whose state has
    /// another version, are left out. Gives the number of the last batch that the snapshot covers.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<u64, SnapshotError> {
        let body = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::NotASnapshot)?;
        let manifest: Manifest = postcard::from_bytes(body).map_err(SnapshotError::Read)?;
        if manifest.key_groups.len() != EntityId::KEY_GROUPS {
            return Err(SnapshotError::Damaged("another number of key groups"));
        }
        let places = places(&manifest.detectors, &self.registry);
        let mut restored = Vec::with_capacity(EntityId::KEY_GROUPS);
        for (number, group) in manifest.key_groups.into_iter().enumerate() {
            restored.push(std::sync::Mutex::new(load(number, group, &places, &self.registry)?));
        }
        self.key_groups = restored;
        self.last_batch = manifest.last_batch;
        self.watermark = manifest.watermark;
        self.open_hour = manifest.open_hour;
        self.inventory = manifest.inventory;
        self.profiles = manifest.profiles;
        self.seen = manifest.seen;
        Ok(self.last_batch)
    }
}

/// By number in the snapshot: the detector's number in the registry.
pub(crate) fn places(saved: &[(String, u16)], registry: &Registry) -> Vec<Option<usize>> {
    let place = |(name, version): &(String, u16)| {
        registry.specs().position(|it| it.name == name && it.version == *version)
    };
    saved.iter().map(place).collect()
}

/// Writes a key group, with the states of the detectors that are wanted, by number.
pub(crate) fn save(
    key_group: &KeyGroup,
    is_wanted: &dyn Fn(usize) -> bool,
) -> Result<Group, SnapshotError> {
    let mut entities = BTreeMap::new();
    for scope in Scope::ALL {
        for (number, info) in key_group.entities[scope as usize].iter() {
            let mut states = Vec::new();
            for (index, table) in key_group.tables.iter().enumerate() {
                if key_group.scopes[index] == scope
                    && is_wanted(index)
                    && let Some(bytes) = table.save(number)?
                {
                    states.push((index as u16, bytes));
                }
            }
            let is_interface = scope == Scope::Interface;
            let stage = if is_interface { key_group.stage.save(number)? } else { None };
            entities.insert((scope, info.id), SavedEntity { info: info.clone(), stage, states });
        }
    }
    Ok(Group {
        entities: entities.into_values().collect(),
        waiting: key_group
            .waiting
            .iter()
            .map(|((_, anchor, order), signal)| (*anchor, *order, signal.clone()))
            .collect(),
        lessons: key_group.outputs.lessons.clone(),
        evictions: key_group.evictions.clone(),
        refused_signals: key_group.refused_signals,
        evicted_connections: key_group.evicted_connections,
    })
}

pub(crate) fn load(
    number: usize,
    group: Group,
    places: &[Option<usize>],
    registry: &Registry,
) -> Result<KeyGroup, SnapshotError> {
    let mut key_group = KeyGroup::new(registry);
    for saved in group.entities {
        let (scope, id) = (saved.info.scope, saved.info.id);
        if id.key_group() != number {
            return Err(SnapshotError::Damaged("an entity lies in another key group"));
        }
        let entity = key_group.entities[scope as usize].open(id, || saved.info);
        if let Some(bytes) = saved.stage {
            key_group.stage.load(entity, &bytes)?;
        }
        for (index, bytes) in saved.states {
            let Some(place) = places.get(index as usize) else {
                return Err(SnapshotError::Damaged("a state of a detector that is not named"));
            };
            if let Some(place) = *place
                && key_group.scopes[place] == scope
            {
                key_group.tables[place].load(entity, &bytes)?;
            }
        }
    }
    for (anchor, order, signal) in group.waiting {
        key_group.waiting.insert((signal.evidence.time, anchor, order), signal);
    }
    key_group.outputs.lessons = group.lessons;
    for (evictions, place) in group.evictions.into_iter().zip(places) {
        if let Some(place) = *place {
            key_group.evictions[place] = evictions;
        }
    }
    key_group.refused_signals = group.refused_signals;
    key_group.evicted_connections = group.evicted_connections;
    Ok(key_group)
}
