//! Back ends that do not answer, refuse, or are not there.

use std::time::{Duration, Instant};

use api::world::PASSWORD;
use api::{App, Person, story_with};
use http::Method;
use serde_json::json;
use stack::gateway::Gateway;
use tokio::net::TcpListener;

/// Nobody waits longer than this for a 503.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway whose functions find something else where a back end should be.
pub(crate) async fn gateway_with(app: &App, variable: &str, url: &str) -> Gateway {
    let mut variables = app.world.local().variables.clone();
    variables.retain(|(name, _)| name != variable);
    variables.push((variable.to_owned(), url.to_owned()));
    let logs = app.world.local().logs.with_file_name("faults");
    std::fs::create_dir_all(&logs).expect("a log folder");
    Gateway::start(&app.world.local().bin_folder, &variables, &logs).await.expect("a gateway")
}

/// A server that takes connections and never says anything.
async fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

async fn answers_503(person: &Person, method: Method, path: &str, body: &str) {
    let begin = Instant::now();
    let headers = [("content-type", "application/json")];
    let answer = person.send(method, path, &headers, body.as_bytes().to_vec()).await.fails(503);
    assert_eq!(answer.header("retry-after"), "5");
    assert!(begin.elapsed() < PATIENCE, "{path} took {:?}", begin.elapsed());
}

#[test]
fn a_table_that_is_not_there_or_silent_is_a_503_within_ten_seconds() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let ada = app.signed_in("ada").await;
        let (_silent, silent_url) = silent_server().await;
        let closed_url = format!("http://127.0.0.1:{}", stack::free_port().expect("a port"));
        for url in [closed_url, silent_url] {
            let gateway = gateway_with(&app, "AWS_ENDPOINT_URL_DYNAMODB", &url).await;
            let pair = json!({"email": ada.account().email.as_str(), "password": PASSWORD}).to_string();
            for url in [&gateway.rest_url, &gateway.http_url] {
                let app = app.at(url);
                let ada = app.anonymous().with_token(ada.token());
                answers_503(&ada, Method::POST, "auth", &pair).await;
                answers_503(&ada, Method::GET, "user", "").await;
                answers_503(&ada, Method::GET, "files", "").await;
                ada.get("info").await.is(200);
                ada.with_token("forged").get("user").await.fails(401);
            }
        }
    });
}

#[test]
fn a_bucket_or_mail_service_that_is_not_there_or_silent_is_a_503_within_ten_seconds() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let ada = app.signed_in("ada").await;
        let (_silent, silent_url) = silent_server().await;
        let closed_url = format!("http://127.0.0.1:{}", stack::free_port().expect("a port"));
        for url in [closed_url, silent_url] {
            let gateway = gateway_with(&app, "AWS_ENDPOINT_URL", &url).await;
            let app = app.at(&gateway.rest_url);
            let ada = app.anonymous().with_token(ada.token());
            answers_503(&ada, Method::GET, "files/a.idf", "").await;
            answers_503(&ada, Method::DELETE, "files/a.idf", "").await;
            answers_503(&ada, Method::POST, "send", r#"{"title": "Hello", "message": "text"}"#).await;
            let begin = Instant::now();
            ada.upload("", &[("a.idf", b"x")]).await.fails(503);
            assert!(begin.elapsed() < PATIENCE, "the upload took {:?}", begin.elapsed());
            ada.get("user").await.is(200);
        }
    });
}

#[test]
fn a_function_without_its_settings_does_not_start_and_names_all_of_them() {
    for (function, missing) in [
        (
            "auth",
            vec![
                "TABLE_NAME",
                "PUBLIC_BASE_URL",
                "SIGNING_KEYS",
                "TOKEN_TTL_SECONDS",
                "SESSION_TTL_SECONDS",
                "MAIL_SENDER",
                "MAIL_CONFIGURATION_SET",
            ],
        ),
        (
            "account",
            vec!["TABLE_NAME", "PUBLIC_BASE_URL", "SIGNING_KEYS", "MAIL_SENDER", "MAIL_CONFIGURATION_SET"],
        ),
        ("files", vec!["TABLE_NAME", "BUCKET_NAME", "PUBLIC_BASE_URL", "SIGNING_KEYS"]),
        (
            "send",
            vec!["TABLE_NAME", "MAIL_SENDER", "MAIL_CONFIGURATION_SET", "PUBLIC_BASE_URL", "SIGNING_KEYS"],
        ),
        ("info", vec!["PUBLIC_BASE_URL", "BUCKET_ORIGIN"]),
    ] {
        let program = api::World::get().local().bin_folder.join(function);
        let output = std::process::Command::new(program).env_clear().output().expect("it runs");
        let log = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success());
        for name in missing {
            assert!(log.contains(name), "{function}: {name} is not in {log}");
        }
    }
}
