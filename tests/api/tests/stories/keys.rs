//! API keys: what scripts do in the name of a user.

use api::world::PASSWORD;
use api::{Answer, App, Person, story};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AccountChange, AccountStore as _, ApiKeyId, ApiKeyText, Effects};
use http::Method;
use serde_json::{Value, json};

async fn keys(person: &Person) -> Vec<Value> {
    person.get("keys").await.is(200).json()["data"].as_array().expect("a list").clone()
}

/// The id of a script's key.
fn id(script: &Person) -> ApiKeyId {
    ApiKeyText::parse(script.key()).expect("a key").id
}

async fn put(person: &Person, path: &str, content: &str) -> Answer {
    person.send(Method::PUT, path, &[], content.into()).await
}

/// A key as its holder writes it, changed as its parts are.
fn changed(key: &str, change: impl FnOnce(&mut ApiKeyText)) -> String {
    let mut text = ApiKeyText::parse(key).expect("a key");
    change(&mut text);
    text.reveal()
}

#[test]
fn a_script_with_a_key_lists_uploads_downloads_and_deletes_and_nothing_else() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("files:read files:write").await;
        script.upload("runs", &[("a.idf", b"Version,9.6;")]).await.is(200);
        put(&script, "files/runs/b.idf", "Version,24.1;").await.is(200);
        assert_eq!(ada.get("files/runs/b.idf").await.is(200).text(), "Version,24.1;");
        assert_eq!(script.get("files").await.is(200).json()["children"][0]["fileName"], "runs");
        assert_eq!(script.get("files/runs/a.idf").await.is(200).text(), "Version,9.6;");
        script.send(Method::HEAD, "files/runs/a.idf", &[], Vec::new()).await.is(200);
        script.get("files/runs?format=zip").await.is(200);
        script.post("files/runs?copy=runs2").await.is(200);
        script.get("usage").await.is(200);
        let upload = script.post_json("uploads", &json!({"path": "c.idf", "size": 5})).await.is(200).json();
        let upload = format!("uploads/{}", upload["id"].as_str().expect("an id"));
        script.get(&upload).await.is(200);
        script.delete(&upload).await.is(200);
        assert_eq!(script.delete("files/runs").await.is(200).json()["ok"], true);
        let order = json!({"title": "x", "message": "x", "name": "x", "scope": "send", "company": "x",
            "email": ada.account().email.as_str(), "password": PASSWORD, "new_password": "seven grey herons"});
        for (path, needed) in [
            ("send", "send"),
            ("user", "log on"),
            ("keys", "log on"),
            ("password", "log on"),
            ("confirm", "log on"),
        ] {
            let answer = script.post_json(path, &order).await.fails(403);
            assert_eq!(answer.header("www-authenticate"), r#"Bearer error="insufficient_scope""#);
            assert!(
                answer.json()["status"].as_str().expect("a text").contains(needed),
                "{path}: {}",
                answer.text()
            );
        }
        assert!(script.get("user").await.fails(403).text().contains("account:read"));
        assert_eq!(keys(&ada).await.len(), 1);
    });
}

#[test]
fn a_key_that_only_reads_changes_nothing_and_one_that_only_writes_reads_nothing() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        ada.upload("", &[("a.idf", b"mine")]).await.is(200);
        let (reader, writer) = (ada.script("files:read").await, ada.script("files:write").await);
        reader.upload("", &[("a.idf", b"changed")]).await.fails(403);
        put(&reader, "files/a.idf", "changed").await.fails(403);
        reader.post("files/a.idf?move=b.idf").await.fails(403);
        reader.post_json("uploads", &json!({"path": "a.idf", "size": 5})).await.fails(403);
        assert!(reader.delete("files/a.idf").await.fails(403).text().contains("files:write"));
        assert_eq!(reader.get("files/a.idf").await.is(200).text(), "mine");
        assert!(writer.get("files/a.idf").await.fails(403).text().contains("files:read"));
        for path in ["files", "files?limit=1", "files?format=zip", "usage"] {
            writer.get(path).await.fails(403);
        }
        put(&writer, "files/a.idf", "changed").await.is(200);
        assert_eq!(reader.get("files/a.idf").await.is(200).text(), "changed");
    });
}

