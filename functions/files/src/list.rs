//! `GET /files/<folder>`: the tree below a folder.

use domain::{AccountId, FileStore, FolderKey, FolderNode, FolderPath};
use http::StatusCode;
use web::{ApiError, Response, response};

/// The bare node, without an envelope; 404 when there is no such folder.
pub(crate) async fn list(
    files: &dyn FileStore,
    owner: &AccountId,
    folder: FolderPath,
) -> Result<Response, ApiError> {
    let key = FolderKey::new(owner, folder);
    let entries = files.list(&key).await?;
    if entries.is_empty() && !key.path().is_root() {
        return Err(ApiError::NotFound(format!("{} is not found", key.path())));
    }
    let node =
        FolderNode::new(key.path(), &entries).to_json().map_err(|error| ApiError::Internal(error.into()))?;
    Ok(response::json_bytes(StatusCode::OK, node))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn the_empty_root_is_a_folder_and_an_unknown_path_is_a_404() {
        let world = World::new().await;
        let root = r#"{"name":"/","fileName":"/","fileSize":0,"open":true,"nocheck":true,"children":[]}"#;
        assert_eq!(world.get("files").await, (200, root.to_owned()));
        assert_eq!(world.get("files/").await, (200, root.to_owned()));
        for path in ["files/x", "files/x/"] {
            assert_eq!(world.get(path).await, (404, r#"{"ok":false,"status":"x is not found"}"#.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_folder_is_listed_as_a_tree_with_and_without_a_slash() {
        let world = World::new().await;
        world.upload("files/test/today", &[("a.idf", b"x".repeat(97).as_slice())]).await;
        let tree = concat!(
            r#"{"name":"/test","fileName":"/test","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"today","fileName":"today","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"a.idf (0.10 KB)","fileName":"a.idf","fileSize":97,"open":false,"nocheck":false,"children":[]}"#,
            r"]}]}"
        );
        assert_eq!(world.get("files/test").await, (200, tree.to_owned()));
        assert_eq!(world.get("files/test/").await, (200, tree.to_owned()));
        assert_eq!(world.get("files/test/today/a.idf/").await, (200, "x".repeat(97)));
    }
}
