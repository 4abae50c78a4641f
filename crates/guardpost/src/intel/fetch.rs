//! Asking an address for its content: HTTPS only, bounded in time, size and redirects.
//!
//! Addresses that clients of the service name are asked through a guard: names are resolved once, and what resolves
//! to an address that is not public is not connected to, at the first address as at each redirect.

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use model::Addr;
use ureq::config::Config;
use ureq::http::{StatusCode, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// Longest address.
const MAX_URL_BYTES: usize = 2048;
/// Longest validator (`ETag`, `Last-Modified`) that is kept.
const MAX_VALIDATOR_BYTES: usize = 256;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bounds of a request.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From the first connection to the last byte, redirects included.
    pub timeout: Duration,
    /// Most bytes of the content, both compressed and decompressed.
    pub bytes: u64,
}

/// What is known of the content from the last time.
#[derive(Clone, Copy, Default, Debug)]
pub struct Validators<'a> {
    /// The `ETag`; empty if there was none.
    pub etag: &'a str,
    /// The `Last-Modified`; empty if there was none.
    pub last_modified: &'a str,
}

/// What was answered.
#[derive(Debug)]
pub enum Answer {
    /// The content is the one of the last time.
    NotModified,
    /// The content, decompressed, and what to ask with next time.
    Content {
        /// The content.
        bytes: Vec<u8>,
        /// The `ETag`; empty if there is none.
        etag: String,
        /// The `Last-Modified`; empty if there is none.
        last_modified: String,
    },
}

/// Why there is no content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address cannot be used.
    #[error("address not allowed: {0}")]
    Address(String),
    /// The server answered with an error.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// Redirects do not end.
    #[error("more than {MAX_REDIRECTS} redirects")]
    Redirects,
    /// The host has no address that may be asked.
    #[error("`{0}` has no public address; serve.allow_private_locations allows private ones")]
    Private(String),
    /// The content is too large.
    #[error("more than {} of content", crate::text::size(*.0))]
    TooLarge(u64),
    /// It took too long.
    #[error("no complete answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The content is compressed and damaged.
    #[error("damaged gzip content")]
    Gzip(#[source] std::io::Error),
    /// The connection failed.
    #[error("{0}")]
    Connection(Box<ureq::Error>),
}

/// Whom a client may ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// What the operator named: any address by HTTPS, the machine itself by HTTP.
    Operator,
    /// What a client of the service named.
    Client {
        /// Also private, loopback and link-local addresses.
        private: bool,
        /// Also by HTTP.
        http: bool,
    },
}

/// A client for all addresses of one reach.
#[derive(Clone)]
pub struct Client {
    tls: TlsConfig,
    reach: Reach,
    /// Which addresses may be connected to, if not all.
    guard: Option<fn(&SocketAddr) -> bool>,
}

impl Default for Client {
    fn default() -> Client {
        Client::new(Reach::Operator)
    }
}

impl Client {
    /// A client that trusts the certificates of the system.
    pub fn new(reach: Reach) -> Client {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let is_guarded = matches!(reach, Reach::Client { private: false, .. });
        Client { tls, reach, guard: is_guarded.then_some(is_public) }
    }

    /// Asks an address. Redirects must lead to addresses that are allowed as well.
    pub fn get(
        &self,
        url: &str,
        validators: Validators<'_>,
        bounds: Bounds,
    ) -> Result<Answer, FetchError> {
        let deadline = Instant::now() + bounds.timeout;
        let mut url = url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.ask(&url, validators, bounds, deadline)?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED {
                return Ok(Answer::NotModified);
            }
            if !status.is_redirection() {
                return content(response, bounds);
            }
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|it| it.to_str().ok()).unwrap_or_default();
            let next = self.reach.join(&url, location)?;
            // Whoever answers over an encrypted connection must not lead to an open one.
            if url.starts_with("https:") && !next.starts_with("https:") {
                return Err(FetchError::Address(format!(
                    "redirect to `{}`, which is not HTTPS",
                    crate::text::visible(&next)
                )));
            }
            url = next;
        }
        Err(FetchError::Redirects)
    }

    fn ask(
        &self,
        url: &str,
        validators: Validators<'_>,
        bounds: Bounds,
        deadline: Instant,
    ) -> Result<ureq::http::Response<Body>, FetchError> {
        let uri = self.reach.check(url)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::Timeout(bounds.timeout));
        }
        let agent = self.agent(&uri, left);
        let mut request = agent.get(uri).header(header::ACCEPT_ENCODING, "gzip");
        if !validators.etag.is_empty() {
            request = request.header(header::IF_NONE_MATCH, validators.etag);
        }
        if !validators.last_modified.is_empty() {
            request = request.header(header::IF_MODIFIED_SINCE, validators.last_modified);
        }
        request.call().map_err(|error| from_ureq(error, bounds))
    }

    /// Takes an address that may be asked.
    pub fn check(&self, url: &str) -> Result<(), FetchError> {
        self.reach.check(url).map(|_| ())
    }

    /// Sends a body and gives the status of the answer. Redirects are not followed.
    pub fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
        timeout: Duration,
    ) -> Result<u16, FetchError> {
        let uri = self.reach.check(url)?;
        let mut request = self.agent(&uri, timeout).post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send(body);
        let bounds = Bounds { timeout, bytes: 0 };
        Ok(answer.map_err(|error| from_ureq(error, bounds))?.status().as_u16())
    }

    fn agent(&self, uri: &Uri, timeout: Duration) -> Agent {
        let mut config = Agent::config_builder()
            .tls_config(self.tls.clone())
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("guardpost/", env!("CARGO_PKG_VERSION")));
        // A proxy would resolve names by itself: what is guarded goes without.
        if is_loopback(uri) || self.reach != Reach::Operator {
            config = config.proxy(None);
        }
        let config = config.build();
        match self.guard {
            Some(allows) => {
                let guard = Guard { resolver: DefaultResolver::default(), allows };
                Agent::with_parts(config, DefaultConnector::default(), guard)
            }
            None => config.into(),
        }
    }
}

