//! Whoever sends a request, and what they may do: a session may do everything, a key what its scopes say.

use domain::{Account, ApiKeyText, Scope, Scopes};
use http::HeaderMap;
use percent_encoding::percent_decode_str;

use crate::caller::{Authenticator, Caller, NOTED_USE_SECONDS, bearer_tokens};
use crate::error::ApiError;
use crate::log::RequestLog;
use crate::request::Request;

/// Says whose request it is to be: an e-mail address, percent-encoded.
const EXPECTED_ACCOUNT: &str = "expected-account";

/// Whoever sends a request, by what they prove it with.
#[derive(Clone, Debug)]
pub enum Principal {
    /// Somebody who is logged on.
    Session(Caller),
    /// A script with a key of this account and these scopes.
    Key(Account, Scopes),
}

impl Principal {
    /// The account, for what a session may do, and a key that has the scope.
    pub fn permitted(self, scope: Scope) -> Result<Account, ApiError> {
        match self {
            Self::Session(caller) => Ok(caller.account),
            Self::Key(account, scopes) if scopes.contains(scope) => Ok(account),
            Self::Key(..) => Err(ApiError::InsufficientScope(scope)),
        }
    }

    /// The account and the session, for what no key may do.
    pub fn logged_on(self) -> Result<Caller, ApiError> {
        match self {
            Self::Session(caller) => Ok(caller),
            Self::Key(..) => Err(ApiError::SessionNeeded),
        }
    }

    fn account(&self) -> &Account {
        match self {
            Self::Session(caller) => &caller.account,
            Self::Key(account, _) => account,
        }
    }
}

impl Authenticator {
    /// Whoever sends a request; noted in `log`. Any valid token that it carries counts before a key, because it may do
    /// more. A request that says whose it is to be is refused when somebody else sends it: a page may be open while
    /// somebody else logs on in another one of the same browser, and both have one cookie.
    ///
    /// Costs one strongly consistent read: a session that has ended, or a key that is revoked, is refused from the next
    /// request on.
    pub async fn principal(&self, request: &Request, log: &mut RequestLog) -> Result<Principal, ApiError> {
        let principal = match self.by_token(&request.headers).await {
            Ok(caller) => Principal::Session(caller),
            Err(error) => self.by_key(&request.headers).await?.ok_or(error)?,
        };
        if !is_expected(principal.account(), &request.headers) {
            return Err(ApiError::OtherAccount);
        }
        log.account = Some(principal.account().id.clone());
        Ok(principal)
    }

    /// The holder of a key that lives. A key in a cookie is none: pages would send it without being told to.
    async fn by_key(&self, headers: &HeaderMap) -> Result<Option<Principal>, ApiError> {
        // No more than one, because each costs a read before it is known to be genuine.
        let Some(text) = sent_key(headers)? else { return Ok(None) };
        let now = self.clock.now();
        let found = self.api_keys.find_key(&text.account, &text.id).await?;
        let found = found.filter(|(key, account)| {
            key.is_proven_by(&text) && key.is_alive(account, now) && !account.disabled
        });
        let Some((key, account)) = found else { return Err(ApiError::UnknownKey) };
        if key.last_used.is_none_or(|last_used| last_used.plus_seconds(NOTED_USE_SECONDS) <= now) {
            // Only its owner's list of keys is less exact if this fails.
            let _ = self.api_keys.note_key_use(&key, now).await;
        }
        Ok(Some(Principal::Key(account, key.scopes)))
    }
}

/// The key that a request carries. What is meant as one and is none, is not known.
fn sent_key(headers: &HeaderMap) -> Result<Option<ApiKeyText>, ApiError> {
    let mut meant = bearer_tokens(headers).filter(|text| ApiKeyText::is_meant_by(text)).peekable();
    if meant.peek().is_none() {
        return Ok(None);
    }
    meant.find_map(ApiKeyText::parse).map(Some).ok_or(ApiError::UnknownKey)
}

