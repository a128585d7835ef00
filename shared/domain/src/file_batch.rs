//! Several files stored as one: all of them or none.

use std::future::ready;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::file_key::{FileKey, FolderKey};
use crate::ports::{FileStore, StoreError, Version};

/// How many files are on their way to the store at the same time.
const PARALLEL_PUTS: usize = 8;

/// A file to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Where.
    pub key: FileKey,
    /// What.
    pub content: Bytes,
}

/// Stores all of `files` and makes all of `folders`. When one of them fails, no further one is begun, those already
/// stored are taken back, and the failure is returned.
pub async fn put_all(
    store: &dyn FileStore,
    files: Vec<NewFile>,
    folders: &[FolderKey],
) -> Result<(), StoreError> {
    let mut done = Vec::new();
    let failed = AtomicBool::new(false);
    let files = stream::iter(files).take_while(|_| ready(!failed.load(Ordering::Relaxed)));
    let mut puts = pin!(files.map(|file| put(store, file)).buffer_unordered(PARALLEL_PUTS));
    let mut failure = None;
    // Every put that has begun is waited for: one that is still on its way could not be taken back.
    while let Some(result) = puts.next().await {
        match result {
            Ok(stored) => done.push(stored),
            Err(error) => {
                failed.store(true, Ordering::Relaxed);
                failure = failure.or(Some(error));
            }
        }
    }
    if failure.is_none() {
        let made = stream::iter(folders.iter().map(Ok));
        failure = made.try_for_each_concurrent(PARALLEL_PUTS, |key| store.make_folder(key)).await.err();
    }
    let Some(failure) = failure else { return Ok(()) };
    let undo = async |(key, version): &(FileKey, Version)| {
        // One that cannot be taken back must not keep the others, nor hide why anything had to be.
        let _ = store.undo_put(key, version).await;
    };
    stream::iter(&done).for_each_concurrent(PARALLEL_PUTS, undo).await;
    Err(failure)
}

async fn put(store: &dyn FileStore, file: NewFile) -> Result<(FileKey, Version), StoreError> {
    let version = store.put(&file.key, file.content).await?;
    Ok((file.key, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountId;
    use crate::file_path::FilePath;
    use crate::testing::MemoryFiles;

    fn file(path: &str, content: &'static str) -> NewFile {
        let account = AccountId::parse(&"a".repeat(32)).expect("valid");
        let path = FilePath::parse(path).expect("valid");
        NewFile { key: FileKey::new(&account, path), content: Bytes::from_static(content.as_bytes()) }
    }

    #[tokio::test]
    async fn a_failed_put_takes_back_the_others_and_restores_what_they_replaced() {
        let store = MemoryFiles::default();
        put_all(&store, vec![file("old", "1")], &[]).await.expect("stored");
        store.fail_puts_of("bad");
        let batch = vec![file("old", "2"), file("new", "2"), file("bad", "2")];
        assert!(matches!(put_all(&store, batch, &[]).await, Err(StoreError::Unavailable(_))));
        assert_eq!(store.contents(), [(file("old", "").key.to_string(), Bytes::from_static(b"1"))]);
    }
}
