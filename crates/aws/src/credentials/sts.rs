//! Credentials of a role: by a web identity (as in Kubernetes) or by other credentials.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/>

use std::fs;
use std::time::Duration;

use model::Timestamp;

use super::{ANSWER_MAX, Keys};
use crate::client::Request;
use crate::client::signed;
use crate::encode::query;
use crate::error::Error;
use crate::http::{Http, Sent};
use crate::settings::Settings;
use crate::{endpoint, xml};

const VERSION: &str = "2011-06-15";
/// How the session is called in CloudTrail where nothing else is set.
const SESSION: &str = "guardpost";
/// Longest token of a web identity, in bytes.
const TOKEN_MAX: u64 = 64 << 10;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A role that is taken over.
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: Option<String>,
    pub(super) external_id: Option<String>,
}

/// By the variables that Kubernetes sets.
pub(super) fn web_identity(settings: &Settings, http: &Http) -> Option<Result<Keys, Error>> {
    let file = settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE")?;
    let arn = settings.variable("AWS_ROLE_ARN")?;
    let role = Role { arn, session: settings.variable("AWS_ROLE_SESSION_NAME"), external_id: None };
    Some(with_token(settings, http, &file, &role))
}

/// With a token that lies in a file.
pub(super) fn with_token(
    settings: &Settings,
    http: &Http,
    file: &str,
    role: &Role,
) -> Result<Keys, Error> {
    let failed = |cause: &dyn ToString| {
        Error::Credentials(format!("token of the web identity, `{file}`: {}", cause.to_string()))
    };
    let is_short = fs::metadata(file).map_err(|it| failed(&it))?.len() <= TOKEN_MAX;
    let token = if is_short {
        fs::read_to_string(file)
    } else {
        Err(std::io::ErrorKind::FileTooLarge.into())
    };
    let token = token.map_err(|it| failed(&it))?;
    let members = [("WebIdentityToken", token.trim())];
    ask(settings, http, "AssumeRoleWithWebIdentity", role, &members, None)
}

/// With other credentials.
pub(super) fn assume(
    settings: &Settings,
    http: &Http,
    role: &Role,
    keys: &Keys,
) -> Result<Keys, Error> {
    let external = role.external_id.as_deref().map(|it| ("ExternalId", it));
    let members: Vec<_> = external.into_iter().collect();
    ask(settings, http, "AssumeRole", role, &members, Some(keys))
}

fn ask(
    settings: &Settings,
    http: &Http,
    action: &str,
    role: &Role,
    members: &[(&str, &str)],
    keys: Option<&Keys>,
) -> Result<Keys, Error> {
    let failed = |cause: &dyn ToString| {
        Error::Credentials(format!("{action} of {}: {}", role.arn, cause.to_string()))
    };
    let region = settings.region().unwrap_or_else(|| "us-east-1".to_owned());
    let endpoint = match endpoint::custom(settings, "sts")? {
        Some(endpoint) => endpoint,
        None => endpoint::of_aws("sts", &region)?,
    };
    let session = role.session.as_deref().unwrap_or(SESSION);
    let own = [
        ("Action", action),
        ("Version", VERSION),
        ("RoleArn", &role.arn),
        ("RoleSessionName", session),
    ];
    let pairs = own.iter().chain(members);
    let pairs: Vec<_> =
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request::post("sts", &region, query(&pairs).into_bytes())
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let headers = match keys {
        Some(keys) => signed(&request, &endpoint, "", keys),
        None => request.headers.clone(),
    };
    let url = format!("{endpoint}/");
    let sent = Sent {
        method: "POST",
        url: &url,
        headers: &headers,
        body: &request.body,
        timeout: TIMEOUT,
        total: TIMEOUT,
    };
    let response = http.send(&sent).map_err(|it| failed(&it))?;
    let status = response.status();
    let body = response.into_body().into_with_config().limit(ANSWER_MAX).read_to_vec();
    let body = body.map_err(|it| failed(&it))?;
    if !status.is_success() {
        return Err(failed(&Error::of_service(status.as_u16(), "", None, &body)));
    }
    read(&String::from_utf8_lossy(&body)).ok_or_else(|| failed(&"the answer has no key"))
}

fn read(text: &str) -> Option<Keys> {
    let member = |name| xml::text_of(text, name).ok().flatten().filter(|it| !it.is_empty());
    Some(Keys {
        id: member("AccessKeyId")?,
        secret: member("SecretAccessKey")?,
        token: Some(member("SessionToken")?),
        expires: Some(Timestamp::parse(&member("Expiration")?).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    const ANSWER: &str = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <AssumeRoleWithWebIdentityResult><Credentials><SessionToken>T</SessionToken><SecretAccessKey>S</SecretAccessKey>\
        <Expiration>2099-01-01T00:00:00Z</Expiration><AccessKeyId>A</AccessKeyId></Credentials>\
        </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

    fn settings(fake: &Fake, token: &str) -> Settings {
        Settings::of(&[
            ("AWS_ENDPOINT_URL_STS", &fake.url),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/guardpost"),
            ("AWS_REGION", "eu-west-1"),
        ])
    }

    #[test]
    fn a_token_is_exchanged_without_a_signature() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "header.body.sum\n").unwrap();
        let fake = Fake::start(vec![reply(200, ANSWER)]);
        let settings = settings(&fake, file.path().to_str().unwrap());
        let keys = web_identity(&settings, &Http::new()).unwrap().unwrap();
        assert_eq!((keys.id.as_str(), keys.token.as_deref()), ("A", Some("T")));
        let sent = &fake.requests()[0];
        assert!(
            sent.contains("&WebIdentityToken=header.body.sum") && !sent.contains("authorization:"),
            "{sent}"
        );
    }

    #[test]
    fn refusals_name_the_role() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        let fake = Fake::start(vec![reply(403, body)]);
        let settings = settings(&fake, file.path().to_str().unwrap());
        let error = web_identity(&settings, &Http::new()).unwrap().unwrap_err().to_string();
        assert!(error.contains("role/guardpost") && error.contains("AccessDenied"), "{error}");
    }
}
