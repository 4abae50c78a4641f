//! What clients of the API have set and detection acts on, as of an entry of the store's control journal.
//!
//! It is a fold over the entries: the journal on disk says up to which entry before which objects, so a replay has
//! the same lists in force at the same place. A snapshot holds the fold, and the contents of lists as parts of their
//! own.

mod features;
mod lists;
mod rules;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use api::{Control, ControlContent, ControlDocument, ControlFeedback, Judged, kinds};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{BlobHash, ControlEntry, DocumentKey, Store};

pub(super) use lists::part_name;

/// Entries that are read from the store at once.
const PAGE: usize = 500;

/// What is in force.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct InForce {
    /// The last entry that is in it.
    pub(super) through: u64,
    documents: BTreeMap<DocumentKey, Value>,
    /// What was read for lists.
    contents: BTreeMap<DocumentKey, BlobHash>,
}

/// What some entries changed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Changed {
    /// Other lists are in force, or for others.
    pub(super) lists: bool,
    /// Other detectors, features or custom detection rules are switched on or off.
    pub(super) disabled: bool,
    /// What somebody said of findings, in this order.
    pub(super) judged: Vec<Opinion>,
}

/// What somebody said of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Opinion {
    finding: Judged,
    is_useful: bool,
}

impl Opinion {
    /// The change for the engine.
    pub(super) fn into_control(self) -> engine::Control {
        let Judged { account, region, finding_type, key } = self.finding;
        engine::Control::Feedback { account, region, finding_type, key, useful: self.is_useful }
    }
}

/// The form in a snapshot: JSON, so that later versions can read it.
#[derive(Serialize, Deserialize)]
struct Saved {
    through: u64,
    documents: Vec<ControlDocument>,
    contents: Vec<ControlContent>,
}

/// Whether detection acts on documents of a kind.
fn matters(kind: &str) -> bool {
    const OTHERS: [&str; 4] =
        [kinds::MEMBERS, kinds::DETECTORS, kinds::RULE_ASSOCIATIONS, kinds::RULE_CONFIGURATIONS];
    kinds::LISTS.contains(&kind) || OTHERS.contains(&kind)
}

fn is_active(list: &Value) -> bool {
    list["status"] != "INACTIVE"
}

/// The number of the last entry of the control journal above `after`, or `after`.
pub(super) fn latest(store: &dyn Store, mut after: u64) -> Result<u64> {
    while let Some(last) = store.control_entries(after, PAGE)?.last() {
        after = last.sequence;
    }
    Ok(after)
}

