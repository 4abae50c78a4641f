//! What was learnt, written and taken over by another engine: by the next scan, or by a newer program.
//!
//! A baseline is the part of a snapshot that outlives a day: profiles, facts, and the states of detectors that
//! remember for a day or longer. Connections and short windows are left out. Every part has a version of its own,
//! so that a program which knows another form of one part takes the others over and learns that one anew.

use std::sync::Mutex;
use std::time::Duration;

use model::{EntityId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::core::{Engine, lock};
use crate::snapshot::{Group, SnapshotError, load, places, save};

/// First bytes of a baseline and the version of its layout.
const MAGIC: [u8; 8] = *b"GPLRNT\0\x01";
/// A detector that forgets sooner learns nothing that another scan could use.
const LEAST_IDLE: Duration = Duration::from_hours(24);
/// Versions of the parts, raised when their shape changes.
const INVENTORY_VERSION: u16 = 1;
const PROFILES_VERSION: u16 = 1;
const SEEN_VERSION: u16 = 1;

/// What an engine learnt, as read from bytes.
#[derive(Serialize, Deserialize)]
pub struct Learnt {
    /// Name and state version of each detector, in the order of its states.
    detectors: Vec<(String, u16)>,
    watermark: Timestamp,
    open_hour: Option<i64>,
    inventory: Part,
    profiles: Part,
    seen: Part,
    key_groups: Vec<Group>,
}

/// Bytes that only a program with the same version of the part can read.
#[derive(Serialize, Deserialize)]
struct Part {
    version: u16,
    bytes: Vec<u8>,
}

impl Learnt {
    /// Reads what [`Engine::baseline`] gave.
    ///
    /// # Errors
    ///
    /// Where the bytes are something else, damaged, or of another layout.
    pub fn read(bytes: &[u8]) -> Result<Learnt, SnapshotError> {
        let body = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::NotASnapshot)?;
        let learnt: Learnt = postcard::from_bytes(body).map_err(SnapshotError::Read)?;
        if learnt.key_groups.len() != EntityId::KEY_GROUPS {
            return Err(SnapshotError::Damaged("another number of key groups"));
        }
        Ok(learnt)
    }

    /// Records before this time were learnt.
    pub fn until(&self) -> Timestamp {
        self.watermark
    }
}

impl Engine {
    /// What was learnt up to the watermark. Equal states give equal bytes.
    pub fn baseline(&self) -> Result<Vec<u8>, SnapshotError> {
        let lasting: Vec<bool> = self.registry.specs().map(|it| it.idle >= LEAST_IDLE).collect();
        let lasts = |number: usize| lasting.get(number).copied().unwrap_or(false);
        let group = |it| -> Result<Group, SnapshotError> {
            let mut group = save(&lock(it), &lasts)?;
            group.forget_short();
            Ok(group)
        };
        let key_groups: Result<_, _> = self.key_groups.iter().map(group).collect();
        let learnt = Learnt {
            detectors: self.registry.specs().map(|it| (it.name.to_owned(), it.version)).collect(),
            watermark: self.watermark,
            open_hour: self.open_hour,
            inventory: Part::of(INVENTORY_VERSION, &self.inventory)?,
            profiles: Part::of(PROFILES_VERSION, &self.profiles)?,
            seen: Part::of(SEEN_VERSION, &self.seen)?,
            key_groups: key_groups?,
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(postcard::to_stdvec(&learnt).map_err(SnapshotError::Write)?);
        Ok(bytes)
    }

    /// Goes on from what was learnt. To be called before the first batch. Gives the parts that this program knows
    /// another form of and learns anew: names of detectors, `inventory`, `profiles`.
    ///
    /// # Errors
    ///
    /// Where the parts contradict each other; the engine has to be dropped then.
    pub fn resume(&mut self, learnt: Learnt) -> Result<Vec<String>, SnapshotError> {
        let places = places(&learnt.detectors, &self.registry);
        let mut dropped = self.dropped(&learnt);
        let inventory = learnt.inventory.take(INVENTORY_VERSION, "inventory", &mut dropped);
        let profiles = learnt.profiles.take(PROFILES_VERSION, "profiles", &mut dropped);
        let seen = learnt.seen.take(SEEN_VERSION, "seen", &mut dropped);
        for (number, group) in learnt.key_groups.into_iter().enumerate() {
            let restored = load(number, group, &places, &self.registry)?;
            if let Some(place) = self.key_groups.get_mut(number) {
                *place = Mutex::new(restored);
            }
        }
        self.watermark = learnt.watermark;
        self.open_hour = learnt.open_hour;
        self.inventory = inventory.unwrap_or_default();
        self.profiles = profiles.unwrap_or_default();
        self.seen = seen.unwrap_or_default();
        dropped.retain(|it| it != "seen");
        Ok(dropped)
    }

    /// The detectors in force whose states cannot be taken over.
    fn dropped(&self, learnt: &Learnt) -> Vec<String> {
        let is_other = |name: &str, version: u16| {
            learnt.detectors.iter().any(|it| it.0 == name && it.1 != version)
        };
        let specs = self.registry.specs().filter(|it| it.idle >= LEAST_IDLE);
        specs.filter(|it| is_other(it.name, it.version)).map(|it| it.name.to_owned()).collect()
    }
}

impl Part {
    fn of<T: Serialize>(version: u16, value: &T) -> Result<Part, SnapshotError> {
        let bytes = postcard::to_stdvec(value).map_err(SnapshotError::Write)?;
        Ok(Part { version, bytes })
    }

    /// The value; none if it has another version or cannot be read, which is noted.
    fn take<T: DeserializeOwned>(
        &self,
        version: u16,
        name: &str,
        dropped: &mut Vec<String>,
    ) -> Option<T> {
        let value = postcard::from_bytes(&self.bytes).ok().filter(|_| self.version == version);
        if value.is_none() {
            dropped.push(name.to_owned());
        }
        value
    }
}
