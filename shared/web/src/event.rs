//! API Gateway's two event formats, REST (payload 1.0) and HTTP API or function URL (payload 2.0), as one
//! [`Request`], and one [`Response`] as the answer that each of them expects.
//!
//! The conversion is ours, because that of `lambda_http` re-parses the path as a URL (`a#b.txt` becomes `a`), keeps
//! only the last of several `Cookie` headers, and panics on bad base64. Here the path stays as it was sent, all
//! headers stay, and a bad body is a 400.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use lambda_runtime::MetadataPrelude;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::query::Query;
use crate::request::{MAX_BODY_BYTES, Request};
use crate::response::Body;
use crate::route::BASE_PATH;

/// Which kind of event came in, and so which kind of answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// REST API, payload 1.0.
    Rest,
    /// HTTP API or function URL, payload 2.0.
    Http,
}

/// What wakes a function.
pub(crate) enum Event {
    /// A request: which kind of event brought it, and the request, which may be faulty: that is for the client to hear.
    Request(Format, Box<Result<Request, ApiError>>),
    /// A message of another AWS service.
    Notice(Notice),
}

/// What other AWS services tell a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A time that was agreed on has come (`EventBridge`).
    Schedule,
    /// Messages of a topic (SNS).
    Messages(Vec<String>),
}

impl Event {
    /// Reads an event in one pass. A body without escapes, as one in base64 is, stays where it is and is decoded there.
    pub(crate) fn read(json: Vec<u8>) -> Self {
        let unknown = || {
            let unknown = ApiError::BadRequest("This event is not an HTTP request.".into());
            Self::Request(Format::Http, Box::new(Err(unknown)))
        };
        let Ok(mut event) = serde_json::from_slice::<RawEvent<'_>>(&json) else { return unknown() };
        if let Some(notice) = event.notice() {
            return Self::Notice(notice);
        }
        let (body, is_base64) =
            (RawBody::of(event.body.take(), &json), event.is_base64_encoded == Some(true));
        // The local emulator writes `httpMethod` into both.
        let (format, request) = match (event.request_context.http.is_some(), event.http_method.is_some()) {
            (true, _) => (Format::Http, event.http()),
            (false, true) => (Format::Rest, event.rest()),
            (false, false) => return unknown(),
        };
        let request =
            request.and_then(|request| Ok(Request { body: body.decode(json, is_base64)?, ..request }));
        Self::Request(format, Box::new(request))
    }
}

/// What is read of an event, whatever it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawEvent<'a> {
    /// What happened, of an event of `EventBridge`.
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    /// What a topic has to say.
    #[serde(rename = "Records")]
    records: Option<Vec<MessageRecord>>,
    /// A REST API's.
    http_method: Option<String>,
    path: Option<String>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    /// An HTTP API's.
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    /// Of both.
    headers: Option<BTreeMap<String, String>>,
    request_context: RawContext,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    is_base64_encoded: Option<bool>,
}

/// A text that is borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Where the body of an event is.
enum RawBody {
    /// In the event itself.
    Within(Range<usize>),
    /// Apart from it, without the escapes that it had there.
    Apart(String),
}

impl RawBody {
    fn of(text: Option<Text<'_>>, json: &[u8]) -> Self {
        match text {
            None => Self::Apart(String::new()),
            Some(Text(Cow::Owned(text))) => Self::Apart(text),
            Some(Text(Cow::Borrowed(text))) => {
                let start = text.as_ptr().addr() - json.as_ptr().addr();
                Self::Within(start..start + text.len())
            }
        }
    }

    /// The bytes of the body. An event of 6 MB need not lie in memory twice.
    fn decode(self, json: Vec<u8>, is_base64: bool) -> Result<Bytes, ApiError> {
        let (mut bytes, place) = match self {
            Self::Within(place) => (json, place),
            Self::Apart(text) => {
                let all = 0..text.len();
                (text.into_bytes(), all)
            }
        };
        let mut length = place.len();
        if is_base64 {
            let undecodable =
                |_| ApiError::BadRequest("The request body did not arrive as valid base64.".into());
            // With a decoder that goes byte by byte 9 of the 21 million instructions of an upload of 1 MB were here.
            let decoded = base64_simd::STANDARD.decode_inplace(&mut bytes[place.clone()]);
            length = decoded.map_err(undecodable)?.len();
        }
        if length > MAX_BODY_BYTES {
            return Err(ApiError::TooLarge);
        }
        Ok(Bytes::from(bytes).slice(place.start..place.start + length))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawContext {
    identity: Option<RawClient>,
    http: Option<RawClient>,
}

/// Who asks, and of an HTTP API how.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawClient {
    method: Option<String>,
    source_ip: Option<String>,
}

#[derive(Deserialize)]
struct MessageRecord {
    /// Only a topic's records have it.
    #[serde(rename = "Sns")]
    sns: Option<SnsMessage>,
}

#[derive(Deserialize)]
struct SnsMessage {
    #[serde(rename = "Message")]
    message: String,
}

impl RawEvent<'_> {
    fn notice(&self) -> Option<Notice> {
        if let Some(detail_type) = &self.detail_type {
            return (detail_type == "Scheduled Event").then_some(Notice::Schedule);
        }
        let message = |record: &MessageRecord| Some(record.sns.as_ref()?.message.clone());
        self.records.as_ref()?.iter().map(message).collect::<Option<_>>().map(Notice::Messages)
    }

