//! TLS with the operator's certificate.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// What takes TLS connections, if the settings `serve.tls_certificate` and `serve.tls_key` name files.
pub(super) fn acceptor(certificate: &str, key: &str) -> Result<Option<TlsAcceptor>> {
    match (certificate, key) {
        ("", "") => return Ok(None),
        ("", _) => bail!("serve.tls_key is set: give serve.tls_certificate too"),
        (_, "") => bail!("serve.tls_certificate is set: give serve.tls_key too"),
        _ => {}
    }
    let chain = certificates(Path::new(certificate))
        .with_context(|| format!("serve.tls_certificate: {certificate}"))?;
    let key_of = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("serve.tls_key: {key} has no private key in PEM"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("cannot set TLS up")?
        .with_no_client_auth()
        .with_single_cert(chain, key_of)
        .with_context(|| {
            format!("the certificate {certificate} and the key {key} do not belong together")
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// The certificate with those that vouch for it.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(path).context("cannot read it")?;
    let chain: Vec<_> =
        found.collect::<Result<_, _>>().context("it is damaged: give certificates in PEM")?;
    if chain.is_empty() {
        bail!("it has no certificate in PEM");
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::generate_simple_self_signed;

    use super::*;

    #[test]
    fn files_that_are_no_certificate_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let [certificate, key, other, empty] =
            ["cert.pem", "key.pem", "other.pem", "empty.pem"].map(|it| dir.path().join(it));
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let another = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&other, another.signing_key.serialize_pem()).unwrap();
        fs::write(&empty, "").unwrap();
        let text = |it: &Path| it.to_str().unwrap().to_owned();
        let acceptor = |certificate: &str, key: &str| acceptor(certificate, key);
        assert!(acceptor("", "").unwrap().is_none());
        assert!(acceptor(&text(&certificate), &text(&key)).unwrap().is_some());
        for (certificate, key, expected) in [
            (text(&certificate), String::new(), "serve.tls_key"),
            (String::new(), text(&key), "serve.tls_certificate"),
            (text(&empty), text(&key), "has no certificate"),
            ("/nowhere".to_owned(), text(&key), "/nowhere"),
            (text(&certificate), text(&certificate), "no private key"),
            (text(&certificate), text(&other), "do not belong together"),
        ] {
            let error = acceptor(&certificate, &key).err().expect("it is wrong");
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }
}
