//! `POST /send`: one mail.

use domain::throttle::Limit;
use domain::{Account, EmailAddress, Mail, Role};
use serde::Deserialize;
use serde_json::Value;
use web::idempotency::Begun;
use web::{ApiError, Request, Response, idempotency, response};

use crate::App;

#[derive(Deserialize)]
struct Order {
    title: String,
    message: String,
    /// Of any type, because it counts for administrators only.
    #[serde(default)]
    email: Value,
}

/// For so long a request is worked on at most, in seconds: longer than the function runs.
const BUSY_SECONDS: u64 = 60;

/// Sends the message; with an `Idempotency-Key` once, however often the request is repeated. Only a process that is killed
/// between the mail and the note of its answer leaves a request that sends the mail again: SES has no key for it.
pub(crate) async fn send_once(
    app: &App,
    account: &Account,
    by_key: bool,
    request: &Request,
) -> Result<Response, ApiError> {
    let (store, now) = (&*app.idempotency, app.authenticator.clock.now());
    let keyed = match idempotency::begin(store, &account.id, request, now, BUSY_SECONDS).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::Now(keyed) => keyed,
    };
    match send(app, account, by_key, request).await {
        Ok(answer) => {
            let answered = idempotency::answered(keyed.as_ref(), &answer);
            idempotency::keep(store, &account.id, answered).await;
            Ok(answer)
        }
        Err(error) => idempotency::forget(store, &account.id, keyed.as_ref(), error).await,
    }
}

/// Sends the message to the caller's own address. An administrator who is logged on may name another one; what
/// anybody else writes there is ignored.
async fn send(app: &App, account: &Account, by_key: bool, request: &Request) -> Result<Response, ApiError> {
    let Order { title, message, email } = request.json()?;
    let to = match email {
        Value::Null => account.email.clone(),
        _ if by_key || account.role != Role::Admin => account.email.clone(),
        Value::String(email) if email.is_empty() => account.email.clone(),
        Value::String(email) => {
            EmailAddress::parse(&email).map_err(|error| ApiError::BadRequest(error.to_string()))?
        }
        _ => return Err(ApiError::BadRequest("`email` is not a text: write one address.".into())),
    };
    let mail = Mail::new(to, &title, &message).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    if app.post.outbox.is_undeliverable(mail.to(), app.post.clock.now()).await? {
        return Err(ApiError::MailRefused("mail to the address has bounced or was complained about".into()));
    }
    count(app, account).await?;
    app.post.mailer.send(&mail).await?;
    Ok(response::success(&format!("Email has been sent to {}", mail.to())))
}

/// Counts one more mail of the account today, if it may send one more.
async fn count(app: &App, account: &Account) -> Result<(), ApiError> {
    let (count, wait_seconds) = app.throttle.count(Limit::Mails, account.id.as_str(), None).await?;
    if count > account.role.mails_per_day() { Err(ApiError::TooManyMails { wait_seconds }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use domain::{Outbox as _, Role};
    use serde_json::{Value, json};

    use crate::testing::World;

    async fn send_as(role: Role, world: &World, body: Value) -> (u16, String) {
        world.send(role, &[], &body).await
    }

    #[tokio::test]
    async fn a_user_mails_only_themselves() {
        for email in [json!(null), json!("eve@example.org"), json!("not an address"), json!(7), json!(["x"])]
        {
            let world = World::new().await;
            let body = json!({"title": "Job 12", "message": "done", "email": email});
            let answer = send_as(Role::User, &world, body).await;
            assert_eq!(
                answer,
                (200, r#"{"ok":true,"status":"Email has been sent to ada@example.org"}"#.into())
            );
            let sent = world.mailer.sent();
            assert_eq!(
                (sent[0].to().as_str(), sent[0].title(), sent[0].message()),
                ("ada@example.org", "Job 12", "done")
            );
        }
    }

    #[tokio::test]
    async fn an_administrator_may_name_another_address() {
        let world = World::new().await;
        let body = json!({"title": "Hello", "message": "text", "email": "eve@example.org"});
        assert_eq!(send_as(Role::Admin, &world, body).await.0, 200);
        assert_eq!(world.mailer.sent()[0].to().as_str(), "eve@example.org");
        let body = json!({"title": "Hello", "message": "text", "email": "nowhere"});
        assert_eq!(send_as(Role::Admin, &world, body).await.0, 400);
        let body = json!({"title": "Hello", "message": "text", "email": 7});
        assert_eq!(send_as(Role::Admin, &world, body).await.0, 400);
        let gone = domain::EmailAddress::parse("gone@example.org").unwrap();
        world.store.note_undeliverable(&gone, world.now().plus_seconds(1)).await.unwrap();
        let body = json!({"title": "Hello", "message": "text", "email": "gone@example.org"});
        assert_eq!(send_as(Role::Admin, &world, body).await.0, 500, "mail to the address has bounced");
        assert_eq!(send_as(Role::Admin, &world, json!({"title": "Hello", "message": "text"})).await.0, 200);
        assert_eq!(world.mailer.sent()[1].to().as_str(), "ada@example.org");
    }

    #[tokio::test]
    async fn headers_cannot_be_forged_and_nothing_is_sent() {
        let world = World::new().await;
        for body in [
            json!({"title": "Hi\r\nBcc: eve@example.org", "message": "x"}),
            json!({"title": "", "message": "x"}),
            json!({"title": "Hi", "message": "\u{0}"}),
            json!({"title": "Hi"}),
            json!({"title": 1, "message": "x"}),
        ] {
            assert_eq!(send_as(Role::User, &world, body).await.0, 400);
        }
        assert!(world.mailer.sent().is_empty());
    }

    #[tokio::test]
    async fn a_mail_that_is_refused_is_a_500_in_json() {
        let world = World::refusing_mail().await;
        let (status, body) = send_as(Role::User, &world, json!({"title": "Hi", "message": "x"})).await;
        assert_eq!(status, 500);
        assert!(body.starts_with(r#"{"ok":false,"status":"The email cannot be sent"#), "{body}");
    }

    #[tokio::test]
    async fn a_request_that_is_repeated_with_its_key_sends_one_mail() {
        let world = World::new().await;
        let body = json!({"title": "Job 12", "message": "done"});
        let key = [("idempotency-key", "3f1c")];
        let first = world.send(Role::User, &key, &body).await;
        assert_eq!(first.0, 200);
        assert_eq!(world.send(Role::User, &key, &body).await, first);
        assert_eq!(world.mailer.sent().len(), 1);
        let other = json!({"title": "Job 13", "message": "done"});
        assert_eq!(world.send(Role::User, &key, &other).await.0, 409);
        assert_eq!(world.send(Role::User, &[], &body).await.0, 200);
        assert_eq!(world.mailer.sent().len(), 2);
    }

    #[tokio::test]
    async fn nobody_sends_more_mail_in_a_day_than_their_role_allows() {
        let world = World::new().await;
        let body = json!({"title": "Job 12", "message": "done"});
        for _ in 0..100 {
            assert_eq!(world.send(Role::User, &[], &body).await.0, 200);
        }
        let (status, answer) = world.send(Role::User, &[], &body).await;
        assert!(status == 429 && answer.contains("Too many mails"), "{answer}");
        assert_eq!(world.mailer.sent().len(), 100);
        assert_eq!(world.send(Role::Pro, &[], &body).await.0, 200);
        world.clock.advance(86_400);
        assert_eq!(world.send(Role::User, &[], &body).await.0, 200);
    }
}
