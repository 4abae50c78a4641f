//! A client of the GuardDuty API: requests signed with Signature Version 4.

use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{KEY, Service};

/// The Region of all requests.
pub(crate) const REGION: &str = "us-east-1";

fn hex(bytes: &[u8]) -> String {
    let digit = |it: u8| char::from_digit(it.into(), 16).unwrap();
    bytes.iter().flat_map(|it| [digit(it >> 4), digit(it & 15)]).collect()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

impl Service {
    /// Calls the API with a key; gives status and body.
    pub(crate) fn call(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let host = self.url.strip_prefix("http://").unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = model::Timestamp::from_secs(now.as_secs() as i64).to_string();
        let time: String =
            now.chars().filter(|it| !"-:".contains(*it)).take(15).chain(['Z']).collect();
        let (date, signed) = (&time[..8], "host;x-amz-date");
        let request = format!(
            "{method}\n{path}\n\nhost:{host}\nx-amz-date:{time}\n\n{signed}\n{}",
            hex(&Sha256::digest(&body))
        );
        let scope = format!("{date}/{REGION}/guardduty/aws4_request");
        let hash = hex(&Sha256::digest(&request));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
        let first = mac(format!("AWS4{}", KEY.1).as_bytes(), date);
        let secret =
            [REGION, "guardduty", "aws4_request"].iter().fold(first, |it, part| mac(&it, part));
        let signature = hex(&mac(&secret, &text));
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("x-amz-date", &time)
            .header("content-type", "application/json")
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed}, Signature={signature}"
                ),
            )
            .body(body)
            .unwrap();
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.run(request).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Calls the API; it must answer with success.
    pub(crate) fn ok(&self, key: &str, method: &str, path: &str, body: &Value) -> Value {
        let (status, body) = self.call(key, method, path, body);
        assert_eq!(status, 200, "{method} {path}: {body}");
        body
    }
}
