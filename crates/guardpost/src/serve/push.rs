//! Logs that are pushed over HTTP: Firehose's protocol for HTTP endpoints, and plain bodies.
//!
//! <https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html>

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::model::AccountId;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Semaphore, oneshot};

use super::keys::KeyFile;
use super::recorder::{Answer, Body, Item, Offer};
use super::status::Status;

/// Largest body, compressed or not: Firehose sends at most 64 MiB.
pub(super) const BODY_MAX: usize = 64 << 20;
/// Deliveries that are held in memory at a time.
pub(super) const DELIVERIES_MAX: usize = 8;
/// How long a delivery may take, its body included.
const PATIENCE: Duration = Duration::from_mins(1);
const REQUEST_ID: &str = "x-amz-firehose-request-id";
/// Seconds after which whoever was turned away may come again.
const RETRY_AFTER: &str = "5";

/// What push requests need.
#[derive(Clone)]
pub(super) struct Push {
    pub(super) offers: SyncSender<Offer>,
    pub(super) keys: Arc<KeyFile>,
    pub(super) status: Arc<Status>,
    /// Deliveries that are taken in at a time.
    pub(super) room: Arc<Semaphore>,
}

/// A refusal: status and words.
type Refusal = (StatusCode, String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    request_id: String,
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    data: String,
}

/// Lets in who has an ingest key, a few at a time: bodies are held in memory, and strangers are not to fill it.
pub(super) async fn admit(State(push): State<Push>, mut request: Request, next: Next) -> Response {
    let (id, account) = (text(request.headers(), REQUEST_ID).to_owned(), push.sender(&request));
    let refusal = match (account, push.room.try_acquire()) {
        (Err(refusal), _) => refusal,
        (Ok(_), Err(_)) => busy(),
        (Ok(account), Ok(_permit)) => {
            request.extensions_mut().insert(account);
            match tokio::time::timeout(PATIENCE, next.run(request)).await {
                Ok(response) => return response,
                Err(_) => (StatusCode::REQUEST_TIMEOUT, "the body came too slowly".to_owned()),
            }
        }
    };
    push.answer(&id, Err(refusal))
}

/// `POST /ingest/firehose`.
pub(super) async fn firehose(
    State(push): State<Push>,
    Extension(account): Extension<AccountId>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let id = text(&headers, REQUEST_ID);
    let bodies = inflated(text(&headers, "content-encoding"), &body);
    let bodies = bodies.and_then(|it| records(id, &it));
    let outcome = match bodies {
        Err(refusal) => Err(refusal),
        Ok(bodies) => push.offer_all(id, account, bodies).await,
    };
    push.answer(id, outcome)
}

/// `POST /ingest/logs`: any log that a scan reads.
pub(super) async fn logs(
    State(push): State<Push>,
    Extension(account): Extension<AccountId>,
    body: Bytes,
) -> Response {
    let outcome = push.offer_all("", account, vec![body.to_vec()]).await;
    push.answer("", outcome)
}

impl Push {
    /// The account whose logs the sender may deliver.
    fn sender(&self, request: &Request) -> Result<AccountId, Refusal> {
        let bearer = text(request.headers(), "authorization").strip_prefix("Bearer ");
        let pair = bearer.unwrap_or_else(|| text(request.headers(), "x-amz-firehose-access-key"));
        self.keys.may_ingest(pair).ok_or_else(|| {
            let words =
                "give ID:SECRET of a key that was made with `guardpost keys create --role ingest`";
            (StatusCode::UNAUTHORIZED, words.to_owned())
        })
    }

    /// The answer to a delivery, in the form that Firehose expects.
    fn answer(&self, id: &str, outcome: Result<u64, Refusal>) -> Response {
        let timestamp = crate::clock::now().millis();
        let (status, words) = match outcome {
            Ok(known) => {
                let body = json!({ "requestId": id, "timestamp": timestamp, "known": known });
                return (StatusCode::OK, Json(body)).into_response();
            }
            Err(refusal) => refusal,
        };
        self.status.refused.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "requestId": id, "timestamp": timestamp, "errorMessage": words });
        let retry =
            (status == StatusCode::SERVICE_UNAVAILABLE).then_some(("retry-after", RETRY_AFTER));
        (status, AppendHeaders(retry), Json(body)).into_response()
    }

    /// Offers bodies and waits until all are on disk. Gives how many were known.
    async fn offer_all(
        &self,
        id: &str,
        account: AccountId,
        bodies: Vec<Vec<u8>>,
    ) -> Result<u64, Refusal> {
        let (answer, answered) = oneshot::channel();
        let name =
            |at: usize| if id.is_empty() { "push".to_owned() } else { format!("push {id} {at}") };
        let item = |(at, body)| Item {
            key: String::new(),
            name: name(at),
            account: Some(account),
            body: Body::Bytes(body),
        };
        let offer = Offer {
            items: bodies.into_iter().enumerate().map(item).collect(),
            // Who asked may have gone.
            answer: Box::new(move |it| _ = answer.send(it).is_ok()),
        };
        match self.offers.try_send(offer) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(busy()),
            Err(TrySendError::Disconnected(_)) => return Err(ending()),
        }
        let mut known = 0;
        for answer in answered.await.map_err(|_| ending())? {
            match answer {
                Answer::Taken => {}
                Answer::Known => known += 1,
                Answer::Refused(words) => return Err((StatusCode::BAD_REQUEST, words)),
                Answer::Failed(words) => return Err((StatusCode::SERVICE_UNAVAILABLE, words)),
            }
        }
        self.status.known.fetch_add(known, Ordering::Relaxed);
        Ok(known)
    }
}

