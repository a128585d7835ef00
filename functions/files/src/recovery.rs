//! Operations whose process was killed: whoever meets one brings it to an end.
//!
//! What was not yet decided is taken back; what was decided, a deletion or the second half of a move, is done to its end.

use domain::{
    Account, Entry, FileKey, FilePath, FolderKey, FolderPath, Ledger, Operation, StoreError, Usage,
    UsageChange, Work, take_back,
};
use web::ApiError;

use crate::App;
use crate::large_upload::clear;
use crate::turn::LEASE_SECONDS;

/// Takes over an operation that has expired and ends it. One that somebody else has taken over is left to them.
pub(crate) async fn recover(app: &App, owner: &Account, operation: &Operation) -> Result<(), ApiError> {
    let mine = Operation { expires: app.now().plus_seconds(LEASE_SECONDS), ..operation.clone() };
    match app.ledger.update(&owner.id, &mine, operation.expires).await {
        Err(StoreError::Conflict) => return Ok(()),
        taken_over => taken_over?,
    }
    tracing::warn!(operation = %mine.id, work = ?mine.work, "an operation was left half done and is brought to an end");
    let removed = match (&mine.work, mine.paths.as_slice()) {
        (Work::Put | Work::PutAll, paths) => undo_puts(app, owner, &mine, paths).await?,
        (Work::Copy | Work::Move { copied: false }, [_, target]) => {
            undo_puts(app, owner, &mine, std::slice::from_ref(target)).await?
        }
        (Work::Move { copied: true }, [source, _]) => {
            remove(app, owner, source).await?;
            Usage::default()
        }
        (Work::Upload, _) => {
            if let Some(upload) = app.uploads.find_upload(&owner.id, &mine.id).await? {
                clear(app, &upload).await?;
            }
            Usage::default()
        }
        (Work::Delete { decided: false }, _) => Usage::default(),
        (Work::Delete { decided: true }, [path]) => remove(app, owner, path).await?,
        _ => return Err(ApiError::Internal("an operation names other paths than its kind has".into())),
    };
    app.ledger.end(&owner.id, &mine, UsageChange::between(removed, Usage::default())).await?;
    recount(app, owner).await
}

/// Brings everything to an end that has expired in a ledger; whether there was anything.
pub(crate) async fn recover_expired(app: &App, owner: &Account, ledger: &Ledger) -> Result<bool, ApiError> {
    let mut any = false;
    for (_, other) in ledger.operations.iter().filter(|(_, other)| other.expires <= app.now()) {
        recover(app, owner, other).await?;
        any = true;
    }
    Ok(any)
}

/// Takes back what the operation stored at these paths or anywhere below them; nothing of it was counted yet.
async fn undo_puts(
    app: &App,
    owner: &Account,
    operation: &Operation,
    paths: &[FolderPath],
) -> Result<Usage, ApiError> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for path in paths {
        files.extend(path.as_file().map(|path| FileKey::new(&owner.id, path)));
        let folder = FolderKey::new(&owner.id, path.clone());
        for entry in app.files.list(&folder).await? {
            match entry_path(path, &entry)? {
                Stored::File(path) => files.push(FileKey::new(&owner.id, path)),
                Stored::Folder(path) => folders.push(FolderKey::new(&owner.id, path)),
            }
        }
        folders.push(folder);
    }
    let whole = take_back(&*app.files, &operation.id, &files, &folders).await;
    if whole {
        Ok(Usage::default())
    } else {
        Err(ApiError::Unavailable("an operation could not be taken back".into()))
    }
}

/// Removes whatever is at a path; what that was.
pub(crate) async fn remove(app: &App, owner: &Account, path: &FolderPath) -> Result<Usage, ApiError> {
    let mut removed = app.files.delete_folder(&FolderKey::new(&owner.id, path.clone())).await?;
    if let Some(key) = path.as_file().map(|file| FileKey::new(&owner.id, file))
        && let Some(state) = app.files.state(&key).await?
    {
        app.files.delete(&key).await?;
        removed = removed.plus(Usage { bytes: state.bytes, files: 1 });
    }
    Ok(removed)
}

