//! Credentials of a container: ECS, and EKS Pod Identity.

use std::net::IpAddr;
use std::time::Duration;

use model::Timestamp;
use serde::Deserialize;

use super::{ANSWER_MAX, Keys};
use crate::error::{Error, plain};
use crate::http::{Http, Sent};
use crate::settings::Settings;

/// Where ECS answers.
const ECS: &str = "http://169.254.170.2";
/// Addresses that may be asked without encryption, beside the machine itself: those of ECS and EKS.
const LINK_LOCAL: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
/// Attempts: agents that start with the container may be late.
const ATTEMPTS: u32 = 2;

/// The form in which credentials are given out.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<String>,
}

/// Credentials of a document, from whoever gave it.
pub(super) fn read(from: &str, body: &[u8]) -> Result<Keys, Error> {
    // The document is not shown: it may hold a secret.
    let document: Document = serde_json::from_slice(body)
        .map_err(|_| Error::Credentials(format!("{from} answered without a key")))?;
    let expires = document.expiration.map(|it| Timestamp::parse(&it)).transpose();
    let expires = expires.map_err(|_| Error::Credentials(format!("{from}: no time of expiry")))?;
    Ok(Keys {
        id: document.access_key_id,
        secret: document.secret_access_key,
        token: document.token.filter(|it| !it.is_empty()),
        expires,
    })
}

pub(super) fn keys(settings: &Settings, http: &Http) -> Option<Result<Keys, Error>> {
    let relative =
        settings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|it| format!("{ECS}{it}"));
    let url = relative.or_else(|| settings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"))?;
    Some(fetch(settings, http, &url))
}

fn fetch(settings: &Settings, http: &Http, url: &str) -> Result<Keys, Error> {
    let from = "the container's endpoint";
    if !may_be_asked(url) {
        let words = "AWS_CONTAINER_CREDENTIALS_FULL_URI: use https://, or an address of this machine, ECS or EKS";
        return Err(Error::Credentials(words.to_owned()));
    }
    let token = match settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(path) => Some(std::fs::read_to_string(&path).map_err(|it| {
            Error::Credentials(format!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: {it}"))
        })?),
        None => settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    let headers: Vec<_> =
        token.map(|it| ("authorization".to_owned(), it.trim().to_owned())).into_iter().collect();
    let timeout = Duration::from_secs(2);
    let sent = Sent { method: "GET", url, headers: &headers, body: &[], timeout, total: timeout };
    let mut last = Error::Credentials(String::new());
    for _ in 0..ATTEMPTS {
        match ask(http, &sent, from) {
            Ok(body) => return read(from, &body),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A body that was answered with success.
pub(super) fn ask(http: &Http, sent: &Sent<'_>, from: &str) -> Result<Vec<u8>, Error> {
    let failed =
        |it: &dyn ToString| Error::Credentials(format!("{from}: {}", plain(&it.to_string())));
    let response = http.send_direct(sent).map_err(|it| failed(&it))?;
    if !response.status().is_success() {
        return Err(failed(&format!("answered {}", response.status())));
    }
    let body = response.into_body().into_with_config().limit(ANSWER_MAX).read_to_vec();
    body.map_err(|it| failed(&it))
}

fn may_be_asked(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => {
            host == "localhost"
                || LINK_LOCAL.contains(&host)
                || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_not_asked_without_encryption() {
        for url in [
            "https://example.com/",
            "http://127.0.0.1:1/a",
            "http://169.254.170.23/v1",
            "http://[::1]/",
        ] {
            assert!(may_be_asked(url), "{url}");
        }
        for url in ["http://example.com/", "http://169.254.169.254/", "ftp://127.0.0.1/", ""] {
            assert!(!may_be_asked(url), "{url}");
        }
    }

    #[test]
    fn documents_without_a_key_are_refused_and_not_shown() {
        let error = read("it", br#"{"SecretAccessKey":"s3cr3t"}"#).unwrap_err().to_string();
        assert!(error.contains("without a key") && !error.contains("s3cr3t"), "{error}");
    }
}
