//! `GET /files/<folder>`: the tree below a folder.

use std::time::Duration;

use domain::{Account, Entry, FolderKey, FolderNode, FolderPath, Usage};
use http::StatusCode;
use web::{ApiError, Response, response};

use crate::App;
use crate::recovery::recover;
use crate::turn::busy;

/// How long a reader waits for what is being changed in the folder.
const WAITING_SECONDS: u64 = 20;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The bare node, without an envelope; 404 when there is no such folder.
pub(crate) async fn list(app: &App, owner: &Account, folder: FolderPath) -> Result<Response, ApiError> {
    let key = FolderKey::new(&owner.id, folder);
    let entries = settled(app, owner, &key).await?;
    if entries.is_empty() && !key.path().is_root() {
        return Err(ApiError::NotFound(format!("{} is not found", key.path())));
    }
    let node =
        FolderNode::new(key.path(), &entries).to_json().map_err(|error| ApiError::Internal(error.into()))?;
    Ok(response::json_bytes(StatusCode::OK, node))
}

/// What lies below a folder, at a moment when nothing in it was half done.
pub(crate) async fn settled(app: &App, owner: &Account, key: &FolderKey) -> Result<Vec<Entry>, ApiError> {
    let until = app.now().plus_seconds(WAITING_SECONDS);
    let mut before = app.ledger.read(&owner.id).await?;
    loop {
        if let Some(other) = before.gradual(key.path()) {
            if other.expires <= app.now() {
                recover(app, owner, other).await?;
            } else if app.now() >= until {
                return Err(busy(other));
            } else {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            before = app.ledger.read(&owner.id).await?;
            continue;
        }
        let entries = app.files.list(key).await?;
        let after = app.ledger.read(&owner.id).await?;
        let settled = after.gradual(key.path()).is_none() && after.tickets == before.tickets;
        // In an account where something is always beginning, a listing during which nothing gradual touched the folder
        // is the best there is.
        if settled || (app.now() >= until && after.gradual(key.path()).is_none()) {
            if key.path().is_root() && after.operations.is_empty() && after.used() != Usage::of(&entries) {
                app.ledger.correct(&owner.id, Usage::of(&entries), after.tickets).await?;
            }
            return Ok(entries);
        }
        before = after;
    }
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
