//! Who calls: an access key stands for an account and for what its holder may do.

use std::fmt;

use model::AccountId;

use crate::operation::Operation;

/// Finds access keys. The program that runs the API decides where they are kept.
pub trait Keys: Send + Sync {
    /// The key with this identifier; none if there is none or it is not in force. Called for each request on
    /// a thread that serves others as well, so it must not wait for anything.
    fn find(&self, access_key: &str) -> Option<Key>;

    /// The account that may name the administrator of all other accounts; none if nobody may. It is a matter
    /// of trust, so it is for the operator to say and not for a request.
    fn management(&self) -> Option<AccountId> {
        None
    }
}

/// An access key.
#[derive(Clone)]
pub struct Key {
    /// What requests are signed with.
    pub secret: String,
    /// The account whose resources the holder sees.
    pub account: AccountId,
    /// What the holder may do.
    pub role: Role,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Key");
        text.field("account", &self.account).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What the holder of a key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads everything; archives findings and says what they are worth.
    Analyst,
    /// Reads everything.
    Reader,
    /// Delivers logs; may do nothing here.
    Ingest,
}

/// What analysts may do beyond reading.
const ANALYSTS: [&str; 3] = ["ArchiveFindings", "UnarchiveFindings", "UpdateFindingsFeedback"];

impl Role {
    pub(crate) fn may(self, operation: &Operation) -> bool {
        match self {
            Role::Admin => true,
            Role::Analyst => operation.only_reads() || ANALYSTS.contains(&operation.name),
            Role::Reader => operation.only_reads(),
            Role::Ingest => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::operations::OPERATIONS;

    fn allowed(role: Role) -> Vec<&'static str> {
        OPERATIONS.iter().filter(|it| role.may(it)).map(|it| it.name).collect()
    }

    #[test]
    fn roles_allow_less_and_less() {
        let [admin, analyst, reader, ingest] =
            [Role::Admin, Role::Analyst, Role::Reader, Role::Ingest].map(allowed);
        assert_eq!(admin.len(), OPERATIONS.len());
        assert_eq!(analyst.len(), reader.len() + ANALYSTS.len());
        assert_eq!(ingest, [""; 0]);
        for name in &reader {
            let changes =
                ["Create", "Update", "Delete", "Archive", "Tag", "Untag", "Start", "Send"];
            assert!(!changes.iter().any(|it| name.starts_with(it)), "{name}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let account = AccountId::new(111_122_223_333).unwrap();
        let key = Key { secret: "hidden".to_owned(), account, role: Role::Admin };
        assert!(!format!("{key:?}").contains("hidden"));
    }
}
