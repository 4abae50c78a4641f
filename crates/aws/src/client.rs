//! Asking a service: endpoint, signature, attempts, and what is made of its answer.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;
use serde_json::Value;
use ureq::Body;
use ureq::http::{HeaderMap, Response};

use crate::credentials::{Chain, Keys};
use crate::encode::{query, sha256};
use crate::endpoint;
use crate::error::Error;
use crate::http::{Http, Sent, from_ureq};
use crate::settings::Settings;
use crate::sign::{Scope, Signable, authorization};

/// How often a request is tried.
const ATTEMPTS: u32 = 4;
/// The longest wait before the second attempt; it doubles with each further one.
const BACK_OFF: Duration = Duration::from_millis(200);
/// Largest answer that says what went wrong, in bytes.
const ERROR_MAX: u64 = 64 << 10;

/// A client for all services. Copies share connections and credentials.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    http: Http,
    chain: Chain,
}

/// What a service is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its name in signatures and host names, such as `sqs`.
    pub service: String,
    /// The Region.
    pub region: String,
    /// Scheme and authority to ask instead of what the settings say.
    pub endpoint: Option<String>,
    /// The method.
    pub method: &'static str,
    /// The path, percent-encoded.
    pub path: String,
    /// Names and values of the query, as they are.
    pub query: Vec<(String, String)>,
    /// Further headers, in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the service may be silent.
    pub timeout: Duration,
    /// How long the whole answer may take.
    pub total: Duration,
    /// Most bytes of the answer.
    pub most: u64,
}

/// An answer that was read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// An answer that is still to be read.
pub struct Opened {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Box<dyn Read + Send>,
}

impl Request {
    /// A `POST /` with an answer of some megabytes at most.
    pub fn post(service: &str, region: &str, body: Vec<u8>) -> Request {
        Request {
            service: service.to_owned(),
            region: region.to_owned(),
            endpoint: None,
            method: "POST",
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body,
            timeout: Duration::from_secs(30),
            total: Duration::from_mins(2),
            most: 16 << 20,
        }
    }

    /// With a further header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Client {
    /// A client with the settings of the process. Credentials are looked for when they are needed.
    pub fn of_process() -> Client {
        Client::new(Settings::of_process())
    }

    /// A client with these settings.
    pub fn new(settings: Settings) -> Client {
        let http = Http::new();
        let chain = Chain::new(settings.clone(), http.clone());
        Client { shared: Arc::new(Shared { settings, http, chain }) }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The Region that is given, or that of the settings.
    pub fn region(&self, given: Option<&str>) -> Result<String, Error> {
        let region = given
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .or_else(|| self.shared.settings.region());
        let missing = || Error::Settings("no Region: give one, or set AWS_REGION".to_owned());
        let region = region.ok_or_else(missing)?;
        if !endpoint::is_region(&region) {
            return Err(Error::Settings(format!(
                "`{}` is no Region",
                crate::error::plain(&region)
            )));
        }
        Ok(region)
    }

    /// Asks a service and reads its whole answer. What may pass is tried again.
    pub fn call(&self, request: &Request) -> Result<Answer, Error> {
        self.attempt(request, |request| {
            let response = self.send(request)?;
            let headers = response.headers().clone();
            let url = response_host(request);
            let body = read(response, request.most).map_err(|it| it.into_error(&url, request))?;
            Ok(Answer { headers, body })
        })
    }

    /// Asks a service; the answer is read by whoever asked.
    pub fn open(&self, request: &Request) -> Result<Opened, Error> {
        self.attempt(request, |request| {
            let response = self.send(request)?;
            let headers = response.headers().clone();
            let body = Box::new(response.into_body().into_with_config().limit(u64::MAX).reader());
            Ok(Opened { headers, body })
        })
    }

    /// Asks a service that speaks JSON, such as SQS with `AmazonSQS.ReceiveMessage`.
    pub fn json(&self, version: &str, target: &str, request: Request) -> Result<Value, Error> {
        let request = request
            .header("content-type", &format!("application/x-amz-json-{version}"))
            .header("x-amz-target", target);
        let answer = self.call(&request)?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body)
            .map_err(|it| Error::Answer { service: request.service.clone(), what: it.to_string() })
    }

    /// Asks a service of the query protocol, such as EC2 and SNS, and gives its XML.
    pub fn query(
        &self,
        (service, region, version): (&str, &str, &str),
        action: &str,
        members: &[(&str, &str)],
    ) -> Result<String, Error> {
        let own = [("Action", action), ("Version", version)];
        let pairs = own.iter().chain(members);
        let pairs: Vec<_> =
            pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request::post(service, region, query(&pairs).into_bytes())
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let answer = self.call(&request)?;
        String::from_utf8(answer.body)
            .map_err(|it| Error::Answer { service: service.to_owned(), what: it.to_string() })
    }

    /// Scheme and authority of a service.
    pub(crate) fn endpoint(&self, service: &str, region: &str) -> Result<String, Error> {
        match endpoint::custom(&self.shared.settings, service)? {
            Some(endpoint) => Ok(endpoint),
            None => endpoint::of_aws(service, region),
        }
    }

    /// Whether somebody set another endpoint than AWS's for a service.
    pub(crate) fn has_custom_endpoint(&self, service: &str) -> Result<bool, Error> {
        Ok(endpoint::custom(&self.shared.settings, service)?.is_some())
    }

