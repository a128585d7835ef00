//! Several files stored as one: all of them or none.

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::file_key::{FileKey, FolderKey};
use crate::file_ledger::OperationId;
use crate::ports::{FileStore, NewFile, StoreError};

/// How many files are on their way to the store at the same time. S3 takes 3,500 puts a second for one prefix
/// (Amazon S3 User Guide, "Performance design patterns"); so many of some 30 ms each stay below.
const PARALLEL_PUTS: usize = 64;

/// How often taking back is tried: the store has already tried each of its calls several times.
const TAKE_BACK_TRIES: usize = 2;

/// Why nothing of a batch counts as stored.
#[derive(Debug, thiserror::Error)]
#[error("the files were not stored")]
pub struct NotStored {
    /// What went wrong.
    #[source]
    pub failure: StoreError,
    /// Whether everything that had been stored until then is gone again.
    pub taken_back: bool,
}

/// Stores all of `files` and makes all of `folders` in one operation.
///
/// When one of them fails, or when `in_time` says that the time has run out, no further one is begun, those that were
/// begun are taken back, and the failure is returned.
pub async fn put_all(
    store: &dyn FileStore,
    operation: &OperationId,
    files: Vec<(FileKey, NewFile)>,
    folders: &[FolderKey],
    in_time: &(dyn Fn() -> bool + Sync),
) -> Result<(), NotStored> {
    let mut keys: Vec<_> = files.iter().map(|(key, _)| key.clone()).collect();
    let put_files = files.into_iter().map(|(key, file)| async move {
        check(in_time)?;
        store.put(&key, file, operation).await.map(drop)
    });
    let make_folders = folders.iter().map(|key| async move {
        check(in_time)?;
        store.make_folder(key, operation).await
    });
    let (begun, mut stored) = put_each(put_files).await;
    keys.truncate(begun);
    let mut made = 0;
    if stored.is_ok() {
        (made, stored) = put_each(make_folders).await;
    }
    let Err(failure) = stored else { return Ok(()) };
    let taken_back = take_back(store, operation, &keys, &folders[..made]).await;
    Err(NotStored { failure, taken_back })
}

/// Takes back an operation with some patience; whether nothing of it is left.
pub async fn take_back(
    store: &dyn FileStore,
    operation: &OperationId,
    files: &[FileKey],
    folders: &[FolderKey],
) -> bool {
    for _ in 0..TAKE_BACK_TRIES {
        if store.take_back(operation, files, folders).await.is_ok() {
            return true;
        }
    }
    false
}

fn check(in_time: &(dyn Fn() -> bool + Sync)) -> Result<(), StoreError> {
    if in_time() { Ok(()) } else { Err(StoreError::Unavailable("the time for storing files ran out".into())) }
}

/// Does all of `puts`; how many were begun, and how it went. After a failure no further one is begun, and every one
/// that has begun is waited for: what is still on its way could not be taken back.
async fn put_each(
    mut puts: impl Iterator<Item = impl Future<Output = Result<(), StoreError>>>,
) -> (usize, Result<(), StoreError>) {
    let mut on_their_way = FuturesUnordered::new();
    let (mut begun, mut outcome) = (0, Ok(()));
    loop {
        while outcome.is_ok() && on_their_way.len() < PARALLEL_PUTS {
            let Some(put) = puts.next() else { break };
            begun += 1;
            on_their_way.push(put);
        }
        match on_their_way.next().await {
            Some(result) => outcome = outcome.and(result),
            None => return (begun, outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;

    use super::*;
    use crate::account::AccountId;
    use crate::file_path::{FilePath, FolderPath};
    use crate::testing::MemoryFiles;

    fn owner() -> AccountId {
        AccountId::parse(&"a".repeat(32)).expect("valid")
    }

    fn operation(digit: &str) -> OperationId {
        OperationId::parse(&digit.repeat(32)).expect("valid")
    }

    fn file(path: &str, content: &'static str) -> (FileKey, NewFile) {
        let path = FilePath::parse(path).expect("valid");
        (FileKey::new(&owner(), path), NewFile::plain(Bytes::from_static(content.as_bytes())))
    }

    /// A store with one old file, and what a later batch that replaces it comes to there.
    async fn fail(prepare: impl Fn(&MemoryFiles), folders: &[FolderKey]) -> Vec<(String, Bytes)> {
        let store = MemoryFiles::default();
        put_all(&store, &operation("1"), vec![file("old", "1")], &[], &|| true).await.expect("stored");
        prepare(&store);
        let batch = vec![file("old", "2"), file("new", "2"), file("bad", "2")];
        let failed = put_all(&store, &operation("2"), batch, folders, &|| true).await;
        assert!(matches!(failed, Err(NotStored { failure: StoreError::Unavailable(_), taken_back: true })));
        store.contents()
    }

    fn only_the_old() -> Vec<(String, Bytes)> {
        vec![(file("old", "").0.to_string(), Bytes::from_static(b"1"))]
    }

    #[tokio::test]
    async fn a_failed_put_takes_back_the_others_and_restores_what_they_replaced() {
        assert_eq!(fail(|store| store.fail_puts_of("bad"), &[]).await, only_the_old());
    }

    #[tokio::test]
    async fn a_put_whose_answer_is_lost_is_taken_back_too() {
        assert_eq!(fail(|store| store.lose_answers_of("bad"), &[]).await, only_the_old());
        assert_eq!(fail(|store| store.lose_answers_of("old"), &[]).await, only_the_old());
    }

    #[tokio::test]
    async fn folders_are_taken_back_like_files() {
        let folders =
            ["x", "y"].map(|path| FolderKey::new(&owner(), FolderPath::parse(path).expect("valid")));
        assert_eq!(fail(|store| store.lose_answers_of("y"), &folders).await, only_the_old());
    }

    #[tokio::test]
    async fn taking_back_that_fails_is_tried_again() {
        let unlucky = |store: &MemoryFiles| {
            store.fail_puts_of("bad");
            store.fail_next_take_back();
        };
        assert_eq!(fail(unlucky, &[]).await, only_the_old());
    }

    #[tokio::test]
    async fn a_batch_that_runs_out_of_time_leaves_nothing() {
        let store = MemoryFiles::default();
        let names: Vec<_> = (0..200).map(|n| n.to_string()).collect();
        let batch = names.iter().map(|name| file(name, "x")).collect();
        let asked = AtomicUsize::new(0);
        let in_time = || asked.fetch_add(1, Ordering::Relaxed) < 100;
        let late = put_all(&store, &operation("1"), batch, &[], &in_time).await;
        assert!(matches!(late, Err(NotStored { failure: StoreError::Unavailable(_), taken_back: true })));
        assert_eq!(store.contents(), []);
        assert!(asked.into_inner() < 200, "the rest was not begun");
    }
}
