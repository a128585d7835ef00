//! The version.

use api::story;
use http::header;

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
