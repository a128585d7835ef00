//! `GET /files/<folder>`: the tree below a folder.

use std::io;

use bytes::Bytes;
use domain::{Account, Details, Entry, FolderKey, FolderPath, FolderTree, Ledger, StoreError, Usage};
use futures_util::stream::{self, StreamExt as _};
use http::StatusCode;
use web::{ApiError, Body, Response, response};

use crate::App;
use crate::turn::{WAITING_SECONDS, wait};

/// How much of a folder is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The whole tree.
    Tree,
    /// The tree down to so many levels.
    Depth(usize),
    /// The folder's own entries, at most so many, after the place that a cursor names.
    Page(usize, Option<String>),
}

/// What is asked for of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// How much of it.
    pub extent: Extent,
    /// How much about each file.
    pub details: Details,
}

/// The bare node, without an envelope; 404 when there is no such folder.
pub(crate) async fn list(
    app: &App,
    owner: &Account,
    folder: FolderPath,
    listing: Listing,
) -> Result<Response, ApiError> {
    let key = FolderKey::new(&owner.id, folder);
    let Listing { extent, details } = listing;
    if let Extent::Page(limit, cursor) = extent {
        return page(app, owner, &key, (limit, cursor.as_deref()), details).await;
    }
    let entries = settled(app, owner, &key).await?;
    if entries.is_empty() && !key.path().is_root() {
        return Err(not_found(&key));
    }
    let tree = FolderTree::new(key.path(), entries).with(details);
    let tree = if let Extent::Depth(depth) = extent { tree.limited_to(depth) } else { tree };
    let unwritable = |error: io::Error| StoreError::Unavailable(error.into());
    let pieces = tree.into_pieces().map(move |piece| piece.map(Bytes::from).map_err(unwritable));
    Ok(response::json_bytes(StatusCode::OK, Body::Stream(stream::iter(pieces).boxed())))
}

fn not_found(key: &FolderKey) -> ApiError {
    ApiError::NotFound(format!("{} is not found", key.path()))
}

/// One page of a folder's own entries. The cursor to the next one is sealed for this account and folder.
async fn page(
    app: &App,
    owner: &Account,
    key: &FolderKey,
    (limit, cursor): (usize, Option<&str>),
    details: Details,
) -> Result<Response, ApiError> {
    let (tokens, purpose) = (&app.authenticator.tokens, format!("list {key}"));
    let forged =
        || ApiError::BadRequest("The cursor is not one of this folder: begin again without after.".into());
    let after = cursor.map(|cursor| tokens.open(&purpose, cursor).ok_or_else(forged)).transpose()?;
    quiet(app, owner, key).await?;
    let (entries, more) = app.files.list_page(key, after.as_deref(), limit).await?;
    if entries.is_empty() && after.is_none() && !app.files.has_folder(key).await? {
        return Err(not_found(key));
    }
    let next = entries.last().filter(|_| more).map(|last| tokens.seal(&purpose, &last.path));
    let json = FolderTree::page_to_json(key.path(), &entries, next.as_deref(), details);
    Ok(response::json_bytes(
        StatusCode::OK,
        Body::from(json.map_err(|error| ApiError::Internal(error.into()))?),
    ))
}

/// The ledger at a moment when nothing in a folder is half done.
async fn quiet(app: &App, owner: &Account, key: &FolderKey) -> Result<Ledger, ApiError> {
    let ledger = app.ledger.read(&owner.id).await?;
    wait(app, owner, ledger, |ledger| ledger.gradual(key.path()).cloned()).await.map(|(ledger, _)| ledger)
}

