//! `GET /usage`: how much is stored, and how much may be.

use domain::Account;
use http::StatusCode;
use web::{ApiError, Response, UsageReport, response};

use crate::App;
use crate::recovery::recover_expired;

pub(crate) async fn usage(app: &App, owner: &Account) -> Result<Response, ApiError> {
    let mut ledger = app.ledger.read(&owner.id).await?;
    // What a killed process has stored or removed is not counted yet.
    if recover_expired(app, owner, &ledger).await? {
        ledger = app.ledger.read(&owner.id).await?;
    }
    let report = UsageReport::new(ledger.used(), ledger.kept(), owner.allowance());
    Ok(response::with_data(StatusCode::OK, true, "Usage included.", &report))
}

#[cfg(test)]
mod tests {
    use crate::testing::{World, zip_of};

    #[tokio::test]
    async fn every_change_of_files_is_counted() {
        let world = World::new().await;
        assert_eq!(world.usage().await, (0, 0));
        world.upload("files/a", &[("1", b"12345"), ("2", b"123")]).await;
        assert_eq!(world.usage().await, (8, 2));
        world.put("files/a/1", &[], b"1").await;
        assert_eq!(world.usage().await, (4, 2));
        world.upload("files", &[("x.zip", &zip_of(&[("X/1", b"12"), ("X/e/", b"")]))]).await;
        assert_eq!(world.usage().await, (6, 3));
        world.post("files/a?copy=b").await;
        assert_eq!(world.usage().await, (10, 5));
        world.post("files/b?move=c").await;
        assert_eq!(world.usage().await, (10, 5));
        world.delete("files/a/1").await;
        assert_eq!(world.usage().await, (9, 4));
        world.delete("files/c").await;
        world.delete("files/c").await;
        world.delete("files/X").await;
        assert_eq!(world.usage().await, (3, 1));
    }

    #[tokio::test]
    async fn what_is_refused_or_fails_costs_nothing() {
        let world = World::new().await;
        world.upload("files/a", &[("1", b"12345")]).await;
        world.store.fail_puts_of("b/2");
        world.upload("files/b", &[("1", b"1"), ("2", b"2")]).await;
        world.upload("files", &[("a", b"no file and folder")]).await;
        world.put("files/a/1", &[("if-none-match", "*")], b"123456789").await;
        world.post("files/nothing?move=c").await;
        world.post("files/a?copy=a/1/x").await;
        assert_eq!(world.usage().await, (5, 1));
    }

    #[tokio::test]
    async fn nobody_stores_more_than_they_may() {
        let world = World::new().await;
        world.allow(10, 3);
        assert_eq!(world.put("files/a", &[], b"12345").await.0, 200);
        let (status, body) = world.put("files/b", &[], b"123456").await;
        assert_eq!(status, 413);
        let data = r#""data":{"bytes_used":5,"bytes_limit":10,"files_used":1,"files_limit":3,"bytes_kept":0,"files_kept":0}"#;
        assert!(body.contains(data) && body.starts_with(r#"{"ok":false"#), "{body}");
        assert_eq!(world.post("files/a?copy=b").await.0, 200);
        assert_eq!(world.post("files/a?copy=c").await.0, 413);
        assert_eq!(world.upload("files", &[("1", b""), ("2", b"")]).await.0, 413);
        world.delete("files/b").await;
        assert_eq!(world.upload("files", &[("1", b"1"), ("2", b"2")]).await.0, 200);
        assert_eq!(world.usage().await, (7, 3));
    }

    #[tokio::test]
    async fn an_account_above_its_limit_can_still_move_and_delete() {
        let world = World::new().await;
        world.upload("files/a", &[("1", b"12345"), ("2", b"12345")]).await;
        world.allow(4, 1);
        assert_eq!(world.put("files/b", &[], b"1").await.0, 413);
        assert_eq!(world.post("files/a?move=b").await.0, 200);
        assert_eq!(world.post("files/c?mkdir").await.0, 200);
        assert_eq!(world.delete("files/b/1").await.0, 200);
        assert_eq!(world.delete("files/b").await.0, 200);
        assert_eq!(world.usage().await, (0, 0));
    }

    #[tokio::test]
    async fn who_has_no_room_because_of_uploads_that_have_not_ended_is_told_so() {
        let world = World::new().await;
        world.allow(10, 3);
        assert_eq!(world.post_json("uploads", r#"{"path":"large","size":8}"#).await.0, 200);
        let (status, body) = world.put("files/b", &[], b"123").await;
        assert_eq!(status, 413);
        assert!(body.contains("room for 8 bytes and 1 files is kept for uploads"), "{body}");
        assert!(body.contains(r#""bytes_kept":8,"files_kept":1"#), "{body}");
        let (status, body) = world.get("uploads").await;
        assert_eq!(status, 200, "{body}");
        assert!(body.contains(r#""path":"large","size":8"#), "{body}");
    }
}
