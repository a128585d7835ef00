//! `GET /uploads/<id>`: what has arrived, and fresh addresses for what has not.

use domain::{Account, OperationId};
use web::{ApiError, Response};

use crate::App;
use crate::large_upload::{find, forget, gone, state};

pub(crate) async fn show_upload(app: &App, owner: &Account, id: &OperationId) -> Result<Response, ApiError> {
    let upload = find(app, owner, id).await?;
    if upload.result.is_some() {
        return Err(ApiError::Conflict("The upload is complete: the file is in its place.".into()));
    }
    let Some(received) = app.parts.parts(&upload.key(), &upload.store_id).await? else {
        // Unless they were joined, and only the note of it is missing, they are lost: nothing can be gone on with.
        if app.parts.stored_by(&upload.key(), &upload.id).await?.is_none() {
            forget(app, owner, &upload).await?;
        }
        return Err(gone());
    };
    state(app, &upload, &received).await
}

#[cfg(test)]
mod tests {
    use domain::PartStore as _;

    use crate::testing::World;

    #[tokio::test]
    async fn an_upload_whose_parts_the_store_has_lost_gives_its_room_back() {
        let world = World::new().await;
        world.allow(100, 10);
        assert_eq!(world.post_json("uploads", r#"{"path":"a","size":80}"#).await.0, 200);
        let upload = world.app.uploads.list_uploads(&world.account).await.unwrap().remove(0);
        assert_eq!(world.put("files/b", &[], &[0; 21]).await.0, 413);
        world.store.drop_parts(&upload.key(), &upload.store_id).await.unwrap();
        assert_eq!(world.get(&format!("uploads/{}", upload.id)).await.0, 404);
        assert!(world.get("uploads").await.1.contains(r#""data":[]"#));
        assert_eq!(world.put("files/b", &[], &[0; 21]).await.0, 200);
    }
}