/// Resolves names to addresses that are allowed: what it gives is what is connected to.
struct Guard {
    resolver: DefaultResolver,
    allows: fn(&SocketAddr) -> bool,
}

/// The host that a [`Guard`] refused.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` has no public address")]
struct Refused(String);

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guard")
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.resolver.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        found.iter().filter(|it| (self.allows)(it)).for_each(|it| allowed.push(*it));
        if allowed.is_empty() {
            let host = uri.host().unwrap_or_default().to_owned();
            return Err(ureq::Error::Other(Box::new(Refused(host))));
        }
        Ok(allowed)
    }
}

/// Whether an address is on the Internet, by itself and not through a tunnel to one that may not be (6to4, Teredo:
/// RFC 3056, 4380).
fn is_public(address: &SocketAddr) -> bool {
    let is_tunnel = match address.ip() {
        IpAddr::V6(it) => matches!(it.segments(), [0x2002, ..] | [0x2001, 0, ..]),
        IpAddr::V4(_) => false,
    };
    Addr::from(address.ip()).is_public() && !is_tunnel
}

fn content(response: ureq::http::Response<Body>, bounds: Bounds) -> Result<Answer, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let validator = |name: header::HeaderName| {
        let text = response.headers().get(name).and_then(|it| it.to_str().ok());
        text.filter(|it| it.len() <= MAX_VALIDATOR_BYTES).unwrap_or_default().to_owned()
    };
    let (etag, last_modified) = (validator(header::ETAG), validator(header::LAST_MODIFIED));
    let mut bytes = Vec::new();
    let mut reader = response.into_body().into_reader().take(bounds.bytes + 1);
    if let Err(error) = reader.read_to_end(&mut bytes) {
        return Err(from_ureq(ureq::Error::from(error), bounds));
    }
    let is_too_large = |bytes: &[u8]| bytes.len() as u64 > bounds.bytes;
    if is_too_large(&bytes) {
        return Err(FetchError::TooLarge(bounds.bytes));
    }
    if bytes.starts_with(&GZIP) {
        let mut plain = Vec::new();
        let decoder = MultiGzDecoder::new(bytes.as_slice());
        decoder.take(bounds.bytes + 1).read_to_end(&mut plain).map_err(FetchError::Gzip)?;
        if is_too_large(&plain) {
            return Err(FetchError::TooLarge(bounds.bytes));
        }
        bytes = plain;
    }
    Ok(Answer::Content { bytes, etag, last_modified })
}

fn from_ureq(error: ureq::Error, bounds: Bounds) -> FetchError {
    match error {
        ureq::Error::Timeout(_) => FetchError::Timeout(bounds.timeout),
        ureq::Error::Other(error) if error.is::<Refused>() => {
            let host = error.downcast::<Refused>().map_or_else(|_| String::new(), |it| it.0);
            FetchError::Private(host)
        }
        other => FetchError::Connection(Box::new(other)),
    }
}

/// Takes an address that the operator may name: HTTPS, or HTTP to the machine itself; no user name.
pub fn check_url(url: &str) -> Result<Uri, FetchError> {
    Reach::Operator.check(url)
}

