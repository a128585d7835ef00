//! What the roles of `template.yaml` permit the functions to do with the table and the bucket.
//!
//! The functions' calls come through here, and so do those of clients with addresses that a function has signed. One that a role does not permit is refused as AWS refuses it, and what was asked
//! for is noted, so that a role which permits more than its function needs can be told too.

mod bucket;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http_body_util::BodyExt as _;
use stack::runtime_api::listen;

use crate::template::{Node, functions};
use crate::upstream::Upstream;

/// Actions, and patterns of the table's partition keys: a star at the end of one stands for any text.
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

/// What a function does, in the words of a policy.
struct Call {
    action: String,
    /// The partition key that it is about, of a call to the table.
    key: Option<String>,
}

/// What a role may be asked for.
#[derive(Clone, Copy)]
pub enum Service {
    /// DynamoDB.
    Table,
    /// S3.
    Bucket,
}

impl Service {
    fn calls(self, parts: &Parts, body: &Bytes) -> Vec<Call> {
        match self {
            Self::Table => table::calls(parts, body),
            Self::Bucket => bucket::calls(parts, body),
        }
    }

    fn refusal(self, text: &str) -> Response {
        match self {
            Self::Table => table::refusal(text),
            Self::Bucket => bucket::refusal(text),
        }
    }
}

/// One function in front of a service.
struct Guard {
    roles: Arc<Roles>,
    function: String,
    service: Service,
    upstream: Upstream,
}

impl Roles {
    /// The roles as the template has them.
    pub(crate) fn of_the_template() -> Arc<Self> {
        let permitted = functions().into_iter().map(|(name, properties)| (name, permitted(&properties)));
        Arc::new(Self { permitted: permitted.collect(), used: Mutex::default() })
    }

    /// The URL by which a function reaches a service at `url` under its role.
    pub async fn in_front_of(self: &Arc<Self>, service: Service, url: &str, function: &str) -> String {
        let (roles, function, upstream) = (self.clone(), function.to_owned(), Upstream::new(url));
        let guard = Guard { roles, function, service, upstream };
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
    fn check(&self, function: &str, Call { action, key }: Call) -> Result<(), String> {
        let permitted = self.permitted(function);
        let fits = |pattern: &&String, key: &str| match pattern.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => *pattern == key,
        };
        let pattern = key.as_ref().map(|key| permitted.keys.iter().find(|pattern| fits(pattern, key)));
        if !permitted.actions.contains(&action) || pattern == Some(None) {
            let key = key.unwrap_or_default();
            return Err(format!("{function} is not authorized to perform {action} on {key}"));
        }
        let mut noted = self.noted();
        let used = noted.entry(function.to_owned()).or_default();
        used.actions.insert(action);
        used.keys.extend(pattern.flatten().cloned());
        Ok(())
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Permitted>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the policies of a function say about the table and the bucket.
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
            } else if action.starts_with("s3:") {
                permitted.actions.insert(action);
            }
        }
    }
    permitted
}

async fn serve(State(guard): State<Arc<Guard>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a whole request").to_bytes();
    for call in guard.service.calls(&parts, &body) {
        if let Err(text) = guard.roles.check(&guard.function, call) {
            return guard.service.refusal(&text);
        }
    }
    guard.upstream.ask(parts, body).await
}
