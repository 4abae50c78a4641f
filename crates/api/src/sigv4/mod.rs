//! Verifies that a request was signed with a known secret (AWS Signature Version 4).
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. Both forms are
//! taken: the `Authorization` header, and the query of a presigned request.

mod canonical;
mod proof;

use axum::http::HeaderMap;
use hmac::{Hmac, Mac};
use model::Timestamp;
use sha2::{Digest, Sha256};

use self::canonical::canonical_request;
pub(crate) use self::proof::Scope;
use self::proof::{Form, Proof};
use crate::error::{ErrorName, Refusal};
use crate::percent::hex;

/// How far the signer's clock may be off.
const SKEW_MILLIS: i64 = 5 * 60 * 1000;
/// Payload hash of a client that signs no payload, which is taken over TLS only.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// As it was sent, still encoded.
    pub(crate) path: &'a str,
    /// As it was sent, without the question mark.
    pub(crate) query: &'a str,
    /// The header `host`, or the authority of HTTP/2.
    pub(crate) host: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// What a signature is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) service: &'a str,
    pub(crate) now: Timestamp,
    /// Whether the connection is protected, by this process or by what stands in front of it.
    pub(crate) is_tls: bool,
}

/// What a request claims before its body is read: who signed it, for what, and when.
pub(crate) struct Claim(Proof);

impl Claim {
    /// Reads the claim and refuses what no body could make right. The body of `signed` is not looked at.
    pub(crate) fn read(signed: &Signed<'_>, rules: &Rules<'_>) -> Result<Claim, Refusal> {
        let proof = Proof::read(signed)?;
        if proof.scope.service != rules.service {
            let wanted = rules.service;
            return Err(invalid(&format!(
                "Credential should be scoped to correct service: '{wanted}'."
            )));
        }
        check_time(&proof, rules.now)?;
        Ok(Claim(proof))
    }

    pub(crate) fn access_key(&self) -> &str {
        &self.0.access_key
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// Calculates the signature again.
    pub(crate) fn verify(
        &self,
        signed: &Signed<'_>,
        rules: &Rules<'_>,
        secret: &str,
    ) -> Result<(), Refusal> {
        let Claim(proof) = self;
        let payload = payload(proof, signed, rules.is_tls)?;
        let request = canonical_request(signed, proof, &payload).ok_or_else(incomplete)?;
        let text = string_to_sign(proof, &request);
        // `verify_slice` takes the same time wherever the two differ.
        mac(&signing_key(secret, &proof.scope), &text).verify_slice(&proof.signature).map_err(|_| {
            invalid(
                "The request signature we calculated does not match the signature you provided. Check your \
                 AWS Secret Access Key and signing method. Consult the service documentation for details.",
            )
        })
    }
}

/// What is said when no key has the identifier.
pub(crate) fn unknown_key() -> Refusal {
    let message = "The security token included in the request is invalid.";
    Refusal::new(ErrorName::UnrecognizedClient, message)
}

fn check_time(proof: &Proof, now: Timestamp) -> Result<(), Refusal> {
    let (signed, now) = (proof.time.millis(), now.millis());
    if signed > now + SKEW_MILLIS {
        return Err(invalid(&format!(
            "Signature not yet current: {} is still later than the server's time.",
            proof.date
        )));
    }
    let lifetime = match proof.form {
        Form::Header => SKEW_MILLIS,
        Form::Query { expires_secs } => i64::from(expires_secs) * 1000,
    };
    if signed + lifetime < now {
        return Err(invalid(&format!(
            "Signature expired: {} is now earlier than the server's time.",
            proof.date
        )));
    }
    Ok(())
}

/// The payload hash to sign: of the body that came, whatever the client says of it.
fn payload(proof: &Proof, signed: &Signed<'_>, is_tls: bool) -> Result<String, Refusal> {
    let hash = hex(&Sha256::digest(signed.body));
    match proof.payload.as_deref() {
        Some(UNSIGNED) if is_tls => Ok(UNSIGNED.to_owned()),
        Some(UNSIGNED) => Err(invalid("An unsigned payload is accepted over TLS only.")),
        Some(said) if said != hash => Err(invalid(
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )),
        _ => Ok(hash),
    }
}

fn string_to_sign(proof: &Proof, request: &str) -> String {
    let Scope { date, region, service } = &proof.scope;
    let hash = hex(&Sha256::digest(request));
    format!("{}\n{}\n{date}/{region}/{service}/aws4_request\n{hash}", proof::ALGORITHM, proof.date)
}

fn signing_key(secret: &str, scope: &Scope) -> Vec<u8> {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [&*scope.date, &*scope.region, &*scope.service, "aws4_request"] {
        key = mac(&key, part).finalize().into_bytes().to_vec();
    }
    key
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(ErrorName::InvalidSignature, message)
}

fn incomplete() -> Refusal {
    let message = "The request signature does not conform to AWS standards.";
    Refusal::new(ErrorName::IncompleteSignature, message)
}

/// The value of `authorization` that a client of tests sends along; it signs host and date.
#[cfg(test)]
pub(crate) fn sign(
    signed: &Signed<'_>,
    access_key: &str,
    secret: &str,
    scope: &Scope,
    date: &str,
) -> String {
    let Scope { date: day, region, service } = scope;
    let start = format!(
        "{} Credential={access_key}/{day}/{region}/{service}/aws4_request, SignedHeaders=host;x-amz-date",
        proof::ALGORITHM
    );
    let mut headers = signed.headers.clone();
    let unsigned = format!("{start}, Signature={}", "0".repeat(64));
    headers.insert("authorization", unsigned.parse().expect("a header of plain text"));
    headers.insert("x-amz-date", date.parse().expect("a header of plain text"));
    let signed = Signed { headers: &headers, ..*signed };
    let proof = Proof::read(&signed).expect("the request was just made");
    let payload = hex(&Sha256::digest(signed.body));
    let request = canonical_request(&signed, &proof, &payload).expect("all headers are there");
    let key = signing_key(secret, scope);
    let signature = mac(&key, &string_to_sign(&proof, &request)).finalize().into_bytes();
    format!("{start}, Signature={}", hex(&signature))
}

#[cfg(test)]
mod tests;
