//! The account of the caller.

use std::collections::BTreeSet;

use api::zips::names_in;
use api::{story, world::PASSWORD};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Role;
use http::Method;
use serde_json::json;
use stack::event::tick;

#[test]
fn two_browsers_and_a_script_work_on_one_account_at_once() {
    story(async |app| {
        let laptop = app.signed_in("ada").await;
        let phone = app.log_on(laptop.account()).await;
        let script = laptop.script("files:read files:write account:read").await;
        let at_laptop = async {
            for number in 0..8 {
                laptop.upload("runs/laptop", &[(&format!("{number}.idf"), b"Version,9.6;")]).await.is(200);
                laptop.post_json("user", &json!({"company": format!("ENSIMS {number}")})).await.is(200);
            }
        };
        let on_phone = async {
            for number in 0..8 {
                phone.post_json("user", &json!({"tel": format!("+44 {number}")})).await.is(200);
                let token = phone.post("checkin").await.is(200).token();
                phone.with_token(&token).get("files/runs").await;
            }
        };
        let in_script = async {
            for number in 0..8 {
                let path = format!("files/runs/script/{number}.csv");
                script.send(Method::PUT, &path, &[], b"1,2".to_vec()).await.is(200);
                assert_eq!(script.get(&path).await.is(200).text(), "1,2");
            }
        };
        futures_util::join!(at_laptop, on_phone, in_script);
        let user = script.get("user").await.is(200).json()["data"].clone();
        assert_eq!((&user["company"], &user["tel"]), (&json!("ENSIMS 7"), &json!("+44 7")));
        let stored = app.stored(&laptop).await;
        let count = |folder: &str| stored.iter().filter(|path| path.starts_with(folder)).count();
        assert_eq!((count("runs/laptop/"), count("runs/script/")), (8, 8));
        phone.delete("sessions").await.is(200);
        laptop.get("user").await.fails(401);
        phone.get("user").await.is(200);
        script.get("files").await.is(200);
        let id = phone.get("keys").await.is(200).json()["data"][0]["id"].as_str().expect("an id").to_owned();
        phone.delete(&format!("keys/{id}")).await.is(200);
        script.get("files").await.fails(401);
    });
}

#[test]
fn an_account_is_read_changed_and_posted_back_whole() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let read = ada.get("user").await.is(200).json();
        assert_eq!(
            (&read["ok"], &read["status"]),
            (&json!(true), &json!("User's account detailes included."))
        );
        let mut account = read["data"].clone();
        assert_eq!((&account["firstname"], &account["jess_pwd"]), (&json!("ada"), &json!("hidden")));
        assert_eq!(account.as_object().expect("an object").len(), 18);
        account["company"] = json!("Grüße & Söhne");
        account["nickname"] = json!("Countess");
        let answer = ada.post_json("user", &account).await.is(200);
        assert_eq!(
            answer.text(),
            r#"{"ok":true,"status":"Account details updated successfully!","session":null}"#
        );
        assert_eq!(ada.get("user/").await.is(200).json()["data"], account);
        assert_eq!(ada.post("checkin").await.json()["user"], "Countess");
    });
}

#[test]
fn nobody_changes_what_is_not_theirs_to_change() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let before = ada.get("user").await.json();
        let body = json!({"role": "admin", "email": "eve@example.org", "id": "x", "pk": "x", "password_hash": "x",
            "disabled": true, "jess_user": "x", "jess_pwd": "x", "is_admin": true, "quota": 1});
        ada.post_json("user", &body).await.is(200);
        assert_eq!(ada.get("user").await.json(), before);
        assert_eq!(ada.post("checkin").await.json()["role"], "user");
    });
}

#[test]
fn a_malformed_account_is_a_400_and_changes_nothing() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let before = ada.get("user").await.json();
        for body in [
            json!([]),
            json!("x"),
            json!(null),
            json!({"tel": 5}),
            json!({"use_jess": "yes"}),
            json!({"tel": "\u{1}"}),
        ] {
            ada.post_json("user", &body).await.fails(400);
        }
        assert_eq!(ada.get("user").await.json(), before);
    });
}

#[test]
pub(crate) fn a_log_on_that_was_forgotten_somewhere_is_found_and_ended() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let forgotten = app.log_on(ada.account()).await;
        let elsewhere = app.log_on(ada.account()).await;
        let sessions = ada.get("sessions").await.is(200).json()["data"].as_array().expect("a list").clone();
        assert_eq!(sessions.len(), 3);
        assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
        assert!(sessions.iter().all(|session| session["network"] == "127.0.0.0/24"), "{sessions:?}");
        let own = forgotten.get("sessions").await.is(200).json()["data"].clone();
        let own = own.as_array().expect("a list").iter().find(|session| session["current"] == true);
        let id = own.and_then(|session| session["id"].as_str()).expect("an id");
        let eve = app.signed_in("eve").await;
        eve.delete(&format!("sessions/{id}")).await.fails(404);
        ada.delete(&format!("sessions/{id}")).await.is(200);
        forgotten.get("user").await.fails(401);
        elsewhere.get("files").await.is(200);
        ada.delete("sessions").await.is(200);
        elsewhere.get("files").await.fails(401);
        ada.get("files").await.is(200);
        eve.get("files").await.is(200);
    });
}

