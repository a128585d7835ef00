//! The way to AWS: one pool of connections for all services.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Sends requests over connections that are kept.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The roots of Amazon Trust Services, which every AWS endpoint chains up to
/// (<https://www.amazontrust.com/repository/>). Reading the machine's own hundreds of roots instead takes several
/// milliseconds of each cold start, and trusts all of them. In DER, as reading these five as PEM is
/// nearly half of the instructions of a function's start.
const AMAZON_ROOTS: [&[u8]; 5] = [
    include_bytes!("roots/amazon_root_ca_1.der"),
    include_bytes!("roots/amazon_root_ca_2.der"),
    include_bytes!("roots/amazon_root_ca_3.der"),
    include_bytes!("roots/amazon_root_ca_4.der"),
    include_bytes!("roots/starfield_services_root_g2.der"),
];

/// So many bytes are read at once: a file passes in such pieces, of which two or three are in memory at a time.
const PIECE_BYTES: usize = 96 * 1024;

/// A connection within a region takes milliseconds.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// The roots that are trusted: those of Amazon, and the certificates in `bundle`, in PEM. `None` when a text holds none.
pub(crate) fn roots(bundle: Option<&[u8]>) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(AMAZON_ROOTS.map(CertificateDer::from));
    if let Some(bundle) = bundle {
        let found: Vec<_> = CertificateDer::pem_slice_iter(bundle).collect::<Result<_, _>>().ok()?;
        let (added, _) = roots.add_parsable_certificates(found);
        (added > 0).then_some(())?;
    }
    Some(roots)
}

/// A client without any connection yet. Addresses that begin with `http` are for the stand-ins of AWS on one machine.
pub(crate) fn http_client(roots: RootCertStore) -> HttpClient {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIME));
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http);
    Client::builder(TokioExecutor::new()).http1_read_buf_exact_size(PIECE_BYTES).build(https)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_can_be_read() {
        for root in AMAZON_ROOTS {
            assert!(RootCertStore::empty().add(root.into()).is_ok());
        }
    }

    #[test]
    fn a_bundle_adds_to_the_roots_and_one_that_holds_none_is_noticed() {
        assert_eq!(roots(None).map(|roots| roots.len()), Some(5));
        assert_eq!(roots(Some(include_bytes!("../tests/bundle.pem"))).map(|roots| roots.len()), Some(6));
        for bundle in
            [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
        {
            assert!(roots(Some(bundle)).is_none());
        }
    }
}
