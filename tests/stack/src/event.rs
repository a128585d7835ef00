//! API Gateway's events: an HTTP request as a function receives it.

use std::collections::BTreeMap;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Which API an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A REST API: payload 1.0.
    Rest,
    /// An HTTP API or a function URL: payload 2.0.
    Http,
}

/// What every request is called.
const REQUEST_ID: &str = "gateway-request";

/// The event for one request that came from the address `client`.
#[must_use]
pub fn event(format: Format, parts: &Parts, body: &[u8], client: Option<&str>) -> Value {
    match format {
        Format::Rest => rest(parts, body, client),
        Format::Http => http(parts, body, client),
    }
}

/// With `*/*` among the binary media types every body is base64; paths stay percent-encoded, queries are decoded; of a
/// repeated header `headers` has the last value and `multiValueHeaders` all of them.
fn rest(parts: &Parts, body: &[u8], client: Option<&str>) -> Value {
    let headers = all_headers(&parts.headers);
    let method = parts.method.as_str();
    let body = (!body.is_empty()).then(|| STANDARD.encode(body));
    let query = decoded_query(parts.uri.query().unwrap_or_default());
    json!({
        "resource": "/users/api/{path+}",
        "path": parts.uri.path(),
        "httpMethod": method,
        "headers": last_values(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last_values(&query),
        "multiValueQueryStringParameters": (!query.is_empty()).then_some(&query),
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "stage": "live", "httpMethod": method,
            "protocol": "HTTP/1.1", "path": format!("/live{}", parts.uri.path()), "requestId": REQUEST_ID,
            "resourceId": "local", "resourcePath": "/users/api/{path+}",
            "identity": {"sourceIp": client, "userAgent": null},
        },
        "isBase64Encoded": body.is_some(),
        "body": body,
    })
}

/// Cookies are apart, repeated headers are joined by commas, and texts travel as text.
fn http(parts: &Parts, body: &[u8], client: Option<&str>) -> Value {
    let mut headers = all_headers(&parts.headers);
    let cookies: Vec<String> = headers.remove("cookie").into_iter().flatten().collect();
    let cookies: Vec<&str> = cookies.iter().flat_map(|line| line.split(';')).map(str::trim).collect();
    let joined: BTreeMap<_, _> = headers.into_iter().map(|(name, values)| (name, values.join(","))).collect();
    let text = std::str::from_utf8(body).ok().filter(|_| is_text(&parts.headers));
    let (body, base64) = match text {
        Some(text) => (text.to_owned(), false),
        None => (STANDARD.encode(body), true),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "cookies": (!cookies.is_empty()).then_some(cookies),
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "stage": "$default", "requestId": REQUEST_ID,
            "routeKey": "$default", "domainName": "localhost", "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(), "path": parts.uri.path(), "protocol": "HTTP/1.1",
                "sourceIp": client, "userAgent": "",
            },
            "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_478_400_000_u64,
        },
        "isBase64Encoded": base64,
        "body": body,
    })
}

fn last_values(values: &BTreeMap<String, Vec<String>>) -> Option<BTreeMap<&str, &str>> {
    if values.is_empty() {
        return None;
    }
    Some(values.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str()))).collect())
}

fn decoded_query(raw: &str) -> BTreeMap<String, Vec<String>> {
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
        query.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    query
}

fn all_headers(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let values = |name| headers.get_all(name).iter().map(text).collect();
    headers.keys().map(|name| (name.to_string(), values(name))).collect()
}

fn is_text(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("text/") || content_type.starts_with("application/json")
}

/// The event of a schedule.
#[must_use]
pub fn tick() -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2026-03-02T09:30:14Z", "region": "eu-west-2",
        "resources": ["arn:aws:events:eu-west-2:123456789012:rule/sweep"], "detail": {},
    })
}
