//! `POST /logon`, `POST /auth`: from an address and a password to a session.

use domain::{Act, AuditEvent, Effects, Session};
use web::{ApiError, CODE_NEEDED, CODE_WRONG, Metric, Request, RequestLog, Response, response};

use crate::App;
use crate::auth_return::signed_on;
use crate::credentials::{Credentials, Outcome};

/// Logs on. A wrong pair is answered with HTTP 200, `ok` false, and no cookie: clients test whether they have one.
pub(crate) async fn log_on(app: &App, request: &Request, log: &mut RequestLog) -> Result<Response, ApiError> {
    let account = match request.json::<Credentials>()?.prove(app, request).await? {
        Outcome::Right(account) => account,
        Outcome::CodeNeeded => return Ok(response::refusal(CODE_NEEDED)),
        Outcome::CodeWrong => return Ok(response::refusal(CODE_WRONG)),
        Outcome::Wrong => {
            log.count(Metric::LogOnFailures, 1);
            return Ok(response::refusal("No matching username and password pair was found!"));
        }
    };
    log.account = Some(account.id.clone());
    let now = app.authenticator.clock.now();
    let session = Session::begin(&account, request.client(), now, app.session_ttl_seconds, &*app.random);
    let event = AuditEvent::new(&account.id, request.occasion(now), Act::LoggedOn, &*app.random);
    app.authenticator.sessions.create(&session, &Effects::of(event)).await?;
    signed_on(app, &session, &account, "Logged in successfully!", "Session token in cookie").await
}

#[cfg(test)]
mod tests {
    use domain::testing::contract;
    use domain::{AccountStore as _, Effects};
    use http::header;

    use crate::testing::{World, body};

    #[tokio::test]
    async fn the_right_pair_gets_a_session_and_its_account_back() {
        let world = World::new().await;
        let answer = world.log_on("ada@example.org", "demo-password-1").await;
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("session_token=ey") && cookie.ends_with("; Max-Age=86400"), "{cookie}");
        assert_eq!(answer.headers().get_all(header::SET_COOKIE).iter().count(), 1);
        assert_eq!(
            body(&answer),
            concat!(
                r#"{"ok":true,"status":"Logged in successfully!","jwt":"Session token in cookie","#,
                r#""user":"Ada","role":"user","email":"ada@example.org"}"#
            )
        );
    }

    #[tokio::test]
    async fn the_address_may_be_written_in_any_case() {
        let world = World::new().await;
        assert!(
            world
                .log_on("ADA@Example.org", "demo-password-1")
                .await
                .headers()
                .contains_key(header::SET_COOKIE)
        );
    }

    #[tokio::test]
    async fn every_pair_that_does_not_match_gets_the_same_bytes_and_no_cookie() {
        let world = World::new().await;
        let expected = r#"{"ok":false,"status":"No matching username and password pair was found!"}"#;
        let long = "x".repeat(5_000);
        for (email, password) in [
            ("ada@example.org", "wrong-password"),
            ("nobody@example.org", "demo-password-1"),
            ("not an address", "x"),
            ("", ""),
            ("ada@example.org", long.as_str()),
            ("ada@example.org", ""),
        ] {
            let answer = world.log_on(email, password).await;
            assert_eq!((answer.status().as_u16(), body(&answer).as_str()), (200, expected), "{email}");
            assert!(!answer.headers().contains_key(header::SET_COOKIE));
        }
    }

    #[tokio::test]
    async fn a_disabled_account_is_not_told_from_a_wrong_password() {
        let world = World::new().await;
        let mut eve = contract::account("eve@example.org", &*world.random);
        eve.disabled = true;
        world.store.create(&eve, &Effects::none()).await.unwrap();
        let answer = world.log_on("eve@example.org", "demo-password-1").await;
        assert!(body(&answer).contains("No matching username"));
    }

    #[tokio::test]
    async fn a_body_that_is_no_pair_is_a_400_or_415_in_json() {
        let world = World::new().await;
        for body in
            ["", "{}", r#"{"email":"ada@example.org"}"#, r#"{"email":1,"password":2}"#, r#"["a","b"]"#, "x"]
        {
            assert_eq!(world.post("logon", &[], body).await.status(), 400, "{body}");
        }
        let answer = world.post("logon", &[("content-type", "text/plain")], "{}").await;
        assert_eq!(answer.status(), 415);
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_a_503_that_says_when_to_come_back() {
        let world = World::new().await;
        world.store.go_down();
        let answer = world.log_on("ada@example.org", "demo-password-1").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[header::RETRY_AFTER]),
            (503, &"5".parse().unwrap())
        );
    }
}
