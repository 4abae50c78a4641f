//! Access keys: who may read findings and who may deliver logs, kept in one file.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use api::{Key, Keys, Role};
use engine::model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of randomness in an identifier and in a secret.
const RANDOM: (usize, usize) = (10, 24);
/// Lengths that the identifier and secret of a key may have, as those of AWS.
const ID_LENGTH: std::ops::RangeInclusive<usize> = 16..=128;
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 16..=256;

/// An access key as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// What requests name.
    pub access_key_id: String,
    secret_access_key: String,
    /// The account whose resources the holder sees or whose logs it delivers.
    pub account: AccountId,
    /// `admin`, `analyst`, `reader` or `ingest`.
    pub role: String,
    /// When it was made.
    pub created: Timestamp,
}

/// The file of access keys. Changes of other processes are seen at once.
pub struct KeyFile {
    management: Option<AccountId>,
    path: PathBuf,
    state: Mutex<(Print, Vec<StoredKey>)>,
}

/// What a role is called on the command line.
pub fn role(name: &str) -> Result<Role> {
    Ok(match name {
        "admin" => Role::Admin,
        "analyst" => Role::Analyst,
        "reader" => Role::Reader,
        "ingest" => Role::Ingest,
        _ => bail!("role `{name}`: give admin, analyst, reader or ingest"),
    })
}

impl KeyFile {
    /// The keys of a file; none while there is no file.
    pub fn open(path: &Path) -> Result<KeyFile> {
        let keys = read(path)?;
        let state = Mutex::new((print(path), keys));
        Ok(KeyFile { path: path.to_owned(), management: None, state })
    }

    /// With the management account of the organization.
    #[must_use]
    pub fn with_management(self, management: Option<AccountId>) -> KeyFile {
        KeyFile { management, ..self }
    }

    /// All keys, in the order in which they were made.
    pub fn all(&self) -> Vec<StoredKey> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = print(&self.path);
        // A file that is damaged meanwhile changes nothing.
        if now != state.0
            && let Ok(keys) = read(&self.path)
        {
            *state = (now, keys);
        }
        state.1.clone()
    }

    /// Makes a key; `given` are identifier and secret, made up if not given. Returns both.
    pub fn create(
        &self,
        account: AccountId,
        role_name: &str,
        given: (Option<String>, Option<String>),
    ) -> Result<(String, String)> {
        role(role_name)?;
        let random = || Ok::<_, anyhow::Error>((random(RANDOM.0)?, random(RANDOM.1)?));
        let (id, secret) = random()?;
        let id = given.0.unwrap_or_else(|| format!("GP{}", id.to_uppercase()));
        let secret = given.1.unwrap_or(secret);
        let is_plain = |text: &str| text.bytes().all(|it| it.is_ascii_graphic() && it != b':');
        if !ID_LENGTH.contains(&id.len()) || !is_plain(&id) {
            bail!("--access-key-id: give {ID_LENGTH:?} letters and digits");
        }
        if !SECRET_LENGTH.contains(&secret.len()) || !is_plain(&secret) {
            bail!(
                "--secret-access-key: give {SECRET_LENGTH:?} characters without spaces and colons"
            );
        }
        let _lock = self.lock()?;
        let mut keys = read(&self.path)?;
        if keys.iter().any(|it| it.access_key_id == id) {
            bail!("there is a key `{id}` already; revoke it first");
        }
        keys.push(StoredKey {
            access_key_id: id.clone(),
            secret_access_key: secret.clone(),
            account,
            role: role_name.to_owned(),
            created: crate::clock::now(),
        });
        self.write(&keys)?;
        Ok((id, secret))
    }

    /// Takes a key out of force.
    pub fn revoke(&self, id: &str) -> Result<()> {
        let _lock = self.lock()?;
        let mut keys = read(&self.path)?;
        let before = keys.len();
        keys.retain(|it| it.access_key_id != id);
        if keys.len() == before {
            bail!("there is no key `{id}`; `guardpost keys list` shows them");
        }
        self.write(&keys)
    }

    /// The account that a pair `ID:SECRET` may deliver logs of.
    pub fn may_ingest(&self, pair: &str) -> Option<AccountId> {
        let (id, secret) = pair.split_once(':')?;
        let key = self.all().into_iter().find(|it| it.access_key_id == id)?;
        let is_right =
            Sha256::digest(secret.as_bytes()) == Sha256::digest(key.secret_access_key.as_bytes());
        (is_right && key.role == "ingest").then_some(key.account)
    }

    /// Nobody else changes the file meanwhile.
    fn lock(&self) -> Result<File> {
        let path = self.path.with_extension("lock");
        let about = || format!("cannot lock `{}`", path.display());
        let mut options = OpenOptions::new();
        options.write(true).create(true);
        let file = super::private(&mut options).open(&path).with_context(about)?;
        file.lock().with_context(about)?;
        Ok(file)
    }

    fn write(&self, keys: &[StoredKey]) -> Result<()> {
        let about = || format!("cannot write `{}`", self.path.display());
        let new = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = super::private(&mut options).open(&new).with_context(about)?;
        let text = serde_json::to_string_pretty(keys)?;
        Write::write_all(&mut file, text.as_bytes())
            .and_then(|()| file.sync_all())
            .with_context(about)?;
        fs::rename(&new, &self.path).with_context(about)
    }
}

