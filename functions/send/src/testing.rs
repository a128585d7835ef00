//! The function over stores in memory, for the tests of its endpoint.

use std::sync::Arc;

use bytes::Bytes;
use domain::testing::{
    FakeLinks, MemoryAccounts, MemoryIdempotency, MemoryMailer, MemoryThrottle, MockClock, SeededRandom,
    contract,
};
use domain::{Account, Clock as _, Role, Timestamp};
use http::{HeaderMap, Method};
use serde_json::Value;
use session::SigningKeys;
use web::{Authenticator, Origins, Post, PublicUrl, Request, Throttle};

use crate::App;
use crate::send::send_once;

/// A service with one account, `ada@example.org`.
pub(crate) struct World {
    app: App,
    pub(crate) store: Arc<MemoryAccounts>,
    pub(crate) mailer: Arc<MemoryMailer>,
    pub(crate) clock: Arc<MockClock>,
    account: Account,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(MemoryMailer::default()).await
    }

    /// With a mail service that takes nothing.
    pub(crate) async fn refusing_mail() -> Self {
        Self::with(MemoryMailer::refusing()).await
    }

    async fn with(mailer: MemoryMailer) -> Self {
        let (store, mailer) = (Arc::new(MemoryAccounts::default()), Arc::new(mailer));
        let clock = Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000)));
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        let keys = Arc::new(SigningKeys::generate("one").unwrap());
        let authenticator = Authenticator::load(keys, &url, store.clone(), clock.clone()).await.unwrap();
        let app = App {
            post: Post {
                outbox: store.clone(),
                mailer: mailer.clone(),
                links: Arc::new(FakeLinks),
                clock: clock.clone(),
            },
            throttle: Throttle::new(Arc::new(MemoryThrottle::default()), clock.clone()),
            idempotency: Arc::new(MemoryIdempotency::default()),
            authenticator,
            origins: Origins::new(&url, "").unwrap(),
        };
        let account = contract::account("ada@example.org", &SeededRandom::new(1));
        Self { app, store, mailer, clock, account }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the account, in this role, is answered.
    pub(crate) async fn send(&self, role: Role, lines: &[(&str, &str)], body: &Value) -> (u16, String) {
        let line = |(name, value): &(&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        let headers: HeaderMap = lines.iter().map(line).collect();
        let body = Bytes::from(body.to_string());
        let request = Request { headers, body, ..Request::new(Method::POST, "/users/api/send") };
        let account = Account { role, ..self.account.clone() };
        let result = send_once(&self.app, &account, false, &request).await;
        let answer = result.unwrap_or_else(|error| error.to_response());
        (answer.status().as_u16(), String::from_utf8(answer.body().as_whole().unwrap().to_vec()).unwrap())
    }
}
