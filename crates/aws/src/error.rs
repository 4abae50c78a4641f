//! Why there is no answer.

use std::time::Duration;

use crate::xml;

/// Longest text of a service that is handed on, in characters.
const TEXT_MAX: usize = 300;

/// Why a service gave no answer that can be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Settings(String),
    /// There are no credentials, or they could not be fetched.
    #[error("no AWS credentials: {0}")]
    Credentials(String),
    /// The service answered with an error.
    #[error("{code} ({status}): {message}")]
    Service {
        /// The status of HTTP.
        status: u16,
        /// The service's name of the error, such as `NoSuchKey`; empty if it gave none.
        code: String,
        /// What it says about it.
        message: String,
        /// With S3: the Region in which the bucket lies.
        region: Option<String>,
    },
    /// Nobody answered.
    #[error("{host}: {cause}")]
    Connection {
        /// Who was asked.
        host: String,
        /// What went wrong.
        cause: String,
    },
    /// It took too long.
    #[error("{host}: no complete answer within {} s", .after.as_secs())]
    Timeout {
        /// Who was asked.
        host: String,
        /// How long was waited.
        after: Duration,
    },
    /// The answer is too large.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The answer is not what the service's documentation says.
    #[error("unexpected answer of {service}: {what}")]
    Answer {
        /// The service.
        service: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    /// The service's own name of the error; empty if it is none of a service.
    pub fn code(&self) -> &str {
        match self {
            Error::Service { code, .. } => code,
            _ => "",
        }
    }

    /// Whether there is nothing of this name.
    pub fn is_missing(&self) -> bool {
        matches!(self, Error::Service { status: 404, .. })
    }

    /// Whether the credentials do not allow it.
    pub fn is_denied(&self) -> bool {
        matches!(self, Error::Service { status: 401 | 403, .. })
    }

    /// Whether it may go well when it is tried again.
    pub fn may_pass(&self) -> bool {
        const CODES: [&str; 8] = [
            "Throttling",
            "ThrottlingException",
            "RequestThrottled",
            "ThrottledException",
            "TooManyRequestsException",
            "SlowDown",
            "RequestTimeout",
            "RequestLimitExceeded",
        ];
        match self {
            Error::Connection { .. } | Error::Timeout { .. } => true,
            Error::Service { status, code, .. } => {
                *status == 429 || *status >= 500 || CODES.contains(&code.as_str())
            }
            _ => false,
        }
    }

    /// Whether newer credentials may help.
    pub(crate) fn is_expired(&self) -> bool {
        ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]
            .contains(&self.code())
    }

    /// What a service says in an answer that is an error: JSON or XML, whichever it speaks.
    pub(crate) fn of_service(
        status: u16,
        kind: &str,
        region: Option<String>,
        body: &[u8],
    ) -> Error {
        let text = String::from_utf8_lossy(body);
        let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let member = |names: [&str; 3]| {
            let json = json.as_ref()?;
            names.iter().find_map(|it| json.get(it)?.as_str()).map(str::to_owned)
        };
        let xml = |name| xml::text_of(&text, name).ok().flatten();
        let code = Some(kind.to_owned()).filter(|it| !it.is_empty());
        let code = code.or_else(|| member(["__type", "code", "Code"])).or_else(|| xml("Code"));
        let message = member(["message", "Message", "errorMessage"]).or_else(|| xml("Message"));
        Error::Service {
            status,
            code: plain(short_name(&code.unwrap_or_default())),
            message: plain(&message.unwrap_or_default()),
            region,
        }
    }
}

/// `QueueDoesNotExist` of `com.amazonaws.sqs#QueueDoesNotExist:http://…`.
fn short_name(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |it| it.1);
    code.split(':').next().unwrap_or(code)
}

/// A text without control characters, cut to its bound: it goes to terminals and logs.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(kind: &str, body: &str) -> (String, String) {
        match Error::of_service(400, kind, None, body.as_bytes()) {
            Error::Service { code, message, .. } => (code, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn errors_are_read_in_every_form() {
        for (kind, body, code, message) in [
            (
                "",
                r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#,
                "QueueDoesNotExist",
                "gone",
            ),
            ("ValidationException:http://x/", r#"{"message":"bad"}"#, "ValidationException", "bad"),
            (
                "",
                "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no\u{7}</Message></Error>",
                "NoSuchKey",
                "",
            ),
            (
                "",
                "<Error><Code>NoSuchKey</Code><Message>no key</Message></Error>",
                "NoSuchKey",
                "no key",
            ),
            (
                "",
                "<Response><Errors><Error><Code>A</Code><Message>b</Message></Error></Errors></Response>",
                "A",
                "b",
            ),
            ("", "gateway\ntimeout", "", ""),
            ("", "", "", ""),
        ] {
            let (got, text) = service(kind, body);
            if code == "NoSuchKey" && message.is_empty() {
                // No XML at all: a control character.
                assert_eq!(got, "");
            } else {
                assert_eq!((got.as_str(), text.as_str()), (code, message), "{body}");
            }
        }
    }

    #[test]
    fn texts_are_short_and_plain() {
        let body = format!(r#"{{"message":"\u001b[31m{}"}}"#, "x".repeat(999));
        let (_, message) = service("", &body);
        assert_eq!(message.chars().count(), TEXT_MAX);
        assert!(!message.contains('\u{1b}'));
    }

    #[test]
    fn what_may_pass_is_told_from_what_does_not() {
        let error = |status, code: &str| Error::Service {
            status,
            code: code.to_owned(),
            message: String::new(),
            region: None,
        };
        assert!(error(503, "SlowDown").may_pass() && error(400, "ThrottlingException").may_pass());
        assert!(!error(404, "NoSuchKey").may_pass() && error(404, "NoSuchKey").is_missing());
        assert!(error(403, "AccessDenied").is_denied() && !error(403, "AccessDenied").may_pass());
    }
}