/// Whether a request is sent by whom it is to be sent, if it says so: by the address as the service writes it, in whatever
/// letter case. Reading it as an address would bring the tables of all letters into functions that need them for nothing else.
fn is_expected(account: &Account, headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(EXPECTED_ACCOUNT).iter();
    lines.all(|line| {
        let address = percent_decode_str(line.to_str().unwrap_or_default()).decode_utf8_lossy();
        address.eq_ignore_ascii_case(account.email.as_str())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::testing::{MemoryAccounts, MockClock, SeededRandom, contract};
    use domain::{
        AccountChange, AccountStore, ApiKey, ApiKeyStore as _, Effects, SessionStore, SessionsAfter,
        Timestamp,
    };
    use http::{HeaderName, HeaderValue, Method, StatusCode, header};
    use session::SigningKeys;

    use super::*;
    use crate::settings::PublicUrl;

    /// Ada, a session of hers, and a key with the scopes `files:read` and `send`.
    struct World {
        authenticator: Authenticator,
        store: Arc<MemoryAccounts>,
        clock: Arc<MockClock>,
        account: Account,
        cookie: (HeaderName, String),
        key: ApiKey,
        text: String,
    }

    impl World {
        async fn new() -> Self {
            let random = SeededRandom::new(1);
            let store = Arc::new(MemoryAccounts::default());
            let clock = Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000)));
            let account = contract::account("ada@example.org", &random);
            AccountStore::create(&*store, &account, &Effects::none()).await.unwrap();
            let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
            let signing_keys = Arc::new(SigningKeys::generate("one").unwrap());
            let authenticator =
                Authenticator::load(signing_keys, &url, store.clone(), clock.clone()).await.unwrap();
            let session = contract::session(&account, &random);
            SessionStore::create(&*store, &session, &Effects::none()).await.unwrap();
            let token = authenticator.issue(&session, 86_400, &random).await.unwrap();
            let cookie = (header::COOKIE, format!("session_token={}", token.reveal()));
            let (key, text) = contract::api_key(&account, &random);
            store.add_key(&key, &Effects::none()).await.unwrap();
            Self { authenticator, store, clock, account, cookie, key, text: text.reveal() }
        }

        async fn principal(&self, lines: &[(HeaderName, String)]) -> Result<Principal, ApiError> {
            let mut request = Request::new(Method::GET, "/");
            for (name, value) in lines {
                request.headers.append(name, HeaderValue::from_str(value).unwrap());
            }
            let mut log = RequestLog::default();
            let principal = self.authenticator.principal(&request, &mut log).await;
            assert_eq!(log.account.as_ref(), principal.as_ref().ok().map(|_| &self.account.id));
            principal
        }

        async fn with_key(&self) -> Result<Principal, ApiError> {
            self.principal(&[bearer(&self.text)]).await
        }

        async fn last_used(&self) -> Option<Timestamp> {
            self.store.list_keys(&self.account.id).await.unwrap()[0].last_used
        }
    }

    fn bearer(token: &str) -> (HeaderName, String) {
        (header::AUTHORIZATION, format!("Bearer {token}"))
    }

    fn status<T>(result: Result<T, ApiError>) -> u16 {
        result.map_or_else(|error| error.status().as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn a_key_may_do_what_its_scopes_say_and_a_session_everything() {
        let world = World::new().await;
        let (key, session) = (
            world.with_key().await.unwrap(),
            world.principal(std::slice::from_ref(&world.cookie)).await.unwrap(),
        );
        for scope in Scope::ALL {
            assert_eq!(session.clone().permitted(scope).unwrap(), world.account);
            let allowed = matches!(scope, Scope::FilesRead | Scope::Send);
            assert_eq!(status(key.clone().permitted(scope)), if allowed { 200 } else { 403 }, "{scope}");
        }
        assert_eq!(session.logged_on().unwrap().account, world.account);
        assert_eq!(status(key.logged_on()), 403);
    }

    #[tokio::test]
    async fn a_key_that_may_not_is_told_what_is_missing() {
        let world = World::new().await;
        let refused = |error: ApiError| {
            let answer = error.to_response();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
            assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], r#"Bearer error="insufficient_scope""#);
            String::from_utf8(answer.body().as_whole().unwrap().to_vec()).unwrap()
        };
        let scope = refused(world.with_key().await.unwrap().permitted(Scope::FilesWrite).unwrap_err());
        assert!(scope.contains("files:write"), "{scope}");
        let session = refused(world.with_key().await.unwrap().logged_on().unwrap_err());
        assert!(session.contains("log on"), "{session}");
    }

    #[tokio::test]
    async fn a_session_beside_a_key_counts_for_more() {
        let world = World::new().await;
        let both = [bearer(&world.text), world.cookie.clone()];
        assert_eq!(status(world.principal(&both).await.and_then(Principal::logged_on)), 200);
        let stale = [bearer(&world.text), (header::COOKIE, "session_token=old".into())];
        assert_eq!(status(world.principal(&stale).await.unwrap().permitted(Scope::Send)), 200);
    }

    #[tokio::test]
    async fn a_request_that_says_whose_it_is_is_refused_when_somebody_else_is_logged_on() {
        let world = World::new().await;
        let asked = async |address: &str| {
            let expected = (HeaderName::from_static(EXPECTED_ACCOUNT), address.to_owned());
            let by_key = world.principal(&[bearer(&world.text), expected.clone()]).await;
            let by_cookie = world.principal(&[world.cookie.clone(), expected]).await;
            [status(by_key), status(by_cookie)]
        };
        let own = world.account.email.as_str().to_owned();
        assert_eq!(asked(&own).await, [200, 200]);
        assert_eq!(asked(&own.to_uppercase().replace('@', "%40")).await, [200, 200]);
        for other in ["eve@example.org", "", "%", "ada"] {
            assert_eq!(asked(other).await, [401, 401], "{other}");
        }
    }

    #[tokio::test]
    async fn who_sends_a_key_that_is_not_valid_is_told_of_the_key() {
        let world = World::new().await;
        let told = async |text: &str| world.principal(&[bearer(text)]).await.unwrap_err();
        assert!(matches!(told(&world.text[..94]).await, ApiError::UnknownKey));
        assert!(matches!(told("no key at all").await, ApiError::Unauthenticated));
        world.store.revoke_key(&world.account.id, &world.key.id, &Effects::none()).await.unwrap();
        assert!(matches!(told(&world.text).await, ApiError::UnknownKey));
        let with_cookie = world.principal(&[bearer(&world.text), world.cookie.clone()]).await;
        assert_eq!(status(with_cookie), 200, "a session counts before a key");
    }

    #[tokio::test]
    async fn what_is_no_key_is_a_401() {
        let world = World::new().await;
        let shown = &world.text;
        for end in 0..shown.len() {
            assert_eq!(status(world.principal(&[bearer(&shown[..end])]).await), 401, "{end}");
        }
        let in_cookie = (header::COOKIE, format!("session_token={shown}"));
        for line in [
            in_cookie,
            (header::AUTHORIZATION, shown.clone()),
            (header::AUTHORIZATION, format!("Basic {shown}")),
        ] {
            assert_eq!(status(world.principal(&[line]).await), 401);
        }
        // Well-formed, and of a key that there is, but with the secret of another one.
        let (_, mut forged) = contract::api_key(&world.account, &SeededRandom::new(2));
        forged.id = world.key.id.clone();
        assert_eq!(status(world.principal(&[bearer(&forged.reveal())]).await), 401);
    }

    #[tokio::test]
    async fn a_key_is_dead_as_soon_as_it_is_revoked_expired_or_its_account_says_so() {
        let changes = [
            AccountChange { disabled: Some(true), ..AccountChange::default() },
            AccountChange { end_keys: true, ..AccountChange::default() },
        ];
        for change in changes {
            let world = World::new().await;
            assert_eq!(status(world.with_key().await), 200);
            world.store.change(&world.account, &change, &Effects::none()).await.unwrap();
            assert_eq!(status(world.with_key().await), 401, "{change:?}");
        }
        let world = World::new().await;
        let change = AccountChange { sessions: SessionsAfter::End, ..AccountChange::default() };
        world.store.change(&world.account, &change, &Effects::none()).await.unwrap();
        assert_eq!(status(world.with_key().await), 200, "the end of sessions is none of keys");
        world.clock.advance(86_399);
        assert_eq!(status(world.with_key().await), 200);
        world.clock.advance(1);
        assert_eq!(status(world.with_key().await), 401);
        let world = World::new().await;
        world.store.revoke_key(&world.account.id, &world.key.id, &Effects::none()).await.unwrap();
        assert_eq!(status(world.with_key().await), 401);
    }

    #[tokio::test]
    async fn the_use_of_a_key_is_noted_once_an_hour() {
        let world = World::new().await;
        assert_eq!(world.last_used().await, None);
        let begin = world.key.created;
        for (advance, noted) in [(0, 0), (3_599, 0), (1, 3_600), (3_599, 3_600), (1, 7_200)] {
            world.clock.advance(advance);
            assert_eq!(status(world.with_key().await), 200);
            assert_eq!(world.last_used().await, Some(begin.plus_seconds(noted)));
        }
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_a_503_for_a_key_and_a_401_for_a_mistyped_one() {
        let world = World::new().await;
        world.store.go_down();
        assert_eq!(status(world.with_key().await), 503);
        assert_eq!(status(world.principal(&[bearer(&world.text[..94])]).await), 401);
    }
}
