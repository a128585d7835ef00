//! The function over stores in memory, for the tests of its endpoints.

use std::sync::Arc;

use bytes::Bytes;
use domain::testing::{MemoryAccounts, MemoryGuesses, MemoryMailer, MockClock, SeededRandom, contract};
use domain::{AccountStore as _, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use session::SigningKeys;
use web::serve::{self, MAX_DURATION};
use web::{Authenticator, Origins, PublicUrl, Request, Response};

use crate::App;
use crate::hashing::Hashing;
use crate::throttle::Throttle;

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
        store.create(&contract::account("ada@example.org", &*random)).await.unwrap();
        let clock = Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000)));
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        let keys = Arc::new(SigningKeys::generate("one").unwrap());
        let mailer = Arc::new(MemoryMailer::default());
        let app = App {
            accounts: store.clone(),
            authenticator: Authenticator::load(keys, &url, store.clone(), clock.clone()).await.unwrap(),
            hashing: Hashing::new(),
            throttle: Throttle::new(Arc::new(MemoryGuesses::default()), clock.clone()),
            mailer: mailer.clone(),
            random: random.clone(),
            origins: Origins::new(&url, "").unwrap(),
            secure_cookies: url.is_https(),
            token_ttl_seconds: 86_400,
            session_ttl_seconds: 30 * 86_400,
        };
        Self { app, store, clock, mailer, random }
    }

    pub(crate) async fn post(
        &self,
        endpoint: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let path = format!("/users/api/{endpoint}");
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = Request { headers: map, body, ..Request::new(Method::POST, &path) };
        serve::answer(&self.app, Ok(request), "test", MAX_DURATION).await
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