    fn rest(self) -> Result<Request, ApiError> {
        let mut headers = HeaderMap::new();
        for (name, values) in self.multi_value_headers.unwrap_or_default() {
            for value in values {
                append(&mut headers, &name, &value);
            }
        }
        for (name, value) in self.headers.unwrap_or_default() {
            if !headers.contains_key(&name) {
                append(&mut headers, &name, &value);
            }
        }
        // The gateway has decoded it. Older saved events have only the map of single values.
        let all = self.multi_value_query_string_parameters.unwrap_or_default();
        let query = if all.is_empty() {
            self.query_string_parameters.unwrap_or_default().into_iter().collect()
        } else {
            let pairs = |(name, values): (String, Vec<String>)| {
                values.into_iter().map(move |value| (name.clone(), value)).collect::<Vec<_>>()
            };
            all.into_iter().flat_map(pairs).collect()
        };
        Ok(Request {
            method: method(self.http_method)?,
            path: self.path.unwrap_or_default(),
            query,
            headers,
            body: Bytes::new(),
            address: self.request_context.identity.as_ref().and_then(address),
        })
    }

    fn http(self) -> Result<Request, ApiError> {
        let client = self.request_context.http.unwrap_or_default();
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.unwrap_or_default() {
            append(&mut headers, &name, &value);
        }
        if let Some(cookies) = self.cookies {
            headers.remove(COOKIE);
            for cookie in cookies {
                append(&mut headers, COOKIE.as_str(), &cookie);
            }
        }
        Ok(Request {
            address: address(&client),
            method: method(client.method)?,
            path: without_stage(self.raw_path.unwrap_or_default()),
            query: Query::decode(self.raw_query_string.as_deref().unwrap_or_default())?,
            headers,
            body: Bytes::new(),
        })
    }
}

/// A header that HTTP does not know how to write did not come from HTTP, and is left out.
fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}

fn method(name: Option<String>) -> Result<Method, ApiError> {
    let method = name.and_then(|name| name.parse().ok());
    method.ok_or_else(|| ApiError::BadRequest("This is not an HTTP method.".into()))
}

fn address(client: &RawClient) -> Option<IpAddr> {
    client.source_ip.as_ref()?.parse().ok()
}

/// An HTTP API with a named stage puts the stage before the path.
fn without_stage(path: String) -> String {
    let is_stage = |stage: &str| stage.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
    match path.find(BASE_PATH) {
        Some(at) if path.get(1..at).is_some_and(is_stage) => path[at..].to_owned(),
        _ => path,
    }
}

/// An answer that the gateway receives as one JSON document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BufferedAnswer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    /// Always there for an HTTP API, even without any cookie: the local emulator insists on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<String>>,
    body: String,
    is_base64_encoded: bool,
}

/// The answer as one document, in which bytes that are no text travel as base64; `None` when its body is a stream, which
/// only streamed functions send.
pub(crate) fn buffered(format: Format, response: &Response<Body>) -> Option<BufferedAnswer> {
    let bytes = response.body().as_whole()?;
    let (body, is_base64_encoded) = match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(bytes), true),
    };
    let headers = response.headers();
    let answer = BufferedAnswer {
        status_code: response.status().as_u16(),
        multi_value_headers: None,
        headers: None,
        cookies: None,
        body,
        is_base64_encoded,
    };
    let all = |name: &str| headers.get_all(name).iter().map(text).collect::<Vec<_>>();
    Some(match format {
        Format::Rest => {
            let headers = headers.keys().map(|name| (name.to_string(), all(name.as_str()))).collect();
            BufferedAnswer { multi_value_headers: Some(headers), ..answer }
        }
        Format::Http => {
            let plain = headers.keys().filter(|name| *name != SET_COOKIE);
            let headers = plain.map(|name| (name.to_string(), all(name.as_str()).join(", "))).collect();
            BufferedAnswer { headers: Some(headers), cookies: Some(all(SET_COOKIE.as_str())), ..answer }
        }
    })
}

