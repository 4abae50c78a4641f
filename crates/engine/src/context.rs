//! What a detector may read beside its event and its state.

use intel::Intel;
use model::{AccountId, Addr, Entity, EntityId, Region, Scope, Timestamp};
use serde::{Deserialize, Serialize};

use crate::inventory::{Inventory, Purpose};
use crate::profiles::Profiles;

/// Intel, inventory and profiles as of the batch, and the entity concerned.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What is known of addresses, names and files.
    pub intel: &'a Intel,
    /// Facts about resources.
    pub inventory: &'a Inventory,
    /// What was usual in closed hours.
    pub profiles: &'a Profiles,
    /// The entity whose state it is.
    pub entity: &'a EntityInfo,
    /// The watermark before the batch.
    pub watermark: Timestamp,
}

impl Context<'_> {
    /// Whom the interface is for whose state it is. A record that names the instance settles it; then the
    /// inventory; then records of packets that were passed on. Of other entities nothing is known.
    pub fn purpose(&self, at: Timestamp) -> Purpose {
        let EntityInfo { scope, account, name, instance, forwards, .. } = self.entity;
        match scope {
            Scope::Interface if instance.is_empty() => {
                match self.inventory.purpose_of(*account, name, at) {
                    Purpose::Unknown if *forwards <= at => Purpose::Transit,
                    known => known,
                }
            }
            Scope::Interface => Purpose::Instance,
            _ => Purpose::Unknown,
        }
    }
}

/// An entity and what its records said of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EntityInfo {
    /// Identity.
    pub id: EntityId,
    /// Kind.
    pub scope: Scope,
    /// Account that owns it.
    pub account: AccountId,
    /// Region of its latest record.
    pub region: Region,
    /// Its name inside the account.
    pub name: Box<str>,
    /// Instance behind an interface or host, empty when the records do not say.
    pub instance: Box<str>,
    /// VPC, empty when the records do not say.
    pub vpc: Box<str>,
    /// Address of a host.
    pub address: Addr,
    /// Event time of its first record.
    pub first_seen: Timestamp,
    /// Event time of its latest record.
    pub last_seen: Timestamp,
    /// Event time of the first record of an interface by which it passes on the packets of others, as a NAT
    /// gateway does; [`Timestamp::MAX`] when there is none.
    pub forwards: Timestamp,
}

impl EntityInfo {
    /// An entity of which only the name is known.
    pub fn new(id: EntityId, entity: Entity, time: Timestamp) -> EntityInfo {
        EntityInfo {
            id,
            scope: entity.scope,
            account: entity.account,
            region: Region::UNKNOWN,
            name: entity.name,
            instance: Box::default(),
            vpc: Box::default(),
            address: Addr::UNSPECIFIED,
            first_seen: time,
            last_seen: time,
            forwards: Timestamp::MAX,
        }
    }
}
