//! Who is logged on.

use std::sync::Arc;

use domain::{Account, ApiKeyStore, Clock, Random, Session, SessionStore, Timestamp};
use http::{HeaderMap, header};
use session::{Claims, KeySource, Token, Tokens, cookie};
use tokio::sync::Mutex;

use crate::error::{ApiError, Source};
use crate::log::RequestLog;
use crate::request::Request;
use crate::response;
use crate::settings::PublicUrl;

/// Every process reads the keys again after this time: so long does a key that was dropped in an emergency go on
/// to sign and to count.
const MAX_KEY_AGE_SECONDS: u64 = 300;

/// A token of an unknown key makes a process read the keys again after this time: no earlier, because forged ones must
/// not turn into a load on the place that holds the keys.
const UNKNOWN_KEY_SECONDS: u64 = 60;

/// So often the use of a session or key is noted at most: it is one more write on the way of a request.
pub(crate) const NOTED_USE_SECONDS: u64 = 3_600;

/// After keys could not be read it is so long until they are asked for again.
const KEY_RETRY_SECONDS: u64 = 5;

/// Turns tokens and API keys into those who send them.
pub struct Authenticator {
    /// Signs and verifies.
    pub tokens: Arc<Tokens>,
    /// Knows which sessions still live.
    pub sessions: Arc<dyn SessionStore>,
    /// Knows which API keys still live.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// Tells whether a token, session or key has come to its end.
    pub clock: Arc<dyn Clock>,
    keys: Arc<dyn KeySource>,
    key_reading: Mutex<KeyReading>,
}

struct KeyReading {
    /// When the keys were last read.
    read: Timestamp,
    /// When that was last tried.
    tried: Timestamp,
}

/// Somebody who is logged on. A handler that takes one cannot run without, nor for a key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account as it is now, not as it was when the token was issued.
    pub account: Account,
    /// The session that the token belongs to.
    pub session: Session,
}

impl Authenticator {
    /// Callers of the service at `url`, whose tokens are signed with `keys`. Fails when there are no usable keys.
    pub async fn load<S: SessionStore + ApiKeyStore + 'static>(
        keys: Arc<dyn KeySource>,
        url: &PublicUrl,
        store: Arc<S>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Source> {
        let now = clock.now();
        let tokens = Arc::new(Tokens::new(keys.load().await?, url.as_str().to_owned()));
        Ok(Self {
            tokens,
            sessions: store.clone(),
            api_keys: store,
            clock,
            keys,
            key_reading: Mutex::new(KeyReading { read: now, tried: now }),
        })
    }

    /// A token of `session`, as [`Tokens::issue`] gives it.
    pub async fn issue(&self, session: &Session, ttl_seconds: u64, random: &dyn Random) -> Option<Token> {
        // Keys that cannot be read again are those that are in use until then: no reason to turn anybody away.
        let _ = self.refresh_keys(MAX_KEY_AGE_SECONDS).await;
        self.tokens.issue(session, ttl_seconds, self.clock.now(), random)
    }

    /// The caller of a request whose [`principal`](Self::principal) must be logged on.
    pub async fn caller(&self, request: &Request, log: &mut RequestLog) -> Result<Caller, ApiError> {
        self.principal(request, log).await?.logged_on()
    }

    /// The caller by any valid token.
    pub(crate) async fn by_token(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let caller = self.authenticate(headers).await?;
        let now = self.clock.now();
        if caller.session.last_used.plus_seconds(NOTED_USE_SECONDS) <= now {
            // Only its owner's list of sessions is less exact if this fails.
            let _ = self.sessions.note_use(&caller.session, now).await;
        }
        Ok(caller)
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let (now, found) = (self.clock.now(), tokens(headers));
        let unknown_key = found.iter().any(|token| self.tokens.names_unknown_key(token));
        let max_age = if unknown_key { UNKNOWN_KEY_SECONDS } else { MAX_KEY_AGE_SECONDS };
        let refreshed = self.refresh_keys(max_age).await;
        for claims in found.into_iter().filter_map(|token| self.tokens.verify(token, now).ok()) {
            if let Some(caller) = self.find(&claims).await? {
                return Ok(caller);
            }
        }
        // A token whose key could not be looked up may be genuine.
        if unknown_key {
            refreshed?;
        }
        Err(ApiError::Unauthenticated)
    }

    /// Reads the signing keys again if they were read `max_age` seconds ago or earlier. The old ones stay if it fails.
    async fn refresh_keys(&self, max_age: u64) -> Result<(), ApiError> {
        // Of several requests at once one reads the keys and the others wait for it.
        let mut reading = self.key_reading.lock().await;
        let now = self.clock.now();
        if now < reading.read.plus_seconds(max_age) {
            return Ok(());
        }
        if reading.tried > reading.read && now < reading.tried.plus_seconds(KEY_RETRY_SECONDS) {
            return Err(ApiError::Unavailable("the signing keys could not be read a moment ago".into()));
        }
        reading.tried = now;
        match self.keys.load().await {
            Ok(keys) => {
                self.tokens.replace_keys(keys);
                reading.read = now;
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = response::chain(&*error), "the signing keys were not read again");
                Err(ApiError::Unavailable(error))
            }
        }
    }

    async fn find(&self, claims: &Claims) -> Result<Option<Caller>, ApiError> {
        let found = self.sessions.find(&claims.account, &claims.session).await?;
        let caller = found.map(|(session, account)| Caller { account, session });
        let now = self.clock.now();
        Ok(caller.filter(|caller| caller.session.is_alive(&caller.account, now) && !caller.account.disabled))
    }
}

