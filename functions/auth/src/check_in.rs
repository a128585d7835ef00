//! `POST /checkin`: a new token for a session that lives.

use web::{ApiError, Caller, Response};

use crate::App;
use crate::auth_return::signed_on;

/// Renews the token. Whatever the body holds is ignored: clients send nothing, `{}` or `""`. Older tokens of the
/// session stay valid to their own end, because clients check in without saving the new one.
pub(crate) async fn check_in(app: &App, caller: &Caller) -> Result<Response, ApiError> {
    signed_on(app, &caller.session, &caller.account, "Session renewed successfully!", "Session key cookie")
        .await
}

#[cfg(test)]
mod tests {
    use http::header;

    use crate::testing::{World, body, token_of};

    #[tokio::test]
    async fn any_body_renews_the_session_and_the_old_token_stays_valid() {
        let world = World::new().await;
        let first = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        for body_sent in ["", "{}", "\"\"", "not json"] {
            let answer = world.post_as("checkin", &first, body_sent).await;
            assert_eq!(
                body(&answer),
                concat!(
                    r#"{"ok":true,"status":"Session renewed successfully!","jwt":"Session key cookie","#,
                    r#""user":"Ada","role":"user","email":"ada@example.org"}"#
                )
            );
            let renewed = token_of(&answer);
            assert_ne!(renewed, first);
            assert_eq!(world.post_as("checkin", &renewed, "").await.status(), 200);
        }
    }

    #[tokio::test]
    async fn a_token_lives_24_hours_and_a_renewed_one_longer() {
        let world = World::new().await;
        let first = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        world.clock.advance(80_000);
        let second = token_of(&world.post_as("checkin", &first, "").await);
        world.clock.advance(6_400);
        assert_eq!(world.post_as("checkin", &first, "").await.status(), 401);
        assert_eq!(world.post_as("checkin", &second, "").await.status(), 200);
    }

    #[tokio::test]
    async fn without_a_session_it_is_a_401_without_a_cookie() {
        let answer = World::new().await.post_as("checkin", "forged", "").await;
        assert_eq!((answer.status().as_u16(), answer.headers().get(header::SET_COOKIE)), (401, None));
        assert!(body(&answer).starts_with(r#"{"ok":false,"status":""#));
    }
}
