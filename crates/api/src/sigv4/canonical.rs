//! The canonical form of a request: what both sides sign.

use axum::http::HeaderMap;

use super::Signed;
use super::proof::{Form, Proof};
use crate::percent;

/// The canonical request; nothing where a signed header is missing or the query cannot be decoded.
pub(super) fn canonical_request(
    signed: &Signed<'_>,
    proof: &Proof,
    payload: &str,
) -> Option<String> {
    let (path, query) = (canonical_path(signed.path), canonical_query(signed.query, proof.form)?);
    let mut headers = String::new();
    for name in &proof.signed_headers {
        let value = match name.as_str() {
            "host" => collapse(signed.host),
            name => values(signed.headers, name)?,
        };
        headers.extend([name, ":", &value, "\n"]);
    }
    let names = proof.signed_headers.join(";");
    Some(format!("{}\n{path}\n{query}\n{headers}\n{names}\n{payload}", signed.method))
}

/// Path without dots and double slashes, each segment encoded once more: every service but S3 does so.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            other => segments.push(other),
        }
    }
    let mut text = String::new();
    for segment in &segments {
        text.extend(["/", &percent::encode(segment)]);
    }
    if text.is_empty() || path.ends_with('/') {
        text.push('/');
    }
    text
}

/// Names and values encoded anew and sorted; the signature itself is left out.
fn canonical_query(query: &str, form: Form) -> Option<String> {
    let is_presigned = form != Form::Header;
    let mut pairs: Vec<(String, String)> = percent::pairs(query)?
        .into_iter()
        .filter(|(name, _)| !(is_presigned && name == "X-Amz-Signature"))
        .map(|(name, value)| (percent::encode(&name), percent::encode(&value)))
        .collect();
    pairs.sort();
    let parts: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(parts.join("&"))
}

/// All values of a header, in the order they came.
fn values(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|it| it.to_str().map(collapse))
        .collect::<Result<_, _>>()
        .ok()?;
    if values.is_empty() { None } else { Some(values.join(",")) }
}

/// Without space at the ends and with one space for many.
fn collapse(value: &str) -> String {
    value.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}
