//! The API calls of a subject: from where, with what, which, and how they ended.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Addr};
use telemetry::ApiCall;

use super::Seen;
use super::top::{Top, Weight};

/// Most kinds of errors of one API that are told apart.
const ERRORS_MAX: usize = 8;
/// Longest error code, in bytes.
const ERROR_MAX: usize = 128;
/// Most accounts that are told apart.
const ACCOUNTS_MAX: usize = 64;
/// Most calls whose ids are remembered so that what was delivered twice counts once.
pub(super) const IDS_MAX: usize = 1 << 20;

/// Calls of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    /// All.
    pub calls: u64,
    /// Those with an error code.
    pub failed: u64,
    /// When.
    pub seen: Seen,
}

impl Count {
    fn add(&mut self, call: &ApiCall) {
        self.calls += 1;
        self.failed += u64::from(!call.is_success());
        self.seen.add(call.time);
    }
}

impl Weight for Count {
    fn weight(&self) -> u64 {
        self.calls
    }
}

/// Calls of one API.
#[derive(Clone, Debug, Default)]
pub(super) struct Api {
    /// How many.
    pub count: Count,
    /// By error code; beyond the bound under `other`.
    pub errors: BTreeMap<String, u64>,
}

impl Weight for Api {
    fn weight(&self) -> u64 {
        self.count.calls
    }
}

/// Calls from one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// How many.
    pub count: Count,
    /// The address; unspecified for services.
    pub address: Addr,
}

impl Weight for Source {
    fn weight(&self) -> u64 {
        self.count.calls
    }
}

/// All calls of a subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// How many.
    pub count: Count,
    /// Calls with an MFA sign-in behind them.
    pub mfa: u64,
    /// By `sourceIPAddress`.
    pub sources: Top<Source>,
    /// By `userAgent`.
    pub agents: Top<Count>,
    /// By Region.
    pub regions: Top<Count>,
    /// By service and name of the API: `s3 GetObject`.
    pub apis: Top<Api>,
    /// By access key id.
    pub keys: Top<Count>,
    /// By principal id.
    pub ids: Top<Count>,
    /// By ARN of the caller.
    pub arns: Top<Count>,
    accounts: BTreeSet<AccountId>,
    delivered: BTreeSet<u64>,
}

impl Calls {
    /// Adds a call, unless it was delivered before.
    pub(super) fn add(&mut self, call: &ApiCall, text: &str) {
        if call.event_id.len > 0
            && self.delivered.len() < IDS_MAX
            && !self.delivered.insert(call.event_id_hash)
        {
            return;
        }
        self.count.add(call);
        self.mfa += u64::from(call.is(ApiCall::MFA));
        if call.account.is_known() && self.accounts.len() < ACCOUNTS_MAX {
            self.accounts.insert(call.account);
        }
        let source = call.source_text.of(text);
        if !source.is_empty() {
            let it = self.sources.at(source);
            it.address = call.source;
            it.count.add(call);
        }
        let named = [
            (&mut self.agents, call.user_agent.of(text)),
            (&mut self.regions, call.region.as_str()),
            (&mut self.keys, call.access_key_id.of(text)),
            (&mut self.ids, call.principal_id.of(text)),
            (&mut self.arns, call.arn.of(text)),
        ];
        for (top, name) in named {
            if !name.is_empty() {
                top.at(name).add(call);
            }
        }
        let service = call.event_source.of(text);
        let service = service.strip_suffix(".amazonaws.com").unwrap_or(service);
        let api = self.apis.at(&format!("{service} {}", call.event_name.of(text)));
        api.count.add(call);
        let error = call.error_code.of(text);
        if !error.is_empty() {
            let error = error.get(..error.floor_char_boundary(ERROR_MAX)).unwrap_or_default();
            let is_known = api.errors.contains_key(error) || api.errors.len() < ERRORS_MAX;
            *api.errors.entry(if is_known { error } else { "other" }.to_owned()).or_default() += 1;
        }
    }

    /// The accounts whose trails have them.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use model::{Region, Timestamp};
    use telemetry::{ApiCall, Span};

    use super::*;

    fn call(text: &mut String, id: u64, name: &str, error: &str) -> ApiCall {
        ApiCall {
            time: Timestamp::from_secs(i64::try_from(id).unwrap()),
            event_id_hash: id,
            event_id: Span::push(text, "id"),
            region: Region::new("eu-west-1"),
            event_source: Span::push(text, "s3.amazonaws.com"),
            event_name: Span::push(text, name),
            error_code: Span::push(text, error),
            source_text: Span::push(text, "192.0.2.1"),
            ..ApiCall::default()
        }
    }

    #[test]
    fn calls_are_counted_once_by_how_they_ended() {
        let mut text = String::new();
        let mut calls = Calls::default();
        for (id, error) in [(1, ""), (2, "AccessDenied"), (2, "AccessDenied"), (3, "NoSuchKey")] {
            let call = call(&mut text, id, "GetObject", error);
            calls.add(&call, &text);
        }
        assert_eq!((calls.count.calls, calls.count.failed), (3, 2));
        let (name, api) = calls.apis.heaviest()[0];
        assert_eq!(name, "s3 GetObject");
        let errors: Vec<_> =
            api.errors.iter().map(|(code, count)| (code.as_str(), *count)).collect();
        assert_eq!(errors, [("AccessDenied", 1), ("NoSuchKey", 1)]);
        assert_eq!(calls.sources.heaviest()[0].1.count.seen.get().unwrap().1.secs(), 3);
    }

    #[test]
    fn error_codes_are_bounded() {
        let mut text = String::new();
        let mut calls = Calls::default();
        for id in 0..100 {
            let call = call(&mut text, id, "GetObject", &format!("E{id}"));
            calls.add(&call, &text);
        }
        let api = calls.apis.get("s3 GetObject").unwrap();
        assert_eq!(api.errors.len(), ERRORS_MAX + 1);
        assert_eq!(api.errors["other"], 100 - ERRORS_MAX as u64);
    }
}
