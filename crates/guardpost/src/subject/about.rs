//! Whom a summary is about, and which records are of them.

use anyhow::{Result, bail};
use engine::Inventory;
use findings::Finding;
use model::{AccountId, Timestamp};
use telemetry::ApiCall;

use crate::text::visible;

/// Longest argument, in bytes: the longest ARN of IAM is shorter.
const ARGUMENT_MAX: usize = 2_048;

/// A principal or an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Calls of a principal.
    Principal(Principal),
    /// An instance id.
    Instance(String),
}

/// How a principal is named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// A user, the root user, a federated user or one session of a role: `userIdentity.arn`.
    Caller(String),
    /// A role: all its sessions.
    Role {
        /// As it was given.
        arn: String,
        /// What the ARNs of its sessions begin with.
        sessions: String,
    },
    /// An access key id.
    Key(String),
    /// A unique id, such as `AIDA…` or `AROA…`: `userIdentity.principalId`, of roles without the session.
    Id(String),
}

impl Subject {
    /// Reads `--principal`.
    pub fn principal(text: &str) -> Result<Subject> {
        let text = text.trim();
        let shown = visible(text);
        let is_id = |text: &str| {
            (16..=128).contains(&text.len())
                && text.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
        };
        if text.len() > ARGUMENT_MAX {
            bail!("--principal: longer than {ARGUMENT_MAX} bytes");
        }
        let principal = match text {
            key if (key.starts_with("AKIA") || key.starts_with("ASIA")) && is_id(key) => {
                Principal::Key(key.to_owned())
            }
            id if id.starts_with('A') && is_id(id) => Principal::Id(id.to_owned()),
            arn if arn.starts_with("arn:") => of_arn(arn)?,
            _ => bail!(
                "--principal `{shown}`: give the ARN of a user, a role or a session of a role, such as \
                 arn:aws:iam::111122223333:user/alice, or an access key id"
            ),
        };
        Ok(Subject::Principal(principal))
    }

    /// Reads `--instance`.
    pub fn instance(text: &str) -> Result<Subject> {
        let text = text.trim();
        let digits = text.strip_prefix("i-").unwrap_or_default();
        let is_id =
            (8..=32).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_hexdigit());
        if !is_id {
            bail!(
                "--instance `{}`: give an instance id such as i-0a1b2c3d4e5f60718",
                visible(text)
            );
        }
        Ok(Subject::Instance(text.to_ascii_lowercase()))
    }

    /// How it was asked for.
    pub fn name(&self) -> &str {
        match self {
            Subject::Instance(id) => id,
            Subject::Principal(
                Principal::Caller(name) | Principal::Key(name) | Principal::Id(name),
            ) => name,
            Subject::Principal(Principal::Role { arn, .. }) => arn,
        }
    }

    /// Whether a call was made by it; of an instance, with the credentials that EC2 gives it for its role.
    pub fn made(&self, call: &ApiCall, text: &str) -> bool {
        match self {
            Subject::Principal(Principal::Caller(arn)) => {
                call.arn.of(text) == arn || call.issuer_arn.of(text) == arn
            }
            Subject::Principal(Principal::Role { arn, sessions }) => {
                [call.issuer_arn.of(text), call.arn.of(text)].contains(&arn.as_str())
                    || call.arn.of(text).starts_with(sessions)
            }
            Subject::Principal(Principal::Key(key)) => call.access_key_id.of(text) == key,
            Subject::Principal(Principal::Id(id)) => {
                let own = call.principal_id.of(text);
                own.split(':').next() == Some(id) || call.issuer_principal_id.of(text) == id
            }
            Subject::Instance(id) => session_of(call.principal_id.of(text)) == id,
        }
    }

    /// Whether a session with this ARN is of it.
    pub fn has_session(&self, session_arn: &str, role_arn: &str, key: &str) -> bool {
        match self {
            Subject::Principal(Principal::Caller(arn)) => session_arn == arn,
            Subject::Principal(Principal::Role { arn, sessions }) => {
                role_arn == arn || session_arn.starts_with(sessions)
            }
            Subject::Principal(Principal::Key(own)) => key == own,
            Subject::Principal(Principal::Id(_)) => false,
            Subject::Instance(id) => session_arn.rsplit('/').next() == Some(id),
        }
    }

    /// Whether a finding is about it; `keys` says whether an access key or a principal's id is its own.
    pub fn concerns(&self, finding: &Finding, is_own: impl Fn(&str) -> bool) -> bool {
        let resource = &finding.resource;
        let caller = resource.access_key_details.as_ref();
        match self {
            Subject::Instance(id) => {
                let instance = resource.instance_details.as_ref();
                instance.and_then(|it| it.instance_id.as_ref()) == Some(id)
                    || caller.is_some_and(|it| session_of(&it.principal_id) == id)
            }
            Subject::Principal(_) => caller.is_some_and(|it| {
                [&it.access_key_id, &it.principal_id].iter().any(|it| !it.is_empty() && is_own(it))
            }),
        }
    }
}

/// The session of `AROA…:session`.
fn session_of(principal_id: &str) -> &str {
    principal_id.split_once(':').map_or("", |it| it.1)
}