impl Keys for KeyFile {
    fn find(&self, access_key: &str) -> Option<Key> {
        let key = self.all().into_iter().find(|it| it.access_key_id == access_key)?;
        let role = role(&key.role).ok()?;
        Some(Key { secret: key.secret_access_key, account: key.account, role })
    }

    fn management(&self) -> Option<AccountId> {
        self.management
    }
}

/// Tells states of a file apart: it is written anew at each change.
type Print = Option<(SystemTime, u64, u64)>;

fn print(path: &Path) -> Print {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.ino(), metadata.len()))
}

fn read(path: &Path) -> Result<Vec<StoredKey>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let about = || format!("cannot read the access keys in `{}`", path.display());
    let text = fs::read_to_string(path).with_context(about)?;
    serde_json::from_str(&text).with_context(about)
}

/// So many random bytes as hexadecimal digits.
fn random(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    let mut source = File::open("/dev/urandom").context("cannot read random numbers")?;
    source.read_exact(&mut buffer).context("cannot read random numbers")?;
    let mut digits = String::with_capacity(2 * bytes);
    for byte in buffer {
        // Writing to a string cannot fail.
        let _ok = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountId {
        AccountId::new(111_122_223_333).unwrap()
    }

    #[test]
    fn keys_are_made_found_and_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let (file, other) = (KeyFile::open(&path).unwrap(), KeyFile::open(&path).unwrap());
        let (id, secret) = file.create(account(), "reader", (None, None)).unwrap();
        let found = other.find(&id).unwrap();
        assert_eq!((found.secret.as_str(), found.account, found.role), {
            (secret.as_str(), account(), Role::Reader)
        });
        assert_eq!(file.may_ingest(&format!("{id}:{secret}")), None, "a reader delivers nothing");
        let (id, secret) = file.create(account(), "ingest", (None, None)).unwrap();
        assert_eq!(other.may_ingest(&format!("{id}:{secret}")), Some(account()));
        assert_eq!(other.may_ingest(&format!("{id}:{secret}x")), None);
        other.revoke(&id).unwrap();
        assert_eq!(file.may_ingest(&format!("{id}:{secret}")), None);
        assert!(file.revoke(&id).is_err());
        assert!(file.create(account(), "owner", (None, None)).is_err());
        let short = (Some("short".to_owned()), None);
        assert!(file.create(account(), "admin", short).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        KeyFile::open(&path).unwrap().create(account(), "admin", (None, None)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
