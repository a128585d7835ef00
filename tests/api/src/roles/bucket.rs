//! A function in front of the bucket.

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode};

use super::Call;

/// The calls that a request makes (Service Authorization Reference, "Actions defined by Amazon S3"; a copy reads too).
pub(super) fn calls(parts: &Parts, body: &Bytes) -> Vec<Call> {
    let path = parts.uri.path().trim_matches('/');
    let query = parts.uri.query().unwrap_or_default();
    let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let actions = match parts.method {
        // Browsers ask so whether they may ask, and sign nothing.
        Method::OPTIONS => Vec::new(),
        // Of the bucket itself.
        Method::GET | Method::HEAD if !path.contains('/') => vec!["ListBucket"],
        Method::GET if asks("uploadId") => vec!["ListMultipartUploadParts"],
        Method::GET | Method::HEAD => vec!["GetObject"],
        Method::PUT if parts.headers.contains_key("x-amz-copy-source") => vec!["GetObject", "PutObject"],
        Method::POST if asks("delete") => deletions(body),
        Method::PUT | Method::POST => vec!["PutObject"],
        Method::DELETE if asks("uploadId") => vec!["AbortMultipartUpload"],
        Method::DELETE if asks("versionId") => vec!["DeleteObjectVersion"],
        Method::DELETE => vec!["DeleteObject"],
        _ => vec!["Unknown"],
    };
    actions.into_iter().map(|action| Call { action: format!("s3:{action}"), key: None }).collect()
}

/// What a list of objects needs that are to be deleted.
fn deletions(body: &Bytes) -> Vec<&'static str> {
    let list = str::from_utf8(body).expect("XML");
    let objects = list.split("<Object>").skip(1);
    objects
        .map(|object| if object.contains("<VersionId>") { "DeleteObjectVersion" } else { "DeleteObject" })
        .collect()
}

/// As S3 says it (Amazon S3 API Reference, "Error responses").
pub(super) fn refusal(text: &str) -> Response {
    let body = format!("<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>");
    (StatusCode::FORBIDDEN, [(http::header::CONTENT_TYPE, "application/xml")], body).into_response()
}