#[test]
fn a_key_mails_its_owner_and_reads_the_account_within_its_scopes() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("send account:read").await;
        let own = ada.account().email.as_str();
        assert_eq!(script.get("user").await.is(200).json()["data"]["email"], own);
        script.post_json("send", &json!({"title": "Run 7", "message": "done"})).await.is(200);
        let mails = app.world.mailbox.mails().await.into_iter().filter(|mail| mail.to == [own]);
        assert_eq!(mails.map(|mail| mail.subject).collect::<Vec<_>>(), ["An API key was made", "Run 7"]);
        script.get("files").await.fails(403);
    });
}

#[test]
fn a_key_that_is_revoked_is_dead_on_the_next_request_in_every_process() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let (kept, script) = (ada.script("files:read").await, ada.script("files:read account:read").await);
        let id = id(&script);
        // Each function has two processes; several calls reach both.
        for _ in 0..4 {
            script.get("files").await.is(200);
            script.get("user").await.is(200);
        }
        ada.delete(&format!("keys/{id}")).await.is(200);
        for _ in 0..4 {
            script.get("files").await.fails(401);
            script.get("user").await.fails(401);
            kept.get("files").await.is(200);
        }
        ada.delete(&format!("keys/{id}")).await.fails(404);
    });
}

#[test]
fn whatever_is_not_the_whole_key_is_a_401() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("files:read").await;
        let key = script.key();
        for end in 0..key.len() {
            ada.with_key(&key[..end]).get("files").await.fails(401);
        }
        for at in (0..key.len()).step_by(7) {
            let other = if &key[at..=at] == "a" { "b" } else { "a" };
            ada.with_key(&format!("{}{other}{}", &key[..at], &key[at + 1..])).get("files").await.fails(401);
        }
        for wrong in [key.to_uppercase(), format!("{key}a"), format!("{key} {key}"), format!("{key}=")] {
            ada.with_key(&wrong).get("files").await.fails(401);
        }
        // With right checksums: another key's secret, another account's key, a key that there is not.
        let (other, eve) = (ada.script("files:read").await, app.signed_in("eve").await);
        ada.with_key(&changed(other.key(), |text| text.id = id(&script))).get("files").await.fails(401);
        ada.with_key(&changed(key, |text| text.account = eve.account().id.clone()))
            .get("files")
            .await
            .fails(401);
        let nowhere = ApiKeyId::parse(&"0".repeat(32)).expect("an id");
        ada.with_key(&changed(key, |text| text.id = nowhere)).get("files").await.fails(401);
        script.get("files").await.is(200);
    });
}

#[test]
fn a_key_counts_in_the_authorization_header_only_and_a_session_beside_it_for_more() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("files:read").await;
        ada.with_token(script.key()).get("files").await.fails(401);
        let get = async |headers: &[(&str, &str)]| app.send(Method::GET, "files", headers, Vec::new()).await;
        get(&[("authorization", script.key())]).await.fails(401);
        get(&[("authorization", &format!("Basic {}", script.key()))]).await.fails(401);
        get(&[("x-api-key", script.key())]).await.fails(401);
        let bearer = format!("bearer {}", script.key());
        get(&[("authorization", &bearer)]).await.is(200);
        get(&[("authorization", &bearer), ("cookie", "session_token=old")]).await.is(200);
        // The cookie is enough for what the key may not.
        ada.send(Method::POST, "user", &[("authorization", &bearer)], b"{}".into()).await.is(200);
        ada.send(Method::GET, "keys", &[("authorization", &bearer)], Vec::new()).await.is(200);
        ada.send(Method::POST, "logout", &[("authorization", &bearer)], Vec::new()).await.is(200);
        ada.get("keys").await.fails(401);
        script.get("files").await.is(200);
    });
}

/// Lets a key end a second after it was made.
async fn let_expire(app: &App, person: &Person, id: &ApiKeyId) {
    let text = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    let key = [text("pk", format!("USER#{}", person.account().id)), text("sk", format!("KEY#{id}"))];
    let update = app.world.dynamodb.update_item().table_name(&app.world.table).set_key(Some(key.into()));
    let update =
        update.update_expression("SET expires = created + :one").condition_expression("attribute_exists(pk)");
    let one = AttributeValue::N("1".into());
    update.expression_attribute_values(":one", one).send().await.expect("changed");
}

