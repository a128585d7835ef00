//! API Gateway's two event formats, REST (payload 1.0) and HTTP API or function URL (payload 2.0), as one
//! [`Request`], and one [`Response`] as the answer that each of them expects.
//!
//! The conversion is ours, because the library's own re-parses the path as a URL (`a#b.txt` becomes `a`), keeps
//! only the last of several `Cookie` headers, and panics on bad base64. Here the path stays as it was sent, all
//! headers stay, and a bad body is a 400.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use lambda_runtime::{MetadataPrelude, StreamResponse};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

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

/// A request is tried first, so that a large one is parsed once only.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: Box<RawValue> = Deserialize::deserialize(deserializer)?;
        let json = raw.get();
        if let Ok(event) = serde_json::from_str(json) {
            return Ok(Self::Request(Format::Rest, Box::new(from_rest(event))));
        }
        if let Ok(event) = serde_json::from_str(json) {
            return Ok(Self::Request(Format::Http, Box::new(from_http(event))));
        }
        if let Some(notice) = serde_json::from_str(json).ok().and_then(RawNotice::read) {
            return Ok(Self::Notice(notice));
        }
        let unknown = ApiError::BadRequest("This event is not an HTTP request.".into());
        Ok(Self::Request(Format::Http, Box::new(Err(unknown))))
    }
}

/// A message of `EventBridge` or of SNS as Lambda hands it on.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawNotice {
    Schedule {
        #[serde(rename = "detail-type")]
        detail_type: String,
    },
    Messages {
        #[serde(rename = "Records")]
        records: Vec<MessageRecord>,
    },
}

#[derive(Deserialize)]
struct MessageRecord {
    #[serde(rename = "Sns")]
    sns: SnsMessage,
}

#[derive(Deserialize)]
struct SnsMessage {
    #[serde(rename = "Message")]
    message: String,
}

impl RawNotice {
    fn read(self) -> Option<Notice> {
        match self {
            Self::Schedule { detail_type } => (detail_type == "Scheduled Event").then_some(Notice::Schedule),
            Self::Messages { records } => {
                Some(Notice::Messages(records.into_iter().map(|record| record.sns.message).collect()))
            }
        }
    }
}

fn from_rest(event: ApiGatewayProxyRequest) -> Result<Request, ApiError> {
    let mut headers = event.multi_value_headers;
    for (name, value) in &event.headers {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
    // The gateway has decoded it. Older saved events have only the map of single values.
    let query = if event.multi_value_query_string_parameters.is_empty() {
        event.query_string_parameters
    } else {
        event.multi_value_query_string_parameters
    };
    Ok(Request {
        method: event.http_method,
        path: event.path.unwrap_or_default(),
        query: query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers,
        body: decode_body(event.body, event.is_base64_encoded)?,
        address: event.request_context.identity.source_ip.and_then(|address| address.parse().ok()),
    })
}

fn from_http(event: ApiGatewayV2httpRequest) -> Result<Request, ApiError> {
    let mut headers = event.headers;
    if let Some(cookies) = event.cookies {
        headers.remove(COOKIE);
        for value in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
            headers.append(COOKIE, value);
        }
    }
    Ok(Request {
        method: event.request_context.http.method,
        path: without_stage(event.raw_path.unwrap_or_default()),
        query: Query::decode(event.raw_query_string.as_deref().unwrap_or_default())?,
        headers,
        body: decode_body(event.body, event.is_base64_encoded)?,
        address: event.request_context.http.source_ip.and_then(|address| address.parse().ok()),
    })
}

/// An HTTP API with a named stage puts the stage before the path.
fn without_stage(path: String) -> String {
    let is_stage = |stage: &str| stage.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
    match path.find(BASE_PATH) {
        Some(at) if path.get(1..at).is_some_and(is_stage) => path[at..].to_owned(),
        _ => path,
    }
}

fn decode_body(body: Option<String>, base64: bool) -> Result<Bytes, ApiError> {
    let body = body.unwrap_or_default();
    let body = if base64 {
        let undecodable = |_| ApiError::BadRequest("The request body did not arrive as valid base64.".into());
        STANDARD.decode(body).map_err(undecodable)?
    } else {
        body.into_bytes()
    };
    if body.len() > MAX_BODY_BYTES { Err(ApiError::TooLarge) } else { Ok(body.into()) }
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

/// The answer as a prelude of status and headers, followed by the body's bytes; the same for both formats.
pub(crate) fn streamed(response: Response<Body>) -> StreamResponse<Body> {
    let (parts, stream) = response.into_parts();
    let mut headers = parts.headers;
    let cookies = take_cookies(&mut headers);
    StreamResponse {
        metadata_prelude: MetadataPrelude { status_code: parts.status, headers, cookies },
        stream,
    }
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
        match serde_json::from_str(&event.to_string()).expect("an event") {
            Event::Request(format, request) => (format, *request),
            Event::Notice(notice) => panic!("a notice: {notice:?}"),
        }
    }

    #[test]
    fn what_other_services_say_is_no_request() {
        let notice = |event: Value| match serde_json::from_str(&event.to_string()).expect("an event") {
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
        let prelude = streamed(response).metadata_prelude;
        assert_eq!((prelude.status_code.as_u16(), prelude.cookies), (200, vec!["a=b".to_owned()]));
    }
}