impl InForce {
    /// Takes over what the entries up to `through` say. An error changes nothing.
    pub(super) fn read(&mut self, store: &dyn Store, through: u64) -> Result<Changed> {
        let (mut entries, mut after) = (Vec::new(), self.through);
        while after < through {
            let page = store.control_entries(after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            entries.extend(page.into_iter().filter(|it| it.sequence <= through));
        }
        let mut changed = Changed::default();
        for entry in entries {
            self.take(entry, &mut changed);
        }
        self.through = self.through.max(through);
        Ok(changed)
    }

    fn take(&mut self, entry: ControlEntry, changed: &mut Changed) {
        // The API writes nothing else; what an older or newer version wrote may be of no concern.
        let Ok(control) = serde_json::from_value::<Control>(entry.body) else { return };
        for document in control.documents {
            self.document(document, changed);
        }
        for content in control.contents {
            self.content(content, changed);
        }
        if let Some(ControlFeedback { feedback, judged, .. }) = control.feedback {
            let is_useful = feedback == "USEFUL";
            changed.judged.extend(judged.into_iter().map(|finding| Opinion { finding, is_useful }));
        }
    }

    fn document(&mut self, document: ControlDocument, changed: &mut Changed) {
        let ControlDocument { owner, kind, id, body } = document;
        if !matters(&kind) {
            return;
        }
        let is_list = kinds::LISTS.contains(&&*kind);
        let key = DocumentKey::new(owner, kind, id);
        if is_list {
            changed.lists |= self.contents.contains_key(&key);
            if !body.as_ref().is_some_and(is_active) {
                self.contents.remove(&key);
            }
        } else {
            changed.disabled = true;
            // Lists of an administrator are for its members too.
            changed.lists |= self.contents.keys().any(|it| it.owner == owner);
        }
        match body {
            Some(body) => self.documents.insert(key, body),
            // A detector that was deleted is remembered: nothing is detected until it is made again.
            None if key.kind == kinds::DETECTORS => self.documents.insert(key, json!(null)),
            None => self.documents.remove(&key),
        };
    }

    fn content(&mut self, content: ControlContent, changed: &mut Changed) {
        let ControlContent { owner, kind, id, location, hash } = content;
        let key = DocumentKey::new(owner, kind, id);
        let list = self.documents.get(&key);
        // Whoever changed the list since it was read is right.
        if !list.is_some_and(|it| is_active(it) && it["location"] == location) {
            return;
        }
        let before = self.contents.get(&key).copied();
        let hash = hash.as_deref().and_then(BlobHash::parse);
        match hash {
            Some(hash) => self.contents.insert(key, hash),
            None => self.contents.remove(&key),
        };
        changed.lists |= before != hash;
    }

    /// The form in a snapshot.
    pub(super) fn save(&self) -> Result<Vec<u8>> {
        let documents = self.documents.iter().map(|(key, body)| ControlDocument {
            owner: key.owner,
            kind: key.kind.clone(),
            id: key.id.clone(),
            body: Some(body.clone()),
        });
        let contents = self.contents.iter().map(|(key, hash)| ControlContent {
            owner: key.owner,
            kind: key.kind.clone(),
            id: key.id.clone(),
            location: String::new(),
            hash: Some(hash.to_string()),
        });
        let (documents, contents) = (documents.collect(), contents.collect());
        Ok(serde_json::to_vec(&Saved { through: self.through, documents, contents })?)
    }

    /// Reads what [`InForce::save`] wrote.
    pub(super) fn restore(bytes: &[u8]) -> Result<InForce> {
        let about = "the latest snapshot is damaged: what clients of the API have set";
        let Saved { through, documents, contents } =
            serde_json::from_slice(bytes).context(about)?;
        let document =
            |it: ControlDocument| Some((DocumentKey::new(it.owner, it.kind, it.id), it.body?));
        let content = |it: ControlContent| {
            Some((DocumentKey::new(it.owner, it.kind, it.id), BlobHash::parse(&it.hash?)?))
        };
        Ok(InForce {
            through,
            documents: documents.into_iter().filter_map(document).collect(),
            contents: contents.into_iter().filter_map(content).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use engine::model::{AccountId, Addr, Region, Timestamp};
    use intel::{Categories, Category, IntelBuilder};
    use store::{Change, InMemory, Owner};

    use super::*;

    const OWN: u64 = 111_122_223_333;
    const MEMBER: u64 = 444_455_556_666;

    fn owner() -> Owner {
        Owner::new(AccountId::new(OWN).unwrap(), Region::new("us-east-1"))
    }

    fn write(store: &dyn Store, control: &Control) -> u64 {
        let entry = ControlEntry::new(Timestamp::from_secs(1), json!(control));
        store.apply(&[], Some(&entry)).unwrap().unwrap()
    }

    fn document(kind: &str, id: &str, body: Option<Value>) -> Control {
        let document = ControlDocument { owner: owner(), kind: kind.into(), id: id.into(), body };
        Control { documents: vec![document], ..Control::default() }
    }

    fn list(location: &str, status: &str) -> Control {
        let body = json!({"name": "n", "format": "TXT", "location": location, "status": status});
        document(kinds::THREAT_INTEL_SETS, "a", Some(body))
    }

    /// What the loader does.
    fn load(store: &dyn Store, location: &str, text: &str) -> u64 {
        let key = DocumentKey::new(owner(), kinds::THREAT_INTEL_SETS, "a");
        let body = json!({ "location": location });
        store.apply(&[Change::put(key.clone(), body)], None).unwrap();
        let read = store.document(&key).unwrap().unwrap();
        let hash = store.put_blob(text.as_bytes()).unwrap();
        api::loaded(store, &read, Some(hash), Timestamp::from_secs(1)).unwrap().unwrap()
    }

    /// The listed ones of 192.0.2.1 to 192.0.2.3, for an account and Region.
    fn listed(in_force: &InForce, store: &dyn Store, account: u64, region: &str) -> Vec<u8> {
        let intel = in_force.intel(&IntelBuilder::new(), store, &|it| panic!("{it}"));
        let account = AccountId::new(account).unwrap();
        let is_listed = |last: &u8| {
            let verdict = intel.address(Addr::parse(&format!("192.0.2.{last}")).unwrap());
            let found = intel.categories(verdict, account, Region::new(region));
            found.intersects(Categories::of(&[Category::Threat]))
        };
        (1..=3).filter(is_listed).collect()
    }

    #[test]
    fn a_list_is_in_force_from_its_content_until_it_is_switched_off() {
        let store = InMemory::new();
        let mut in_force = InForce::default();
        let mut step = |through: u64| {
            let changed = in_force.read(&store, through).unwrap();
            (changed.lists, listed(&in_force, &store, OWN, "us-east-1"))
        };
        assert_eq!(step(write(&store, &list("https://a/1", "ACTIVATING"))), (false, vec![]));
        assert_eq!(step(load(&store, "https://a/1", "192.0.2.1")), (true, vec![1]));
        // A new place: what was read of the old one stays until its content is there.
        assert_eq!(step(write(&store, &list("https://a/2", "ACTIVATING"))), (true, vec![1]));
        assert_eq!(step(load(&store, "https://a/1", "192.0.2.2")), (false, vec![1]));
        assert_eq!(step(load(&store, "https://a/2", "192.0.2.3")), (true, vec![3]));
        assert_eq!(step(load(&store, "https://a/2", "192.0.2.3")), (false, vec![3]));
        assert_eq!(step(write(&store, &list("https://a/2", "INACTIVE"))), (true, vec![]));
        // What was read before somebody switched it off comes too late.
        assert_eq!(step(load(&store, "https://a/2", "192.0.2.3")), (false, vec![]));
        step(write(&store, &list("https://a/2", "ACTIVATING")));
        assert_eq!(step(load(&store, "https://a/2", "192.0.2.1")), (true, vec![1]));
        let deleted = document(kinds::THREAT_INTEL_SETS, "a", None);
        assert_eq!(step(write(&store, &deleted)), (true, vec![]));
    }

    #[test]
    fn lists_of_an_administrator_are_for_its_members_in_its_region() {
        let store = InMemory::new();
        write(&store, &list("https://a/1", "ACTIVATING"));
        let mut in_force = InForce::default();
        in_force.read(&store, load(&store, "https://a/1", "192.0.2.1")).unwrap();
        let member = |standing: &str| {
            let body = json!({"standing": standing, "email": "a@example.com", "updatedAt": "2026-01-01T00:00:00Z"});
            document(kinds::MEMBERS, &MEMBER.to_string(), Some(body))
        };
        for (standing, expected) in [("Created", vec![]), ("Enabled", vec![1]), ("Removed", vec![])]
        {
            let through = write(&store, &member(standing));
            assert!(in_force.read(&store, through).unwrap().lists);
            assert_eq!(listed(&in_force, &store, MEMBER, "us-east-1"), expected, "{standing}");
        }
        assert_eq!(listed(&in_force, &store, OWN, "us-east-1"), [1]);
        assert_eq!(listed(&in_force, &store, OWN, "eu-west-1"), [0; 0]);
    }

    #[test]
    fn opinions_are_handed_on_once() {
        let store = InMemory::new();
        let finding = |key: &str| Judged {
            account: AccountId::new(MEMBER).unwrap(),
            region: Region::new("us-east-1"),
            finding_type: "Persistence:IAMUser/AnomalousBehavior".into(),
            key: key.into(),
        };
        let say = |feedback: &str, keys: &[&str]| {
            let judged = keys.iter().map(|it| finding(it)).collect();
            let (owner, feedback) = (owner(), feedback.to_owned());
            let said = ControlFeedback { owner, finding_ids: vec![], feedback, judged };
            write(&store, &Control { feedback: Some(said), ..Control::default() })
        };
        let mut in_force = InForce::default();
        say("USEFUL", &["a"]);
        let changed = in_force.read(&store, say("NOT_USEFUL", &["b", "c"])).unwrap();
        assert!(!changed.lists && !changed.disabled);
        let said: Vec<String> =
            changed.judged.into_iter().map(|it| format!("{:?}", it.into_control())).collect();
        let expected = |key: &str, useful: bool| {
            format!("Feedback(Persistence:IAMUser/AnomalousBehavior {key} useful={useful})")
        };
        assert_eq!(said, [expected("a", true), expected("b", false), expected("c", false)]);
        assert!(in_force.read(&store, in_force.through).unwrap().judged.is_empty());
    }

    #[test]
    fn what_is_saved_is_what_was_in_force() {
        let store = InMemory::new();
        write(&store, &list("https://a/1", "ACTIVATING"));
        let mut in_force = InForce::default();
        in_force.read(&store, load(&store, "https://a/1", "192.0.2.1")).unwrap();
        let restored = InForce::restore(&in_force.save().unwrap()).unwrap();
        assert_eq!(restored, in_force);
        assert!(InForce::restore(b"{").is_err());
    }
}
