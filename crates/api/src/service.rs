//! From an HTTP request to its answer: bounds, operation, signature, role, input, handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Extension};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use model::{Region, Timestamp, hash128};
use serde_json::{Map, Value};
use store::Owner;
use tokio::sync::Semaphore;

use crate::audit::{Caller, Change};
use crate::context::Context;
use crate::error::{ErrorName, Refusal};
use crate::input;
use crate::keys::Key;
use crate::operation::{self, Operation};
use crate::rate::Rates;
use crate::resources;
use crate::sigv4::{self, Claim, Rules, Signed};
use crate::state::State;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The name that clients sign for.
const SERVICE: &str = "guardduty";
/// How often an operation is tried that others overtake.
pub(crate) const ATTEMPTS: u32 = 5;

/// The API as a router that answers every path. Nest it where the GuardDuty endpoint is to be.
pub fn router(state: State) -> Router {
    let running = Arc::new(Semaphore::new(state.limits.concurrent));
    let rates = Rates::new(state.limits.per_second);
    let service = Arc::new(Service { state, running, rates, requests: AtomicU64::new(0) });
    Router::new().fallback(serve).with_state(service)
}

struct Service {
    state: State,
    running: Arc<Semaphore>,
    rates: Rates,
    requests: AtomicU64,
}

async fn serve(Extension(service): Extension<Arc<Service>>, request: Request) -> Response<Body> {
    let id = service.request_id();
    let timeout = service.state.limits.timeout;
    let answering = Arc::clone(&service).answer(request, id.clone());
    let answer = match tokio::time::timeout(timeout, answering).await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal::new(ErrorName::RequestTimeout, "The request took too long.")),
    };
    let mut response = answer.unwrap_or_else(|refusal| refusal.response());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl Service {
    async fn answer(
        self: Arc<Self>,
        request: Request,
        id: String,
    ) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        // Strangers are sent away before their bodies are read.
        let now = self.state.clock.now();
        let claim = Claim::read(&signed(&parts, &[]), &self.rules(now))?;
        let key = self.state.keys.find(claim.access_key()).ok_or_else(sigv4::unknown_key)?;
        let body = to_bytes(body, self.state.limits.body_bytes).await.map_err(|_| {
            Refusal::new(ErrorName::RequestTooLarge, "The request is too large or was cut off.")
        })?;
        let running = Arc::clone(&self.running);
        let permit = running.acquire_owned().await.map_err(|_| Refusal::internal())?;
        // The store blocks: its work is not for the threads that wait for the network.
        // It keeps the permit, so that work whose caller has gone still counts.
        let work = tokio::task::spawn_blocking(move || {
            let signed = signed(&parts, &body);
            let answer = claim
                .verify(&signed, &self.rules(now), &key.secret)
                // Behind the signature: nobody uses up what is another's.
                .and_then(|()| self.within_rate(&claim, now))
                .and_then(|()| self.work(&signed, &claim, &key, (now, &Caller::of(&parts), &id)));
            drop(permit);
            answer
        });
        work.await.map_err(|_| Refusal::internal())?
    }

    fn rules(&self, now: Timestamp) -> Rules<'static> {
        Rules { service: SERVICE, now, is_tls: self.state.limits.is_tls }
    }

    fn within_rate(&self, claim: &Claim, now: Timestamp) -> Result<(), Refusal> {
        if self.rates.take(claim.access_key(), now) {
            return Ok(());
        }
        Err(Refusal::new(ErrorName::Throttling, "Rate exceeded"))
    }

    /// Does what a request asks for whose signature is right, and records it if it is to change something.
    fn work(
        &self,
        signed: &Signed<'_>,
        claim: &Claim,
        key: &Key,
        (now, caller, request_id): (Timestamp, &Caller, &str),
    ) -> Result<Response<Body>, Refusal> {
        let name = &claim.scope().region;
        let region = Region::new(name);
        if !region.is_known() || region.as_str() != name {
            return Err(Refusal::parameter("region"));
        }
        let found = operation::find(signed.method, signed.path);
        let (operation, labels) = found.ok_or_else(|| {
            Refusal::new(ErrorName::UnknownOperation, "The operation is not known.")
        })?;
        let input = input::assemble(operation, &labels, signed.query, signed.body);
        let context = Context { state: &self.state, owner: Owner::new(key.account, region), now };
        let answer = if key.role.may(operation) {
            input.clone().and_then(|input| done(operation, &context, &input))
        } else {
            Err(denied(&key.account.to_string(), claim.access_key(), operation))
        };
        if !operation.only_reads() {
            let change = Change {
                operation,
                account: key.account,
                access_key: claim.access_key(),
                region: name,
                caller,
                request_id,
                input: input.as_ref().ok(),
            };
            self.state.audit.record(now, &change.record(now, &answer));
        }
        answer.map(|output| success(operation, &output))
    }

    /// An identifier of a request in the form of a UUID: unique, not secret.
    fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.state.clock.now().millis();
        let hash = hash128(format!("{now} {number}").as_bytes());
        let text = format!("{hash:032x}");
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }
}

/// What an operation answers, tried again where others overtake it.
fn done(
    operation: &Operation,
    context: &Context<'_>,
    input: &Map<String, Value>,
) -> Result<Value, Refusal> {
    let route = resources::routes().find(|it| it.name == operation.name);
    let route = route.ok_or_else(|| Refusal::unserved(operation.name))?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        match route.handler.call(context, input.clone()) {
            Err(refusal) if refusal.is_overtaken() && attempts < ATTEMPTS => {}
            // Clients know the declared errors only.
            Err(refusal) if !operation.errors.contains(&refusal.name) => {
                return Err(Refusal::internal());
            }
            answer => return answer,
        }
    }
}

fn signed<'a>(parts: &'a Parts, body: &'a [u8]) -> Signed<'a> {
    let header = parts.headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(Authority::as_str));
    Signed {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        host: host.unwrap_or_default(),
        headers: &parts.headers,
        body,
    }
}

fn success(operation: &Operation, output: &Value) -> Response<Body> {
    let status = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
    let body = if status == StatusCode::NO_CONTENT {
        Body::empty()
    } else {
        Body::from(output.to_string())
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response
}

fn denied(account: &str, access_key: &str, operation: &Operation) -> Refusal {
    let name = operation.name;
    let message = format!(
        "User: arn:aws:iam::{account}:user/{access_key} is not authorized to perform: guardduty:{name}"
    );
    Refusal::new(ErrorName::AccessDenied, message)
}

#[cfg(test)]
mod tests;
