//! `POST /files/<folder>?mkdir`: a folder that stays when it is empty.

use domain::{FolderKey, FolderPath, Usage, UsageChange, Work};
use web::{ApiError, Request, Response};

use crate::file_handle::folder_handle;
use crate::occupied::refuse_collisions;
use crate::turn::{Change, Failed, Turn};

/// Makes the folder and those above it. One that is there already is left as it is. Files in the request are refused, so
/// that nobody takes them for stored.
pub(crate) async fn make_folder(
    change: &Change<'_>,
    path: FolderPath,
    request: &Request,
) -> Result<Response, ApiError> {
    if !request.body.is_empty() {
        let text = "A folder is made without a body: to store files in it, leave out mkdir.";
        return Err(ApiError::BadRequest(text.into()));
    }
    let turn = Turn::begin(change, Work::Put, vec![path.clone()], Usage::default()).await?;
    let made = make(&turn, &path).await;
    let answer = folder_handle("Folder created successfully", path.as_str());
    turn.answer(made.map(|()| (answer, UsageChange::default()))).await
}

async fn make(turn: &Turn<'_>, path: &FolderPath) -> Result<(), Failed> {
    refuse_collisions(&*turn.app.files, &turn.owner.id, path, &[], std::slice::from_ref(path)).await?;
    let key = FolderKey::new(&turn.owner.id, path.clone());
    Ok(turn.app.files.make_folder(&key, &turn.operation.id).await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn a_folder_is_made_with_those_above_it_and_stays_when_it_is_empty() {
        let world = World::new().await;
        for _ in 0..2 {
            let (status, body) = world.post("files/a/b%20c?mkdir").await;
            assert_eq!((status, body.contains(r#""fileHandle":"a/b c""#)), (200, true), "{body}");
        }
        assert!(world.get("files").await.1.contains(r#""name":"b c""#));
        assert_eq!(world.post("files?mkdir").await.0, 200);
        world.upload("files", &[("file", b"x")]).await;
        assert_eq!(world.post("files/file/x?mkdir").await.0, 409);
        assert_eq!(world.post("files/file?mkdir").await.0, 409);
        assert_eq!(world.upload("files/new?mkdir", &[("file", b"x")]).await.0, 400);
        assert_eq!(world.get("files/new").await.0, 404);
    }
}
