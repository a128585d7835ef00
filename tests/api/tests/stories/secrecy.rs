//! No secret in any log.

use api::{story, world::PASSWORD};
use serde_json::json;

#[test]
fn no_password_token_or_content_is_logged_whatever_goes_wrong() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let secrets =
            ["s3cret-password-attempt", "s3cret-file-content", "s3cret-mail-text", "s3cret-profile"];
        app.anonymous().post_json("auth", &json!({"email": email, "password": secrets[0]})).await.is(200);
        app.anonymous().post_json("auth", &json!({"email": secrets[0], "password": 5})).await.fails(400);
        app.anonymous().post_json(&format!("{}/{}", secrets[0], secrets[1]), &json!({})).await.fails(404);
        ada.post_json("confirm", &json!({"email": email, "password": secrets[0]})).await.is(200);
        ada.upload("", &[("a.idf", secrets[1].as_bytes())]).await.is(200);
        ada.get("files/a.idf").await.is(200);
        ada.post_json("send", &json!({"title": secrets[2], "message": secrets[2]})).await.is(200);
        ada.post_json("user", &json!({"company": secrets[3]})).await.is(200);
        ada.post_json("user", &json!({"company": [secrets[3]]})).await.fails(400);
        let renewed = ada.post("checkin").await.token();
        ada.with_token(&renewed).post("logout").await.is(200);
        let script = app.log_on(ada.account()).await.script("files:read").await;
        script.get("files").await.is(200);
        script.post("send").await.fails(403);
        ada.with_key(&script.key()[..94]).get("files").await.fails(401);
        ada.with_token(script.key()).get("files").await.fails(401);
        // The account and the key are no secret: what follows them is.
        let key_secret = &script.key()[57..];
        let logs = app.world.local().printed();
        assert!(logs.contains("\"route\":\"log_off\""), "the log has lines");
        for secret in secrets.into_iter().chain([
            PASSWORD,
            ada.token(),
            renewed.as_str(),
            key_secret,
            &key_secret[..30],
            "argon2id",
            "pkcs8",
        ]) {
            let signature = secret.rsplit('.').next().expect("a text");
            assert!(!logs.contains(signature), "the log holds {secret}");
        }
    });
}

#[test]
fn every_request_is_one_line_of_json_with_its_id() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        ada.get("user").await.is(200);
        let logs = app.world.local().printed();
        let id = ada.account().id.as_str();
        let line =
            logs.lines().find(|line| line.contains(id) && line.contains("read_account")).expect("a line");
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(
            (&line["message"], &line["status"], &line["method"]),
            (&json!("request"), &json!(200), &json!("GET"))
        );
        assert_eq!(line["account.id"], id);
        assert!(
            line["request_id"].as_str().is_some_and(|id| id.len() == 36) && line["duration_ms"].is_number()
        );
        assert!(logs.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    });
}
