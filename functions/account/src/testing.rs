//! The function over stores in memory, for the tests of its endpoints.

use std::sync::Arc;

use bytes::Bytes;
use domain::testing::{
    FakeLinks, MemoryAccounts, MemoryMailer, MemoryThrottle, MockClock, SeededRandom, contract,
};
use domain::{Account, AccountStore, Effects, Role, SessionStore, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use session::SigningKeys;
use web::serve;
use web::{Authenticator, Hashing, Invocation, Origins, Post, PublicUrl, Query, Request, Throttle, Verifier};

use crate::App;

/// Somebody with an account and a session.
#[derive(Clone)]
pub(crate) struct World {
    app: Arc<App>,
    pub(crate) store: Arc<MemoryAccounts>,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) mailer: Arc<MemoryMailer>,
    random: Arc<SeededRandom>,
    pub(crate) account: Account,
    token: String,
}

impl World {
    /// `ada@example.org`, in a service of her own.
    pub(crate) async fn new() -> Self {
        let random = Arc::new(SeededRandom::new(1));
        let store = Arc::new(MemoryAccounts::default());
        let clock = Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000)));
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        let keys = Arc::new(SigningKeys::generate("one").unwrap());
        let authenticator = Authenticator::load(keys, &url, store.clone(), clock.clone()).await.unwrap();
        let origins = Origins::new(&url, "").unwrap();
        let mailer = Arc::new(MemoryMailer::default());
        let post = Post {
            outbox: store.clone(),
            mailer: mailer.clone(),
            links: Arc::new(FakeLinks),
            clock: clock.clone(),
        };
        let app = Arc::new(App {
            accounts: store.clone(),
            deletions: store.clone(),
            verifier: Verifier {
                accounts: store.clone(),
                hashing: Hashing::new(),
                throttle: Throttle::new(Arc::new(MemoryThrottle::default()), clock.clone()),
                clock: clock.clone(),
                random: random.clone(),
            },
            post,
            authenticator,
            random: random.clone(),
            origins,
        });
        let account = contract::account("ada@example.org", &*random);
        Self { app, store, clock, mailer, random, account, token: String::new() }.signed_in().await
    }

    /// Somebody else, in the same service.
    pub(crate) async fn other(&self, email: &str) -> Self {
        self.other_as(email, Role::User).await
    }

    /// Somebody else of this role.
    pub(crate) async fn other_as(&self, email: &str, role: Role) -> Self {
        let account = Account { role, ..contract::account(email, &*self.random) };
        Self { account, ..self.clone() }.signed_in().await
    }

    /// The same user with a new session, whatever has become of the account meanwhile.
    pub(crate) async fn again_as_stored(&self) -> Self {
        let account = self.store.find_account(&self.account.id).await.unwrap().unwrap();
        Self { account, ..self.clone() }.again().await
    }

    async fn signed_in(self) -> Self {
        AccountStore::create(&*self.store, &self.account, &Effects::none()).await.unwrap();
        self.again().await
    }

    /// The same user with a new session.
    pub(crate) async fn again(&self) -> Self {
        let session = contract::session(&self.account, &*self.random);
        SessionStore::create(&*self.store, &session, &Effects::none()).await.unwrap();
        let token = self.app.authenticator.issue(&session, 86_400, &*self.random).await.unwrap();
        Self { token: token.reveal().to_owned(), ..self.clone() }
    }

    /// The same user with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Sends a request to a path below the base.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let cookie = format!("session_token={}", self.token);
        self.ask_with((header::COOKIE, &cookie), method, path, body).await
    }

    /// Sends a request of a script with a key.
    pub(crate) async fn ask_by_key(&self, key: &str, method: Method, path: &str, body: &str) -> (u16, Value) {
        self.ask_with((header::AUTHORIZATION, &format!("Bearer {key}")), method, path, body).await
    }

    async fn ask_with(
        &self,
        (name, value): (HeaderName, &str),
        method: Method,
        path: &str,
        body: &str,
    ) -> (u16, Value) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers.insert(header::USER_AGENT, HeaderValue::from_static("curl/8.5"));
        let body = Bytes::copy_from_slice(body.as_bytes());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (query, address) = (Query::decode(query).unwrap(), Some([203, 0, 113, 7].into()));
        let request =
            Request { headers, body, query, address, ..Request::new(method, &format!("/users/api/{path}")) };
        let answer = serve::answer(&*self.app, Ok(request), &Invocation::default()).await;
        (answer.status().as_u16(), serde_json::from_slice(answer.body().as_whole().unwrap()).unwrap())
    }
}
