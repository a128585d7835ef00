//! `DELETE /files/<file or folder>`.

use domain::{FileKey, FilePath, FolderKey, StoreError, Usage, UsageChange, Work};
use web::{ApiError, Response, response};

use crate::turn::{Change, Failed, Turn};

/// Deletes a file, or a folder with all its contents. When nothing is there the answer is HTTP 200 with `ok` false.
pub(crate) async fn delete(
    change: &Change<'_>,
    path: FilePath,
    raw_path: &str,
) -> Result<Response, ApiError> {
    // The answer names the path as it was sent: decoded, with its slash.
    let name = if raw_path.ends_with('/') { format!("{path}/") } else { path.to_string() };
    // Without a key there is no answer that depends on whether there was something to be deleted.
    let work = Work::Delete { decided: change.keyed.is_none() };
    let mut turn = Turn::begin(change, work, vec![path.as_folder()], Usage::default()).await?;
    let deleted = format!("{name} has been deleted");
    let removed = remove(&mut turn, path, &deleted).await.map(|removed| {
        let answer = match removed {
            Some(_) => response::success(&deleted),
            None => response::refusal(&format!("{name} is not found or cannot be deleted")),
        };
        (answer, UsageChange::between(removed.unwrap_or_default(), Usage::default()))
    });
    turn.answer(removed).await
}

/// What was removed; `None` when nothing was there.
async fn remove(turn: &mut Turn<'_>, path: FilePath, deleted: &str) -> Result<Option<Usage>, Failed> {
    let (store, operation) = (&*turn.app.files, &turn.operation.id.clone());
    let folder = FolderKey::new(&turn.owner.id, path.as_folder());
    let file = FileKey::new(&turn.owner.id, path);
    // What has begun to be removed is removed to the end, by whoever meets it, since it cannot be brought back.
    let begun = |error: StoreError| Failed { error: error.into(), left_over: true };
    if let Some(state) = store.state(&file).await? {
        // The folder does not vanish with its last file.
        store.make_folder(&file.folder(), operation).await?;
        decide(turn, deleted).await.map_err(begun)?;
        store.delete(&file).await.map_err(begun)?;
        return Ok(Some(Usage { bytes: state.bytes, files: 1 }));
    }
    if store.has_folder(&folder).await? {
        store.make_folder(&folder.parent(), operation).await?;
        decide(turn, deleted).await.map_err(begun)?;
        return Ok(Some(store.delete_folder(&folder).await.map_err(begun)?));
    }
    Ok(None)
}

/// Notes the answer to a request with a key before anything is removed.
async fn decide(turn: &mut Turn<'_>, deleted: &str) -> Result<(), StoreError> {
    match turn.operation.work {
        Work::Delete { decided: false } => {
            turn.decide(Work::Delete { decided: true }, response::success(deleted)).await
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    async fn world() -> World {
        let world = World::new().await;
        for folder in ["files/test/today", "files/test/today2"] {
            world.upload(folder, &[("a.idf", b"x"), ("b c.idf", b"y")]).await;
        }
        world
    }

    fn ok(text: &str) -> (u16, String) {
        (200, format!(r#"{{"ok":true,"status":"{text} has been deleted"}}"#))
    }

    #[tokio::test]
    async fn a_file_is_deleted_and_its_folder_stays_even_when_empty() {
        let world = world().await;
        assert_eq!(world.delete("files/test/today/a.idf").await, ok("test/today/a.idf"));
        assert_eq!(world.delete("files/test/today/b%20c.idf/").await, ok("test/today/b c.idf/"));
        let (status, tree) = world.get("files/test/today").await;
        assert!(status == 200 && tree.ends_with(r#""children":[]}"#), "{tree}");
    }

    #[tokio::test]
    async fn a_folder_goes_with_all_its_contents_and_takes_no_neighbour() {
        let world = world().await;
        assert_eq!(world.delete("files/test/today").await, ok("test/today"));
        assert_eq!(world.get("files/test/today").await.0, 404);
        assert_eq!(world.get("files/test/today2/a.idf").await, (200, "x".into()));
        assert_eq!(world.delete("files/test/today2/").await, ok("test/today2/"));
        assert_eq!(world.get("files/test").await.0, 200, "the folder above stays");
    }

    #[tokio::test]
    async fn what_is_not_there_is_a_200_that_is_not_ok() {
        let world = world().await;
        for path in ["x", "test/x", "test/today/a.idf/x", "tes", "test/tod/"] {
            let expected = format!(r#"{{"ok":false,"status":"{path} is not found or cannot be deleted"}}"#);
            assert_eq!(world.delete(&format!("files/{path}")).await, (200, expected));
        }
        let eve = world.other().await;
        assert!(eve.delete("files/test").await.1.contains("is not found"));
        assert_eq!(world.get("files/test").await.0, 200);
    }
}
