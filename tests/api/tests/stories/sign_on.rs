//! Log on, check in, log off, confirm.

use api::{story, world::PASSWORD};
use domain::{AccountStore as _, Clock as _};
use http::{Method, header};
use serde_json::json;

#[test]
fn logging_on_hands_out_one_cookie_and_says_who_it_is() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let body = json!({"email": email, "password": PASSWORD});
        for path in ["auth", "logon", "auth/", "logon/"] {
            let answer = app.anonymous().post_json(path, &body).await.is(200);
            let expected = format!(
                r#"{{"ok":true,"status":"Logged in successfully!","jwt":"Session token in cookie","user":"ada","role":"user","email":"{email}"}}"#
            );
            assert_eq!(answer.text(), expected);
            let cookie = answer.header("set-cookie");
            let token = answer.token();
            assert_eq!(
                cookie,
                format!(
                    "session_token={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400{}",
                    app.world.secure()
                )
            );
            assert!(token.starts_with("ey") && !token.contains(['=', ';', ',', '"']));
        }
    });
}

#[test]
fn a_wrong_pair_is_a_200_without_a_cookie_and_does_not_tell_which_half_is_wrong() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let expected = r#"{"ok":false,"status":"No matching username and password pair was found!"}"#;
        for (email, password) in
            [(email, "wrong password"), ("nobody@example.org", PASSWORD), ("no address", "x")]
        {
            let answer =
                app.anonymous().post_json("auth", &json!({"email": email, "password": password})).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, expected));
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
        }
    });
}

#[test]
fn checking_in_renews_the_token_whatever_the_body_and_the_old_one_stays_valid() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let json_type = [("content-type", "application/json")];
        let bodies: [(&[(&str, &str)], &str); 4] =
            [(&[], ""), (&json_type, ""), (&json_type, "{}"), (&json_type, "\"\"")];
        for (headers, body) in bodies {
            let answer = ada.send(Method::POST, "checkin", headers, body.into()).await.is(200);
            assert_eq!(answer.json()["status"], "Session renewed successfully!");
            assert_eq!(answer.json()["jwt"], "Session key cookie");
            ada.with_token(&answer.token()).get("user").await.is(200);
        }
        ada.get("user").await.is(200);
    });
}

#[test]
fn logging_off_ends_every_token_of_the_session_at_once_in_every_process() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let renewed = ada.with_token(&ada.post("checkin").await.token());
        let elsewhere = app.log_on(ada.account()).await;
        let answer = renewed.post("logout").await.is(200);
        assert_eq!(
            answer.text(),
            r#"{"ok":true,"status":"Logged out successfully!","jwt":"Session token cleared","user":null,"role":null,"email":null}"#
        );
        let cookie = answer.header("set-cookie");
        assert_eq!(
            cookie,
            format!(
                "session_token=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT{}",
                app.world.secure()
            )
        );
        // Each function has two processes; several calls reach both.
        for _ in 0..4 {
            for path in ["user", "files"] {
                ada.get(path).await.fails(401);
                renewed.get(path).await.fails(401);
                elsewhere.get(path).await.is(200);
            }
        }
        ada.post("checkin").await.fails(401);
        ada.post("logout").await.fails(401);
    });
}

#[test]
fn the_callers_own_credentials_can_be_confirmed() {
    story(async |app| {
        let (ada, eve) = (app.signed_in("ada").await, app.signed_in("eve").await);
        let pair = |email: &str, password: &str| json!({"email": email, "password": password});
        let answer = ada.post_json("confirm", &pair(ada.account().email.as_str(), PASSWORD)).await.is(200);
        assert_eq!(answer.json()["status"], "User credential confirmed!");
        assert_eq!(answer.json()["jwt"], "Session key cookie");
        ada.with_token(&answer.token()).get("user").await.is(200);
        for wrong in [
            pair(ada.account().email.as_str(), "wrong password"),
            pair(eve.account().email.as_str(), PASSWORD),
        ] {
            let answer = ada.post_json("confirm", &wrong).await.is(200);
            assert_eq!(answer.text(), r#"{"ok":false,"status":"User does not match the existing session"}"#);
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
        }
    });
}

#[test]
fn a_token_is_accepted_in_every_form_that_clients_send() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let token = ada.token();
        let replayed = format!(
            "session_token={token}; Path=/; HttpOnly; Max-Age=86400; Expires=Thu, 01 Jan 2026 00:00:00 GMT"
        );
        let forms = [
            ("cookie", replayed),
            ("cookie", format!("session_token=old; session_token={token}")),
            ("cookie", format!("session_token={token}, session_token=old")),
            ("cookie", format!("theme=dark; session_token={token}")),
            ("authorization", format!("Bearer {token}")),
        ];
        for (name, value) in &forms {
            let answer = app.anonymous().send(Method::GET, "user", &[(name, value)], Vec::new()).await;
            assert_eq!(answer.status, 200, "{name}: {value}");
        }
        let twice = [("cookie", "session_token=old"), ("cookie", &format!("session_token={token}"))];
        app.anonymous().send(Method::GET, "user", &twice, Vec::new()).await.is(200);
    });
}