/// A header as text; empty if it is missing.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or("")
}

fn busy() -> Refusal {
    let words = "more is waiting than can be taken in; try again later";
    (StatusCode::SERVICE_UNAVAILABLE, words.to_owned())
}

fn ending() -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, "the service is ending; try again".to_owned())
}

/// The body without gzip, as far as it may be large.
fn inflated(encoding: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    if !encoding.eq_ignore_ascii_case("gzip") {
        return Ok(body.to_vec());
    }
    let mut bytes = Vec::new();
    let reader = flate2::read::MultiGzDecoder::new(body);
    let read = reader.take(BODY_MAX as u64 + 1).read_to_end(&mut bytes);
    if read.is_err() {
        return Err((
            StatusCode::BAD_REQUEST,
            "the body is not gzip as its header says".to_owned(),
        ));
    }
    if bytes.len() > BODY_MAX {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, format!("more than {BODY_MAX} bytes of text")));
    }
    Ok(bytes)
}

/// The records of a delivery as bodies: what is gzip by itself stays alone, the rest is joined line by line.
fn records(id: &str, body: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    let bad = |words: String| (StatusCode::BAD_REQUEST, words);
    let delivery: Delivery =
        serde_json::from_slice(body).map_err(|it| bad(format!("no delivery of Firehose: {it}")))?;
    if delivery.request_id != id {
        return Err(bad("requestId is not that of the header".to_owned()));
    }
    let (mut zipped, mut plain) = (Vec::new(), Vec::new());
    for (at, record) in delivery.records.into_iter().enumerate() {
        let data = STANDARD.decode(&record.data);
        let data = data.map_err(|it| bad(format!("records[{at}].data: {it}")))?;
        if data.starts_with(&[0x1f, 0x8b]) {
            // Members of gzip may follow each other.
            zipped.extend(data);
        } else if !data.is_empty() {
            plain.extend(&data);
            if !data.ends_with(b"\n") {
                plain.push(b'\n');
            }
        }
    }
    Ok([zipped, plain].into_iter().filter(|it| !it.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(records: &[&[u8]]) -> Vec<u8> {
        let records: Vec<_> =
            records.iter().map(|it| json!({ "data": STANDARD.encode(it) })).collect();
        json!({ "requestId": "r-1", "timestamp": 1, "records": records }).to_string().into()
    }

    #[test]
    fn records_are_joined_line_by_line() {
        let zipped = [0x1f, 0x8b, 1, 2];
        let bodies = records("r-1", &delivery(&[b"{}", b"", &zipped, b"[]\n", &zipped])).unwrap();
        assert_eq!(bodies, [[zipped, zipped].concat(), b"{}\n[]\n".to_vec()]);
        assert_eq!(records("r-1", &delivery(&[])).unwrap().len(), 0);
    }

    #[test]
    fn what_is_no_delivery_is_refused_with_the_field() {
        let words = |id: &str, body: &str| records(id, body.as_bytes()).unwrap_err().1;
        assert!(words("r", "{}").contains("requestId"));
        assert!(words("r", r#"{"requestId":"r","records":[{"data":"!"}]}"#).contains("records[0]"));
        assert!(words("r", r#"{"requestId":"s","records":[]}"#).contains("header"));
    }

    #[test]
    fn gzip_is_bounded() {
        use std::io::Write as _;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..65 {
            writer.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        let bomb = writer.finish().unwrap();
        assert_eq!(inflated("gzip", &bomb).unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(inflated("gzip", b"no gzip").unwrap_err().0, StatusCode::BAD_REQUEST);
        assert_eq!(inflated("", b"no gzip").unwrap(), b"no gzip");
    }
}
