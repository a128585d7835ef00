//! One API, of one event format.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use domain::{Account, AccountId, FileStore as _, FolderKey, FolderPath, Role};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::answer::Answer;
use crate::person::Person;
use crate::world::{PASSWORD, World};

/// How long an answer may take before a story fails; API Gateway gives a function 29 s.
const PATIENCE: Duration = Duration::from_secs(29);

/// One API of the world, and a client that changes nothing about what it is told to send.
#[derive(Clone)]
pub struct App {
    /// The base URL.
    pub url: String,
    /// The stack behind it.
    pub world: &'static World,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Runs a story against each of the event formats that can be had.
pub fn story(story: impl AsyncFn(App)) {
    let world = World::get();
    for url in &world.apis {
        story_with(url, &story);
    }
}

/// Runs a story against one base URL.
pub fn story_with(url: &str, story: impl AsyncFn(App)) {
    let world = World::get();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let app = App { url: url.to_owned(), world, client };
    world.runtime.block_on(story(app));
}

impl App {
    /// The same world behind another base URL.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same world for a client on a machine of its own.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        static MACHINES: AtomicU16 = AtomicU16::new(0);
        let [high, low] = MACHINES.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        // All of 127.0.0.0/8 is this machine (RFC 1122 3.2.1.3).
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some([127, 1, high, low].into()));
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, ..self.clone() }
    }

    /// Somebody without a session.
    #[must_use]
    pub fn anonymous(&self) -> Person {
        Person::new(self.clone(), None, None)
    }

    /// Somebody with a new account and a session.
    pub async fn signed_in(&self, name: &str) -> Person {
        self.signed_in_as(name, Role::User).await
    }

    /// Somebody with a new account of this role and a session.
    pub async fn signed_in_as(&self, name: &str, role: Role) -> Person {
        let account = self.world.new_account(name, role).await;
        self.log_on(&account).await
    }

    /// A new session of an account.
    pub async fn log_on(&self, account: &Account) -> Person {
        let body = serde_json::json!({"email": account.email.as_str(), "password": PASSWORD});
        let answer = self.anonymous().post_json("auth", &body).await;
        Person::new(self.clone(), Some(answer.is(200).token()), Some(account.clone()))
    }

    /// Lets a person store so much, whatever their role says.
    pub async fn allow(&self, person: &Person, bytes: u64, files: u64) {
        let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
        let profile = [key("pk", format!("USER#{}", person.account().id)), key("sk", "PROFILE".into())];
        let update =
            self.world.dynamodb.update_item().table_name(&self.world.table).set_key(Some(profile.into()));
        let update = update.update_expression("SET quota_bytes = :bytes, quota_files = :files");
        let update = update.expression_attribute_values(":bytes", AttributeValue::N(bytes.to_string()));
        let update = update.expression_attribute_values(":files", AttributeValue::N(files.to_string()));
        update.send().await.expect("an allowance");
    }

    /// The paths of all objects of a person, markers of folders included, in order.
    pub async fn stored(&self, person: &Person) -> Vec<String> {
        self.stored_by(&person.account().id).await
    }

    /// The paths of all objects of an account, in order.
    pub async fn stored_by(&self, account: &AccountId) -> Vec<String> {
        let root = FolderKey::new(account, FolderPath::root());
        let mut paths: Vec<_> =
            self.world.files.list(&root).await.expect("listed").into_iter().map(|e| e.path).collect();
        paths.sort();
        paths
    }

    /// Sends a request exactly as given: `path` goes on the wire as it is.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.send_to(&format!("{}/{path}", self.url), method, headers, body).await
    }

    /// Sends a request to any URL of this machine.
    pub async fn send_to(
        &self,
        url: &str,
        method: Method,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).expect("a request");
        let answer = async {
            let (parts, body) = self.client.request(request).await.expect("an answer").into_parts();
            let body = body.collect().await.expect("a whole body").to_bytes();
            let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
            if self.world.shows_heads { answer.without_head() } else { answer }
        };
        tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("no answer from {url}"))
    }
}
