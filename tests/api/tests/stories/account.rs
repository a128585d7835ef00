//! The account of the caller.

use api::story;
use serde_json::json;

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
fn a_log_on_that_was_forgotten_somewhere_is_found_and_ended() {
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
