//! What the logs say of one principal or instance, collected while a scan reads them.
//!
//! Everything is bounded: of each kind of thing the most frequent are kept, see `top`.

mod about;
mod calls;
mod names;
mod sessions;
mod shape;
mod table;
mod top;
mod traffic;
mod view;

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use engine::{Batch, Inventory};
use model::{AccountId, Timestamp};
use telemetry::{DnsHost, FlowInterface};

pub use about::{Instance, Subject};
pub use shape::View;
pub use table::table;
pub use view::view;

use crate::pipeline::Observer;
use calls::Calls;
use names::Names;
use sessions::Sessions;
use top::Top;
use traffic::Traffic;

/// First and last time of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { first: Timestamp::MAX, last: Timestamp::MIN }
    }
}

impl Seen {
    /// Adds a time.
    pub fn add(&mut self, time: Timestamp) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    /// Adds the times of another.
    pub fn merge(&mut self, other: Seen) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The two, if there was any.
    pub fn get(self) -> Option<(Timestamp, Timestamp)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }
}

/// Collects what batches say of a subject.
pub struct Collector {
    subject: Subject,
    calls: Calls,
    sessions: Sessions,
    traffic: Traffic,
    names: Names,
    /// What is known of an instance, as of its latest record.
    instance: Option<Instance>,
    /// Principals or instances of the logs, for whoever asked for one that is not there.
    others: Top<u64>,
}

impl Collector {
    /// Collects for a subject.
    pub fn new(subject: Subject) -> Collector {
        Collector {
            subject,
            calls: Calls::default(),
            sessions: Sessions::default(),
            traffic: Traffic::default(),
            names: Names::default(),
            instance: None,
            others: Top::default(),
        }
    }

    /// Whether an access key or a principal's id made calls of the subject, or is it.
    pub fn is_own(&self, id: &str) -> bool {
        id == self.subject.name()
            || self.calls.keys.get(id).is_some()
            || self.calls.ids.get(id).is_some()
    }

    fn api_calls(&mut self, batch: &Batch) {
        let text = &batch.calls.text;
        for call in &batch.calls.rows {
            let is_own = self.subject.made(call, text);
            if is_own {
                self.calls.add(call, text);
            } else if matches!(self.subject, Subject::Principal(_)) {
                let arn = call.arn.of(text);
                if !arn.is_empty() {
                    *self.others.at(arn) += 1;
                }
            }
            if Sessions::is_issue(call, text) {
                self.sessions.add(&self.subject, call, text, is_own);
            }
        }
    }

    fn flows(&mut self, id: &str, batch: &Batch, inventory: &Inventory) {
        let mut known: BTreeMap<(AccountId, &str), bool> = BTreeMap::new();
        for (flow, interface) in batch.flows.with_interfaces() {
            let at = Timestamp::from_secs(i64::from(flow.start));
            let key = (interface.account, &*interface.id);
            let is_own = *known.entry(key).or_insert_with(|| {
                let owner = owner(interface, inventory, at, batch.watermark);
                if !owner.is_empty() && owner != id {
                    *self.others.at(&owner) += 1;
                }
                owner == id
            });
            if is_own {
                self.traffic.add(flow, interface, inventory, at);
            }
        }
    }

    fn queries(&mut self, id: &str, batch: &Batch, inventory: &Inventory) {
        let mut known: BTreeMap<u32, bool> = BTreeMap::new();
        for row in &batch.queries.rows {
            let at = Timestamp::from_secs(i64::from(row.time));
            let host = batch.queries.hosts.get(row.host as usize);
            let is_own = *known.entry(row.host).or_insert_with(|| {
                let owner = host.map(|it| asker(it, inventory, at)).unwrap_or_default();
                if !owner.is_empty() && owner != id {
                    *self.others.at(&owner) += 1;
                }
                owner == id
            });
            if is_own {
                self.names.add(batch.queries.name(row), row, at);
                if let Some(host) = host {
                    self.traffic.note_account(host.account);
                }
            }
        }
    }
}

impl Observer for Collector {
    fn batch(&mut self, batch: &Batch, inventory: &Inventory) {
        self.api_calls(batch);
        let Subject::Instance(id) = self.subject.clone() else { return };
        self.flows(&id, batch, inventory);
        self.queries(&id, batch, inventory);
        let seen =
            self.traffic.seen().get().map(|it| it.1).max(self.names.seen().get().map(|it| it.1));
        let accounts = self.traffic.accounts().chain(self.calls.accounts());
        let at = seen.unwrap_or(batch.watermark);
        for account in accounts.collect::<Vec<_>>() {
            if let Some(it) = Instance::look_up(account, &id, inventory, at) {
                self.instance = Some(it);
            }
        }
    }
}

/// The instance of an interface: by the record itself, else by what is known of its time, else by what is
/// known since; empty where none is.
fn owner(
    interface: &FlowInterface,
    inventory: &Inventory,
    at: Timestamp,
    now: Timestamp,
) -> String {
    if !interface.instance.is_empty() {
        return interface.instance.to_string();
    }
    let known = |at| inventory.interface(interface.account, &interface.id, at);
    let found = known(at).or_else(|| known(now));
    found.map(|it| it.instance.to_string()).unwrap_or_default()
}

/// The instance that asked; empty where none is known.
fn asker(host: &DnsHost, inventory: &Inventory, at: Timestamp) -> String {
    if !host.instance.is_empty() || !host.address.is_known() {
        return host.instance.to_string();
    }
    let found = inventory.instance_of_address(host.account, &host.vpc, host.address, at);
    found.map(str::to_owned).unwrap_or_default()
}

/// Reads `--principal` and `--instance`, of which one is given.
pub fn subject(principal: Option<&str>, instance: Option<&str>) -> Result<Subject> {
    match (principal, instance) {
        (Some(text), None) => Subject::principal(text),
        (None, Some(text)) => Subject::instance(text),
        _ => bail!("give one of --principal ARN and --instance ID"),
    }
}
