//! A server on the loopback and a client that signs: tests speak HTTP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::http::HeaderMap;
use findings::{Data, FindingType};
use model::{AccountId, Severity, Timestamp};
use serde_json::Value;
use store::{InMemory, SqliteStore, Store};
use tempfile::TempDir;

use crate::sigv4::{self, Scope, Signed};
use crate::{
    Audit, Clock, Control, Controls, DetectionRule, Key, Keys, Limits, Role, State, router,
};

/// The account of most tests, and another one.
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER: &str = "444455556666";
const MANAGEMENT: &str = "777788889999";
pub(crate) const REGION: &str = "eu-central-1";
const SECRET: &str = "secret";

/// A server that lives as long as the test.
pub(crate) struct Server {
    pub(crate) store: Arc<dyn Store>,
    /// What the router was made with, for tests that go without HTTP.
    pub(crate) state: State,
    address: SocketAddr,
    now: Arc<Time>,
    heard: Arc<Heard>,
    audited: Arc<Audited>,
    _runtime: tokio::runtime::Runtime,
    /// The database, if there is one.
    _folder: Option<TempDir>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

struct Accounts;

impl Keys for Accounts {
    fn find(&self, access_key: &str) -> Option<Key> {
        let (account, role) = match access_key {
            "admin" => (ACCOUNT, Role::Admin),
            "analyst" => (ACCOUNT, Role::Analyst),
            "reader" => (ACCOUNT, Role::Reader),
            "ingest" => (ACCOUNT, Role::Ingest),
            "other" => (OTHER, Role::Admin),
            "management" => (MANAGEMENT, Role::Admin),
            _ => return None,
        };
        let account = AccountId::from_digits(account.as_bytes())?;
        Some(Key { secret: SECRET.to_owned(), account, role })
    }

    fn management(&self) -> Option<AccountId> {
        AccountId::from_digits(MANAGEMENT.as_bytes())
    }
}

struct Time(AtomicI64);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        // A step each time, so that what is made later is told apart.
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Default)]
struct Heard {
    all: Mutex<Vec<u64>>,
}

impl Controls for Heard {
    fn written(&self, sequence: u64) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(sequence);
    }
}

#[derive(Default)]
struct Audited(Mutex<Vec<Value>>);

impl Audit for Audited {
    fn record(&self, _: Timestamp, record: &Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
    }
}

const fn finding_type(
    name: &'static str,
    severity: Severity,
    data: &'static [Data],
) -> FindingType {
    FindingType {
        name,
        severity,
        title: "title",
        about: "about",
        detection: "",
        false_positives: "",
        response: "",
        techniques: &[],
        data,
        aggregation: "",
        is_own: false,
    }
}

static TYPES: [&FindingType; 3] = [
    &finding_type("Recon:EC2/Portscan", Severity::MEDIUM, &[Data::VpcFlow]),
    &finding_type("Trojan:EC2/DNSDataExfiltration", Severity::HIGH, &[Data::ResolverQuery]),
    &finding_type(
        "Policy:IAMUser/RootCredentialUsage",
        Severity::LOW,
        &[Data::CloudTrailManagement],
    ),
];

static RULES: LazyLock<Vec<DetectionRule>> = LazyLock::new(|| {
    let rule = |id: &str, name: &str, severity: Severity, service: &str| DetectionRule {
        id: id.into(),
        name: name.into(),
        description: "what it is for".into(),
        severity,
        tactic: "Persistence".into(),
        technique: "T1098".into(),
        service: service.into(),
        expression: "SELECT * FROM CloudTrail".into(),
        since: Timestamp::from_secs(1_770_000_000),
    };
    vec![
        rule("rule-b", "RuleB", Severity::HIGH, "ec2"),
        rule("rule-a", "RuleA", Severity::LOW, "iam"),
    ]
});

impl Server {
    pub(crate) fn start() -> Server {
        Server::with(Limits::default())
    }

    /// A server of each back end.
    pub(crate) fn of_each_store() -> [Server; 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let database = SqliteStore::open(folder.path().join("store.db")).expect("a database");
        let on_disk = Server::over(Arc::new(database), Limits::default());
        [Server::start(), Server { _folder: Some(folder), ..on_disk }]
    }

    pub(crate) fn with(limits: Limits) -> Server {
        Server::over(Arc::new(InMemory::new()), limits)
    }

