//! What the roles of `template.yaml` permit the functions to do with the table.
//!
//! The functions' calls come through here. One that a role does not permit is refused as AWS refuses it, and what was asked
//! for is noted, so that a role which permits more than its function needs can be told too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use stack::runtime_api::listen;

use crate::template::{Node, functions};
use crate::upstream::Upstream;

/// Actions, and patterns of partition keys: a star at the end of one stands for any text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permitted {
    /// Such as `dynamodb:GetItem`.
    pub actions: BTreeSet<String>,
    /// Such as `USER#*`.
    pub keys: BTreeSet<String>,
}

/// The roles of all functions, and what was asked for in them.
pub struct Roles {
    permitted: BTreeMap<String, Permitted>,
    used: Mutex<BTreeMap<String, Permitted>>,
}

/// One function in front of the table.
struct Guard {
    roles: Arc<Roles>,
    function: String,
    table: Upstream,
}

impl Roles {
    /// The roles as the template has them.
    pub(crate) fn of_the_template() -> Arc<Self> {
        let permitted = functions().into_iter().map(|(name, properties)| (name, permitted(&properties)));
        Arc::new(Self { permitted: permitted.collect(), used: Mutex::default() })
    }

    /// The URL by which a function reaches the table at `url` under its role.
    pub(crate) async fn in_front_of(self: &Arc<Self>, url: &str, function: &str) -> String {
        let guard = Guard { roles: self.clone(), function: function.to_owned(), table: Upstream::new(url) };
        let router = Router::new().fallback(serve).layer(DefaultBodyLimit::disable());
        format!("http://{}", listen(router.with_state(Arc::new(guard))).await.expect("a port"))
    }

    /// What the role of a function permits.
    #[must_use]
    pub fn permitted(&self, function: &str) -> Permitted {
        self.permitted.get(function).cloned().unwrap_or_default()
    }

    /// What a function has asked for so far.
    #[must_use]
    pub fn used(&self, function: &str) -> Permitted {
        self.noted().get(function).cloned().unwrap_or_default()
    }

    /// Notes a call if it is permitted, and says otherwise what is not.
    fn check(&self, function: &str, action: &str, key: &str) -> Result<(), String> {
        let permitted = self.permitted(function);
        let fits = |pattern: &&String| match pattern.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => *pattern == key,
        };
        let pattern = permitted.keys.iter().find(fits);
        let (Some(pattern), true) = (pattern, permitted.actions.contains(action)) else {
            return Err(format!("{function} is not authorized to perform {action} on {key}"));
        };
        let mut noted = self.noted();
        let used = noted.entry(function.to_owned()).or_default();
        used.actions.insert(action.to_owned());
        used.keys.insert(pattern.clone());
        Ok(())
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Permitted>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the policies of a function say about the table.
fn permitted(properties: &Node) -> Permitted {
    let mut permitted = Permitted::default();
    let policies = properties.get(&["Policies"]).items();
    for statement in policies.iter().flat_map(|policy| policy.get(&["Statement"]).items()) {
        for action in statement.get(&["Action"]).items().iter().filter(|_| !statement.entries().is_empty()) {
            let action = action.text();
            if action.starts_with("dynamodb:") {
                let keys = statement.get(&["Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys"]);
                permitted.keys.extend(keys.items().iter().map(Node::text));
                permitted.actions.insert(action);
            }
        }
    }
    permitted
}

async fn serve(State(guard): State<Arc<Guard>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a whole request").to_bytes();
    // What only opens a connection names no target.
    let Some(target) = parts.headers.get("x-amz-target").cloned() else {
        return guard.table.ask(parts, body).await;
    };
    let operation = target.to_str().ok().and_then(|target| target.rsplit('.').next()).expect("an operation");
    let json: Value = serde_json::from_slice(&body).expect("JSON");
    for (action, key) in calls(operation, &json) {
        if let Err(text) = guard.roles.check(&guard.function, &action, &key) {
            return refusal(&text);
        }
    }
    guard.table.ask(parts, body).await
}

/// The actions that a call needs, each with the partition key that it is about (Service Authorization Reference, "Actions
/// defined by Amazon DynamoDB"; a transaction needs those of its parts).
fn calls(operation: &str, json: &Value) -> Vec<(String, String)> {
    let key = |item: &Value| item["pk"]["S"].as_str().unwrap_or_default().to_owned();
    let call = |action: &str, key: String| (format!("dynamodb:{action}"), key);
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
fn refusal(text: &str) -> Response {
    let body = serde_json::json!({
        "__type": "com.amazon.coral.service#AccessDeniedException", "Message": text,
    });
    let json = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (StatusCode::BAD_REQUEST, json, body.to_string()).into_response()
}
