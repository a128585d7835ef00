//! Mail.

use api::story;
use domain::Role;
use serde_json::json;

#[test]
pub(crate) fn a_user_mails_themselves_and_an_administrator_anybody() {
    story(async |app| {
        let (ada, admin) = (app.signed_in("ada").await, app.signed_in_as("admin", Role::Admin).await);
        let own = ada.account().email.to_string();
        let body =
            json!({"title": "Job 12 is done", "message": "Grüße\nfrom JESS", "email": "eve@example.org"});
        let answer = ada.post_json("send", &body).await.is(200);
        assert_eq!(answer.text(), format!(r#"{{"ok":true,"status":"Email has been sent to {own}"}}"#));
        let body = json!({"title": "Welcome", "message": "Hello.", "email": own});
        admin.post_json("send/", &body).await.is(200);
        let mails: Vec<_> =
            app.world.mailbox.mails().await.into_iter().filter(|mail| mail.to == [own.clone()]).collect();
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["Job 12 is done", "Welcome"]);
        assert_eq!(
            (mails[0].text.as_str(), mails[0].from.as_str()),
            ("Grüße\nfrom JESS", "users-api@example.org")
        );
    });
}

#[test]
fn a_mail_that_would_forge_headers_is_refused_and_not_sent() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for body in [
            json!({"title": "Hi\r\nBcc: eve@example.org", "message": "x"}),
            json!({"title": "Hi", "message": "\u{0}"}),
            json!({"title": "", "message": "x"}),
            json!({"message": "x"}),
            json!({"title": "x"}),
            json!({}),
        ] {
            ada.post_json("send", &body).await.fails(400);
        }
        let own = ada.account().email.to_string();
        assert!(app.world.mailbox.mails().await.iter().all(|mail| !mail.to.contains(&own)));
    });
}
