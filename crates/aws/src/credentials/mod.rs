//! Credentials: where other AWS tools find them, in their order, and again before they expire.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

mod instance;
mod profile;
mod served;
mod sts;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Timestamp;

use crate::client::now;
use crate::error::Error;
use crate::http::Http;
use crate::settings::Settings;

/// Credentials are fetched again so long before they expire.
const MARGIN: Duration = Duration::from_mins(5);
/// After a failure nobody is asked again for so long: old credentials may still hold.
const RESPITE: Duration = Duration::from_secs(5);
/// Largest answer with credentials, in bytes.
const ANSWER_MAX: u64 = 64 << 10;

/// A key and what it takes to sign with it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) expires: Option<Timestamp>,
}

impl fmt::Debug for Keys {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("id", &self.id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// All places in which credentials may be.
pub(crate) struct Chain {
    settings: Settings,
    http: Http,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Option<Arc<Keys>>,
    /// When the last attempt to fetch them failed, and why.
    failed: Option<(Timestamp, Error)>,
}

impl Chain {
    pub(crate) fn new(settings: Settings, http: Http) -> Chain {
        Chain { settings, http, known: Mutex::default() }
    }

    /// Credentials that hold. While they are fetched, others wait for them.
    pub(crate) fn keys(&self) -> Result<Arc<Keys>, Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        let holds = |margin: Duration| {
            let keys = known.keys.as_ref()?;
            keys.expires.is_none_or(|it| it > now + margin).then(|| Arc::clone(keys))
        };
        if let Some(keys) = holds(MARGIN) {
            return Ok(keys);
        }
        let still = holds(Duration::ZERO);
        let failed = match &known.failed {
            Some((at, error)) if now.since(*at) < RESPITE => error.clone(),
            _ => match find(&self.settings, &self.http) {
                Ok(keys) => {
                    let keys = Arc::new(keys);
                    *known = Known { keys: Some(Arc::clone(&keys)), failed: None };
                    return Ok(keys);
                }
                Err(error) => {
                    known.failed = Some((now, error.clone()));
                    error
                }
            },
        };
        still.ok_or(failed)
    }

    /// They do not hold any more, whatever they say of themselves.
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }
}

/// The first place that is set up decides, also where it fails.
fn find(settings: &Settings, http: &Http) -> Result<Keys, Error> {
    if let Some(keys) = of_environment(settings) {
        return keys;
    }
    if let Some(keys) = profile::keys(settings, http, &settings.profile_name(), 0) {
        return keys;
    }
    if let Some(keys) = sts::web_identity(settings, http) {
        return keys;
    }
    if let Some(keys) = served::keys(settings, http) {
        return keys;
    }
    if settings
        .variable("AWS_EC2_METADATA_DISABLED")
        .is_some_and(|it| it.eq_ignore_ascii_case("true"))
    {
        return Err(nowhere(
            "the instance's metadata are switched off (AWS_EC2_METADATA_DISABLED)",
        ));
    }
    instance::keys(settings, http)
}

fn of_environment(settings: &Settings) -> Option<Result<Keys, Error>> {
    let id = settings.variable("AWS_ACCESS_KEY_ID")?;
    let Some(secret) = settings.variable("AWS_SECRET_ACCESS_KEY") else {
        let words = "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not";
        return Some(Err(Error::Credentials(words.to_owned())));
    };
    let token = settings.variable("AWS_SESSION_TOKEN");
    Some(Ok(Keys { id, secret, token, expires: None }))
}

fn nowhere(metadata: &str) -> Error {
    Error::Credentials(format!(
        "none in the environment (AWS_ACCESS_KEY_ID), the profile, a web identity or a container's endpoint, and {metadata}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn chain(variables: &[(&str, &str)]) -> Chain {
        Chain::new(Settings::of(variables), Http::new())
    }

    #[test]
    fn the_environment_goes_first() {
        let keys = chain(&[
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "S"),
            ("AWS_SESSION_TOKEN", "T"),
        ]);
        let keys = keys.keys().unwrap();
        assert_eq!((keys.id.as_str(), keys.token.as_deref()), ("A", Some("T")));
        assert!(!format!("{keys:?}").contains('S'), "no secret in logs");
        let half = chain(&[("AWS_ACCESS_KEY_ID", "A")]).keys().unwrap_err();
        assert!(half.to_string().contains("AWS_SECRET_ACCESS_KEY is not"), "{half}");
        let none = chain(&[("AWS_EC2_METADATA_DISABLED", "true")]).keys().unwrap_err();
        assert!(none.to_string().contains("AWS_ACCESS_KEY_ID"), "{none}");
    }

    #[test]
    fn what_expires_is_fetched_again_and_what_holds_is_kept() {
        let soon = (now() + Duration::from_mins(4)).to_string();
        let later = (now() + Duration::from_hours(4)).to_string();
        let body = |id: &str, expires: &str| {
            format!(
                r#"{{"AccessKeyId":"{id}","SecretAccessKey":"S","Token":"T","Expiration":"{expires}"}}"#
            )
        };
        let fake = Fake::start(vec![
            reply(200, &body("A", &soon)),
            reply(500, "down"),
            reply(500, "down"),
            reply(200, &body("B", &later)),
        ]);
        let chain = chain(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/c", fake.url))]);
        let ids = [0, 1].map(|_| chain.keys().unwrap().id.clone());
        assert_eq!(ids, ["A", "A"], "old ones hold while nobody answers");
        chain.known.lock().unwrap().failed = None;
        let ids = [0, 1].map(|_| chain.keys().unwrap().id.clone());
        assert_eq!(ids, ["B", "B"]);
        assert_eq!(fake.requests().len(), 4);
    }
}
