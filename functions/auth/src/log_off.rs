//! `POST /logout`: the end of a session.

use domain::{Act, AuditEvent, Effects};
use web::{ApiError, Request, RequestLog, Response};

use crate::App;
use crate::auth_return::signed_off;

/// Ends the whole session: every token of it is refused from the next request on, in every process. A request may
/// carry tokens of several sessions; who logs off with them is logged off from all of them.
pub(crate) async fn log_off(
    app: &App,
    request: &Request,
    log: &mut RequestLog,
) -> Result<Response, ApiError> {
    let mut caller = app.authenticator.caller(request, log).await?;
    loop {
        let (account, session) = (&caller.account.id, &caller.session.id);
        let occasion = request.occasion(app.authenticator.clock.now());
        let event = AuditEvent::new(account, occasion, Act::LoggedOff, &*app.random);
        app.authenticator.sessions.end(account, session, &Effects::of(event)).await?;
        caller = match app.authenticator.caller(request, log).await {
            Ok(caller) => caller,
            // A key that is left is no session.
            Err(ApiError::Unauthenticated | ApiError::UnknownKey | ApiError::SessionNeeded) => {
                return signed_off(app);
            }
            Err(error) => return Err(error),
        };
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::contract;
    use domain::{AccountStore as _, ApiKeyStore as _, Effects, EmailAddress};
    use http::header;

    use crate::testing::{World, body, token_of};

    #[tokio::test]
    async fn every_token_of_the_session_is_dead_at_once_and_other_sessions_live() {
        let world = World::new().await;
        let first = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let renewed = token_of(&world.post_as("checkin", &first, "").await);
        let other = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let answer = world.post_as("logout", &renewed, "").await;
        assert_eq!(
            body(&answer),
            concat!(
                r#"{"ok":true,"status":"Logged out successfully!","jwt":"Session token cleared","#,
                r#""user":null,"role":null,"email":null}"#
            )
        );
        assert!(
            answer.headers()[header::SET_COOKIE].to_str().unwrap().starts_with("session_token=; Path=/;")
        );
        for token in [&first, &renewed] {
            for endpoint in ["checkin", "logout", "confirm"] {
                assert_eq!(world.post_as(endpoint, token, "{}").await.status(), 401, "{endpoint}");
            }
        }
        assert_eq!(world.post_as("checkin", &other, "").await.status(), 200);
    }

    #[tokio::test]
    async fn who_sends_tokens_of_several_sessions_is_logged_off_from_all_of_them() {
        let world = World::new().await;
        let one = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let two = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let both = format!("{one},session_token={two}");
        assert_eq!(world.post_as("logout", &both, "").await.status(), 200);
        for token in [&both, &one, &two] {
            assert_eq!(world.post_as("checkin", token, "").await.status(), 401);
        }
    }

    #[tokio::test]
    async fn who_sends_a_key_beside_the_session_is_logged_off_and_the_key_lives() {
        let world = World::new().await;
        let token = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let email = EmailAddress::parse("ada@example.org").unwrap();
        let ada = world.store.find_by_email(&email).await.unwrap().unwrap();
        let (key, text) = contract::api_key(&ada, &*world.random);
        world.store.add_key(&key, &Effects::none()).await.unwrap();
        let (cookie, bearer) = (format!("session_token={token}"), format!("Bearer {}", text.reveal()));
        let both = [("cookie", cookie.as_str()), ("authorization", bearer.as_str())];
        assert_eq!(world.post("logout", &both, "").await.status(), 200);
        assert_eq!(world.post_as("checkin", &token, "").await.status(), 401);
        for endpoint in ["checkin", "logout", "confirm", "password"] {
            assert_eq!(world.post(endpoint, &both[1..], "{}").await.status(), 403, "{endpoint}");
        }
    }
}