/// The answer as a prelude of status and headers, eight zeros, and the body's bytes; the same for both formats
/// (AWS Lambda Runtime API, "Response streaming").
pub(crate) fn streamed(
    response: Response<Body>,
) -> Result<impl Stream<Item = Bytes> + Send, serde_json::Error> {
    let (parts, body) = response.into_parts();
    let prelude = serde_json::to_vec(&prelude(parts.status, parts.headers))?;
    // The local emulator finds the zeros only in a piece of their own.
    let head = [Bytes::from(prelude), Bytes::from_static(&[0; 8])];
    Ok(stream::iter(head).chain(body))
}

fn prelude(status_code: StatusCode, mut headers: HeaderMap) -> MetadataPrelude {
    let cookies = take_cookies(&mut headers);
    MetadataPrelude { status_code, headers, cookies }
}

fn take_cookies(headers: &mut HeaderMap) -> Vec<String> {
    let cookies = headers.get_all(SET_COOKIE).iter().map(text).collect();
    headers.remove(SET_COOKIE);
    cookies
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::response::success;

    fn rest(changes: &Value) -> (Format, Result<Request, ApiError>) {
        let mut event = json!({
            "resource": "/users/api/files/{path+}", "path": "/users/api/files/a%23b", "httpMethod": "POST",
            "headers": {"Cookie": "last", "Content-Type": "text/plain"},
            "multiValueHeaders": {"Cookie": ["first", "last"], "Content-Type": ["text/plain"]},
            "queryStringParameters": null, "multiValueQueryStringParameters": null, "pathParameters": null,
            "stageVariables": null, "requestContext": {"stage": "prod", "httpMethod": "POST", "identity": {"sourceIp": "203.0.113.7"}},
            "body": null, "isBase64Encoded": false,
        });
        merge(&mut event, changes);
        read(&event)
    }

    fn http(changes: &Value) -> (Format, Result<Request, ApiError>) {
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/users/api/files/a%23b", "rawQueryString": "",
            "cookies": ["first", "last"], "headers": {"content-type": "text/plain", "cookie": "first"},
            "requestContext": {
                "stage": "$default",
                "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            },
            "isBase64Encoded": false,
        });
        merge(&mut event, changes);
        read(&event)
    }

    fn read(event: &Value) -> (Format, Result<Request, ApiError>) {
        match Event::read(event.to_string().into_bytes()) {
            Event::Request(format, request) => (format, *request),
            Event::Notice(notice) => panic!("a notice: {notice:?}"),
        }
    }

    #[test]
    fn what_other_services_say_is_no_request() {
        let notice = |event: Value| match Event::read(event.to_string().into_bytes()) {
            Event::Notice(notice) => Some(notice),
            Event::Request(_, request) => request.is_ok().then(|| panic!("a request")),
        };
        let tick = json!({"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-03-02T09:30:14Z", "region": "eu-west-2", "resources": [], "detail": {}});
        assert_eq!(notice(tick), Some(Notice::Schedule));
        let record = |text: &str| {
            json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn",
                "Sns": {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Subject": null, "Message": text}})
        };
        let messages = json!({"Records": [record("one"), record("two")]});
        assert_eq!(notice(messages), Some(Notice::Messages(vec!["one".into(), "two".into()])));
        for other in
            [json!({}), json!({"detail-type": "Something"}), json!({"Records": [{"s3": {}}]}), json!([1])]
        {
            assert_eq!(notice(other), None);
        }
    }

    fn merge(event: &mut Value, changes: &Value) {
        for (name, value) in changes.as_object().expect("an object") {
            event[name] = value.clone();
        }
    }

    #[test]
    fn both_formats_give_the_same_request_with_its_raw_path_and_all_cookies() {
        for (format, request) in [rest(&json!({})), http(&json!({}))] {
            let request = request.expect("a request");
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/users/api/files/a%23b"));
            let cookies: Vec<_> = request.headers.get_all(COOKIE).iter().collect();
            assert_eq!(cookies, ["first", "last"], "{format:?}");
            assert_eq!(request.headers["content-type"], "text/plain");
            assert!(request.body.is_empty());
        }
    }

    #[test]
    fn a_method_in_the_wrong_place_does_not_make_another_request_of_it() {
        let (format, request) = http(&json!({"httpMethod": "GET"}));
        assert_eq!((format, request.expect("a request").method), (Format::Http, Method::POST));
    }

    #[test]
    fn a_header_that_http_cannot_carry_is_left_out_and_the_rest_stays() {
        let headers = json!({"Content-Type": ["text/plain"], "bad name": ["x"], "X-Bad": ["a\nb"]});
        let request = rest(&json!({"multiValueHeaders": headers, "headers": null})).1.expect("a request");
        assert_eq!(request.headers.len(), 1);
    }

    #[test]
    fn a_path_is_never_reparsed() {
        for path in
            ["/users/api/files/a#b", "/users/api/files/../x", "/users/api/files/a?b", "/users/api/files/a\\b"]
        {
            assert_eq!(rest(&json!({"path": path})).1.unwrap().path, path);
            assert_eq!(http(&json!({"rawPath": path})).1.unwrap().path, path);
        }
        assert_eq!(http(&json!({"rawPath": "/prod/users/api/info"})).1.unwrap().path, "/users/api/info");
        for path in ["/users/api/info", "é/users/api/info", "/é/users/api/info", "/a/b/users/api/info"] {
            assert_eq!(http(&json!({"rawPath": path})).1.unwrap().path, path);
        }
    }

    #[test]
    fn a_query_means_the_same_in_both_formats() {
        let query = |(_, request): (Format, Result<Request, ApiError>)| request.unwrap().query;
        let rest = query(rest(&json!({
            "queryStringParameters": {"move": "a b/c", "mkdir": ""},
            "multiValueQueryStringParameters": {"move": ["a b/c"], "mkdir": [""]},
        })));
        let http = query(http(&json!({"rawQueryString": "move=a+b%2Fc&mkdir="})));
        for query in [rest, http] {
            assert_eq!((query.get("move").unwrap(), query.get("mkdir").unwrap()), (Some("a b/c"), Some("")));
        }
        let twice = json!({"multiValueQueryStringParameters": {"move": ["a", "b"]}});
        assert_eq!(super::tests::rest(&twice).1.unwrap().query.get("move").unwrap_err().status(), 400);
    }

    #[test]
    fn a_binary_body_is_decoded_and_bad_base64_is_a_400() {
        let all_bytes: Vec<u8> = (0..=255).collect();
        let body = json!({"body": STANDARD.encode(&all_bytes), "isBase64Encoded": true});
        assert_eq!(rest(&body).1.unwrap().body, all_bytes);
        assert_eq!(http(&body).1.unwrap().body, all_bytes);
        let bad = json!({"body": "%%%", "isBase64Encoded": true});
        assert_eq!(rest(&bad).1.unwrap_err().status(), 400);
        assert_eq!(http(&bad).1.unwrap_err().status(), 400);
    }

    #[test]
    fn a_body_of_more_than_4_mib_is_a_413() {
        let body = |bytes: usize| json!({"body": "x".repeat(bytes), "isBase64Encoded": false});
        assert_eq!(rest(&body(MAX_BODY_BYTES)).1.unwrap().body.len(), MAX_BODY_BYTES);
        assert_eq!(rest(&body(MAX_BODY_BYTES + 1)).1.unwrap_err().status(), 413);
    }

    #[test]
    fn bytes_that_are_no_text_travel_as_base64_and_a_stream_not_at_all() {
        for format in [Format::Rest, Format::Http] {
            let bytes = Response::new(Body::from(&b"\x1f\x8b"[..]));
            let answer = serde_json::to_value(buffered(format, &bytes)).unwrap();
            assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!("H4s="), &json!(true)));
            let stream = Body::Stream(Box::pin(futures_util::stream::empty()));
            assert!(buffered(format, &Response::new(stream)).is_none());
        }
    }

    #[test]
    fn each_format_gets_the_answer_that_it_understands() {
        let mut response = success("Done.");
        response.headers_mut().insert(SET_COOKIE, HeaderValue::from_static("a=b"));
        let rest = serde_json::to_value(buffered(Format::Rest, &response)).unwrap();
        assert_eq!(rest["multiValueHeaders"]["set-cookie"], json!(["a=b"]));
        assert_eq!(rest.get("headers").or(rest.get("cookies")), None);
        let http = serde_json::to_value(buffered(Format::Http, &response)).unwrap();
        assert_eq!(
            (&http["cookies"], &http["headers"]["content-type"]),
            (&json!(["a=b"]), &json!("application/json"))
        );
        assert_eq!(http["headers"].get("set-cookie"), None);
        assert_eq!((&rest["body"], &rest["statusCode"]), (&http["body"], &http["statusCode"]));
        let (parts, _) = response.into_parts();
        let prelude = prelude(parts.status, parts.headers);
        assert_eq!((prelude.status_code.as_u16(), prelude.cookies), (200, vec!["a=b".to_owned()]));
    }
}
