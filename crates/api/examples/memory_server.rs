//! The API over a store in memory, to try clients against: nothing is detected and nothing is kept.
//!
//! `cargo run -p guardpost-api --example memory_server -- 127.0.0.1:4510` prints its endpoint, which goes into
//! `AWS_ENDPOINT_URL_GUARDDUTY`, and ends when its standard input does. Access keys are `AKIDADMIN`,
//! `AKIDREADER` and `AKIDOTHER` (another account), their secret is `secret`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "whoever starts it has to know the port")]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use api::{Clock, Controls, Key, Keys, Limits, Role, State};
use findings::{Data, FindingType};
use model::{AccountId, Severity, Timestamp};
use store::InMemory;

struct Fixed;

impl Keys for Fixed {
    fn find(&self, access_key: &str) -> Option<Key> {
        let (account, role) = match access_key {
            "AKIDADMIN" => (111_122_223_333, Role::Admin),
            "AKIDREADER" => (111_122_223_333, Role::Reader),
            "AKIDOTHER" => (444_455_556_666, Role::Admin),
            _ => return None,
        };
        Some(Key { secret: "secret".to_owned(), account: AccountId::new(account)?, role })
    }
}

struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(since.as_millis() as i64)
    }
}

struct Nobody;

impl Controls for Nobody {
    fn written(&self, _: u64) {}
}

const fn finding_type(
    name: &'static str,
    severity: Severity,
    data: &'static [Data],
) -> FindingType {
    FindingType {
        name,
        severity,
        title: "A sample of this type",
        about: "A sample of this type.",
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

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4510".to_owned());
    let state = State {
        store: Arc::new(InMemory::new()),
        keys: Arc::new(Fixed),
        clock: Arc::new(Wall),
        controls: Arc::new(Nobody),
        finding_types: &TYPES,
        audit: Arc::new(api::NoAudit),
        rules: &[],
        limits: Limits::default(),
    };
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let (done, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let result = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        done.send(result)
    });
    let server = axum::serve(listener, api::router(state));
    server.with_graceful_shutdown(async { drop(ended.await) }).await
}
