//! What is the same for every endpoint.

use api::story;
use api::world::ALLOWED_ORIGIN;
use http::Method;

#[test]
fn every_failure_is_json_with_ok_false() {
    story(async |app| {
        let nobody = app.anonymous();
        for path in ["", "x", "auth/x", "files", "user", "userx", "../etc", "info/x/y"] {
            assert!(matches!(nobody.get(path).await.status, 401 | 404 | 405), "{path}");
        }
        nobody.get("nothing").await.fails(404);
        for body in
            ["", "{", "[]", "\"x\"", "{\"email\":1}", "{\"email\":\"a\",\"email\":\"b\",\"password\":\"c\"}"]
        {
            let headers = [("content-type", "application/json")];
            nobody.send(Method::POST, "auth", &headers, body.into()).await.fails(400);
        }
        let deep = "[".repeat(100_000);
        nobody
            .send(Method::POST, "auth", &[("content-type", "application/json")], deep.into())
            .await
            .fails(400);
        nobody
            .send(Method::POST, "auth", &[("content-type", "application/xml")], "<x/>".into())
            .await
            .fails(415);
        let binary = [("content-type", "application/octet-stream")];
        nobody.send(Method::POST, "auth", &binary, vec![0xff, 0xfe]).await.fails(415);
    });
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for (method, path, allow) in [
            (Method::GET, "auth", "POST"),
            (Method::PUT, "user", "GET, POST, DELETE"),
            (Method::POST, "info", "GET"),
            (Method::GET, "send", "POST"),
            (Method::DELETE, "files", "GET, HEAD, POST"),
            (Method::PATCH, "files/a", "GET, HEAD, POST, PUT, DELETE"),
            (Method::PUT, "checkin", "POST"),
        ] {
            let answer = ada.send(method.clone(), path, &[], Vec::new()).await.fails(405);
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
        }
    });
}

#[test]
fn no_answer_is_a_redirect_and_every_answer_carries_the_security_headers() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for path in
            ["info", "info/", "user", "user/", "files", "files/", "user/x", "files/nothing", "files/a//b"]
        {
            let answer = ada.get(path).await;
            assert!(!(300..400).contains(&answer.status), "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        }
    });
}

#[test]
fn a_page_of_another_site_cannot_use_a_visitors_cookie() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for header in
            [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            for (method, path) in
                [(Method::POST, "logout"), (Method::POST, "user"), (Method::DELETE, "files/a")]
            {
                ada.send(method, path, &[header], Vec::new()).await.fails(403);
            }
            let answer = ada.send(Method::GET, "user", &[header], Vec::new()).await.is(200);
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
        }
        let allowed = [("origin", ALLOWED_ORIGIN)];
        let answer = ada.send(Method::POST, "checkin", &allowed, Vec::new()).await.is(200);
        assert_eq!(answer.header("access-control-allow-origin"), ALLOWED_ORIGIN);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        for path in ["auth", "user", "files/a", "send", "info"] {
            let answer = app.anonymous().send(Method::OPTIONS, path, &allowed, Vec::new()).await.is(204);
            assert_eq!(answer.header("access-control-allow-origin"), ALLOWED_ORIGIN);
        }
    });
}
