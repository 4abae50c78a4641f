//! Where services are asked: `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL`, or AWS's own names.

use crate::error::Error;
use crate::settings::Settings;

/// Whether a text can be the name of a Region: it becomes a part of host names.
pub fn is_region(text: &str) -> bool {
    let is_part = |it: &str| {
        !it.is_empty() && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= 32 && text.contains('-') && text.split('-').all(is_part)
}

/// Scheme and authority of a service's endpoint that somebody set.
pub(crate) fn custom(settings: &Settings, service: &str) -> Result<Option<String>, Error> {
    // The names are made of service identifiers, which differ from the names in signatures.
    let id = match service {
        "events" => "EVENTBRIDGE".to_owned(),
        other => other.to_uppercase().replace('-', "_"),
    };
    let specific = format!("AWS_ENDPOINT_URL_{id}");
    let found = [specific.as_str(), "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| settings.variable(name).map(|it| (name.to_owned(), it)))
        .or_else(|| Some(("endpoint_url".to_owned(), settings.of_profile("endpoint_url")?)));
    found
        .map(|(name, url)| origin(&url).map_err(|it| Error::Settings(format!("{name}: {it}"))))
        .transpose()
}

/// Scheme and authority of AWS's own endpoint.
pub(crate) fn of_aws(service: &str, region: &str) -> Result<String, Error> {
    if !is_region(region) {
        return Err(Error::Settings(format!("`{}` is no Region", crate::error::plain(region))));
    }
    Ok(format!("https://{service}.{region}.{}", suffix(region)))
}

/// The domain of a Region's partition.
pub(crate) fn suffix(region: &str) -> &'static str {
    match region {
        it if it.starts_with("cn-") => "amazonaws.com.cn",
        it if it.starts_with("us-iso-") => "c2s.ic.gov",
        it if it.starts_with("us-isob-") => "sc2s.sgov.gov",
        it if it.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// `http://127.0.0.1:5000` of `http://127.0.0.1:5000/a/b`.
pub(crate) fn origin(url: &str) -> Result<String, String> {
    let wrong = || format!("`{}` is no address of the form https://HOST", crate::error::plain(url));
    let uri: ureq::http::Uri = url.parse().map_err(|_| wrong())?;
    let authority = uri.authority().filter(|it| !it.as_str().contains('@')).ok_or_else(wrong)?;
    match uri.scheme_str() {
        Some(scheme @ ("http" | "https")) => Ok(format!("{scheme}://{authority}")),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_variable_of_a_service_goes_first() {
        let settings = Settings::of(&[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:2/"),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:3"),
        ]);
        let of = |service| custom(&settings, service).unwrap().unwrap();
        assert_eq!(of("sqs"), "http://127.0.0.1:2");
        assert_eq!(of("s3"), "http://127.0.0.1:1");
        assert_eq!(of("events"), "http://127.0.0.1:3");
        assert_eq!(custom(&Settings::of(&[]), "s3").unwrap(), None);
        let wrong = Settings::of(&[("AWS_ENDPOINT_URL", "127.0.0.1:1")]);
        assert!(custom(&wrong, "s3").unwrap_err().to_string().starts_with("AWS_ENDPOINT_URL: "));
    }

    #[test]
    fn partitions_have_domains_of_their_own() {
        assert_eq!(of_aws("sqs", "eu-west-1").unwrap(), "https://sqs.eu-west-1.amazonaws.com");
        assert_eq!(of_aws("sqs", "cn-north-1").unwrap(), "https://sqs.cn-north-1.amazonaws.com.cn");
        for region in ["", "us", "x.y-1", "a-b/c", "evil.example-1"] {
            assert!(of_aws("sqs", region).is_err(), "{region}");
        }
    }
}
