//! One request over HTTP: no redirects, bounded in time.

use std::sync::Arc;
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::error::{Error, plain};

/// Longest time to be connected.
const CONNECT: Duration = Duration::from_secs(10);
/// Connections that are kept for the next request, to one host.
const IDLE: usize = 32;

/// Two clients: one for services, and one that asks the machine's own surroundings, never through a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    services: Agent,
    direct: Agent,
}

/// What is sent.
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    /// Until the answer begins.
    pub(crate) timeout: Duration,
    /// Until it is complete.
    pub(crate) total: Duration,
}

impl Http {
    pub(crate) fn new() -> Http {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = || {
            Agent::config_builder()
                .tls_config(tls.clone())
                .timeout_connect(Some(CONNECT))
                .max_redirects(0)
                .max_redirects_will_error(false)
                .http_status_as_error(false)
                .max_idle_connections(4 * IDLE)
                .max_idle_connections_per_host(IDLE)
                .user_agent(concat!("guardpost/", env!("CARGO_PKG_VERSION")))
        };
        Http { services: config().build().into(), direct: config().proxy(None).build().into() }
    }

    /// Asks a service.
    pub(crate) fn send(&self, sent: &Sent<'_>) -> Result<Response<Body>, Error> {
        run(&self.services, sent)
    }

    /// Asks the surroundings of the machine.
    pub(crate) fn send_direct(&self, sent: &Sent<'_>) -> Result<Response<Body>, Error> {
        run(&self.direct, sent)
    }
}

fn run(agent: &Agent, sent: &Sent<'_>) -> Result<Response<Body>, Error> {
    if sent.body.is_empty() && matches!(sent.method, "GET" | "HEAD") {
        with_body(agent, sent, ())
    } else {
        with_body(agent, sent, sent.body)
    }
}

fn with_body(
    agent: &Agent,
    sent: &Sent<'_>,
    body: impl ureq::AsSendBody,
) -> Result<Response<Body>, Error> {
    let failed = |it: ureq::Error| from_ureq(it, sent.url, sent.timeout);
    let mut request = Request::builder().method(sent.method).uri(sent.url);
    // The connection's own header is made of the address.
    for (name, value) in sent.headers.iter().filter(|it| it.0 != "host") {
        request = request.header(name, value);
    }
    let request = request.body(body).map_err(|it| failed(it.into()))?;
    let request = agent
        .configure_request(request)
        .timeout_recv_response(Some(sent.timeout))
        .timeout_send_body(Some(sent.timeout))
        .timeout_per_read(Some(sent.timeout))
        .timeout_global(Some(sent.total))
        .build();
    agent.run(request).map_err(failed)
}

/// What went wrong with a connection.
pub(crate) fn from_ureq(error: ureq::Error, url: &str, after: Duration) -> Error {
    let uri: Option<ureq::http::Uri> = url.parse().ok();
    let host = uri.and_then(|it| it.authority().map(ToString::to_string)).unwrap_or_default();
    match error {
        ureq::Error::Timeout(_) => Error::Timeout { host, after },
        other => Error::Connection { host, cause: plain(&other.to_string()) },
    }
}