#[test]
fn a_tampered_token_is_no_token() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let token = ada.token();
        for at in (0..token.len()).step_by(7) {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            ada.with_token(std::str::from_utf8(&bytes).expect("ASCII")).get("user").await.fails(401);
        }
    });
}

#[test]
fn a_role_is_that_of_the_account_and_not_that_of_the_token() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let key =
            |name: &str, value: String| (name.to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(value));
        let profile = [key("pk", format!("USER#{}", ada.account().id)), key("sk", "PROFILE".into())];
        let update = app
            .world
            .dynamodb
            .update_item()
            .table_name(&app.world.table)
            .set_key(Some(profile.clone().into()));
        let update =
            update.update_expression("SET #role = :role").expression_attribute_names("#role", "role");
        let update = update.expression_attribute_values(":role", key("", "pro".into()).1);
        update.send().await.expect("promoted");
        assert_eq!(ada.post("checkin").await.json()["role"], "pro");
        let update =
            app.world.dynamodb.update_item().table_name(&app.world.table).set_key(Some(profile.into()));
        let update = update.update_expression("SET disabled = :yes");
        let yes = aws_sdk_dynamodb::types::AttributeValue::Bool(true);
        update.expression_attribute_values(":yes", yes).send().await.expect("disabled");
        ada.get("user").await.fails(401);
    });
}

#[test]
fn a_password_that_somebody_else_knows_is_changed_and_lets_nobody_in_any_more() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let elsewhere = app.log_on(ada.account()).await;
        let email = ada.account().email.as_str();
        let new = "seven grey herons";
        ada.post_json("password", &json!({"password": "a guess", "new_password": new})).await.fails(400);
        elsewhere.get("user").await.is(200);
        ada.post_json("password", &json!({"password": PASSWORD, "new_password": new})).await.is(200);
        elsewhere.get("user").await.fails(401);
        ada.get("files").await.is(200);
        let log_on = async |password: &str| {
            let pair = json!({"email": email, "password": password});
            app.anonymous().post_json("auth", &pair).await.is(200).json()["ok"].clone()
        };
        assert_eq!((log_on(PASSWORD).await, log_on(new).await), (false.into(), true.into()));
        let mails = app.world.mailbox.mails().await.into_iter().filter(|mail| mail.to == [email]);
        let subjects: Vec<_> = mails.map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Your password was changed"]);
    });
}

#[test]
fn an_account_with_a_second_factor_asks_for_a_code_and_takes_each_once() {
    story(async |app| {
        let app = app.elsewhere();
        let ada = app.signed_in("ada").await;
        let begun =
            ada.post_json("totp", &json!({"password": PASSWORD})).await.is(200).json()["data"].clone();
        let secret = || {
            let stored = app.world.accounts.find_account(&ada.account().id);
            async { stored.await.expect("readable").expect("there").second_factor.expect("begun") }
        };
        let now = || web::SystemClock.now();
        let code = secret().await.secret().code(now());
        assert_eq!(begun["secret"], secret().await.secret().to_base32());
        let on = ada.post_json("totp/confirm", &json!({"code": code})).await.is(200).json();
        let recovery = on["data"]["recovery_codes"].as_array().expect("codes").clone();
        assert_eq!(recovery.len(), 10);
        let log_on = async |code: &serde_json::Value| {
            let triple = json!({"email": ada.account().email.as_str(), "password": PASSWORD, "code": code});
            app.anonymous().post_json("auth", &triple).await.is(200)
        };
        let without = log_on(&json!(null)).await.fails(200);
        assert!(
            without.text().contains("A code is needed") && !without.headers.contains_key(header::SET_COOKIE)
        );
        log_on(&json!(code)).await.fails(200);
        let at_once = futures_util::future::join_all((0..3).map(|_| log_on(&recovery[0]))).await;
        let let_in = at_once.iter().filter(|answer| answer.json()["ok"] == true).count();
        assert_eq!(let_in, 1, "one code, sent three times at once");
        assert_eq!(log_on(&recovery[1]).await.json()["ok"], true);
        let off = json!({"password": PASSWORD, "code": recovery[2]}).to_string().into_bytes();
        ada.send(Method::DELETE, "totp", &[("content-type", "application/json")], off).await.is(200);
        assert_eq!(log_on(&json!(null)).await.json()["ok"], true);
    });
}
