//! `POST /confirm`: who is signed on proves it once more.

use web::{ApiError, CODE_NEEDED, CODE_WRONG, Caller, Request, Response, response};

use crate::App;
use crate::auth_return::signed_on;
use crate::credentials::{Credentials, Outcome};

/// Confirms that the credentials are those of the caller. A mismatch is answered with HTTP 200 and `ok` false.
pub(crate) async fn confirm(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    match request.json::<Credentials>()?.prove(app, request).await? {
        Outcome::Right(account) if account.id == caller.account.id => {}
        Outcome::CodeNeeded => return Ok(response::refusal(CODE_NEEDED)),
        Outcome::CodeWrong => return Ok(response::refusal(CODE_WRONG)),
        Outcome::Right(_) | Outcome::Wrong => {
            return Ok(response::refusal("User does not match the existing session"));
        }
    }
    signed_on(app, &caller.session, &caller.account, "User credential confirmed!", "Session key cookie").await
}

#[cfg(test)]
mod tests {
    use domain::testing::contract;
    use domain::{AccountStore as _, Effects};
    use http::header;

    use crate::testing::{World, body, token_of};

    #[tokio::test]
    async fn the_callers_own_credentials_are_confirmed_with_a_new_token() {
        let world = World::new().await;
        let token = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let pair = r#"{"email":"ada@example.org","password":"demo-password-1"}"#;
        let answer = world.post_as("confirm", &token, pair).await;
        assert!(body(&answer).starts_with(
            r#"{"ok":true,"status":"User credential confirmed!","jwt":"Session key cookie","user":"Ada""#
        ));
        assert_eq!(world.post_as("checkin", &token_of(&answer), "").await.status(), 200);
    }

    #[tokio::test]
    async fn wrong_credentials_and_those_of_somebody_else_do_not_match() {
        let world = World::new().await;
        world
            .store
            .create(&contract::account("eve@example.org", &*world.random), &Effects::none())
            .await
            .unwrap();
        let token = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        for pair in [
            r#"{"email":"ada@example.org","password":"wrong-password"}"#,
            r#"{"email":"eve@example.org","password":"demo-password-1"}"#,
            r#"{"email":"nobody@example.org","password":"demo-password-1"}"#,
        ] {
            let answer = world.post_as("confirm", &token, pair).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(body(&answer), r#"{"ok":false,"status":"User does not match the existing session"}"#);
            assert!(!answer.headers().contains_key(header::SET_COOKIE));
        }
        assert_eq!(world.post_as("confirm", &token, "{}").await.status(), 400);
        assert_eq!(world.post_as("confirm", "forged", "{}").await.status(), 401);
    }
}
