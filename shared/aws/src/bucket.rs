//! S3's bucket, in S3's own words: HTTP and some XML
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>).

use std::time::Duration;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignatureLocation, SigningSettings, UriPathNormalizationMode,
};
use bytes::Bytes;
use domain::StoreError;
use http::request::Builder;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::corrupt;
use crate::service::{CallError, Service};

/// What a query takes as it is: what RFC 3986 calls unreserved.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a path takes of a key as it is: the same, and the slash.
const KEY: &AsciiSet = &QUERY.remove(b'/');

/// One bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) service: Service,
    pub(crate) name: String,
    /// Before each key: the bucket's name, unless its host says it.
    root: String,
}

impl Bucket {
    /// The bucket `name` at a service that knows it by its host, or else by its path.
    pub(crate) fn new(service: Service, name: String, is_host: bool) -> Self {
        let root = if is_host { String::new() } else { format!("/{name}") };
        Self { service: Service { settings: settings(), ..service }, name, root }
    }

    /// A request about a key; without one about the bucket.
    pub(crate) fn request(&self, method: Method, key: &str, query: &[(&str, &str)]) -> Builder {
        let pairs = query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let path = format!("{}/{}", self.root, encode_key(key));
        let path = if query.is_empty() { path } else { format!("{path}?{query}") };
        Request::builder().method(method).uri(path)
    }

    /// Sends a request and takes its whole answer.
    pub(crate) async fn call(&self, request: Builder, body: Bytes) -> Result<Response<Bytes>, CallError> {
        self.service.call(&request.body(body).map_err(CallError::unmade)?).await
    }

    /// Sends a request whose answer is streamed.
    pub(crate) async fn open(&self, request: Builder) -> Result<Response<Incoming>, CallError> {
        self.service.open(&request.body(Bytes::new()).map_err(CallError::unmade)?).await
    }

    /// The same for one call that S3 may take long for.
    pub(crate) fn patient(&self, time: Duration) -> Self {
        Self { service: self.service.patient(time), ..self.clone() }
    }

    /// An address at which anybody can make the request for so many seconds, with the headers that are signed.
    pub(crate) fn link(&self, request: Builder, seconds: u64) -> Result<String, CallError> {
        let request = request.body(Bytes::new()).map_err(CallError::unmade)?;
        let mut settings = settings();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
        let uri = self.service.uri(&request)?;
        let signature = self.service.signature(&request, &uri, settings).map_err(CallError::unmade)?;
        let mut link = Request::new(());
        *link.uri_mut() = uri;
        signature.apply_to_request_http1x(&mut link);
        Ok(link.uri().to_string())
    }
}

/// A key as it stands in a path, and in `x-amz-copy-source`.
pub(crate) fn encode_key(key: &str) -> impl std::fmt::Display {
    utf8_percent_encode(key, KEY)
}

/// The body of a request in XML.
pub(crate) fn to_xml(root: &str, body: &impl Serialize) -> Result<Bytes, StoreError> {
    quick_xml::se::to_string_with_root(root, body).map(Bytes::from).map_err(|error| corrupt(root, error))
}

/// An answer in XML whose outermost element is `root`.
pub(crate) fn from_xml<T: DeserializeOwned>(root: &str, answer: &[u8]) -> Result<T, StoreError> {
    let text = std::str::from_utf8(answer).map_err(|error| corrupt(root, error))?;
    if root_of(text) != root {
        return Err(corrupt(root, "the answer is another document"));
    }
    quick_xml::de::from_str(text).map_err(|error| corrupt(root, error))
}

/// The name of a document's outermost element; empty when it has none.
pub(crate) fn root_of(xml: &str) -> &str {
    let mut rest = xml.trim_start();
    if let Some((_, behind)) = rest.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        rest = behind.trim_start();
    }
    let name = rest.strip_prefix('<').unwrap_or_default();
    name.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next().unwrap_or_default()
}

/// S3 takes paths as they are, and wants to be told what was signed of the payload.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Result {
        #[serde(rename = "ETag")]
        etag: Option<String>,
    }

    #[test]
    fn a_document_is_read_behind_blanks_and_a_declaration_and_only_if_it_is_the_right_one() {
        let good = "\n  <?xml version=\"1.0\"?>\n \n<Result xmlns=\"x\"><ETag>&quot;a&quot;</ETag></Result>";
        assert_eq!(from_xml::<Result>("Result", good.as_bytes()).unwrap().etag.as_deref(), Some("\"a\""));
        for other in
            ["<Error><ETag>a</ETag></Error>", "<html>", "", "<?xml version=\"1.0\"?>", "Result", "<Results/>"]
        {
            assert!(from_xml::<Result>("Result", other.as_bytes()).is_err(), "{other}");
        }
    }
}
