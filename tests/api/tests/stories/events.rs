//! The sample events in `events/`: each of them is answered by the function it is named after.

use std::path::Path;

use api::story_with;
use http::Method;

/// The status that each event gets from somebody who is signed in, without any file.
const EXPECTED: [(&str, u16); 62] = [
    ("account_audit", 200),
    ("account_audit_of", 403),
    ("account_change_account", 403),
    ("account_create_key", 200),
    ("account_delete_account", 400),
    ("account_end_other_sessions", 200),
    ("account_end_session", 404),
    ("account_end_sessions", 403),
    ("account_find_account", 403),
    ("account_list_keys", 200),
    ("account_list_sessions", 200),
    ("account_read", 200),
    ("account_read_account", 403),
    ("account_revoke_key", 404),
    ("account_update", 200),
    ("auth_auth", 200),
    ("auth_begin_second_factor", 400),
    ("auth_change_address", 400),
    ("auth_change_password", 400),
    ("auth_checkin", 200),
    ("auth_confirm", 200),
    ("auth_confirm_new_address", 400),
    ("auth_confirm_second_factor", 409),
    ("auth_end_second_factor", 409),
    ("auth_forgot_password", 200),
    ("auth_jwks", 200),
    ("auth_logon", 200),
    ("auth_logout", 200),
    ("auth_register", 200),
    ("auth_reset_password", 400),
    ("auth_show_address_undo", 400),
    ("auth_show_forgot_password", 200),
    ("auth_show_new_address", 400),
    ("auth_show_reset", 400),
    ("auth_show_second_factor", 200),
    ("auth_show_verification", 400),
    ("auth_undo_address", 400),
    ("auth_verify", 400),
    ("files_abort_upload", 404),
    ("files_complete_upload", 404),
    ("files_copy", 404),
    ("files_delete", 200),
    ("files_download", 404),
    ("files_export", 200),
    ("files_head", 404),
    ("files_health", 200),
    ("files_list", 200),
    ("files_list_uploads", 200),
    ("files_make_folder", 200),
    ("files_move", 404),
    ("files_open_upload", 200),
    ("files_put", 200),
    ("files_show_upload", 404),
    ("files_upload", 200),
    ("files_usage", 200),
    ("info_client", 404),
    ("info_console", 200),
    ("info_docs", 200),
    ("info_info", 200),
    ("info_openapi", 200),
    ("info_postman", 200),
    ("send_send", 200),
];

#[test]
fn every_sample_event_is_answered_in_both_formats() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events"));
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("events")
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    let mut expected: Vec<_> =
        EXPECTED.iter().flat_map(|(name, _)| [format!("{name}.json"), format!("{name}.v2.json")]).collect();
    expected.sort();
    assert_eq!(names, expected, "a file is missing from the table, or the other way round");
    let url = api::World::get().local().gateway.rest_url.clone();
    story_with(&url, async |app| {
        for (name, status) in EXPECTED {
            for file in [format!("{name}.json"), format!("{name}.v2.json")] {
                let somebody = app.signed_in("somebody").await;
                let event = std::fs::read_to_string(folder.join(&file)).expect("readable");
                let event = event.replace("SESSION_TOKEN", somebody.token());
                let function = name.split('_').next().expect("a name");
                let url = format!("{}/{function}", app.world.local().gateway.invoke_url);
                let answer = app.send_to(&url, Method::POST, &[], event.into_bytes()).await;
                assert_eq!(answer.status, status, "{file}: {}", answer.text());
                if answer.header("content-type") == "application/json" {
                    assert!(answer.json().is_object(), "{file}");
                }
            }
        }
    });
}

#[test]
fn an_event_that_no_gateway_would_send_is_a_400_and_the_function_lives_on() {
    let url = api::World::get().local().gateway.rest_url.clone();
    story_with(&url, async |app| {
        let event =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/auth_auth.json"));
        let event: serde_json::Value = serde_json::from_str(&event.expect("readable")).expect("JSON");
        let mut bad = event.clone();
        bad["body"] = "%%% no base64 %%%".into();
        bad["isBase64Encoded"] = true.into();
        let url = format!("{}/auth", app.world.local().gateway.invoke_url);
        for _ in 0..4 {
            app.send_to(&url, Method::POST, &[], bad.to_string().into_bytes()).await.fails(400);
            app.send_to(&url, Method::POST, &[], event.to_string().into_bytes()).await.is(200);
        }
        let mut hostile = event;
        hostile["headers"]["Host"] = "a host with spaces \u{1f3e0}".into();
        hostile["multiValueHeaders"]["Host"] = serde_json::json!(["[::1"]);
        hostile["path"] = "//users/api/auth".into();
        let answer = app.send_to(&url, Method::POST, &[], hostile.to_string().into_bytes()).await;
        assert!(matches!(answer.status, 404 | 502), "{}", answer.text());
    });
}
