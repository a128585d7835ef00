//! A back end that is spoken with over TLS, as those of AWS are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What vouches for the fronts: a certificate of their own.
pub struct Identity {
    config: Arc<ServerConfig>,
    /// The certificate, in PEM.
    pub pem: String,
}

impl Identity {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate and its key");
        Self { config: Arc::new(config), pem: made.cert.pem() }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}

/// The handshakes of all fronts.
#[derive(Default)]
pub struct Handshakes {
    made: AtomicUsize,
    stalled: AtomicBool,
}

impl Handshakes {
    /// How many were finished.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// From now on none is ever finished.
    pub fn stall(&self) {
        self.stalled.store(true, Ordering::SeqCst);
    }
}

/// Stands in front of the back end at `upstream`; gives the URL to use instead.
pub async fn in_front_of(upstream: &str, identity: &Identity, handshakes: &Arc<Handshakes>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let (acceptor, handshakes) = (TlsAcceptor::from(identity.config.clone()), handshakes.clone());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, handshakes, upstream) = (acceptor.clone(), handshakes.clone(), upstream.clone());
            tokio::spawn(async move {
                if handshakes.stalled.load(Ordering::SeqCst) {
                    return std::future::pending().await;
                }
                let Ok(mut connection) = acceptor.accept(connection).await else { return };
                handshakes.made.fetch_add(1, Ordering::SeqCst);
                let mut behind = TcpStream::connect(&upstream).await.expect("the back end");
                // Either end may leave first.
                let _ = copy_bidirectional(&mut connection, &mut behind).await;
            });
        }
    });
    format!("https://localhost:{port}")
}