/// The bearer tokens of a request, in the order of its headers.
pub(crate) fn bearer_tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    })
}

/// Every token that a request carries: the bearer token, then the cookies', without repetitions.
fn tokens(headers: &HeaderMap) -> Vec<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found: Vec<&str> = Vec::new();
    for token in bearer_tokens(headers).chain(cookies.flat_map(cookie::values)) {
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
    use domain::{AccountStore, Client, Effects, SessionStore, Timestamp};
    use http::{HeaderName, HeaderValue};
    use session::SigningKeys;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

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
        AccountStore::create(&*store, &ada, &Effects::none()).await.unwrap();
        let session = Session::begin(&ada, Client::default(), now, 100_000, &random);
        SessionStore::create(&*store, &session, &Effects::none()).await.unwrap();
        let keys = Arc::new(StoredKeys::default());
        keys.store(&["one"]);
        let authenticator = authenticator(&keys, &store, &clock).await;
        let token = authenticator.issue(&session, 86_400, &random).await.unwrap().reveal().to_owned();
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

        /// The cookie of a token that somebody else's key has signed.
        async fn forged(&self) -> String {
            let stranger = Arc::new(StoredKeys::default());
            stranger.store(&["stranger"]);
            let stranger = authenticator(&stranger, &self.store, &self.clock).await;
            let token = stranger.issue(&self.session, 86_400, &SeededRandom::new(2)).await.unwrap();
            format!("session_token={}", token.reveal())
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
        world.store.end(&world.session.account, &world.session.id, &Effects::none()).await.unwrap();
        assert_eq!(world.with_cookie(&cookie).await, 401);
        SessionStore::create(&*world.store, &world.session, &Effects::none()).await.unwrap();
        assert_eq!(world.with_cookie(&cookie).await, 200);
        world.clock.advance(86_400);
        assert_eq!(world.with_cookie(&cookie).await, 401);
    }

    #[tokio::test]
    async fn keys_rotate_without_a_restart_and_without_a_log_off() {
        let world = world().await;
        world.keys.store(&["two", "one"]);
        let rotated = authenticator(&world.keys, &world.store, &world.clock).await;
        let new = rotated.issue(&world.session, 86_400, &SeededRandom::new(2)).await.unwrap();
        let new = format!("session_token={}", new.reveal());
        assert_eq!(world.with_cookie(&new).await, 401, "read a moment ago, at the start");
        world.clock.advance(60);
        assert_eq!(world.with_cookie(&new).await, 200);
        assert_eq!(world.with_cookie(&format!("session_token={}", world.token)).await, 200);
    }

    #[tokio::test]
    async fn a_key_that_is_dropped_in_an_emergency_counts_for_five_more_minutes() {
        let world = world().await;
        let mine = format!("session_token={}", world.token);
        world.keys.store(&["two"]);
        world.clock.advance(299);
        assert_eq!(world.with_cookie(&mine).await, 200);
        world.clock.advance(1);
        assert_eq!(world.with_cookie(&mine).await, 401);
        let new = world.authenticator.issue(&world.session, 86_400, &SeededRandom::new(2)).await.unwrap();
        assert_eq!(world.with_cookie(&format!("session_token={}", new.reveal())).await, 200);
    }

    #[tokio::test]
    async fn a_process_that_only_signs_learns_of_new_keys_too() {
        let world = world().await;
        world.keys.store(&["two"]);
        world.clock.advance(300);
        let new = world.authenticator.issue(&world.session, 86_400, &SeededRandom::new(2)).await.unwrap();
        let other = authenticator(&world.keys, &world.store, &world.clock).await;
        assert!(other.tokens.verify(new.reveal(), world.clock.now()).is_ok());
    }

    #[tokio::test]
    async fn forged_key_names_do_not_make_the_service_read_its_keys_all_the_time() {
        let world = world().await;
        let forged = world.forged().await;
        for _ in 0..10 {
            assert_eq!(world.with_cookie(&forged).await, 401);
        }
        assert_eq!(world.keys.reads.load(Ordering::Relaxed), 1, "at the start");
    }

    #[tokio::test]
    async fn keys_that_cannot_be_read_leave_the_old_ones_and_make_unknown_ones_a_503() {
        let world = world().await;
        let (forged, mine) = (world.forged().await, format!("session_token={}", world.token));
        world.clock.advance(60);
        let stored = std::mem::take(&mut *world.keys.current.lock().unwrap());
        for _ in 0..10 {
            assert_eq!(world.with_cookie(&forged).await, 503);
        }
        assert_eq!(world.keys.reads.load(Ordering::Relaxed), 2);
        world.clock.advance(300);
        assert_eq!(world.with_cookie(&mine).await, 200);
        *world.keys.current.lock().unwrap() = stored;
        world.clock.advance(5);
        assert_eq!(world.with_cookie(&forged).await, 401);
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
