//! Requests, whichever event brought them.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use domain::{Client, Occasion, Timestamp};
use http::{HeaderMap, Method, header};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::query::Query;

/// The largest body of one request, in bytes. Lambda takes 6 MB of event, in which a binary body travels as
/// base64 among everything else: about 4.5 MiB would fit, 4 MiB are promised.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// One request.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as the client sent it: percent-encoded, from the leading slash on, without the query.
    pub path: String,
    /// The query.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded from the event.
    pub body: Bytes,
    /// Where the request came from, as the gateway saw it. No header is asked: whoever sends a request writes those.
    pub address: Option<IpAddr>,
}

/// Without headers and body, which hold tokens and passwords.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Request {
    /// A request of this method and path with nothing else.
    #[must_use]
    pub fn new(method: Method, path: &str) -> Self {
        let (query, headers, body) = (Query::default(), HeaderMap::new(), Bytes::new());
        Self { method, path: path.to_owned(), query, headers, body, address: None }
    }

    /// The body as a JSON object.
    ///
    /// A missing content type counts as JSON. What is wrong is told by a field that is missing, or by line and column, never
    /// by content: the body may hold a password.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if !self.is_json() {
            return Err(ApiError::UnsupportedMediaType { expected: "application/json" });
        }
        // Windows tools write a byte order mark before UTF-8; RFC 8259 8.1 lets a reader ignore it.
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        // A list would be read as the fields in their order.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(ApiError::BadRequest("The request body is not a JSON object.".into()));
        }
        serde_json::from_slice(body).map_err(|error| {
            if let Some(field) = missing_field(&error) {
                return ApiError::BadRequest(format!("The request body has no field \"{field}\"."));
            }
            let (line, column) = (error.line(), error.column());
            let fault = match error.classify() {
                serde_json::error::Category::Data => "does not have the fields and types that are expected",
                _ => "is not valid JSON in UTF-8",
            };
            ApiError::BadRequest(format!("The request body {fault} (line {line}, column {column})."))
        })
    }

    fn is_json(&self) -> bool {
        let Some(essence) = self.media_type() else { return true };
        essence.is_empty() || essence.eq_ignore_ascii_case("application/json")
    }

    /// Whether the body is a form, as pages send it.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.media_type()
            .is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
    }

    /// The content type without its parameters.
    fn media_type(&self) -> Option<&str> {
        Some(self.content_type()?.split(';').next().unwrap_or_default().trim())
    }

    /// The body as a form whose fields are texts, or else as a JSON object.
    pub fn form_or_json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if !self.is_form() {
            return self.json();
        }
        let invalid = || ApiError::BadRequest("The form does not have the fields that are expected.".into());
        let form = std::str::from_utf8(&self.body).map_err(|_| invalid())?;
        let fields = Query::decode(form).map_err(|_| invalid())?;
        let texts = fields.sorted();
        if texts.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(invalid());
        }
        let texts = texts.into_iter().map(|(name, text)| (name.to_owned(), text.into()));
        serde_json::from_value(serde_json::Value::Object(texts.collect())).map_err(|_| invalid())
    }

    /// The program that sent the request, and from where.
    #[must_use]
    pub fn client(&self) -> Client {
        let user_agent =
            self.headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Client::new(&user_agent.unwrap_or_default(), self.address)
    }

    /// When, with what program and from where the request came.
    #[must_use]
    pub fn occasion(&self, now: Timestamp) -> Occasion {
        Occasion { at: now, client: self.client() }
    }

    /// The `Content-Type` header; `None` when it is absent or not text.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }
}

/// The name of a field that the body should have. It is a word of ours, which cannot be a piece of the body.
fn missing_field(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let (field, _) = text.strip_prefix("missing field `")?.split_once('`')?;
    Some(field.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Pair {
        email: String,
    }

    fn read(content_type: Option<&'static str>, body: &'static [u8]) -> Result<Pair, ApiError> {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        Request { headers, body: Bytes::from_static(body), ..Request::new(Method::POST, "/") }.json()
    }

    #[test]
    fn a_content_type_is_read_without_regard_to_case_and_parameters() {
        for content_type in
            [None, Some("application/json"), Some("Application/JSON; charset=utf-8"), Some("")]
        {
            assert_eq!(read(content_type, br#"{"email":"a","extra":1}"#).unwrap().email, "a");
        }
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
            let error = read(Some(content_type), br#"{"email":"a"}"#).unwrap_err();
            assert_eq!(error.status(), 415, "{content_type}");
        }
    }

    #[test]
    fn a_form_is_read_like_json() {
        let read = |body: &'static [u8]| {
            let mut headers = HeaderMap::new();
            let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
            headers.insert(header::CONTENT_TYPE, form);
            let request =
                Request { headers, body: Bytes::from_static(body), ..Request::new(Method::POST, "/") };
            request.form_or_json::<Pair>().map(|pair| pair.email)
        };
        assert_eq!(read(b"email=ada%2Bjess%40example.org&more=1").unwrap(), "ada+jess@example.org");
        assert_eq!(read(b"email=two+words").unwrap(), "two words");
        for bad in [&b""[..], b"mail=a", b"email=a&email=b", b"email=%ff", b"\xff", b"{\"email\":\"a\"}"] {
            assert_eq!(read(bad).unwrap_err().status(), 400);
        }
    }

    #[test]
    fn a_byte_order_mark_before_the_json_is_left_out() {
        assert_eq!(read(None, b"\xef\xbb\xbf {\"email\":\"a\"}").unwrap().email, "a");
        assert_eq!(read(None, b"\xef\xbb\xbf").unwrap_err().status(), 400);
    }

    #[test]
    fn a_field_that_is_missing_is_named() {
        let error = read(None, br#"{"mail":"s3cret"}"#).unwrap_err().to_string();
        assert_eq!(error, r#"The request body has no field "email"."#);
    }

    #[test]
    fn a_malformed_body_is_a_400_that_does_not_repeat_it() {
        let deep = format!(r#"{{"email":{}"#, "[".repeat(100_000)).leak();
        let bad: [&'static [u8]; 9] = [
            b"",
            b"{",
            b"[\"a\"]",
            b"null",
            br#"{"email":5}"#,
            br#"{"email":"s3cret","email":"s3cret"}"#,
            b"\xff\xfe",
            br#"{"email":"s3cret" x}"#,
            deep.as_bytes(),
        ];
        for body in bad {
            let error = read(Some("application/json"), body).unwrap_err();
            assert_eq!(error.status(), 400);
            assert!(!error.to_string().contains("s3cret"));
        }
    }
}
