//! Who sends a request.

use std::sync::Arc;

use domain::{Account, Clock, Session, SessionStore};
use http::{HeaderMap, header};
use session::{Claims, SigningKeys, Tokens, cookie};

use crate::error::ApiError;
use crate::log::RequestLog;
use crate::request::Request;
use crate::settings::PublicUrl;

/// Turns tokens into callers.
#[derive(Clone)]
pub struct Authenticator {
    /// Verifies what a token says.
    pub tokens: Arc<Tokens>,
    /// Knows which sessions still live.
    pub sessions: Arc<dyn SessionStore>,
    /// Tells whether a token or session has come to its end.
    pub clock: Arc<dyn Clock>,
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
    /// Callers of the service at `url`, whose tokens are signed with `keys`.
    #[must_use]
    pub fn new(
        keys: SigningKeys,
        url: &PublicUrl,
        sessions: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { tokens: Arc::new(Tokens::new(keys, url.as_str().to_owned())), sessions, clock }
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
        let now = self.clock.now();
        for claims in tokens(headers).into_iter().filter_map(|token| self.tokens.verify(token, now).ok()) {
            if let Some(caller) = self.find(&claims).await? {
                return Ok(caller);
            }
        }
        Err(ApiError::Unauthenticated)
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
        if found.len() < cookie::MAX_VALUES && !found.contains(&token) {
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

    struct World {
        authenticator: Authenticator,
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
        let keys = SigningKeys::from_json(&SigningKeys::generate("one").unwrap()).unwrap();
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        let authenticator = Authenticator::new(keys, &url, store.clone(), clock.clone());
        let token = authenticator.tokens.issue(&session, 86_400, now, &random).unwrap().reveal().to_owned();
        World { authenticator, store, clock, session, token }
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
    async fn a_store_that_is_down_is_a_503_and_not_a_401() {
        let world = world().await;
        world.store.go_down();
        assert_eq!(world.with_cookie(&format!("session_token={}", world.token)).await, 503);
        assert_eq!(world.with_cookie("session_token=forged").await, 401);
    }
}
