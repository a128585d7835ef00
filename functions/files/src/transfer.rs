//! `POST /files/<path>?move=<new path>` and `?copy=<new path>`: a file or folder at another place.
//!
//! The bytes stay in the bucket. A move copies everything, notes in the ledger that it has, and then removes the originals:
//! until that note a process that is killed leaves the old state behind, from it on the new one.

use domain::{Account, FileKey, FilePath, FolderKey, FolderPath, StoreError, Usage, UsageChange, Work};
use futures_util::stream::{self, StreamExt as _};
use web::{ApiError, Response};

use crate::App;
use crate::file_handle::folder_handle;
use crate::occupied::refuse_collision;
use crate::recovery::{Stored, entry_path, remove};
use crate::turn::{Change, Failed, Turn};

/// How many objects are copied at the same time.
const PARALLEL_COPIES: usize = 64;

/// Copies a file or folder to a place where nothing is.
pub(crate) async fn copy(change: &Change<'_>, from: FilePath, to: FilePath) -> Result<Response, ApiError> {
    let paths = places(&from, &to)?;
    let size = Original::find(change.app, change.owner, &from).await?.usage();
    let mut turn = Turn::begin(change, Work::Copy, paths, size).await?;
    let copied = copy_all(&mut turn, &from, &to).await;
    let copied = copied.map(|copied| (answer("copied", &to), UsageChange::between(Usage::default(), copied)));
    turn.answer(copied).await
}

/// Moves a file or folder to a place where nothing is.
pub(crate) async fn move_(change: &Change<'_>, from: FilePath, to: FilePath) -> Result<Response, ApiError> {
    let paths = places(&from, &to)?;
    let mut turn = Turn::begin(change, Work::Move { copied: false }, paths, Usage::default()).await?;
    let moved = move_all(&mut turn, &from, &to).await;
    turn.answer(moved.map(|()| (answer("moved", &to), UsageChange::default()))).await
}

fn answer(done: &str, to: &FilePath) -> Response {
    folder_handle(&format!("{to}: {done} successfully"), to.as_str())
}

/// Source and target, of which none may lie in the other.
fn places(from: &FilePath, to: &FilePath) -> Result<Vec<FolderPath>, ApiError> {
    let (from, to) = (from.as_folder(), to.as_folder());
    if from.contains(&to) || to.contains(&from) {
        return Err(ApiError::BadRequest(format!(
            "/{from} cannot be moved or copied to /{to}: one of them is, or lies in, the other."
        )));
    }
    Ok(vec![from, to])
}

/// What is to be copied.
enum Original {
    File(u64),
    Folder(Vec<Stored>, Usage),
}

impl Original {
    async fn find(app: &App, owner: &Account, path: &FilePath) -> Result<Self, ApiError> {
        if let Some(state) = app.files.state(&FileKey::new(&owner.id, path.clone())).await? {
            return Ok(Self::File(state.bytes));
        }
        let folder = path.as_folder();
        let entries = app.files.list(&FolderKey::new(&owner.id, folder.clone())).await?;
        if entries.is_empty() {
            return Err(ApiError::NotFound(format!("{path} is not found")));
        }
        let usage = Usage::of(&entries);
        let stored = entries.iter().map(|entry| entry_path(&folder, entry)).collect::<Result<_, _>>()?;
        Ok(Self::Folder(stored, usage))
    }

    fn usage(&self) -> Usage {
        match self {
            Self::File(bytes) => Usage { bytes: *bytes, files: 1 },
            Self::Folder(_, usage) => *usage,
        }
    }
}

async fn move_all(turn: &mut Turn<'_>, from: &FilePath, to: &FilePath) -> Result<(), Failed> {
    copy_all(turn, from, to).await?;
    // If the note is lost nobody knows which state counts but the ledger.
    let unknown = |error: StoreError| Failed { error: error.into(), left_over: true };
    turn.decide(Work::Move { copied: true }, answer("moved", to)).await.map_err(unknown)?;
    let left_over = |error: ApiError| Failed { error, left_over: true };
    let parent = FolderKey::new(&turn.owner.id, from.parent());
    turn.app.files.make_folder(&parent, &turn.operation.id).await.map_err(unknown)?;
    remove(turn.app, turn.owner, &from.as_folder()).await.map(drop).map_err(left_over)
}

/// Copies everything or nothing; how much that was.
async fn copy_all(turn: &mut Turn<'_>, from: &FilePath, to: &FilePath) -> Result<Usage, Failed> {
    let (app, owner) = (turn.app, turn.owner);
    let original = Original::find(app, owner, from).await?;
    let size = original.usage();
    if turn.operation.work == Work::Copy && size != turn.operation.reserved {
        return Err(ApiError::from(StoreError::Conflict).into());
    }
    let target = to.as_folder();
    let replaced = refuse_collision(&*app.files, &owner.id, to).await?;
    if replaced.files > 0 {
        let text = format!("/{to} is there already: delete it first, or choose another place.");
        return Err(ApiError::Conflict(text).into());
    }
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    match original {
        Original::File(_) => files.push((from.clone(), to.clone())),
        Original::Folder(stored, _) => {
            for stored in stored {
                match stored {
                    Stored::File(path) => {
                        let copy = rebased(path.as_str(), from, &target)?;
                        files.push((path, FilePath::parse(copy.as_str()).map_err(internal)?));
                    }
                    Stored::Folder(path) => folders.push(rebased(path.as_str(), from, &target)?),
                }
            }
        }
    }
    if let Err(error) = copy_each(turn, &files, &folders).await {
        let files: Vec<_> = files.into_iter().map(|(_, copy)| FileKey::new(&owner.id, copy)).collect();
        let folders: Vec<_> = folders.into_iter().map(|path| FolderKey::new(&owner.id, path)).collect();
        return Err(turn.take_back(error, &files, &folders).await);
    }
    Ok(size)
}

