//! What detection is keyed by: one entity of one scope in one account.

use serde::{Deserialize, Serialize};

use crate::{AccountId, hash128};

/// The kinds of entity that detectors keep state for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum Scope {
    /// A network interface.
    Interface,
    /// An instance or other host that asks a resolver.
    Host,
    /// An IAM user, a role, root or a federated principal.
    Principal,
    /// One set of credentials: an access key, or the session of a role.
    Session,
    /// An S3 bucket.
    Bucket,
    /// A whole account: for rare calls only.
    Account,
    /// What signals are correlated by: a credential, an instance, a bucket, an address.
    Anchor,
    /// Whose behavior is learnt: a principal, but a person behind a role that people share.
    Identity,
}

impl Scope {
    /// All scopes, by their number.
    pub const ALL: [Scope; 8] = [
        Scope::Interface,
        Scope::Host,
        Scope::Principal,
        Scope::Session,
        Scope::Bucket,
        Scope::Account,
        Scope::Anchor,
        Scope::Identity,
    ];
}

/// The identity of an entity, equal in every run: 128 bits over scope, account and name.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct EntityId(pub u128);

impl EntityId {
    /// Number of key groups. Fixed: snapshots are written by key group.
    pub const KEY_GROUPS: usize = 256;

    /// The key group that owns the entity.
    #[inline]
    pub const fn key_group(self) -> usize {
        (self.0 & 0xff) as usize
    }
}

/// An entity with its names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entity {
    /// Kind of the entity.
    pub scope: Scope,
    /// Account that owns it.
    pub account: AccountId,
    /// Its name inside the account, at most [`Entity::NAME_MAX`] bytes.
    pub name: Box<str>,
}

impl Entity {
    /// Longest name that is kept, in bytes; the identity covers the whole name.
    pub const NAME_MAX: usize = 256;

    /// Makes an entity; the name is cut at [`Entity::NAME_MAX`].
    pub fn new(scope: Scope, account: AccountId, name: &str) -> Entity {
        let mut end = name.len().min(Entity::NAME_MAX);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        Entity { scope, account, name: name[..end].into() }
    }

    /// The identity of an entity without making it.
    pub fn id_of(scope: Scope, account: AccountId, name: &[u8]) -> EntityId {
        // The account and scope are mixed in arithmetically: names are hashed once, without a copy.
        let salt = (account.number() << 8 | scope as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = hash128(name) ^ (u128::from(salt) << 64 | u128::from(salt.rotate_left(31)));
        let low = (mixed as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
        EntityId(mixed & !0xffff_ffff_ffff_ffff | u128::from(low ^ (low >> 32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_differ_by_scope_account_and_name() {
        let account = |n| AccountId::new(n).unwrap();
        let base = Entity::id_of(Scope::Interface, account(1), b"eni-1");
        assert_ne!(base, Entity::id_of(Scope::Host, account(1), b"eni-1"));
        assert_ne!(base, Entity::id_of(Scope::Interface, account(2), b"eni-1"));
        assert_ne!(base, Entity::id_of(Scope::Interface, account(1), b"eni-2"));
    }

    #[test]
    fn key_groups_are_evenly_filled() {
        let mut groups = vec![0u32; EntityId::KEY_GROUPS];
        for n in 0..25_600 {
            let name = format!("eni-{n:017x}");
            groups[Entity::id_of(Scope::Interface, AccountId::UNKNOWN, name.as_bytes())
                .key_group()] += 1;
        }
        assert!(groups.iter().all(|&n| (50..150).contains(&n)));
    }
}
