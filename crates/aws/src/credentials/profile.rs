//! Credentials of a profile: keys, or a role that is taken over with other credentials.

use super::sts::{Role, assume, with_token};
use super::{Keys, instance, of_environment, served};
use crate::error::{Error, plain};
use crate::http::Http;
use crate::settings::Settings;

/// Profiles that may refer to each other.
const DEPTH_MAX: u32 = 5;

/// Nothing where the profile says nothing of credentials.
pub(super) fn keys(
    settings: &Settings,
    http: &Http,
    name: &str,
    depth: u32,
) -> Option<Result<Keys, Error>> {
    let failed =
        |words: &str| Err(Error::Credentials(format!("profile `{}`: {words}", plain(name))));
    let Some(profile) = settings.profile(name) else {
        let is_asked_for = depth > 0 || settings.variable("AWS_PROFILE").is_some();
        return is_asked_for.then(|| failed("there is none of this name"));
    };
    if depth > DEPTH_MAX {
        return Some(failed("too many profiles that refer to each other"));
    }
    let get = |name: &str| profile.get(name).filter(|it| !it.is_empty()).cloned();
    let fixed = || {
        let (id, secret) = (get("aws_access_key_id")?, get("aws_secret_access_key")?);
        Some(Keys { id, secret, token: get("aws_session_token"), expires: None })
    };
    let Some(arn) = get("role_arn") else {
        if let Some(keys) = fixed() {
            return Some(Ok(keys));
        }
        let unserved = ["credential_process", "sso_session", "sso_start_url", "login_session"];
        let unserved = unserved.into_iter().find(|it| get(it).is_some())?;
        return Some(failed(&format!(
            "{unserved} is not supported; `eval \"$(aws configure export-credentials --format env)\"` sets keys"
        )));
    };
    let role = Role { arn, session: get("role_session_name"), external_id: get("external_id") };
    if let Some(file) = get("web_identity_token_file") {
        return Some(with_token(settings, http, &file, &role));
    }
    let source = match (get("source_profile"), get("credential_source").as_deref()) {
        // A profile may be its own source.
        (Some(source), _) if source == name => fixed().map(Ok),
        (Some(source), _) => keys(settings, http, &source, depth + 1),
        (None, Some("Environment")) => of_environment(settings),
        (None, Some("EcsContainer")) => served::keys(settings, http),
        (None, Some("Ec2InstanceMetadata")) => Some(instance::keys(settings, http)),
        _ => {
            return Some(failed(
                "role_arn needs source_profile, credential_source or web_identity_token_file",
            ));
        }
    };
    Some(match source {
        Some(Ok(source)) => assume(settings, http, &role, &source),
        Some(Err(error)) => Err(error),
        None => failed("what it takes its credentials from has none"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn settings(variables: &[(&str, &str)], config: &str) -> Settings {
        let mut settings = Settings::of(variables);
        settings.add(config, true);
        settings
    }

    fn of(settings: &Settings) -> Option<Result<Keys, Error>> {
        keys(settings, &Http::new(), &settings.profile_name(), 0)
    }

    #[test]
    fn keys_of_a_profile_are_taken() {
        let text = "[default]\naws_access_key_id = A\naws_secret_access_key = S\n";
        assert_eq!(of(&settings(&[], text)).unwrap().unwrap().id, "A");
        assert!(of(&settings(&[], "[default]\nregion = us-east-1\n")).is_none());
        let missing = of(&settings(&[("AWS_PROFILE", "x")], text)).unwrap().unwrap_err();
        assert!(missing.to_string().contains("profile `x`: there is none"), "{missing}");
    }

    #[test]
    fn a_role_is_taken_over_with_the_keys_of_another_profile() {
        let body = "<R><AccessKeyId>B</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>\
            <Expiration>2099-01-01T00:00:00Z</Expiration></R>";
        let fake = Fake::start(vec![reply(200, body)]);
        let settings = settings(
            &[("AWS_PROFILE", "logs"), ("AWS_ENDPOINT_URL", &fake.url)],
            "[default]\naws_access_key_id = A\naws_secret_access_key = S\n[profile logs]\n\
             role_arn = arn:aws:iam::1:role/r\nsource_profile = default\nexternal_id = x\n",
        );
        assert_eq!(of(&settings).unwrap().unwrap().id, "B");
        let sent = &fake.requests()[0];
        assert!(sent.contains("Credential=A/") && sent.contains("ExternalId=x"), "{sent}");
    }

    #[test]
    fn profiles_that_lead_nowhere_are_told() {
        let circle = "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n";
        let error = of(&settings(&[("AWS_PROFILE", "a")], circle)).unwrap().unwrap_err();
        assert!(error.to_string().contains("refer to each other"), "{error}");
        let sso = of(&settings(&[], "[default]\nsso_session = x\n")).unwrap().unwrap_err();
        assert!(sso.to_string().contains("export-credentials"), "{sso}");
    }
}
