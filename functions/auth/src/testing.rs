//! The function over stores in memory, for the tests of its endpoints.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::testing::{MemoryAccounts, MemoryMailer, MemoryThrottle, MockClock, SeededRandom, contract};
use domain::{AccountStore as _, Effects, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use session::SigningKeys;
use web::serve;
use web::{
    Authenticator, Hashing, Invocation, Origins, Post, PublicUrl, Query, Request, Response, SealedLinks,
    Throttle, Verifier,
};

use crate::App;

/// A service with one account, `ada@example.org` with the password `demo-password-1`.
pub(crate) struct World {
    app: App,
    pub(crate) store: Arc<MemoryAccounts>,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) mailer: Arc<MemoryMailer>,
    pub(crate) random: Arc<SeededRandom>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let random = Arc::new(SeededRandom::new(1));
        let store = Arc::new(MemoryAccounts::default());
        store.create(&contract::account("ada@example.org", &*random), &Effects::none()).await.unwrap();
        let clock = Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000)));
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        let keys = Arc::new(SigningKeys::generate("one").unwrap());
        let mailer = Arc::new(MemoryMailer::default());
        let authenticator = Authenticator::load(keys, &url, store.clone(), clock.clone()).await.unwrap();
        let links = SealedLinks::new(&url, authenticator.tokens.clone());
        let app = App {
            accounts: store.clone(),
            authenticator,
            verifier: Verifier {
                accounts: store.clone(),
                hashing: Hashing::new(),
                throttle: Throttle::new(Arc::new(MemoryThrottle::default()), clock.clone()),
                clock: clock.clone(),
                random: random.clone(),
            },
            post: Post {
                outbox: store.clone(),
                mailer: mailer.clone(),
                links: Arc::new(links.clone()),
                clock: clock.clone(),
            },
            links,
            answer_after: Duration::ZERO,
            random: random.clone(),
            origins: Origins::new(&url, "").unwrap(),
            secure_cookies: url.is_https(),
            token_ttl_seconds: 86_400,
            session_ttl_seconds: 30 * 86_400,
        };
        Self { app, store, clock, mailer, random }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        endpoint: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let (path, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
        let query = Query::decode(query).unwrap();
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request =
            Request { headers: map, body, query, ..Request::new(method, &format!("/users/api/{path}")) };
        let answer = serve::answer(&self.app, Ok(request), &Invocation::default()).await;
        // Mail that goes out behind the answer.
        tokio::task::yield_now().await;
        answer
    }

    pub(crate) async fn post(
        &self,
        endpoint: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Response {
        self.send(Method::POST, endpoint, headers, body).await
    }

    /// The page at an address.
    pub(crate) async fn page(&self, endpoint: &str) -> Response {
        self.send(Method::GET, endpoint, &[], "").await
    }

    /// Sends a form as a page does.
    pub(crate) async fn submit(&self, endpoint: &str, form: &str) -> Response {
        self.post(endpoint, &[("content-type", "application/x-www-form-urlencoded")], form).await
    }

    /// Sends JSON.
    pub(crate) async fn tell(&self, endpoint: &str, json: &serde_json::Value) -> Response {
        self.post(endpoint, &[], &json.to_string()).await
    }

    /// The path and the query of the link in the last mail, below the base.
    pub(crate) fn link(&self) -> String {
        let mails = self.mailer.sent();
        let text = mails.last().expect("a mail").message().to_owned();
        let link =
            text.split_whitespace().find_map(|word| word.strip_prefix("http://localhost:9000/users/api/"));
        link.expect("a link").to_owned()
    }

    /// The token in the last mail.
    pub(crate) fn mailed_token(&self) -> String {
        self.link().split_once("?token=").expect("a token").1.to_owned()
    }

    pub(crate) async fn post_as(&self, endpoint: &str, token: &str, body: &str) -> Response {
        self.post(endpoint, &[("cookie", &format!("session_token={token}"))], body).await
    }

    pub(crate) async fn log_on(&self, email: &str, password: &str) -> Response {
        let pair = serde_json::json!({"email": email, "password": password}).to_string();
        self.post("auth", &[("content-type", "application/json")], &pair).await
    }
}

pub(crate) fn body(response: &Response) -> String {
    String::from_utf8(response.body().as_whole().expect("a body in memory").to_vec()).unwrap()
}

pub(crate) fn token_of(response: &Response) -> String {
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.strip_prefix("session_token=").unwrap().split(';').next().unwrap().to_owned()
}
