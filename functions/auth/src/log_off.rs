//! `POST /logout`: the end of a session.

use web::{ApiError, Caller, Response};

use crate::App;
use crate::auth_return::signed_off;

/// Ends the whole session: every token of it is refused from the next request on, in every process.
pub(crate) async fn log_off(app: &App, caller: &Caller) -> Result<Response, ApiError> {
    app.authenticator.sessions.end(&caller.account.id, &caller.session.id).await?;
    signed_off(app)
}

#[cfg(test)]
mod tests {
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
}
