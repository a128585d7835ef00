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