#[test]
fn an_administrator_disables_promotes_and_logs_off_and_the_owner_reads_who_did_what() {
    story(async |app| {
        let (ada, root) = (app.signed_in("ada").await, app.signed_in_as("root", Role::Admin).await);
        let key = ada.script("files:read").await;
        let email = ada.account().email.as_str().to_uppercase();
        let found = root.get(&format!("accounts?email={email}")).await.is(200).json()["data"].clone();
        let path = format!("accounts/{}", found["id"].as_str().expect("an id"));
        assert_eq!(root.get(&path).await.is(200).json()["data"], found);
        root.post_json(&path, &json!({"role": "pro", "quota_bytes": 10})).await.is(200);
        assert_eq!(ada.post("checkin").await.json()["role"], "pro");
        assert_eq!(ada.get("usage").await.json()["data"]["bytes_limit"], 10);
        ada.upload("", &[("a.idf", b"more than ten bytes")]).await.fails(413);
        root.post_json(&path, &json!({"quota_bytes": null})).await.is(200);
        ada.upload("", &[("a.idf", b"more than ten bytes")]).await.is(200);
        root.post_json(&path, &json!({"disabled": true})).await.is(200);
        for path in ["user", "files"] {
            ada.get(path).await.fails(401);
        }
        key.get("files").await.fails(401);
        let pair = json!({"email": ada.account().email.as_str(), "password": PASSWORD});
        app.anonymous().post_json("auth", &pair).await.fails(200);
        root.post_json(&path, &json!({"disabled": false})).await.is(200);
        ada.get("user").await.fails(401);
        key.get("files").await.fails(401);
        let again = app.log_on(ada.account()).await;
        root.delete(&format!("{path}/sessions")).await.is(200);
        again.get("user").await.fails(401);
        let events = app.log_on(ada.account()).await.get("audit").await.is(200).json()["data"].clone();
        let events = events.as_array().expect("a list").clone();
        let by_root: Vec<_> = events.iter().filter(|event| event["by"] == "administrator").collect();
        let names: BTreeSet<_> = by_root.iter().filter_map(|event| event["event"].as_str()).collect();
        let expected =
            ["all_sessions_ended", "disabled", "enabled", "looked", "quota_changed", "role_changed"];
        assert_eq!(names, BTreeSet::from(expected));
        assert_eq!(events.iter().filter(|event| event["event"] == "logged_on").count(), 3);
        assert!(events.iter().all(|event| event["by"] != "owner" || event["network"] == "127.0.0.0/24"));
    });
}

#[test]
pub(crate) fn an_account_is_taken_along_and_deleted_and_nothing_of_it_stays() {
    story(async |app| {
        let (ada, eve) = (app.signed_in("ada").await, app.signed_in("eve").await);
        let key = ada.script("files:read").await;
        let elsewhere = app.log_on(ada.account()).await;
        for somebody in [&ada, &eve] {
            somebody.upload("project", &[("a.idf", b"Version,9.6;")]).await.is(200);
            somebody.post_json("uploads", &json!({"path": "large", "size": 9_000_000})).await.is(200);
        }
        let export = ada.get("user/export").await.is(200);
        assert_eq!(export.header("content-type"), "application/zip");
        let names = names_in(&export.body);
        for name in ["account.json", "audit.json", "files/project/a.idf", "keys.json", "sessions.json"] {
            assert!(names.iter().any(|other| other == name), "{name} is not in {names:?}");
        }
        let farewell = async |password: &str| {
            let body = json!({"password": password}).to_string().into_bytes();
            ada.send(Method::DELETE, "user", &[("content-type", "application/json")], body).await
        };
        farewell("a guess").await.fails(400);
        ada.get("user").await.is(200);
        farewell(PASSWORD).await.is(200);
        for somebody in [&ada, &elsewhere, &key] {
            somebody.get("files").await.fails(401);
        }
        let email = ada.account().email.as_str();
        let pair = json!({"email": email, "password": PASSWORD});
        app.anonymous().post_json("auth", &pair).await.fails(200);
        let url = format!("{}/files", app.world.local().gateway.invoke_url);
        app.send_to(&url, Method::POST, &[], tick().to_string().into_bytes()).await.is(204);
        assert_eq!(app.stored(&ada).await, Vec::<String>::new());
        assert_eq!(app.stored(&eve).await, ["project/a.idf"]);
        let text = |value: String| AttributeValue::S(value);
        let query =
            app.world.dynamodb.query().table_name(&app.world.table).key_condition_expression("pk = :pk");
        let left = query.expression_attribute_values(":pk", text(format!("USER#{}", ada.account().id)));
        assert_eq!(left.send().await.expect("readable").count(), 0);
        let subjects = app.world.mailbox.mails().await.into_iter().filter(|mail| mail.to == [email]);
        assert_eq!(
            subjects.map(|mail| mail.subject).collect::<Vec<_>>(),
            ["An API key was made", "Your account was deleted"]
        );
        eve.get("user").await.is(200);
    });
}
