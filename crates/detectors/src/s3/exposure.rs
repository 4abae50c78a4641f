//! What the public may do with a bucket, before and after a call.

use engine::inventory::BucketFact;
use engine::model::Timestamp;
use engine::{ApiCalls, Context, Event};
use serde_json::Value;

use super::{acl, policy};

/// Who of the public gets in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Audience {
    Nobody,
    /// Everyone with an AWS account.
    Authenticated,
    /// Everyone.
    Anonymous,
}

impl Audience {
    const fn as_str(self) -> &'static str {
        match self {
            Audience::Nobody => "nobody of the public",
            Audience::Authenticated => "everyone with an AWS account",
            Audience::Anonymous => "everyone",
        }
    }
}

/// What the public may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Ability {
    List,
    Read,
    Write,
    Delete,
    ReadPermissions,
    ChangePermissions,
    /// Calls that concern neither objects nor permissions.
    Other,
}

impl Ability {
    pub(super) const ALL: [Ability; 7] = [
        Ability::List,
        Ability::Read,
        Ability::Write,
        Ability::Delete,
        Ability::ReadPermissions,
        Ability::ChangePermissions,
        Ability::Other,
    ];

    /// Actions each of which gives the ability, in lower case.
    pub(super) const fn actions(self) -> &'static [&'static str] {
        match self {
            Ability::List => &["s3:listbucket", "s3:listbucketversions"],
            Ability::Read => &["s3:getobject", "s3:getobjectversion"],
            Ability::Write => &["s3:putobject"],
            Ability::Delete => &["s3:deleteobject", "s3:deleteobjectversion"],
            Ability::ReadPermissions => {
                &["s3:getbucketacl", "s3:getobjectacl", "s3:getbucketpolicy"]
            }
            Ability::ChangePermissions => &[
                "s3:putbucketacl",
                "s3:putobjectacl",
                "s3:putbucketpolicy",
                "s3:deletebucketpolicy",
                "s3:putbucketpublicaccessblock",
            ],
            Ability::Other => &[],
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Ability::List => "list objects",
            Ability::Read => "read objects",
            Ability::Write => "write objects",
            Ability::Delete => "delete objects",
            Ability::ReadPermissions => "read permissions",
            Ability::ChangePermissions => "change permissions",
            Ability::Other => "make calls that concern neither objects nor permissions",
        }
    }
}

/// One thing that the public may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Grant {
    pub(super) audience: Audience,
    pub(super) ability: Ability,
    /// Pattern of ARNs; empty for the bucket as a whole.
    pub(super) resource: String,
}

/// The widest audience of some grants.
pub(super) fn audience(grants: &[Grant]) -> Audience {
    grants.iter().map(|it| it.audience).max().unwrap_or(Audience::Nobody)
}

/// Grants in words: `everyone may list objects and read objects`.
pub(super) fn words(grants: &[Grant]) -> String {
    let mut parts = Vec::new();
    for audience in [Audience::Anonymous, Audience::Authenticated] {
        let may = |ability: &Ability| {
            grants.iter().any(|it| it.audience == audience && it.ability == *ability)
        };
        let abilities: Vec<&str> =
            Ability::ALL.iter().filter(|it| may(it)).map(|it| it.as_str()).collect();
        if let Some((last, rest)) = abilities.split_last() {
            let all = if rest.is_empty() {
                (*last).to_owned()
            } else {
                format!("{} and {last}", rest.join(", "))
            };
            parts.push(format!("{} may {all}", audience.as_str()));
        }
    }
    if parts.is_empty() {
        Audience::Nobody.as_str().to_owned() + " gets in"
    } else {
        parts.join("; ")
    }
}

/// What the public may do with a bucket at one time.
pub(super) struct Exposure {
    /// By its policy, after Block Public Access; `None` when the policy is not known.
    pub(super) policy: Option<Vec<Grant>>,
    /// By its access control list, after Block Public Access; `None` when the list is not known.
    pub(super) acl: Option<Vec<Grant>>,
}

impl Exposure {
    /// Of the bucket that a call is about, at the time of the call or just before it.
    pub(super) fn of(event: &Event<'_, ApiCalls>, ctx: &Context<'_>, at: Timestamp) -> Exposure {
        let Some(fact) = ctx.inventory.bucket(event.bucket(), at) else {
            return Exposure { policy: None, acl: None };
        };
        let [is_policy_blocked, is_acl_blocked] = blocked(Some(fact), event, ctx, at);
        let read = |text: &str| match text {
            "" => Vec::new(),
            text => policy::grants(&Value::String(text.to_owned())),
        };
        let unless = |blocked: bool, grants: Vec<Grant>| if blocked { Vec::new() } else { grants };
        Exposure {
            policy: fact.policy.as_deref().map(|it| unless(is_policy_blocked, read(it))),
            acl: fact.acl.as_deref().map(|it| unless(is_acl_blocked, acl::grants(it))),
        }
    }

    /// Everything that is known.
    pub(super) fn known(self) -> Vec<Grant> {
        self.policy.into_iter().chain(self.acl).flatten().collect()
    }
}

/// Whether Block Public Access of bucket or account takes the effect of policies and of lists away.
pub(super) fn blocked(
    fact: Option<&BucketFact>,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
    at: Timestamp,
) -> [bool; 2] {
    let owner = fact.map(|it| it.account).filter(|it| it.is_known()).unwrap_or(event.row.account);
    let blocks = [
        fact.and_then(|it| it.block).unwrap_or_default(),
        ctx.inventory.account_block(owner, at).unwrap_or_default(),
    ];
    [
        blocks.iter().any(|it| it.restrict_public_buckets),
        blocks.iter().any(|it| it.ignore_public_acls),
    ]
}

/// The time until which what was true before a call is looked up: records have whole seconds.
pub(super) fn just_before(event: &Event<'_, ApiCalls>) -> Timestamp {
    Timestamp::from_millis(event.time().millis().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_put_into_words() {
        let grant = |audience, ability| Grant { audience, ability, resource: String::new() };
        assert_eq!(words(&[]), "nobody of the public gets in");
        let grants = [
            grant(Audience::Authenticated, Ability::Write),
            grant(Audience::Anonymous, Ability::Read),
            grant(Audience::Anonymous, Ability::List),
            grant(Audience::Anonymous, Ability::List),
        ];
        assert_eq!(
            words(&grants),
            "everyone may list objects and read objects; everyone with an AWS account may write objects"
        );
        assert_eq!(audience(&grants), Audience::Anonymous);
    }
}
