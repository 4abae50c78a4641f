//! The lists among what clients have set: what detection looks addresses and names up in.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use api::kinds;
use engine::model::AccountId;
use intel::{Category, Intel, IntelBuilder, ListFormat, Owner, parse_list_as};
use serde_json::Value;
use store::{BlobHash, DocumentKey, Store};

use super::InForce;

/// The name of the part of a snapshot that holds a content.
pub(in crate::serve) fn part_name(hash: &BlobHash) -> String {
    format!("list/{hash}")
}

/// What a list of this kind says of its entries.
fn category(kind: &str) -> Category {
    match kind {
        kinds::IP_SETS | kinds::TRUSTED_ENTITY_SETS => Category::Trusted,
        _ => Category::Threat,
    }
}

impl InForce {
    /// The contents of the lists in force.
    pub(in crate::serve) fn contents(&self) -> BTreeSet<BlobHash> {
        self.contents.values().copied().collect()
    }

    /// The lists in force, beside `others`. What cannot be read is told and left out.
    pub(in crate::serve) fn intel(
        &self,
        others: &IntelBuilder,
        store: &dyn Store,
        tell: &dyn Fn(&str),
    ) -> Arc<Intel> {
        let mut builder = others.clone();
        for (key, hash) in &self.contents {
            if let Err(error) = self.add(&mut builder, key, hash, store) {
                tell(&format!(
                    "the list {} of {} is not in force: {error:#}",
                    key.id, key.owner.account
                ));
            }
        }
        Arc::new(builder.build())
    }

    fn add(
        &self,
        builder: &mut IntelBuilder,
        key: &DocumentKey,
        hash: &BlobHash,
        store: &dyn Store,
    ) -> Result<()> {
        let list = self.documents.get(key).context("it is not known any more")?;
        let bytes = store.blob(hash)?.context("its content is not in the store")?;
        let text = |name: &str| list.get(name).and_then(Value::as_str).unwrap_or_default();
        let format: ListFormat = text("format").parse()?;
        let (entries, _) = parse_list_as(format, &bytes);
        let region = key.owner.region;
        let owners = self.members_of(key.owner).into_iter().chain([key.owner.account]);
        let owners = owners.map(|account| Owner { account, region }).collect();
        builder.add_list(text("name"), category(&key.kind), Some(owners), entries);
        Ok(())
    }

    /// Accounts that are associated with an administrator.
    pub(super) fn members_of(&self, owner: store::Owner) -> Vec<AccountId> {
        let first = DocumentKey::new(owner, kinds::MEMBERS, "");
        self.documents
            .range(first..)
            .take_while(|(key, _)| key.owner == owner && key.kind == kinds::MEMBERS)
            .filter(|(_, body)| api::is_associated((*body).clone()))
            .filter_map(|(key, _)| AccountId::from_digits(key.id.as_bytes()))
            .collect()
    }
}
