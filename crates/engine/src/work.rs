//! What all key groups share, read-only, while a batch runs; and the routing of its rows.

use std::borrow::Cow;

use intel::{Categories, Intel, Verdict};
use model::{AccountId, Addr, Entity, EntityId, Scope, Timestamp};
use telemetry::{ApiCall, ApiRows, Caller, DnsHost};

use crate::batch::Batch;
use crate::connection::ConnectionSettings;
use crate::context::EntityInfo;
use crate::flow_lines::RowRef;
use crate::inventory::Inventory;
use crate::names::NameInfo;
use crate::profiles::Profiles;
use crate::registry::{Due, Registry};
use crate::router::Groups;

/// The rows of a batch by entity.
#[derive(Default)]
pub(crate) struct Routed {
    pub(crate) flows: Groups<RowRef>,
    pub(crate) queries: Groups,
    /// By row of `queries`.
    pub(crate) names: Vec<NameInfo>,
    /// Rows of API calls that were not delivered before.
    pub(crate) admitted: Vec<u32>,
    /// API calls that some detector may want, by scope.
    pub(crate) calls: Vec<(Scope, Groups)>,
    /// What the lists say of each call's source, by row.
    pub(crate) call_lists: Vec<(Verdict, Categories)>,
    /// By row of API calls: a bit for each of the first 64 detectors of calls that wants it. Detectors that
    /// ask for calls by name are not among them.
    pub(crate) call_wants: Vec<u64>,
}

pub(crate) struct Work<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) intel: &'a Intel,
    pub(crate) inventory: &'a Inventory,
    pub(crate) profiles: &'a Profiles,
    pub(crate) batch: &'a Batch,
    pub(crate) routed: &'a Routed,
    pub(crate) settings: ConnectionSettings,
    /// The watermark before the batch.
    pub(crate) watermark: Timestamp,
    pub(crate) due: Due,
}

impl Work<'_> {
    /// Wake-ups up to this time run before a row of time `time`.
    pub(crate) fn due_before(&self, time: Timestamp) -> Timestamp {
        let before_close =
            Timestamp::from_millis(self.due.open_hour_end.millis().saturating_sub(1));
        (time - self.due.lateness).min(before_close)
    }

    pub(crate) fn categories(&self, verdict: Verdict, info: Option<&EntityInfo>) -> Categories {
        match info {
            Some(info) if !verdict.is_none() => {
                self.intel.categories(verdict, info.account, info.region)
            }
            _ => Categories::default(),
        }
    }

    /// Every address that the inventory knows of an interface.
    pub(crate) fn addresses_of(&self, info: &EntityInfo) -> Vec<Addr> {
        let found = self.inventory.interface(info.account, &info.name, Timestamp::MAX);
        let Some(fact) = found else { return Vec::new() };
        let private = fact.private.iter().map(|it| it.address);
        private.chain(fact.ipv6.iter().copied()).chain(fact.public.iter().copied()).collect()
    }
}

/// The name of an asking host inside its account: the instance, else its address and VPC.
pub(crate) fn host_name(host: &DnsHost) -> Cow<'_, str> {
    if host.instance.is_empty() {
        Cow::Owned(format!("{}/{}", host.vpc, host.address))
    } else {
        Cow::Borrowed(&host.instance)
    }
}

/// The entity that an API call is about in a scope: its account and name; an empty name when there is none.
pub(crate) fn caller_name<'t>(
    scope: Scope,
    call: &ApiCall,
    rows: &'t ApiRows,
) -> (AccountId, &'t str) {
    let text = rows.text.as_str();
    let account = if call.caller_account.is_known() { call.caller_account } else { call.account };
    let first_of = |spans: &[telemetry::Span]| {
        spans.iter().find(|it| it.len != 0).map_or("", |it| it.of(text))
    };
    match scope {
        Scope::Principal => match call.caller {
            Caller::AwsService => (account, ""),
            Caller::AssumedRole => {
                (account, first_of(&[call.issuer_arn, call.arn, call.principal_id]))
            }
            _ => (account, first_of(&[call.arn, call.principal_id, call.invoked_by])),
        },
        Scope::Identity if is_shared(call, text) => (account, call.arn.of(text)),
        Scope::Identity => caller_name(Scope::Principal, call, rows),
        // A role session is named by its principal id, which outlives the keys that it is given.
        Scope::Session => match call.caller {
            Caller::AwsService => (account, ""),
            Caller::AssumedRole => {
                (account, first_of(&[call.principal_id, call.access_key_id, call.arn]))
            }
            _ => (account, first_of(&[call.access_key_id, call.principal_id, call.arn])),
        },
        Scope::Bucket => (call.account, call.bucket.of(text)),
        Scope::Account => (call.account, "account"),
        Scope::Interface | Scope::Host | Scope::Anchor => (account, ""),
    }
}

/// Whether the call is a person's who shares the role with others: of IAM Identity Center, or named by an
/// e-mail address.
fn is_shared(call: &ApiCall, text: &str) -> bool {
    call.caller == Caller::AssumedRole
        && call.arn.len != 0
        && (call.issuer_user_name.of(text).starts_with("AWSReservedSSO_")
            || call.arn.of(text).rsplit('/').next().is_some_and(|it| it.contains('@')))
}

/// The identity of that entity; none when the call is about none.
pub(crate) fn caller_id(scope: Scope, call: &ApiCall, rows: &ApiRows) -> Option<EntityId> {
    let (account, name) = caller_name(scope, call, rows);
    (!name.is_empty()).then(|| Entity::id_of(scope, account, name.as_bytes()))
}
