//! Whose findings an account sees: its own and those of its members.

use model::AccountId;
use serde_json::Value;
use store::{DocumentQuery, Owner, Scope, Store, StoreError};

use super::members::MemberResource;
use crate::context::{Context, refuse};
use crate::error::Refusal;
use crate::kinds;

/// Whose findings an owner sees and its filters and lists are for: its own and those of associated members.
///
/// For the program that runs detection: [`store::Suppression`] and lists of an administrator apply to members.
pub fn scope_of(store: &dyn Store, owner: Owner) -> Result<Scope, StoreError> {
    let accounts = members(store, owner)?.into_iter().chain([owner.account]);
    Ok(Scope::accounts(accounts, owner.region))
}

/// Whether a document of the kind [`crate::kinds::MEMBERS`] says that the account is associated.
pub fn is_associated(member: Value) -> bool {
    // What cannot be read is nobody's: an account is seen only where a document says so.
    serde_json::from_value::<MemberResource>(member).is_ok_and(|it| it.standing.is_associated())
}

/// Accounts that are associated with the caller.
pub(crate) fn associated(context: &Context<'_>) -> Result<Vec<AccountId>, Refusal> {
    members(&*context.state.store, context.owner).map_err(|it| refuse(&it))
}

fn members(store: &dyn Store, owner: Owner) -> Result<Vec<AccountId>, StoreError> {
    let mut accounts = Vec::new();
    let mut query = DocumentQuery {
        owner: Some(owner),
        kind: kinds::MEMBERS.to_owned(),
        limit: DocumentQuery::LIMIT_MAX,
        token: None,
    };
    loop {
        let page = store.list_documents(&query)?;
        for document in page.items {
            if is_associated(document.body) {
                accounts.extend(AccountId::from_digits(document.key.id.as_bytes()));
            }
        }
        query.token = page.next;
        if query.token.is_none() {
            return Ok(accounts);
        }
    }
}
