//! The version, and the console.

use api::story;
use http::{Method, header};

#[test]
fn the_version_is_public_and_sets_no_cookie() {
    story(async |app| {
        let answer = app.anonymous().get("info").await.is(200);
        let version = answer.json();
        let keys: Vec<_> = version.as_object().expect("an object").keys().cloned().collect();
        let mut expected =
            ["Title", "Description", "Major", "Minor", "Revision", "Update", "Release", "Notice"];
        expected.sort_unstable();
        assert_eq!(keys, expected);
        assert_eq!((&version["Title"], &version["Major"]), (&"Users Web API".into(), &1.into()));
        assert!(version["Minor"].is_u64() && version["Revision"].is_u64() && version["Update"].is_u64());
        assert!(version["Release"].is_string());
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        assert_eq!(app.anonymous().get("info/").await.text(), answer.text());
    });
}

#[test]
fn the_console_is_public_and_its_files_arrive_whole_compressed_or_not() {
    story(async |app| {
        let nobody = app.anonymous();
        assert_eq!(nobody.get("console").await.is(308).header("location"), "console/");
        let page = nobody.get("console/").await.is(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.header("content-security-policy").contains("connect-src 'self' http://127.0.0.1:"));
        assert!(!page.headers.contains_key(header::SET_COOKIE));
        let html = page.text();
        let (_, rest) = html.split_once("src=\"./").expect("a script");
        let script = format!("console/{}", rest.split('"').next().expect("an address"));
        let plain = nobody.get(&script).await.is(200);
        assert!(plain.text().contains("checkin") && !plain.headers.contains_key(header::CONTENT_ENCODING));
        for (encoding, start) in [("gzip", &b"\x1f\x8b"[..]), ("br", b"")] {
            let accepted = [("accept-encoding", encoding)];
            let answer = nobody.send(Method::GET, &script, &accepted, Vec::new()).await.is(200);
            assert_eq!(answer.header("content-encoding"), encoding);
            assert!(answer.body.starts_with(start) && answer.body.len() < plain.body.len() / 2);
        }
        nobody.get("console/assets/none-12345678.js").await.fails(404);
        nobody.post("console/").await.fails(405);
    });
}
