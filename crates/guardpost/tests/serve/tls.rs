//! TLS with a certificate of the operator.

use std::fs;
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::generate_simple_self_signed;
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::effect::{ACCOUNT, LISTED, flows};
use crate::service::{KEY, Service, make_key};

#[test]
fn with_a_certificate_connections_are_tls_only() {
    let dir = TempDir::new().unwrap();
    make_key(dir.path(), ACCOUNT);
    let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|it| dir.path().join(it));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let settings = format!(
        "tls_certificate = \"{}\"\ntls_key = \"{}\"\n",
        certificate.display(),
        key.display()
    );
    let service = Service::start_with(dir.path(), &[], &settings);
    let address = service.url.strip_prefix("https://").unwrap().to_owned();
    // One that says nothing holds nobody up.
    let _silent = TcpStream::connect(&address).unwrap();
    let agent = |root: Option<Certificate<'static>>| -> ureq::Agent {
        let roots = root.map_or(RootCerts::PlatformVerifier, |it| RootCerts::new_with_certs(&[it]));
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        ureq::Agent::config_builder().tls_config(tls).build().into()
    };
    let root = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap().to_owned();
    let trusting = agent(Some(root));
    let health = trusting.get(format!("{}/healthz", service.url)).call();
    assert_eq!(health.unwrap().status(), 200);
    let pushed = trusting
        .post(format!("{}/ingest/logs", service.url))
        .header("authorization", format!("Bearer {}:{}", KEY.0, KEY.1))
        .send(flows(0, LISTED));
    assert_eq!(pushed.unwrap().status(), 200);
    let stranger = agent(None).get(format!("{}/healthz", service.url)).call();
    assert!(stranger.is_err(), "nobody vouches for the certificate");
    assert!(ureq::get(format!("http://{address}/healthz")).call().is_err());
    service.end();
}
