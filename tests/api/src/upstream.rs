//! The back end behind a proxy.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Uri;
use http::request::Parts;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Where requests go in the end.
pub(crate) struct Upstream {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// The answer to a request.
    pub(crate) async fn ask(&self, parts: Parts, body: Bytes) -> Response {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let mut request = http::Request::from_parts(parts, Full::new(body));
        *request.uri_mut() = format!("{}{target}", self.url).parse::<Uri>().expect("a URL");
        self.client.request(request).await.expect("the back end runs").map(Body::new)
    }
}