/// What lies below a folder, at a moment when nothing in it was half done.
pub(crate) async fn settled(app: &App, owner: &Account, key: &FolderKey) -> Result<Vec<Entry>, ApiError> {
    let until = app.now().plus_seconds(WAITING_SECONDS);
    loop {
        let before = quiet(app, owner, key).await?;
        let entries = app.files.list(key).await?;
        let after = app.ledger.read(&owner.id).await?;
        let undisturbed = after.gradual(key.path()).is_none();
        // In an account where something is always beginning, a listing during which nothing gradual touched the folder
        // is the best there is.
        if undisturbed && (after.tickets == before.tickets || app.now() >= until) {
            let truth = Usage::of(&entries);
            if key.path().is_root() && after.used() != truth {
                app.ledger.correct(&owner.id, truth, after.tickets).await?;
            }
            return Ok(entries);
        }
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

    #[tokio::test]
    async fn a_tree_can_be_cut_at_a_depth() {
        let world = World::new().await;
        world.put("files/a/b/c/d", &[], b"x").await;
        world.put("files/top", &[], b"x").await;
        let names = |text: &str| {
            ["a", "b", "c", "d", "top"].map(|name| text.contains(&format!(r#""fileName":"{name}""#)))
        };
        for (query, expected) in [
            ("?depth=1", [true, false, false, false, true]),
            ("?depth=2", [true, true, false, false, true]),
            ("?depth=99", [true; 5]),
            ("", [true; 5]),
        ] {
            assert_eq!(names(&world.get(&format!("files{query}")).await.1), expected, "{query}");
        }
        for bad in ["0", "-1", "x", ""] {
            assert_eq!(world.get(&format!("files?depth={bad}")).await.0, 400, "{bad}");
        }
    }

    #[tokio::test]
    async fn whoever_compares_files_is_told_the_tag_and_the_time_of_each_and_nobody_else() {
        let world = World::new().await;
        world.put("files/f/a", &[], b"x").await;
        world.post("files/f/empty?mkdir").await;
        let tag = world.head("files/f/a", &[]).await.1["etag"].to_str().unwrap().to_owned();
        let time = r#""lastModified":"1970-01-01T"#;
        for query in ["details=true", "details=true&depth=1", "details=true&limit=9"] {
            let (status, body) = world.get(&format!("files/f?{query}")).await;
            let node: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!((status, node["children"][0]["etag"].as_str()), (200, Some(tag.as_str())), "{body}");
            assert_eq!(body.matches(time).count(), 1, "a folder has none: {body}");
        }
        for query in ["", "?details=false", "?limit=9"] {
            assert!(!world.get(&format!("files/f{query}")).await.1.contains("etag"), "{query}");
        }
        assert_eq!(world.get("files/f?details=yes").await.0, 400);
    }

    #[tokio::test]
    async fn a_folder_is_read_page_by_page() {
        let world = World::new().await;
        for name in ["a", "b/x", "b/y", "b-", "c", "d"] {
            world.put(&format!("files/f/{name}"), &[], b"x").await;
        }
        let (mut names, mut path) = (Vec::new(), "files/f?limit=2".to_owned());
        loop {
            let (status, body) = world.get(&path).await;
            assert_eq!(status, 200, "{body}");
            let node: serde_json::Value = serde_json::from_str(&body).unwrap();
            let children = node["children"].as_array().unwrap();
            assert!(children.len() <= 2);
            names.extend(children.iter().map(|child| child["fileName"].as_str().unwrap().to_owned()));
            let Some(next) = node["next"].as_str() else { break };
            path = format!("files/f?limit=2&after={next}");
        }
        assert_eq!(names, ["a", "b-", "b", "c", "d"]);
        assert_eq!(world.get("files/f/a?limit=2").await.1, "x", "a file is what it is");
        assert_eq!(world.get("files/x?limit=2").await.0, 404);
        assert!(world.get("files?limit=1000").await.1.ends_with(r#""next":null}"#));
    }

    #[tokio::test]
    async fn a_cursor_is_good_for_its_owner_and_folder_only() {
        let world = World::new().await;
        for name in ["f/1", "f/2", "g/1", "g/2"] {
            world.put(&format!("files/{name}"), &[], b"x").await;
        }
        let node: serde_json::Value = serde_json::from_str(&world.get("files/f?limit=1").await.1).unwrap();
        let cursor = node["next"].as_str().unwrap();
        assert_eq!(world.get(&format!("files/f?limit=1&after={cursor}")).await.0, 200);
        assert_eq!(world.get(&format!("files/g?limit=1&after={cursor}")).await.0, 400);
        let eve = world.other().await;
        eve.put("files/f/1", &[], b"x").await;
        assert_eq!(eve.get(&format!("files/f?limit=1&after={cursor}")).await.0, 400);
        for bad in [&cursor[1..], "x", ""] {
            assert_eq!(world.get(&format!("files/f?limit=1&after={bad}")).await.0, 400, "{bad}");
        }
        for bad in ["limit=0", "limit=1001", "limit=x", "limit="] {
            assert_eq!(world.get(&format!("files/f?{bad}")).await.0, 400, "{bad}");
        }
    }
}
