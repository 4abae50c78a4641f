//! What a request says of its own signature, in a header or in the query.

use model::Timestamp;

use super::{Signed, incomplete, invalid};
use crate::error::{ErrorName, Refusal};
use crate::percent;

/// The only algorithm.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Longest life of a presigned request: a week.
const MAX_EXPIRES_SECS: u32 = 604_800;
/// Most headers that a client may sign.
const MAX_SIGNED_HEADERS: usize = 64;

/// Where the signature is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Header,
    Query { expires_secs: u32 },
}

/// The day, Region and service that a signing key is good for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Scope {
    /// `20150830`.
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// A signature and what is needed to calculate it again.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) form: Form,
    pub(super) access_key: String,
    pub(super) scope: Scope,
    /// Lower-case, sorted, without repetition; `host` is among them.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: [u8; 32],
    /// `20150830T123600Z`.
    pub(super) date: String,
    pub(super) time: Timestamp,
    /// What the client says of the payload's hash.
    pub(super) payload: Option<String>,
}

impl Proof {
    pub(super) fn read(signed: &Signed<'_>) -> Result<Proof, Refusal> {
        let header = |name: &str| -> Result<Option<&str>, Refusal> {
            let mut values = signed.headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(value), None) => value.to_str().map(Some).map_err(|_| incomplete()),
                // Two dates or two signatures: which one is meant is not ours to guess.
                (Some(_), Some(_)) => Err(incomplete()),
            }
        };
        let pairs = percent::pairs(signed.query).ok_or_else(incomplete)?;
        let parameter = |name: &str| -> Result<Option<&str>, Refusal> {
            let mut values = pairs.iter().filter(|(it, _)| it == name);
            match (values.next(), values.next()) {
                (value, None) => Ok(value.map(|(_, value)| value.as_str())),
                _ => Err(incomplete()),
            }
        };
        let payload = header("x-amz-content-sha256")?;
        match (header("authorization")?, parameter("X-Amz-Signature")?) {
            (Some(authorization), None) => {
                let date = header("x-amz-date")?.ok_or_else(incomplete)?;
                let [credential, signed_headers, signature] = parts(authorization)?;
                Proof::new(Form::Header, credential, date, signed_headers, signature)?
                    .with(payload, signed)
            }
            (None, Some(signature)) => {
                let part = |name: &str| parameter(name)?.ok_or_else(incomplete);
                if part("X-Amz-Algorithm")? != ALGORITHM {
                    return Err(incomplete());
                }
                let expires_secs = part("X-Amz-Expires")?.parse().map_err(|_| incomplete())?;
                if !(1..=MAX_EXPIRES_SECS).contains(&expires_secs) {
                    return Err(incomplete());
                }
                let form = Form::Query { expires_secs };
                let (credential, date) = (part("X-Amz-Credential")?, part("X-Amz-Date")?);
                Proof::new(form, credential, date, part("X-Amz-SignedHeaders")?, signature)?
                    .with(payload.or(parameter("X-Amz-Content-Sha256")?), signed)
            }
            (Some(_), Some(_)) => Err(incomplete()),
            (None, None) => Err(Refusal::new(
                ErrorName::MissingAuthenticationToken,
                "Missing Authentication Token",
            )),
        }
    }

    fn new(
        form: Form,
        credential: &str,
        date: &str,
        signed_headers: &str,
        signature: &str,
    ) -> Result<Proof, Refusal> {
        let parts: Vec<&str> = credential.split('/').collect();
        let &[access_key, day, region, service, "aws4_request"] = parts.as_slice() else {
            return Err(incomplete());
        };
        if !date.starts_with(day) || day.len() != 8 {
            return Err(invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
            ));
        }
        Ok(Proof {
            form,
            access_key: access_key.to_owned(),
            scope: Scope {
                date: day.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
            },
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            signature: read_signature(signature).ok_or_else(incomplete)?,
            date: date.to_owned(),
            time: read_date(date).ok_or_else(incomplete)?,
            payload: None,
        })
    }

    /// Adds the payload's hash and checks that the headers that matter are signed.
    fn with(mut self, payload: Option<&str>, signed: &Signed<'_>) -> Result<Proof, Refusal> {
        self.payload = payload.map(str::to_owned);
        let names = &self.signed_headers;
        let is_sorted = names.windows(2).all(|it| it[0] < it[1]);
        let has = |name: &str| names.iter().any(|it| it == name);
        // Whatever the service may read must be under the signature, else it can be added on the way.
        let mut sent = signed.headers.keys().map(axum::http::HeaderName::as_str);
        let all_signed = sent.all(|it| !it.starts_with("x-amz-") || has(it));
        if !is_sorted || names.len() > MAX_SIGNED_HEADERS || !has("host") || !all_signed {
            return Err(invalid(
                "'Host' and every 'x-amz-' header must be signed, each once and in order.",
            ));
        }
        Ok(self)
    }
}

/// The three parts of the header, in whatever order they come, each once.
fn parts(authorization: &str) -> Result<[&str; 3], Refusal> {
    let rest = authorization.strip_prefix(ALGORITHM).and_then(|it| it.strip_prefix(' '));
    let parts: Vec<&str> = rest.ok_or_else(incomplete)?.split(',').map(str::trim).collect();
    let part = |name: &str| {
        let mut values = parts.iter().filter_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        values.next().ok_or_else(incomplete)
    };
    if parts.len() != 3 {
        return Err(incomplete());
    }
    Ok([part("Credential")?, part("SignedHeaders")?, part("Signature")?])
}

fn read_signature(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut signature = [0; 32];
    for (byte, pair) in signature.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = percent::hex_digit(pair[0])? << 4 | percent::hex_digit(pair[1])?;
    }
    Some(signature)
}

/// `20150830T123600Z`.
fn read_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    if day.len() != 8 {
        return None;
    }
    let [year, month, of_month] = [day.get(..4)?, day.get(4..6)?, day.get(6..)?];
    let [hour, minute, second] = [time.get(..2)?, time.get(2..4)?, time.get(4..)?];
    Timestamp::parse(&format!("{year}-{month}-{of_month}T{hour}:{minute}:{second}Z")).ok()
}