fn of_arn(arn: &str) -> Result<Principal> {
    let shown = visible(arn);
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &[_, partition, service, _, account, resource] = parts.as_slice() else {
        bail!("--principal `{shown}` is no whole ARN: arn:aws:iam::ACCOUNT:user/NAME");
    };
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let sessions = |role: &str| format!("arn:{partition}:sts::{account}:assumed-role/{role}/");
    match (service, kind) {
        ("iam", "role") if !name.is_empty() => {
            // Sessions do not show the path of their role.
            let role = name.rsplit('/').next().unwrap_or(name);
            Ok(Principal::Role { arn: arn.to_owned(), sessions: sessions(role) })
        }
        ("sts", "assumed-role") if !name.is_empty() && !name.contains('/') => {
            Ok(Principal::Role { arn: arn.to_owned(), sessions: sessions(name) })
        }
        ("iam" | "sts", "user" | "assumed-role" | "federated-user") if !name.is_empty() => {
            Ok(Principal::Caller(arn.to_owned()))
        }
        ("iam", "root") => Ok(Principal::Caller(arn.to_owned())),
        _ => bail!(
            "--principal `{shown}` is no user, role or session: the parts after the account are user/NAME, \
             role/NAME, assumed-role/ROLE/SESSION, federated-user/NAME or root"
        ),
    }
}

/// What is known of an instance. Texts are empty when not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Value of the tag Name.
    pub name: String,
    /// The account that owns it.
    pub account: AccountId,
    /// Its Region.
    pub region: String,
    /// Its type, such as `m7g.large`.
    pub instance_type: String,
    /// Its image.
    pub image: String,
    /// Its VPC.
    pub vpc: String,
    /// The ARN of its instance profile.
    pub profile: String,
    /// Ids of its interfaces.
    pub interfaces: Vec<String>,
    /// Its addresses, private and public.
    pub addresses: Vec<String>,
}

impl Instance {
    /// Most interfaces or addresses that are kept.
    const LIST_MAX: usize = 64;

    /// What is known as of a time.
    pub fn look_up(
        account: AccountId,
        id: &str,
        inventory: &Inventory,
        at: Timestamp,
    ) -> Option<Instance> {
        let fact = inventory.instance(account, id, at)?;
        let interfaces = inventory.interfaces_of_instance(account, id, at);
        let addresses = inventory.addresses_of_instance(account, id, Timestamp::MIN, at);
        let name = fact.tags.iter().find(|it| it.key == "Name");
        Some(Instance {
            name: name.map(|it| it.value.clone()).unwrap_or_default(),
            account: fact.account,
            region: fact.region.to_string(),
            instance_type: fact.instance_type.to_string(),
            image: fact.image.to_string(),
            vpc: fact.vpc.to_string(),
            profile: fact.profile_arn.to_string(),
            interfaces: interfaces
                .iter()
                .take(Instance::LIST_MAX)
                .map(|it| it.fact.id.to_string())
                .collect(),
            addresses: addresses.iter().take(Instance::LIST_MAX).map(ToString::to_string).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart() {
        let role = |sessions: &str, arn: &str| {
            Subject::Principal(Principal::Role { arn: arn.into(), sessions: sessions.into() })
        };
        let sessions = "arn:aws:sts::111122223333:assumed-role/web/";
        for arn in [
            "arn:aws:iam::111122223333:role/web",
            "arn:aws:iam::111122223333:role/a/path/web",
            "arn:aws:sts::111122223333:assumed-role/web",
        ] {
            assert_eq!(Subject::principal(arn).unwrap(), role(sessions, arn));
        }
        for arn in [
            "arn:aws:iam::111122223333:user/alice",
            "arn:aws-cn:iam::111122223333:root",
            "arn:aws:sts::111122223333:assumed-role/web/i-0a1b2c3d4e5f60718",
            "arn:aws:sts::111122223333:federated-user/bob",
        ] {
            let expected = Subject::Principal(Principal::Caller(arn.to_owned()));
            assert_eq!(Subject::principal(arn).unwrap(), expected);
        }
        let key = Subject::principal("AKIAIOSFODNN7EXAMPLE").unwrap();
        assert!(matches!(key, Subject::Principal(Principal::Key(_))));
        let id = Subject::principal("AROAIOSFODNN7EXAMPLE").unwrap();
        assert!(matches!(id, Subject::Principal(Principal::Id(_))));
    }

    #[test]
    fn what_is_no_principal_is_refused_with_what_to_give() {
        for text in
            ["alice", "", "arn:aws", "arn:aws:iam::1:group/x", "arn:aws:s3:::bucket", "AKIA"]
        {
            let error = Subject::principal(text).unwrap_err().to_string();
            assert!(error.starts_with("--principal"), "{text}: {error}");
        }
        for text in ["web-1", "i-", "i-xyz", "i-0a1b"] {
            assert!(Subject::instance(text).is_err(), "{text}");
        }
        assert!(Subject::instance(" I-0A1B2C3D4E5F60718").is_err());
        assert!(Subject::instance("i-0a1b2c3d4e5f60718").is_ok());
    }
}
