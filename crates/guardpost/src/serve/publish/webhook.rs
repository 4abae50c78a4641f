//! Webhooks: events by HTTP POST, signed as Standard Webhooks has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::model::Timestamp;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::event::Event;
use super::{Failure, Sink};
use crate::config::ServeConfig;
use crate::intel::fetch::{Client, Reach};

/// Longest time for one request.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Shortest secret, in bytes.
const SECRET_MIN: usize = 24;
/// Longest file of a secret, in bytes.
const SECRET_FILE_MAX: u64 = 4096;
/// What secrets begin with that are written in base64.
const PREFIX: &str = "whsec_";

/// A webhook as it is configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Tells it from others: lower-case letters, digits and hyphens. Another name is another webhook, which gets
    /// what comes from then on.
    pub name: String,
    /// Where events are sent.
    pub url: String,
    /// File with the secret that requests are signed with: 24 bytes or more, or `whsec_` and their base64.
    pub secret_file: String,
}

/// A webhook that is sent to.
pub(super) struct Sender {
    client: Client,
    url: String,
    secret: Vec<u8>,
}

impl Sender {
    /// Reads the secret.
    pub(super) fn new(webhook: &Webhook, config: &ServeConfig) -> Result<Sender> {
        let Webhook { name, url, secret_file } = webhook;
        let about = || format!("serve.webhooks `{name}`: secret_file `{secret_file}`");
        let length = fs::metadata(secret_file).with_context(about)?.len();
        if length > SECRET_FILE_MAX {
            bail!("{}: more than {SECRET_FILE_MAX} bytes", about());
        }
        let secret = secret(&fs::read(secret_file).with_context(about)?).with_context(about)?;
        let reach =
            Reach::Client { private: config.allow_private_locations, http: config.allow_http };
        let client = Client::new(reach);
        client.check(url).with_context(|| format!("serve.webhooks `{name}`"))?;
        Ok(Sender { client, url: url.clone(), secret })
    }
}

fn secret(bytes: &[u8]) -> Result<Vec<u8>> {
    let text = bytes.trim_ascii();
    let secret = match text.strip_prefix(PREFIX.as_bytes()) {
        Some(digits) => STANDARD.decode(digits).context("no base64 behind `whsec_`")?,
        None => text.to_vec(),
    };
    if secret.len() < SECRET_MIN {
        bail!("the secret has {} bytes; give {SECRET_MIN} or more", secret.len());
    }
    Ok(secret)
}

/// The value of `webhook-signature`.
fn signature(secret: &[u8], id: &str, seconds: &str, body: &str) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

impl Sink for Sender {
    fn publish(&mut self, event: &Event) -> Result<(), Failure> {
        let now: Timestamp = crate::clock::now();
        let (body, seconds) = (event.body().to_string(), now.secs().to_string());
        let signature = signature(&self.secret, &event.id, &seconds, &body);
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", &*event.id),
            ("webhook-timestamp", &*seconds),
            ("webhook-signature", &*signature),
        ];
        match self.client.post(&self.url, &headers, &body, TIMEOUT) {
            Ok(200..=299) => Ok(()),
            // The receiver is gone for good, or will never take this one.
            Ok(status @ (400 | 410 | 413 | 422)) => {
                Err(Failure { reason: format!("the receiver answered {status}"), is_final: true })
            }
            Ok(status) => {
                Err(Failure { reason: format!("the receiver answered {status}"), is_final: false })
            }
            Err(error) => Err(Failure { reason: error.to_string(), is_final: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_the_one_of_the_published_example() {
        let secret = secret(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn short_secrets_are_refused() {
        for text in ["", "short", "whsec_c2hvcnQ=", "whsec_?"] {
            assert!(secret(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(secret(b" 0123456789abcdef01234567\n").unwrap(), b"0123456789abcdef01234567");
    }
}
