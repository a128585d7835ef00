//! A function in front of the table.

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use serde_json::Value;

use super::Call;

/// The calls that a request makes; none if it only opens a connection.
pub(super) fn calls(parts: &Parts, body: &Bytes) -> Vec<Call> {
    let Some(target) = parts.headers.get("x-amz-target") else { return Vec::new() };
    let operation = target.to_str().ok().and_then(|target| target.rsplit('.').next()).expect("an operation");
    calls_of(operation, &serde_json::from_slice(body).expect("JSON"))
}

/// The actions that a call needs, each with the partition key that it is about (Service Authorization Reference, "Actions
/// defined by Amazon DynamoDB"; a transaction needs those of its parts).
fn calls_of(operation: &str, json: &Value) -> Vec<Call> {
    let key = |item: &Value| item["pk"]["S"].as_str().unwrap_or_default().to_owned();
    let call = |action: &str, key: String| Call { action: format!("dynamodb:{action}"), key: Some(key) };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match operation {
        "Query" => vec![call(
            operation,
            json["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap_or_default().into(),
        )],
        "PutItem" => vec![call(operation, key(&json["Item"]))],
        "BatchGetItem" => {
            let tables = json["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
            tables.flat_map(|table| list(&table["Keys"])).map(|item| call(operation, key(&item))).collect()
        }
        "TransactWriteItems" => {
            let parts = list(&json["TransactItems"]);
            let parts = parts.iter().flat_map(|part| part.as_object().expect("a part"));
            parts
                .map(|(kind, part)| match kind.as_str() {
                    "Put" => call("PutItem", key(&part["Item"])),
                    "ConditionCheck" => call("ConditionCheckItem", key(&part["Key"])),
                    kind => call(&format!("{kind}Item"), key(&part["Key"])),
                })
                .collect()
        }
        _ => vec![call(operation, key(&json["Key"]))],
    }
}

/// As DynamoDB says it (Amazon DynamoDB Developer Guide, "Error handling").
pub(super) fn refusal(text: &str) -> Response {
    let body = serde_json::json!({
        "__type": "com.amazon.coral.service#AccessDeniedException", "Message": text,
    });
    let json = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (StatusCode::BAD_REQUEST, json, body.to_string()).into_response()
}