    fn attempt<T>(
        &self,
        request: &Request,
        ask: impl Fn(&Request) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            match ask(request) {
                Err(error) if attempt < ATTEMPTS && (error.may_pass() || error.is_expired()) => {
                    if error.is_expired() {
                        self.shared.chain.forget();
                    }
                    thread::sleep(pause(attempt));
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    /// One attempt: an answer that is an error is one.
    fn send(&self, request: &Request) -> Result<Response<Body>, Error> {
        let endpoint = match &request.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => self.endpoint(&request.service, &request.region)?,
        };
        let keys = self.shared.chain.keys()?;
        let query = query(&request.query);
        let headers = signed(request, &endpoint, &query, &keys);
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{endpoint}{}{mark}{query}", request.path);
        let sent = Sent {
            method: request.method,
            url: &url,
            headers: &headers,
            body: &request.body,
            timeout: request.timeout,
            total: request.total,
        };
        let response = self.shared.http.send(&sent)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let header =
            |name| response.headers().get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let kind = header("x-amzn-errortype").unwrap_or_default();
        let region = header("x-amz-bucket-region");
        // What cannot be read of it says no more than its status.
        let mut body = Vec::new();
        let read = response.into_body().into_reader().take(ERROR_MAX).read_to_end(&mut body);
        body.truncate(if read.is_ok() { body.len() } else { 0 });
        Err(Error::of_service(status, &kind, region, &body))
    }
}

/// The headers of a request with its signature.
pub(crate) fn signed(
    request: &Request,
    endpoint: &str,
    query: &str,
    keys: &Keys,
) -> Vec<(String, String)> {
    let payload = sha256(&request.body);
    let time = compact(now());
    let mut headers = request.headers.clone();
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    add("host", endpoint.split_once("://").map_or(endpoint, |it| it.1));
    add("x-amz-date", &time);
    if request.service == "s3" {
        add("x-amz-content-sha256", &payload);
    }
    if let Some(token) = &keys.token {
        add("x-amz-security-token", token);
    }
    let signable = Signable {
        method: request.method,
        path: &request.path,
        query,
        headers: &headers,
        payload: &payload,
    };
    let scope = Scope { service: &request.service, region: &request.region, time: &time };
    let signature = authorization(&signable, &scope, (&keys.id, &keys.secret));
    headers.push(("authorization".to_owned(), signature));
    headers
}

/// Why a body was not read.
enum Unread {
    TooLarge(u64),
    Failed(std::io::Error),
}

impl Unread {
    fn into_error(self, host: &str, request: &Request) -> Error {
        match self {
            Unread::TooLarge(most) => Error::TooLarge(most),
            Unread::Failed(error) => from_ureq(ureq::Error::from(error), host, request.total),
        }
    }
}

fn read(response: Response<Body>, most: u64) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
    reader.take(most.saturating_add(1)).read_to_end(&mut body).map_err(Unread::Failed)?;
    if body.len() as u64 > most {
        return Err(Unread::TooLarge(most));
    }
    Ok(body)
}

fn response_host(request: &Request) -> String {
    request.endpoint.clone().unwrap_or_else(|| format!("https://{}", request.service))
}

/// The wait after an attempt: half of it is left to chance, so that many do not come again at once.
fn pause(attempt: u32) -> Duration {
    let most = BACK_OFF * 2u32.saturating_pow(attempt - 1);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    most / 2 + most / 2 * (nanos % 1000) / 1000
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// `20150830T123600Z`.
fn compact(time: Timestamp) -> String {
    let text = Timestamp::from_secs(time.secs()).to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn request() -> Request {
        Request::post("sqs", "us-east-1", b"{}".to_vec())
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let fake = Fake::start(vec![
            reply(503, "{}"),
            reply(400, r#"{"__type":"x#ThrottlingException"}"#),
            reply(200, r#"{"a":1}"#),
        ]);
        let answer = fake.client().json("1.0", "AmazonSQS.X", request()).unwrap();
        assert_eq!(answer["a"], 1);
        assert_eq!(fake.requests().len(), 3);
        let head = &fake.requests()[0];
        assert!(
            head.contains("x-amz-target: AmazonSQS.X") && head.contains("Credential=AKIDEXAMPLE/"),
            "{head}"
        );
    }

    #[test]
    fn what_does_not_pass_is_told_at_once() {
        let fake = Fake::start(vec![reply(403, r#"{"__type":"AccessDenied","message":"no"}"#)]);
        let error = fake.client().call(&request()).unwrap_err();
        assert_eq!(error.to_string(), "AccessDenied (403): no");
        assert_eq!(fake.requests().len(), 1);
    }

    #[test]
    fn too_large_an_answer_is_refused() {
        let fake = Fake::start(vec![reply(200, &"x".repeat(1000))]);
        let error = fake.client().call(&Request { most: 999, ..request() }).unwrap_err();
        assert_eq!(error, Error::TooLarge(999));
    }

    #[test]
    fn members_of_a_query_are_encoded() {
        let fake = Fake::start(vec![reply(200, "<a/>")]);
        let asked = ("sns", "us-east-1", "2010-03-31");
        assert_eq!(fake.client().query(asked, "Publish", &[("Message", "a b&c")]).unwrap(), "<a/>");
        let sent = &fake.requests()[0];
        assert!(sent.ends_with("Action=Publish&Message=a%20b%26c&Version=2010-03-31"), "{sent}");
    }

    #[test]
    fn nobody_at_the_address_is_an_error_that_names_it() {
        let settings = Settings::of(&[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]);
        let error = Client::new(settings).call(&request()).unwrap_err();
        assert!(error.to_string().contains("127.0.0.1:1") && error.may_pass(), "{error}");
    }

    #[test]
    fn times_have_the_form_of_signatures() {
        assert_eq!(
            compact(Timestamp::parse("2015-08-30T12:36:00.5Z").unwrap()),
            "20150830T123600Z"
        );
    }
}
