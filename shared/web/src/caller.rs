//! Who sends a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Account, Clock, Session, SessionStore};
use http::{HeaderMap, header};
use session::{Claims, KeySource, Tokens, cookie};

use crate::error::{ApiError, Source};
use crate::log::RequestLog;
use crate::request::Request;
use crate::response;
use crate::settings::PublicUrl;

/// Tokens of an unknown key make a process read the keys again at most once in this time: forged ones must not turn
/// into a load on the place that holds the keys.
const KEY_RELOAD_SECONDS: u64 = 60;

/// Turns tokens into callers.
pub struct Authenticator {
    /// Verifies what a token says.
    pub tokens: Tokens,
    /// Knows which sessions still live.
    pub sessions: Arc<dyn SessionStore>,
    /// Tells whether a token or session has come to its end.
    pub clock: Arc<dyn Clock>,
    keys: Arc<dyn KeySource>,
    /// When the keys were last asked for, in Unix seconds.
    keys_loaded: AtomicU64,
}

/// Somebody who is logged on. A handler that takes one cannot run without.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account as it is now, not as it was when the token was issued.
    pub account: Account,
    /// The session that the token belongs to.
    pub session: Session,
}

impl Authenticator {
    /// Callers of the service at `url`, whose tokens are signed with `keys`. Fails when there are no usable keys.
    pub async fn load(
        keys: Arc<dyn KeySource>,
        url: &PublicUrl,
        sessions: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Source> {
        let keys_loaded = AtomicU64::new(clock.now().unix_seconds());
        let tokens = Tokens::new(keys.load().await?, url.as_str().to_owned());
        Ok(Self { tokens, sessions, clock, keys, keys_loaded })
    }

    /// The caller of a request, by any valid token that it carries; noted in `log`.
    ///
    /// Costs one strongly consistent read: a session that has ended is refused from the next request on.
    pub async fn caller(&self, request: &Request, log: &mut RequestLog) -> Result<Caller, ApiError> {
        let caller = self.authenticate(&request.headers).await?;
        log.account = Some(caller.account.id.clone());
        Ok(caller)
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let (now, found) = (self.clock.now(), tokens(headers));
        if found.iter().any(|token| self.tokens.names_unknown_key(token)) {
            self.reload_keys().await;
        }
        for claims in found.into_iter().filter_map(|token| self.tokens.verify(token, now).ok()) {
            if let Some(caller) = self.find(&claims).await? {
                return Ok(caller);
            }
        }
        Err(ApiError::Unauthenticated)
    }

    /// Reads the signing keys again, unless that was tried a moment ago. The old ones stay if it fails.
    async fn reload_keys(&self) {
        let (now, last) = (self.clock.now().unix_seconds(), self.keys_loaded.load(Ordering::Relaxed));
        let due = now >= last.saturating_add(KEY_RELOAD_SECONDS);
        // Of several requests at once one reads the keys.
        let exchange =
            || self.keys_loaded.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if due && exchange() {
            match self.keys.load().await {
                Ok(keys) => self.tokens.replace_keys(keys),
                Err(error) => {
                    tracing::warn!(error = response::chain(&*error), "the signing keys were not read again");
                }
            }
        }
    }

    async fn find(&self, claims: &Claims) -> Result<Option<Caller>, ApiError> {
        let found = self.sessions.find(&claims.account, &claims.session).await?;
        let caller = found.map(|(session, account)| Caller { account, session });
        Ok(caller.filter(|caller| caller.session.is_alive(self.clock.now()) && !caller.account.disabled))
    }
}

/// Every token that a request carries: the bearer token, then the cookies', without repetitions.
fn tokens(headers: &HeaderMap) -> Vec<&str> {
    let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found: Vec<&str> = Vec::new();
    for token in bearer.chain(cookies.flat_map(cookie::values)) {
        if !found.contains(&token) {
            found.push(token);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::testing::{MemoryAccounts, MockClock, SeededRandom, contract};
    use domain::{AccountStore, SessionId, SessionStore, Timestamp};
    use http::{HeaderName, HeaderValue};
    use session::SigningKeys;
    use std::sync::Mutex;

    /// Keys that are stored somewhere and change there.
    #[derive(Default)]
    struct StoredKeys {
        entries: Mutex<std::collections::BTreeMap<String, String>>,
        current: Mutex<String>,
        reads: AtomicU64,
    }

    impl StoredKeys {
        /// Stores the keys of these names, the signing one first; a name keeps its key.
        fn store(&self, names: &[&str]) {
            let mut entries = self.entries.lock().unwrap();
            let entry = |name: &&str| {
                let json = SigningKeys::generate(name).unwrap();
                let new = json.trim_start_matches(r#"{"keys":["#).trim_end_matches("]}").to_owned();
                entries.entry((*name).to_owned()).or_insert(new).clone()
            };
            let list = names.iter().map(entry).collect::<Vec<_>>().join(",");
            *self.current.lock().unwrap() = format!(r#"{{"keys":[{list}]}}"#);
        }
    }

    #[async_trait::async_trait]
    impl KeySource for StoredKeys {
        async fn load(&self) -> Result<SigningKeys, Source> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let json = self.current.lock().unwrap().clone();
            Ok(SigningKeys::from_json(&json)?)
        }
    }

    async fn authenticator(
        keys: &Arc<StoredKeys>,
        store: &Arc<MemoryAccounts>,
        clock: &Arc<MockClock>,
    ) -> Authenticator {
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        Authenticator::load(keys.clone(), &url, store.clone(), clock.clone()).await.unwrap()
    }

    struct World {
        authenticator: Authenticator,
        keys: Arc<StoredKeys>,
        store: Arc<MemoryAccounts>,
        clock: Arc<MockClock>,
        session: Session,
        token: String,
    }

    async fn world() -> World {
        let random = SeededRandom::new(1);
        let now = Timestamp::from_unix_seconds(1_790_000_000);
        let (store, clock) = (Arc::new(MemoryAccounts::default()), Arc::new(MockClock::at(now)));
        let ada = contract::account("ada@example.org", &random);
        AccountStore::create(&*store, &ada).await.unwrap();
        let session = Session {
            id: SessionId::random(&random),
            account: ada.id,
            created: now,
            expires: now.plus_seconds(100_000),
        };
        SessionStore::create(&*store, &session).await.unwrap();
        let keys = Arc::new(StoredKeys::default());
        keys.store(&["one"]);
        let authenticator = authenticator(&keys, &store, &clock).await;
        let token = authenticator.tokens.issue(&session, 86_400, now, &random).unwrap().reveal().to_owned();
        World { authenticator, keys, store, clock, session, token }
    }

    impl World {
        async fn status(&self, lines: &[(HeaderName, String)]) -> u16 {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(name, HeaderValue::from_str(value).unwrap());
            }
            let result = self.authenticator.authenticate(&headers).await;
            result.map_or_else(|error| error.status().as_u16(), |_| 200)
        }

        async fn with_cookie(&self, cookie: &str) -> u16 {
            self.status(&[(header::COOKIE, cookie.to_owned())]).await
        }
    }

    #[tokio::test]
    async fn a_token_is_accepted_in_every_form_that_clients_send() {
        let world = world().await;
        let token = &world.token;
        for cookie in [
            format!("session_token={token}"),
            format!("a=b; session_token={token}"),
            format!(
                "session_token={token}; Path=/; HttpOnly; Max-Age=86400; Expires=Thu, 01 Jan 2026 00:00:00 GMT"
            ),
            format!("session_token=old; session_token={token}"),
            format!("session_token={token},session_token=old"),
        ] {
            assert_eq!(world.with_cookie(&cookie).await, 200, "{cookie}");
        }
        for value in [format!("Bearer {token}"), format!("bearer  {token} ")] {
            assert_eq!(world.status(&[(header::AUTHORIZATION, value)]).await, 200);
        }
        let both = [
            (header::COOKIE, "session_token=old".into()),
            (header::COOKIE, format!("session_token={token}")),
        ];
        assert_eq!(world.status(&both).await, 200, "one of several headers");
        let both = [
            (header::AUTHORIZATION, "Bearer old".into()),
            (header::COOKIE, format!("session_token={token}")),
        ];
        assert_eq!(world.status(&both).await, 200, "one of several places");
    }

    #[tokio::test]
    async fn without_a_valid_token_the_answer_is_401() {
        let world = world().await;
        assert_eq!(world.status(&[]).await, 401);
        for cookie in ["", "session_token", "session_token=", "session_token=x.y.z", "other=1"] {
            assert_eq!(world.with_cookie(cookie).await, 401, "{cookie}");
        }
        for value in [format!("Basic {}", world.token), world.token.clone(), "Bearer".into()] {
            assert_eq!(world.status(&[(header::AUTHORIZATION, value)]).await, 401);
        }
    }

    #[tokio::test]
    async fn an_ended_or_expired_session_is_refused_at_once() {
        let world = world().await;
        let cookie = format!("session_token={}", world.token);
        world.store.end(&world.session.account, &world.session.id).await.unwrap();
        assert_eq!(world.with_cookie(&cookie).await, 401);
        SessionStore::create(&*world.store, &world.session).await.unwrap();
        assert_eq!(world.with_cookie(&cookie).await, 200);
        world.clock.advance(86_400);
        assert_eq!(world.with_cookie(&cookie).await, 401);
    }

    #[tokio::test]
    async fn keys_rotate_without_a_restart_and_without_a_log_off() {
        let world = world().await;
        world.keys.store(&["two", "one"]);
        let rotated = authenticator(&world.keys, &world.store, &world.clock).await;
        let now = world.clock.now();
        let new = rotated.tokens.issue(&world.session, 86_400, now, &SeededRandom::new(2)).unwrap();
        let new = format!("session_token={}", new.reveal());
        assert_eq!(world.with_cookie(&new).await, 401, "read a moment ago, at the start");
        world.clock.advance(60);
        assert_eq!(world.with_cookie(&new).await, 200);
        assert_eq!(world.with_cookie(&format!("session_token={}", world.token)).await, 200);
    }

    #[tokio::test]
    async fn forged_key_names_do_not_make_the_service_read_its_keys_all_the_time() {
        let world = world().await;
        let stranger = Arc::new(StoredKeys::default());
        stranger.store(&["stranger"]);
        let stranger = authenticator(&stranger, &world.store, &world.clock).await;
        let now = world.clock.now();
        let forged = stranger.tokens.issue(&world.session, 86_400, now, &SeededRandom::new(2)).unwrap();
        let forged = format!("session_token={}", forged.reveal());
        for _ in 0..10 {
            assert_eq!(world.with_cookie(&forged).await, 401);
        }
        assert_eq!(world.keys.reads.load(Ordering::Relaxed), 1, "at the start");
        world.clock.advance(60);
        world.keys.current.lock().unwrap().clear();
        for _ in 0..10 {
            assert_eq!(world.with_cookie(&forged).await, 401);
        }
        assert_eq!(world.keys.reads.load(Ordering::Relaxed), 2);
        let mine = format!("session_token={}", world.token);
        assert_eq!(world.with_cookie(&mine).await, 200, "keys that cannot be read leave the old ones");
    }

    #[tokio::test]
    async fn a_valid_token_is_found_behind_any_number_of_others() {
        let world = world().await;
        let others = (0..200).map(|n| format!("session_token=old{n}; ")).collect::<Vec<_>>().concat();
        assert_eq!(world.with_cookie(&format!("{others}session_token={}", world.token)).await, 200);
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_a_503_and_not_a_401() {
        let world = world().await;
        world.store.go_down();
        assert_eq!(world.with_cookie(&format!("session_token={}", world.token)).await, 503);
        assert_eq!(world.with_cookie("session_token=forged").await, 401);
    }
}
