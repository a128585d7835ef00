//! Answers.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::StoreError;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::error::ApiError;

/// An HTTP answer.
pub type Response = http::Response<Body>;

/// What an answer carries: all of it at once, or piece by piece.
pub enum Body {
    /// A body in memory.
    Whole(Bytes),
    /// A body that is read while it is sent.
    Stream(BoxStream<'static, Result<Bytes, StoreError>>),
}

impl Body {
    /// The body, if it is in memory.
    #[must_use]
    pub fn as_whole(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Stream(_) => None,
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(bytes.into())
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Whole(Bytes::from_static(bytes))
    }
}

/// Nothing.
impl Default for Body {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Stream for Body {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready((!bytes.is_empty()).then(|| std::mem::take(bytes))),
            Self::Stream(stream) => match stream.as_mut().poll_next(context) {
                // Ending early is what a client can notice: fewer bytes come than `Content-Length` says.
                Poll::Ready(Some(Err(error))) => {
                    tracing::error!(error = %chain(&error), "the download broke off");
                    Poll::Ready(None)
                }
                Poll::Ready(Some(Ok(bytes))) => Poll::Ready(Some(bytes)),
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body(…)")
    }
}

/// How many bytes the body of an answer has, where that is known before it is sent.
pub(crate) fn length(response: &Response) -> Option<u64> {
    match response.body() {
        Body::Whole(bytes) => Some(bytes.len() as u64),
        Body::Stream(_) => response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok(),
    }
}

/// A failure with all its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(json) => json_bytes(status, json.into()),
        Err(error) => ApiError::Internal(error.into()).to_response(),
    }
}

/// A JSON answer that is already written.
#[must_use]
pub fn json_bytes(status: StatusCode, json: Body) -> Response {
    let mut response = Response::new(json);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[derive(Serialize)]
struct Envelope<'a> {
    ok: bool,
    status: &'a str,
}

/// `{"ok": …, "status": …, "data": …}`.
#[must_use]
pub fn with_data(code: StatusCode, ok: bool, status: &str, data: &impl Serialize) -> Response {
    #[derive(Serialize)]
    struct WithData<'a, T> {
        ok: bool,
        status: &'a str,
        data: &'a T,
    }
    json(code, &WithData { ok, status, data })
}

/// `{"ok": true, "status": …}`.
#[must_use]
pub fn success(status: &str) -> Response {
    json(StatusCode::OK, &Envelope { ok: true, status })
}

/// `{"ok": false, "status": …}` with HTTP status 200: a failure that the published API describes with a body.
#[must_use]
pub fn refusal(status: &str) -> Response {
    failure(StatusCode::OK, status)
}

/// `{"ok": false, "status": …}`.
#[must_use]
pub fn failure(code: StatusCode, status: &str) -> Response {
    json(code, &Envelope { ok: false, status })
}

/// Adds what every answer carries: nothing is sniffed, framed, referred to or cached, and HTTPS stays HTTPS.
/// A policy that the answer already has is kept.
pub(crate) fn secure(headers: &mut HeaderMap, https: bool) {
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    let hsts = (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");
    let hsts = https.then_some(hsts);
    let missing: Vec<(HeaderName, &str)> =
        defaults.into_iter().chain(hsts).filter(|(name, _)| !headers.contains_key(name)).collect();
    for (name, value) in missing {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use futures_util::stream;

    use super::*;

    #[test]
    fn an_envelope_is_exactly_ok_and_status() {
        let answer = refusal("No.");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &HeaderValue::from_static("application/json"))
        );
        assert_eq!(answer.body().as_whole().unwrap(), r#"{"ok":false,"status":"No."}"#);
        assert_eq!(success("Yes.").body().as_whole().unwrap(), r#"{"ok":true,"status":"Yes."}"#);
    }

    #[tokio::test]
    async fn a_download_that_breaks_off_ends_early_and_adds_nothing() {
        let pieces = [Ok(Bytes::from_static(b"abc")), Err(StoreError::Unavailable("reset".into()))];
        let body = Body::Stream(stream::iter(pieces).boxed());
        let sent: Vec<Bytes> = body.collect().await;
        assert_eq!(sent, ["abc"]);
    }

    #[test]
    fn a_policy_of_the_answer_itself_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        secure(&mut headers, true);
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-cache");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
