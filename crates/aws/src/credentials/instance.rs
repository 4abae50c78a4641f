//! Credentials of an instance, from its metadata service, version 2.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>

use std::time::Duration;

use super::served::{ask, read};
use super::{Keys, nowhere};
use crate::error::Error;
use crate::http::{Http, Sent};
use crate::settings::Settings;

/// Where instances ask.
const ADDRESS: &str = "http://169.254.169.254";
const ROLE: &str = "/latest/meta-data/iam/security-credentials/";
/// Seconds for which a token of a session holds.
const TOKEN_SECS: &str = "21600";
/// It answers at once or, where there is none, never.
const TIMEOUT: Duration = Duration::from_secs(1);

pub(super) fn keys(settings: &Settings, http: &Http) -> Result<Keys, Error> {
    let address = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let address = address.unwrap_or_else(|| ADDRESS.to_owned());
    let address = address.trim_end_matches('/');
    let from = "the instance's metadata";
    let get = |method: &str, path: &str, header: (&str, &str)| {
        let url = format!("{address}{path}");
        let headers = [(header.0.to_owned(), header.1.to_owned())];
        let sent = Sent {
            method,
            url: &url,
            headers: &headers,
            body: &[],
            timeout: TIMEOUT,
            total: 2 * TIMEOUT,
        };
        let body = ask(http, &sent, from).map(|it| String::from_utf8_lossy(&it).into_owned());
        body.map_err(|it| nowhere(&format!("no role of an instance: {}", cause(&it))))
    };
    let ttl = ("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECS);
    let token = get("PUT", "/latest/api/token", ttl)?;
    let token = ("x-aws-ec2-metadata-token", token.trim());
    let roles = get("GET", ROLE, token)?;
    let role = roles.lines().next().unwrap_or_default().trim();
    if role.is_empty()
        || !role.bytes().all(|it| it.is_ascii_alphanumeric() || b"+=,.@_-".contains(&it))
    {
        return Err(nowhere("the instance has no role"));
    }
    read(from, get("GET", &format!("{ROLE}{role}"), token)?.as_bytes())
}

fn cause(error: &Error) -> String {
    match error {
        Error::Credentials(words) => words.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[test]
    fn a_session_is_opened_and_the_role_asked_for() {
        let fake = Fake::start(vec![
            reply(200, "TOKEN"),
            reply(200, "guardpost-role\n"),
            reply(
                200,
                r#"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2099-01-01T00:00:00Z"}"#,
            ),
        ]);
        let settings = Settings::of(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &fake.url)]);
        let keys = keys(&settings, &Http::new()).unwrap();
        assert_eq!((keys.id.as_str(), keys.token.as_deref()), ("A", Some("T")));
        let requests = fake.requests();
        assert!(requests[0].starts_with("PUT /latest/api/token "), "{requests:?}");
        assert!(
            requests[2].contains("/guardpost-role ") && requests[2].contains("token: TOKEN"),
            "{requests:?}"
        );
    }

    #[test]
    fn an_instance_without_a_role_is_told() {
        let fake = Fake::start(vec![reply(200, "TOKEN"), reply(404, "")]);
        let settings = Settings::of(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &fake.url)]);
        let error = keys(&settings, &Http::new()).unwrap_err().to_string();
        assert!(error.contains("404") && error.contains("AWS_ACCESS_KEY_ID"), "{error}");
    }
}