async fn copy_each(
    turn: &mut Turn<'_>,
    files: &[(FilePath, FilePath)],
    folders: &[FolderPath],
) -> Result<(), ApiError> {
    let (store, owner, operation) = (&*turn.app.files, &turn.owner.id, turn.operation.id.clone());
    for path in folders {
        store.make_folder(&FolderKey::new(owner, path.clone()), &operation).await?;
    }
    let operation = &operation;
    let copies = files.iter().map(|(from, to)| {
        let (from, to) = (FileKey::new(owner, from.clone()), FileKey::new(owner, to.clone()));
        async move { store.copy(&from, &to, operation).await }
    });
    let copies: Vec<_> = copies.collect();
    let mut copies = stream::iter(copies).buffer_unordered(PARALLEL_COPIES);
    let (mut done, mut outcome) = (0, Ok(()));
    // Every copy that has begun is waited for: what is still on its way could not be taken back.
    while let Some(copied) = copies.next().await {
        done += 1;
        outcome = outcome.and(match copied {
            Ok(true) => turn.progress(done).await.map_err(ApiError::from),
            Ok(false) => Err(StoreError::Conflict.into()),
            Err(error) => Err(error.into()),
        });
    }
    outcome
}

/// The place of something below `from` when `from` has become `target`.
fn rebased(path: &str, from: &FilePath, target: &FolderPath) -> Result<FolderPath, ApiError> {
    let rest = path.strip_prefix(from.as_str()).unwrap_or_default();
    FolderPath::parse(&format!("{target}{rest}"))
        .map_err(|error| ApiError::BadRequest(format!("The new path is not usable: {error}")))
}

fn internal(error: domain::InvalidPath) -> ApiError {
    ApiError::Internal(error.into())
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    async fn world() -> World {
        let world = World::new().await;
        world.upload("files/a/b", &[("1", b"one"), ("2 #", b"two")]).await;
        world.post("files/a/b/empty?mkdir").await;
        world.upload("files", &[("ab", b"neighbour")]).await;
        world
    }

    #[tokio::test]
    async fn a_folder_moves_with_all_it_holds_and_leaves_its_place() {
        let world = world().await;
        let (status, body) = world.post("files/a/b?move=c%2Fd").await;
        assert_eq!((status, body.contains(r#""fileHandle":"c/d""#)), (200, true), "{body}");
        assert_eq!(world.paths(), ["ab=neighbour", "c/d/1=one", "c/d/2 #=two"]);
        assert!(world.get("files/c/d").await.1.contains(r#""name":"empty""#));
        assert_eq!(world.get("files/a").await.0, 200, "the folder above stays");
        assert_eq!(world.get("files/a/b").await.0, 404);
    }

    #[tokio::test]
    async fn a_file_is_renamed_and_copied_with_its_type() {
        let world = World::new().await;
        world.put("files/x.csv", &[("content-type", "text/csv")], b"1,2").await;
        assert_eq!(world.post("files/x.csv?copy=copies/y.csv").await.0, 200);
        assert_eq!(world.post("files/x.csv?move=z.csv").await.0, 200);
        assert_eq!(world.paths(), ["copies/y.csv=1,2", "z.csv=1,2"]);
        for path in ["files/copies/y.csv", "files/z.csv"] {
            assert_eq!(world.download(path).await.0["content-type"], "text/csv");
        }
    }

    #[tokio::test]
    async fn nothing_is_overwritten_and_nothing_goes_into_itself() {
        let world = world().await;
        let before = world.paths();
        for (path, status) in [
            ("files/a?move=ab", 409),
            ("files/ab?copy=a", 409),
            ("files/ab?copy=a/b/1/x", 409),
            ("files/ab?copy=a/b/1", 409),
            ("files/a?move=a/b/c", 400),
            ("files/a?copy=a", 400),
            ("files/a/b?move=a", 400),
            ("files/x?move=y", 404),
            ("files/a?move=", 400),
            ("files/a?move=../x", 400),
            ("files/a?move=x&copy=y", 400),
            ("files?move=x", 400),
        ] {
            let (code, body) = world.post(path).await;
            assert_eq!(code, status, "{path}: {body}");
        }
        assert_eq!(world.paths(), before);
    }

    #[tokio::test]
    async fn a_move_that_fails_leaves_the_old_state() {
        let world = world().await;
        let before = world.paths();
        world.store.fail_puts_of("c/2 #");
        assert_eq!(world.post("files/a/b?move=c").await.0, 503);
        world.store.lose_answers_of("d/1");
        assert_eq!(world.post("files/a/b?copy=d").await.0, 503);
        assert_eq!(world.paths(), before);
        assert_eq!(world.get("files/c").await.0, 404);
        assert_eq!(world.usage().await, (15, 3));
    }
}