impl Reach {
    /// Takes an address that may be asked. Where its name leads is judged when it is resolved.
    fn check(self, url: &str) -> Result<Uri, FetchError> {
        let wrong = |why: &str| {
            let shown: String = crate::text::visible(url).chars().take(200).collect();
            FetchError::Address(format!("`{shown}`: {why}"))
        };
        if url.len() > MAX_URL_BYTES {
            return Err(wrong("too long"));
        }
        let uri: Uri = url.parse().map_err(|_| wrong("no URL"))?;
        let Some(authority) = uri.authority().filter(|it| !it.host().is_empty()) else {
            return Err(wrong("names no host"));
        };
        if authority.as_str().contains('@') {
            return Err(wrong("has a user name"));
        }
        match (self, uri.scheme_str()) {
            (_, Some("https")) | (Reach::Client { http: true, .. }, Some("http")) => Ok(uri),
            (Reach::Operator, Some("http")) if is_loopback(&uri) => Ok(uri),
            (Reach::Operator, _) => {
                Err(wrong("use https://; http:// is for the machine itself only"))
            }
            _ => Err(wrong("use https://; serve.allow_http allows http://")),
        }
    }

    /// The address that a redirect names.
    fn join(self, base: &str, location: &str) -> Result<String, FetchError> {
        let uri = self.check(base)?;
        let (scheme, authority) =
            (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |it| it.as_str()));
        let next = if location.is_empty() {
            return Err(FetchError::Address("a redirect names no address".to_owned()));
        } else if location.contains("://") {
            location.to_owned()
        } else if let Some(rest) = location.strip_prefix("//") {
            format!("{scheme}://{rest}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{location}")
        } else {
            let folder = uri.path().rsplit_once('/').map_or("", |it| it.0);
            format!("{scheme}://{authority}{folder}/{location}")
        };
        let next = next.split('#').next().unwrap_or_default().to_owned();
        self.check(&next)?;
        Ok(next)
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_the_machine_itself_are_asked() {
        for url in [
            "https://example.com/a",
            "http://127.0.0.1:8000/",
            "http://[::1]/",
            "http://localhost/x",
        ] {
            assert!(check_url(url).is_ok(), "{url}");
        }
        for url in [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user@example.com/",
            "https:///x",
            "/x",
            "",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn redirects_are_resolved_against_the_address() {
        let check =
            |location: &str| Reach::Operator.join("https://example.com/a/b?c", location).ok();
        for (location, expected) in [
            ("https://example.org/x", Some("https://example.org/x")),
            ("//example.org/x", Some("https://example.org/x")),
            ("/x?y#z", Some("https://example.com/x?y")),
            ("x", Some("https://example.com/a/x")),
            ("http://example.org/", None),
            ("", None),
        ] {
            assert_eq!(check(location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn what_a_client_names_must_be_public_wherever_it_resolves_to() {
        let bounds = Bounds { timeout: Duration::from_secs(5), bytes: 100 };
        let guarded = Client::new(Reach::Client { private: false, http: true });
        for host in [
            "127.0.0.1",
            "localhost",
            "169.254.169.254",
            "10.1.2.3",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "0.0.0.0",
            // Forms of 127.0.0.1 that resolvers take.
            "127.1",
            "2130706433",
        ] {
            let error = guarded.get(&format!("http://{host}:1/"), Validators::default(), bounds);
            let error = error.unwrap_err();
            let is_refused = match &error {
                FetchError::Private(_) => true,
                // Not every resolver knows every form.
                FetchError::Connection(it) => {
                    matches!(**it, ureq::Error::HostNotFound | ureq::Error::Io(_))
                }
                _ => false,
            };
            let must_be =
                host.starts_with('[') || host.split('.').count() == 4 || host == "localhost";
            assert!(
                is_refused && (!must_be || matches!(error, FetchError::Private(_))),
                "{host}: {error}"
            );
        }
        let plain = Client::new(Reach::Client { private: true, http: false });
        let error = plain.get("http://127.0.0.1:1/", Validators::default(), bounds).unwrap_err();
        assert!(error.to_string().contains("serve.allow_http"), "{error}");
    }

    #[test]
    fn a_redirect_is_guarded_as_the_first_address_is() {
        use std::io::Write as _;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let _read = connection.read(&mut [0; 1024]).unwrap();
            let port = address.port();
            let words = format!(
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{port}/\r\ncontent-length: 0\r\n\r\n"
            );
            connection.write_all(words.as_bytes()).unwrap();
        });
        let bounds = Bounds { timeout: Duration::from_secs(5), bytes: 100 };
        let mut client = Client::new(Reach::Client { private: false, http: true });
        // The server stands for one on the Internet.
        client.guard = Some(|it| it.ip().to_string() == "127.0.0.1");
        let error = client.get(&format!("http://{address}/"), Validators::default(), bounds);
        assert!(matches!(error, Err(FetchError::Private(host)) if host == "127.0.0.2"));
    }
}