    fn over(store: Arc<dyn Store>, limits: Limits) -> Server {
        let start = Timestamp::parse("2026-03-01T12:00:00Z").expect("a time");
        let now = Arc::new(Time(AtomicI64::new(start.millis())));
        let heard = Arc::new(Heard::default());
        let audited = Arc::new(Audited::default());
        let state = State {
            store: Arc::clone(&store),
            keys: Arc::new(Accounts),
            clock: Arc::clone(&now) as Arc<dyn Clock>,
            controls: Arc::clone(&heard) as Arc<dyn Controls>,
            finding_types: &TYPES,
            audit: Arc::clone(&audited) as Arc<dyn Audit>,
            rules: &RULES,
            limits,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let bind = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(bind).expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = router(state.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Server { store, state, address, now, heard, audited, _runtime: runtime, _folder: None }
    }

    /// Sends a signed request.
    pub(crate) fn call(&self, key: &str, method: &str, target: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(&self.signed(key, method, target, &body))
    }

    /// The answer's body of a call of the administrator that must be right.
    pub(crate) fn ok(&self, method: &str, target: &str, body: &Value) -> Value {
        self.ok_of("admin", method, target, body)
    }

    pub(crate) fn ok_of(&self, key: &str, method: &str, target: &str, body: &Value) -> Value {
        let answer = self.call(key, method, target, body);
        assert!((200..300).contains(&answer.status), "{method} {target}: {answer:?}");
        answer.body
    }

    /// The message of a call of the administrator that must be refused.
    pub(crate) fn refused(&self, method: &str, target: &str, body: &Value) -> String {
        let answer = self.call("admin", method, target, body);
        assert!(answer.status >= 400, "{method} {target}: {answer:?}");
        answer.body["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The records of changes.
    pub(crate) fn audited(&self) -> Vec<Value> {
        self.audited.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets time pass.
    pub(crate) fn wait_days(&self, days: i64) {
        self.now.0.fetch_add(days * 24 * 3_600_000, Ordering::Relaxed);
    }

    /// The account's detector, made if there is none.
    pub(crate) fn detector(&self, key: &str) -> String {
        let made = self.call(key, "POST", "/detector", &serde_json::json!({ "enable": true }));
        if let Some(id) = made.body["detectorId"].as_str() {
            return id.to_owned();
        }
        let ids = self.ok_of(key, "GET", "/detector", &Value::Null);
        ids["detectorIds"][0].as_str().expect("there is one").to_owned()
    }

    /// What the control journal says, and that each entry was announced.
    pub(crate) fn controls(&self) -> Vec<Control> {
        let entries = self.store.control_entries(0, 1000).expect("a store in memory");
        let sequences: Vec<u64> = entries.iter().map(|it| it.sequence).collect();
        let mut heard = self.heard.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        heard.sort_unstable();
        assert_eq!(heard, sequences);
        let read = |it: store::ControlEntry| serde_json::from_value(it.body).expect("a control");
        entries.into_iter().map(read).collect()
    }

    /// A request as it goes over the wire.
    pub(crate) fn signed(&self, key: &str, method: &str, target: &str, body: &str) -> String {
        let host = self.address.to_string();
        let time = Timestamp::from_millis(self.now.0.load(Ordering::Relaxed)).to_string();
        let digits: String = time.chars().filter(|it| !"-:".contains(*it)).collect();
        let date = format!("{}Z", digits.split('.').next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = HeaderMap::new();
        let signed =
            Signed { method, path, query, host: &host, headers: &headers, body: body.as_bytes() };
        let scope = Scope {
            date: date.get(..8).unwrap_or_default().to_owned(),
            region: REGION.to_owned(),
            service: "guardduty".to_owned(),
        };
        let authorization = sigv4::sign(&signed, key, SECRET, &scope, &date);
        format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nx-amz-date: {date}\r\n\
             authorization: {authorization}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Sends text and reads until the server closes the connection.
    pub(crate) fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        stream.write_all(request.as_bytes()).expect("the server reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("the server answers");
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
        let mut lines = head.lines();
        let status = lines.next().and_then(|it| it.split(' ').nth(1)).expect("a status line");
        let header = |it: &str| {
            let (name, value) = it.split_once(": ")?;
            Some((name.to_lowercase(), value.to_owned()))
        };
        Answer {
            status: status.parse().expect("a number"),
            headers: lines.filter_map(header).collect(),
            body: serde_json::from_str(body).unwrap_or(Value::Null),
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}