#[test]
fn a_key_ends_in_its_time() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("files:read").await;
        script.get("files").await.is(200);
        let id = id(&script);
        let_expire(&app, &ada, &id).await;
        // The second goes by.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        script.get("files").await.fails(401);
        assert!(keys(&ada).await.is_empty());
        ada.delete(&format!("keys/{id}")).await.fails(404);
        for past in ["2020-01-01", "2020-01-01T00:00:00Z"] {
            ada.post_json("keys", &json!({"name": "x", "scope": "send", "expires": past})).await.fails(400);
        }
    });
}

#[test]
fn keys_outlive_a_new_password_and_end_with_the_account_or_when_it_ends_them() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("files:read").await;
        let order = json!({"password": PASSWORD, "new_password": "seven grey herons"});
        ada.post_json("password", &order).await.is(200);
        ada.delete("sessions").await.is(200);
        script.get("files").await.is(200);
        for change in [
            AccountChange { end_keys: true, ..AccountChange::default() },
            AccountChange { disabled: Some(true), ..AccountChange::default() },
        ] {
            let eve = app.signed_in("eve").await;
            let script = eve.script("files:read").await;
            script.get("files").await.is(200);
            app.world.accounts.change(eve.account(), &change, &Effects::none()).await.expect("changed");
            for _ in 0..4 {
                script.get("files").await.fails(401);
            }
        }
    });
}

#[test]
fn an_account_from_before_there_were_keys_has_and_ends_them_like_any_other() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let text = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
        let profile = [text("pk", format!("USER#{}", ada.account().id)), text("sk", "PROFILE".into())];
        let update =
            app.world.dynamodb.update_item().table_name(&app.world.table).set_key(Some(profile.into()));
        let update = update.update_expression("REMOVE key_generation");
        update.condition_expression("attribute_exists(key_generation)").send().await.expect("removed");
        let script = ada.script("files:read").await;
        script.get("files").await.is(200);
        let change = AccountChange { end_keys: true, ..AccountChange::default() };
        app.world.accounts.change(ada.account(), &change, &Effects::none()).await.expect("changed");
        script.get("files").await.fails(401);
        ada.script("files:read").await.get("files").await.is(200);
    });
}

#[test]
fn an_owner_sees_their_own_keys_with_their_last_use_and_nobody_elses() {
    story(async |app| {
        let (ada, eve) = (app.signed_in("ada").await, app.signed_in("eve").await);
        let script = ada.script("files:read send").await;
        let before = keys(&ada).await;
        assert_eq!((before.len(), &before[0]["last_used"]), (1, &Value::Null));
        assert_eq!(before[0]["id"], id(&script).as_str());
        assert_eq!(
            (&before[0]["name"], &before[0]["scope"]),
            (&"files:read send".into(), &"files:read send".into())
        );
        assert_eq!(before[0].as_object().expect("an object").len(), 6);
        script.get("files").await.is(200);
        let after = keys(&ada).await;
        assert!(
            after[0]["last_used"].as_str().expect("a time") >= after[0]["created"].as_str().expect("a time")
        );
        let listed = ada.get("keys").await.text();
        assert!(!listed.contains("uapi_") && !listed.contains("hash"), "{listed}");
        assert!(keys(&eve).await.is_empty());
        eve.delete(&format!("keys/{}", id(&script))).await.fails(404);
        eve.upload("", &[("eve.idf", b"x")]).await.is(200);
        assert_eq!(script.get("files").await.is(200).json()["children"], json!([]));
        script.get("files/eve.idf").await.fails(404);
    });
}

#[test]
fn what_is_stored_of_a_key_does_not_let_anybody_in() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let script = ada.script("files:read").await;
        let query =
            app.world.dynamodb.query().table_name(&app.world.table).key_condition_expression("pk = :pk");
        let pk = AttributeValue::S(format!("USER#{}", ada.account().id));
        let items = query.expression_attribute_values(":pk", pk).send().await.expect("readable");
        let stored = format!("{:?}", items.items());
        assert!(
            stored.contains("KEY#") && !stored.contains("uapi_") && !stored.contains(&script.key()[57..])
        );
    });
}
