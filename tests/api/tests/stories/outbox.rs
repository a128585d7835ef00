//! Mail that is promised.

use api::{App, story_with};
use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use serde_json::{Value, json};
use stack::environment::TABLE;
use stack::event::tick;

use crate::faults::gateway_with;

async fn subjects_to(app: &App, email: &str) -> Vec<String> {
    let mails = app.world.mailbox.mails().await.into_iter().filter(|mail| mail.to == [email]);
    mails.map(|mail| mail.subject).collect()
}

/// Tells the function something that is no request.
async fn notify(app: &App, event: &Value) {
    let url = format!("{}/send", app.world.local().gateway.invoke_url);
    app.send_to(&url, Method::POST, &[], event.to_string().into_bytes()).await.is(204);
}

/// Makes the letters to an address free at once, whose sender has them for a minute; how many there are.
async fn release(app: &App, email: &str) -> usize {
    let client = &app.world.dynamodb;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let query = client.query().table_name(TABLE).key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", text("OUTBOX")).send().await.expect("letters");
    let letters = query.items().iter().filter(|item| item.get("to") == Some(&text(email)));
    let mut count = 0;
    for letter in letters {
        let update = client
            .update_item()
            .table_name(TABLE)
            .key("pk", letter["pk"].clone())
            .key("sk", letter["sk"].clone());
        let update = update.update_expression("SET held_until = :zero");
        let zero = AttributeValue::N("0".into());
        update.expression_attribute_values(":zero", zero).send().await.expect("released");
        count += 1;
    }
    count
}

#[test]
pub(crate) fn a_mail_that_could_not_be_sent_is_sent_later_once() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let ada = app.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let closed = format!("http://127.0.0.1:{}", stack::free_port().expect("a port"));
        let gateway = gateway_with(&app, "AWS_ENDPOINT_URL", &closed).await;
        let without_mail = app.at(&gateway.rest_url);
        without_mail.anonymous().post_json("password/forgot", &json!({"email": email})).await.is(200);
        assert_eq!(subjects_to(&app, email).await, Vec::<String>::new());
        notify(&app, &tick()).await;
        assert_eq!(subjects_to(&app, email).await, Vec::<String>::new(), "its sender may still be at it");
        assert_eq!(release(&app, email).await, 1);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let unreadable = app.world.dynamodb.put_item().table_name(TABLE);
        let unreadable = unreadable.item("pk", text("OUTBOX")).item("sk", text("LETTER#!"));
        let zero = AttributeValue::N("0".into());
        unreadable.item("held_until", zero).send().await.expect("a letter that nobody can read");
        for _ in 0..2 {
            notify(&app, &tick()).await;
            assert_eq!(subjects_to(&app, email).await, ["Set a new password"]);
        }
        assert_eq!(release(&app, email).await, 0);
        let delete = app.world.dynamodb.delete_item().table_name(TABLE);
        delete.key("pk", text("OUTBOX")).key("sk", text("LETTER#!")).send().await.expect("removed");
    });
}

#[test]
pub(crate) fn an_address_that_bounces_or_complains_is_not_mailed_again() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        for (kind, about, list) in
            [("Bounce", "bounce", "bouncedRecipients"), ("Complaint", "complaint", "complainedRecipients")]
        {
            let ada = app.signed_in("ada").await;
            let email = ada.account().email.as_str();
            ada.post_json("send", &json!({"title": "Hello", "message": "text"})).await.is(200);
            let message = json!({"eventType": kind, "mail": {"messageId": "1"},
                about: {"bounceType": "Permanent", list: [{"emailAddress": email.to_uppercase()}]}});
            let record = json!({"EventSource": "aws:sns", "Sns": {"Message": message.to_string()}});
            notify(&app, &json!({"Records": [record]})).await;
            ada.post_json("send", &json!({"title": "Hello", "message": "text"})).await.fails(500);
            app.anonymous().post_json("password/forgot", &json!({"email": email})).await.is(200);
            assert_eq!(subjects_to(&app, email).await, ["Hello"]);
            assert_eq!(release(&app, email).await, 0, "and it is not kept for later");
        }
    });
}
