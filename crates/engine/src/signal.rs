//! Weak evidence and drafts on their second way, by what they concern.

use findings::{Draft, EvidenceRef};
use model::{AccountId, Entity, EntityId, Hasher64, Region, Scope};
use serde::{Deserialize, Serialize};

/// A piece of evidence that waits to be correlated.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// What was seen: a finding type for drafts, else the detector's own term.
    pub name: Box<str>,
    /// The account concerned.
    pub account: AccountId,
    /// The Region concerned.
    pub region: Region,
    /// Weight as evidence, thousandths of a decimal logarithm of the likelihood ratio.
    pub weight: i32,
    /// The record behind it; its time orders signals.
    pub evidence: EvidenceRef,
    /// What it concerns, at most [`Signal::ANCHORS_MAX`].
    pub anchors: Vec<Entity>,
    /// What a finding shows of it.
    pub detail: Box<str>,
}

impl Signal {
    /// Most anchors that a signal is routed by.
    pub const ANCHORS_MAX: usize = 6;

    /// Orders signals of one time: a hash of the whole content.
    pub(crate) fn order(&self) -> u64 {
        let hash = Hasher64::default()
            .bytes(self.name.as_bytes())
            .number(self.account.number())
            .bytes(self.region.as_str().as_bytes())
            .number(self.weight as u64)
            .bytes(self.detail.as_bytes());
        self.anchors.iter().fold(hash, |hash, it| hash.bytes(it.name.as_bytes())).finish()
    }

    pub(crate) fn anchor_ids(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        self.anchors
            .iter()
            .take(Signal::ANCHORS_MAX)
            .map(|it| (Entity::id_of(it.scope, it.account, it.name.as_bytes()), it))
    }

    /// A draft as a signal; none when it concerns nothing that can be correlated.
    pub(crate) fn of_draft(draft: &Draft) -> Option<Signal> {
        let anchors = anchors_of(draft);
        let evidence = *draft.evidence.first()?;
        (!anchors.is_empty()).then(|| Signal {
            name: draft.finding_type.name.into(),
            account: draft.account,
            region: draft.region,
            weight: 1000,
            evidence: EvidenceRef { time: draft.last, ..evidence },
            anchors,
            detail: draft.key.as_str().into(),
        })
    }
}

/// What a draft concerns: the access key, the principal, the instance, the bucket, the remote address.
pub fn anchors_of(draft: &Draft) -> Vec<Entity> {
    let mut anchors = Vec::new();
    let mut add = |kind: &str, name: &str| {
        if !name.is_empty() && anchors.len() < Signal::ANCHORS_MAX {
            anchors.push(Entity::new(Scope::Anchor, draft.account, &format!("{kind}:{name}")));
        }
    };
    if let Some(key) = &draft.resource.access_key_details {
        add("key", &key.access_key_id);
        add("principal", &key.principal_id);
    }
    if let Some(id) =
        draft.resource.instance_details.as_ref().and_then(|it| it.instance_id.as_ref())
    {
        add("instance", id);
    }
    for bucket in &draft.resource.s3_bucket_details {
        add("bucket", &bucket.name);
    }
    let action = &draft.action;
    let remote = action
        .aws_api_call_action
        .as_ref()
        .and_then(|it| it.remote_ip_details.as_ref())
        .or_else(|| {
            action.network_connection_action.as_ref().and_then(|it| it.remote_ip_details.as_ref())
        });
    if let Some(ip) = remote.and_then(|it| it.ip_address_v4.as_ref().or(it.ip_address_v6.as_ref()))
    {
        add("address", ip);
    }
    anchors
}