/// Counts what is really stored, unless something is being done: what a killed process had done counts for nothing so far.
pub(crate) async fn recount(app: &App, owner: &Account) -> Result<(), ApiError> {
    let tickets = app.ledger.read(&owner.id).await?.tickets;
    let entries = app.files.list(&FolderKey::new(&owner.id, FolderPath::root())).await?;
    Ok(app.ledger.correct(&owner.id, Usage::of(&entries), tickets).await?)
}

/// An entry of a listing, by its whole path.
pub(crate) enum Stored {
    File(FilePath),
    Folder(FolderPath),
}

/// Where an entry of the listing of `folder` lies.
pub(crate) fn entry_path(folder: &FolderPath, entry: &Entry) -> Result<Stored, ApiError> {
    let separator = if folder.is_root() { "" } else { "/" };
    let path = format!("{folder}{separator}{}", entry.path);
    let stored = match path.strip_suffix('/') {
        Some(path) => FolderPath::parse(path).map(Stored::Folder),
        None => FilePath::parse(&path).map(Stored::File),
    };
    stored.map_err(|error| ApiError::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::{FileLedger as _, FileStore as _, NewFile, OperationId, Random};

    use super::*;
    use crate::testing::World;

    /// An operation whose process was killed some time ago.
    async fn killed(world: &World, work: Work, paths: &[&str], reserved: Usage) -> OperationId {
        let id = OperationId::random(&*world.random as &dyn Random);
        let paths = paths.iter().map(|path| FolderPath::parse(path).unwrap()).collect();
        let expires = world.clock_now().plus_seconds(LEASE_SECONDS);
        let operation = Operation { id: id.clone(), work, paths, reserved, expires, done: 0, answered: None };
        let allowance = Usage { bytes: 1_000, files: 1_000 };
        assert!(world.ledger.begin(&world.account, &operation, allowance).await.unwrap().0);
        world.clock.advance(LEASE_SECONDS);
        id
    }

    async fn put(world: &World, path: &str, content: &'static [u8], operation: &OperationId) {
        let key = FileKey::new(&world.account, FilePath::parse(path).unwrap());
        world.store.put(&key, NewFile::plain(Bytes::from_static(content)), operation).await.unwrap();
    }

    #[tokio::test]
    async fn a_killed_upload_is_taken_back_by_the_next_reader() {
        let world = World::new().await;
        world.upload("files/x", &[("old", b"old"), ("other", b"other")]).await;
        let upload = killed(&world, Work::PutAll, &["x"], Usage { bytes: 100, files: 10 }).await;
        put(&world, "x/old", b"new!", &upload).await;
        put(&world, "x/new", b"new!", &upload).await;
        assert_eq!(world.get("files").await.0, 200);
        assert_eq!(world.paths(), ["x/old=old", "x/other=other"]);
        assert_eq!(world.usage().await, (8, 2));
    }

    #[tokio::test]
    async fn what_could_not_be_taken_back_keeps_nobody_waiting_for_a_whole_lease() {
        let world = World::new().await;
        world.store.lose_answers_of("x");
        world.store.fail_next_take_back();
        world.store.fail_next_take_back();
        assert_eq!(world.put("files/x", &[], b"new").await.0, 503);
        assert_eq!(world.paths(), ["x=new"]);
        world.clock.advance(10);
        assert_eq!((world.usage().await, world.paths()), ((0, 0), Vec::<String>::new()));
    }

    #[tokio::test]
    async fn a_killed_move_has_either_happened_or_not() {
        for (copied, expected) in [(false, ["from/1=one"]), (true, ["to/1=one"])] {
            let world = World::new().await;
            world.upload("files/from", &[("1", b"one")]).await;
            let work = Work::Move { copied };
            let id = killed(&world, work, &["from", "to"], Usage::default()).await;
            put(&world, "to/1", b"one", &id).await;
            assert_eq!(world.upload("files/to", &[]).await.0, 400, "who does not touch it leaves it");
            assert_eq!(world.put("files/to/../2", &[], b"").await.0, 400);
            assert_eq!(world.delete("files/to/2").await.0, 200);
            assert_eq!(world.paths(), expected);
            assert_eq!(world.usage().await, (3, 1));
        }
    }

    #[tokio::test]
    async fn a_killed_copy_that_never_began_takes_nothing_with_it() {
        let world = World::new().await;
        world.upload("files", &[("from", b"one"), ("to", b"somebody needs this")]).await;
        killed(&world, Work::Copy, &["from", "to"], Usage { bytes: 3, files: 1 }).await;
        assert_eq!(world.get("files").await.0, 200);
        assert_eq!(world.paths(), ["from=one", "to=somebody needs this"]);
    }

    #[tokio::test]
    async fn a_killed_deletion_is_done_to_its_end() {
        let world = World::new().await;
        world.upload("files/x", &[("1", b"one"), ("2", b"two")]).await;
        killed(&world, Work::Delete { decided: true }, &["x"], Usage::default()).await;
        assert_eq!(world.put("files/x/3", &[], b"three").await.0, 200);
        assert_eq!(world.paths(), ["x/3=three"]);
        assert_eq!(world.usage().await, (5, 1));
    }

    #[tokio::test]
    async fn room_that_a_killed_process_holds_is_given_back_when_it_is_needed() {
        let world = World::new().await;
        world.allow(10, 10);
        killed(&world, Work::PutAll, &["x"], Usage { bytes: 10, files: 1 }).await;
        assert_eq!(world.put("files/elsewhere", &[], b"12345").await.0, 200);
    }

    #[tokio::test]
    async fn who_comes_while_something_is_under_way_waits_for_it() {
        let world = World::new().await;
        world.upload("files/x", &[("1", b"one")]).await;
        let expires = world.clock_now().plus_seconds(LEASE_SECONDS);
        let (id, work) = (OperationId::random(&*world.random as &dyn Random), Work::Delete { decided: true });
        let paths = vec![FolderPath::parse("x").unwrap()];
        let operation =
            Operation { id, work, paths, reserved: Usage::default(), expires, done: 0, answered: None };
        world.ledger.begin(&world.account, &operation, Usage { bytes: 9, files: 9 }).await.unwrap();
        let end = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            world.ledger.end(&world.account, &operation, UsageChange::default()).await.unwrap();
        };
        let requests = futures_util::future::join(world.get("files/x"), world.put("files/x/2", &[], b"two"));
        let elsewhere = world.put("files/y", &[], b"does not wait").await;
        assert_eq!(elsewhere.0, 200);
        let ((), (listed, stored)) = futures_util::future::join(end, requests).await;
        assert_eq!((listed.0, stored.0), (200, 200));
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let world = World::new().await;
        world.upload("files/x", &[("1", b"one")]).await;
        let id = OperationId::random(&*world.random as &dyn Random);
        let paths = vec![FolderPath::parse("x").unwrap()];
        let expires = world.clock_now().plus_seconds(1_000);
        let operation = Operation {
            id,
            work: Work::Delete { decided: true },
            paths,
            reserved: Usage::default(),
            expires,
            done: 7,
            answered: None,
        };
        world.ledger.begin(&world.account, &operation, Usage { bytes: 9, files: 9 }).await.unwrap();
        let later = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            world.clock.advance(20);
        };
        let requests = futures_util::future::join(world.get("files/x"), world.put("files/x/2", &[], b"two"));
        let ((), answers) = futures_util::future::join(later, requests).await;
        for (status, body) in [answers.0, answers.1] {
            assert!(
                status == 409 && body.contains("A deletion of /x is under way (7 files"),
                "{status} {body}"
            );
        }
        assert_eq!(world.usage().await, (3, 1));
    }
}
