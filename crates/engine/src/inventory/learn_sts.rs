//! Lineage of sessions from STS's calls, and accounts from those of Organizations.

use std::borrow::Cow;

use model::AccountId;
use serde::Deserialize;
use serde_json::Value;
use telemetry::{ApiCall, ApiRows, Caller};

use super::facts::{ACCOUNTS_MAX, Inventory, session_key};
use super::json::{TEXT_MAX, account, cut, get, list, member_text};
use super::lineage::{Lineage, Parent};
use super::shared::Texts;

/// The members of a request that are needed. Typed, since these calls are a great part of all calls.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Request<'j> {
    #[serde(borrow)]
    role_arn: Option<Cow<'j, str>>,
    #[serde(borrow)]
    role_session_name: Option<Cow<'j, str>>,
    #[serde(borrow)]
    source_identity: Option<Cow<'j, str>>,
    /// Of `GetFederationToken`.
    #[serde(borrow)]
    name: Option<Cow<'j, str>>,
    /// Of `AssumeRoot`: the account whose root is assumed.
    #[serde(borrow)]
    target_principal: Option<Cow<'j, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<'j> {
    #[serde(borrow)]
    credentials: Credentials<'j>,
    #[serde(borrow, default)]
    assumed_role_user: Option<RoleUser<'j>>,
    #[serde(borrow, default)]
    source_identity: Option<Cow<'j, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'j> {
    #[serde(borrow)]
    access_key_id: Cow<'j, str>,
}

#[derive(Deserialize)]
struct RoleUser<'j> {
    #[serde(borrow, default)]
    arn: Option<Cow<'j, str>>,
}

impl Inventory {
    /// Returns `None` when members that are needed are missing.
    pub(super) fn learn_sts(&mut self, call: &ApiCall, text: &str) -> Option<()> {
        let response: Response<'_> = serde_json::from_str(call.response.of(text)).ok()?;
        let request: Request<'_> = match call.request.of(text) {
            "" => Request::default(),
            json => serde_json::from_str(json).ok()?,
        };
        let key = response.credentials.access_key_id;
        if key.is_empty() {
            return None;
        }
        let session_arn = response.assumed_role_user.and_then(|user| user.arn);
        let named = request.target_principal.as_deref().and_then(account_of);
        let owner = session_arn.as_deref().or(request.role_arn.as_deref()).and_then(account_of);
        let identity = response.source_identity.or(request.source_identity);
        let user_name = call.user_name.of(text);
        let mut kept = |text: Option<&str>| self.texts.share(text.unwrap_or(""));
        let lineage = Lineage {
            access_key: cut(&key, TEXT_MAX),
            issued: call.time,
            account: named.or(owner).unwrap_or(call.account),
            call: kept(Some(call.event_name.of(text))),
            role: kept(request.role_arn.as_deref()),
            session_name: kept(
                request.role_session_name.or(request.name).as_deref().or(Some(user_name)),
            ),
            source: call.source,
            source_identity: kept(identity.as_deref()),
            parent: parent(call, text, &mut self.texts),
        };
        self.sessions.row(session_key(&key)).merge(lineage);
        Some(())
    }

    /// Accounts that are made in the organization, or join it. An invitation alone makes no member.
    pub(super) fn learn_organization(&mut self, name: &str, response: &Value) -> Option<()> {
        if name == "CreateAccount" {
            // The account's number is there once it is made, which takes longer than the call.
            let status = get(response, "createAccountStatus");
            if !status.is_object() {
                return None;
            }
            if let Some(made) = account(get(status, "accountId")) {
                self.add_account(made);
            }
            return Some(());
        }
        let handshake = get(response, "handshake");
        for party in list(get(handshake, "parties")) {
            if member_text(party, "type").is_some_and(|kind| &*kind == "ACCOUNT") {
                self.add_account(account(get(party, "id"))?);
            }
        }
        handshake.is_object().then_some(())
    }

    pub(super) fn add_account(&mut self, account: AccountId) {
        if account.is_known() && self.accounts.len() < ACCOUNTS_MAX {
            self.accounts.insert(account);
        }
    }
}

fn parent(call: &ApiCall, text: &str, texts: &mut Texts) -> Parent {
    let mut read = |span: telemetry::Span| texts.share(span.of(text));
    let key = read(call.access_key_id);
    match call.caller {
        Caller::AwsService => match read(call.invoked_by) {
            service if !service.is_empty() => Parent::Service(service),
            _ => Parent::Service(read(call.source_text)),
        },
        _ if !key.is_empty() => Parent::Key(key),
        Caller::SamlUser | Caller::WebIdentityUser => match read(call.user_name) {
            name if !name.is_empty() => Parent::Federated(name),
            _ => Parent::Federated(read(call.principal_id)),
        },
        _ => match read(call.principal_id) {
            principal if !principal.is_empty() => Parent::Principal(principal),
            _ => Parent::Unknown,
        },
    }
}

/// The account of an ARN, or the number itself.
fn account_of(arn: &str) -> Option<AccountId> {
    let digits = if arn.starts_with("arn:") { arn.split(':').nth(4)? } else { arn };
    AccountId::from_digits(digits.as_bytes()).filter(|account| account.is_known())
}

/// The JSON of a call that is read whole.
pub(super) fn parsed(span: telemetry::Span, block: &ApiRows) -> Value {
    serde_json::from_str(span.of(&block.text)).unwrap_or(Value::Null)
}
