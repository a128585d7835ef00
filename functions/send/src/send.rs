//! `POST /send`: one mail.

use domain::{Account, EmailAddress, Mail, Role};
use serde::Deserialize;
use serde_json::Value;
use web::{ApiError, Post, Request, Response, response};

#[derive(Deserialize)]
struct Order {
    title: String,
    message: String,
    /// Of any type, because it counts for administrators only.
    #[serde(default)]
    email: Value,
}

/// Sends the message to the caller's own address. An administrator may name another one; what anybody else writes
/// there is ignored.
pub(crate) async fn send(post: &Post, account: &Account, request: &Request) -> Result<Response, ApiError> {
    let Order { title, message, email } = request.json()?;
    let to = match email {
        Value::Null => account.email.clone(),
        _ if account.role != Role::Admin => account.email.clone(),
        Value::String(email) if email.is_empty() => account.email.clone(),
        Value::String(email) => {
            EmailAddress::parse(&email).map_err(|error| ApiError::BadRequest(error.to_string()))?
        }
        _ => return Err(ApiError::BadRequest("`email` is not a text: write one address.".into())),
    };
    let mail = Mail::new(to, &title, &message).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    if post.outbox.is_undeliverable(mail.to()).await? {
        return Err(ApiError::MailRefused("mail to the address has bounced or was complained about".into()));
    }
    post.mailer.send(&mail).await?;
    Ok(response::success(&format!("Email has been sent to {}", mail.to())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use domain::Outbox as _;
    use domain::testing::{FakeLinks, MemoryAccounts, MemoryMailer, SeededRandom, contract};
    use http::Method;
    use serde_json::json;

    use super::*;

    async fn send_as(role: Role, mailer: &Arc<MemoryMailer>, body: serde_json::Value) -> (u16, String) {
        let random = SeededRandom::new(1);
        let mut account = contract::account("ada@example.org", &random);
        account.role = role;
        let body = Bytes::from(body.to_string());
        let request = Request { body, ..Request::new(Method::POST, "/") };
        let outbox = Arc::new(MemoryAccounts::default());
        let gone = EmailAddress::parse("gone@example.org").unwrap();
        outbox.note_undeliverable(&gone, account.created).await.unwrap();
        let post = Post { outbox, mailer: mailer.clone(), links: Arc::new(FakeLinks) };
        let result = send(&post, &account, &request).await;
        let answer = result.unwrap_or_else(|error| error.to_response());
        (answer.status().as_u16(), String::from_utf8(answer.body().as_whole().unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_user_mails_only_themselves() {
        for email in [json!(null), json!("eve@example.org"), json!("not an address"), json!(7), json!(["x"])]
        {
            let mailer = Arc::new(MemoryMailer::default());
            let body = json!({"title": "Job 12", "message": "done", "email": email});
            let answer = send_as(Role::User, &mailer, body).await;
            assert_eq!(
                answer,
                (200, r#"{"ok":true,"status":"Email has been sent to ada@example.org"}"#.into())
            );
            let sent = mailer.sent();
            assert_eq!(
                (sent[0].to().as_str(), sent[0].title(), sent[0].message()),
                ("ada@example.org", "Job 12", "done")
            );
        }
    }

    #[tokio::test]
    async fn an_administrator_may_name_another_address() {
        let mailer = Arc::new(MemoryMailer::default());
        let body = json!({"title": "Hello", "message": "text", "email": "eve@example.org"});
        assert_eq!(send_as(Role::Admin, &mailer, body).await.0, 200);
        assert_eq!(mailer.sent()[0].to().as_str(), "eve@example.org");
        let body = json!({"title": "Hello", "message": "text", "email": "nowhere"});
        assert_eq!(send_as(Role::Admin, &mailer, body).await.0, 400);
        let body = json!({"title": "Hello", "message": "text", "email": 7});
        assert_eq!(send_as(Role::Admin, &mailer, body).await.0, 400);
        let body = json!({"title": "Hello", "message": "text", "email": "gone@example.org"});
        assert_eq!(send_as(Role::Admin, &mailer, body).await.0, 500, "mail to the address has bounced");
        assert_eq!(send_as(Role::Admin, &mailer, json!({"title": "Hello", "message": "text"})).await.0, 200);
        assert_eq!(mailer.sent()[1].to().as_str(), "ada@example.org");
    }

    #[tokio::test]
    async fn headers_cannot_be_forged_and_nothing_is_sent() {
        let mailer = Arc::new(MemoryMailer::default());
        for body in [
            json!({"title": "Hi\r\nBcc: eve@example.org", "message": "x"}),
            json!({"title": "", "message": "x"}),
            json!({"title": "Hi", "message": "\u{0}"}),
            json!({"title": "Hi"}),
            json!({"title": 1, "message": "x"}),
        ] {
            assert_eq!(send_as(Role::User, &mailer, body).await.0, 400);
        }
        assert!(mailer.sent().is_empty());
    }

    #[tokio::test]
    async fn a_mail_that_is_refused_is_a_500_in_json() {
        let mailer = Arc::new(MemoryMailer::refusing());
        let (status, body) = send_as(Role::User, &mailer, json!({"title": "Hi", "message": "x"})).await;
        assert_eq!(status, 500);
        assert!(body.starts_with(r#"{"ok":false,"status":"The email cannot be sent"#), "{body}");
    }
}
