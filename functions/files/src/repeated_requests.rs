//! Changes that are sent again with the same `Idempotency-Key`.

use crate::testing::World;

const KEY: (&str, &str) = ("idempotency-key", "3f1c");

#[tokio::test]
async fn a_change_that_is_sent_twice_is_made_once_and_answered_twice() {
    let world = World::new().await;
    world.put("files/a", &[], b"x").await;
    let moved = world.post_with("files/a?move=b", &[KEY]).await;
    assert_eq!(moved.0, 200);
    world.put("files/a", &[], b"another").await;
    assert_eq!(world.post_with("files/a?move=b", &[KEY]).await, moved);
    assert_eq!(world.paths(), ["a=another", "b=x"]);
    let keyed = [("if-none-match", "*"), ("idempotency-key", "put")];
    let stored = world.put("files/c", &keyed, b"1").await;
    assert_eq!(stored.0, 200);
    assert_eq!(world.put("files/c", &keyed, b"1").await, stored);
    world.clock.advance(24 * 3_600);
    let world = world.again().await;
    assert_eq!(world.put("files/c", &keyed, b"1").await.0, 412, "a day later it is forgotten");
}

#[tokio::test]
async fn what_has_failed_may_be_sent_again() {
    let world = World::new().await;
    assert_eq!(world.post_with("files/a?move=b", &[KEY]).await.0, 404);
    world.put("files/a", &[], b"x").await;
    assert_eq!(world.post_with("files/a?move=b", &[KEY]).await.0, 200);
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_user() {
    let world = World::new().await;
    world.put("files/a", &[KEY], b"1").await;
    for (path, content) in [("files/a", b"2"), ("files/b", b"1"), ("files/a/", b"1")] {
        assert_eq!(world.put(path, &[KEY], content).await.0, 409, "{path}");
    }
    let eve = world.other().await;
    assert_eq!(eve.put("files/a", &[KEY], b"2").await.0, 200);
    for bad in ["", "a b", &"x".repeat(256)] {
        assert_eq!(world.put("files/c", &[("idempotency-key", bad)], b"1").await.0, 400, "{bad}");
    }
    assert_eq!(world.get_with("files/a", &[KEY]).await.0, 200, "reading needs no key");
}

#[tokio::test]
async fn an_upload_in_parts_is_opened_once() {
    let world = World::new().await;
    let body = r#"{"path":"a","size":3}"#;
    let open = async || {
        let (status, answer) = world.post_json_with("uploads", &[KEY], body).await;
        assert_eq!(status, 200, "{answer}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["id"].as_str().unwrap().to_owned()
    };
    let id = open().await;
    assert_eq!(open().await, id);
    let (_, answer) = world.get(&format!("uploads/{id}")).await;
    assert!(answer.contains(r#""number":1"#));
    let other = world.post_json_with("uploads", &[("idempotency-key", "other")], body).await;
    assert!(!other.1.contains(&id));
}
