//! Files in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::file_key::{FileKey, FolderKey};
use crate::ports::{Entry, FileStore, OperationId, StoreError, StoredFile};
use crate::timestamp::Timestamp;

/// A [`FileStore`] in memory: object keys with their versions, the newest last.
#[derive(Debug, Default)]
pub struct MemoryFiles(Mutex<Bucket>);

#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<Version>>,
    failing: Vec<String>,
    answerless: Vec<String>,
    failing_take_backs: usize,
}

#[derive(Debug)]
struct Version {
    /// What stored it; nothing for a delete marker.
    operation: Option<OperationId>,
    /// `None` in a delete marker.
    content: Option<Bytes>,
}

impl MemoryFiles {
    /// Makes every later put of a file with this path fail.
    pub fn fail_puts_of(&self, path: &str) {
        self.bucket().failing.push(path.to_owned());
    }

    /// Makes every later put of a file or folder with this path happen and yet be answered with a failure.
    pub fn lose_answers_of(&self, path: &str) {
        self.bucket().answerless.push(path.to_owned());
    }

    /// Makes the next take-back fail before it does anything.
    pub fn fail_next_take_back(&self) {
        self.bucket().failing_take_backs += 1;
    }

    /// Every object that can be read, by key.
    pub fn contents(&self) -> Vec<(String, Bytes)> {
        let bucket = self.bucket();
        bucket.objects.keys().filter_map(|key| Some((key.clone(), bucket.newest(key)?))).collect()
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn newest(&self, key: &str) -> Option<Bytes> {
        self.objects.get(key)?.last()?.content.clone()
    }

    fn put(
        &mut self,
        key: String,
        path: &str,
        content: Bytes,
        operation: &OperationId,
    ) -> Result<(), StoreError> {
        let failure = || Err(StoreError::Unavailable("failing as the test asked".into()));
        if self.failing.iter().any(|failing| failing == path) {
            return failure();
        }
        let version = Version { operation: Some(operation.clone()), content: Some(content) };
        self.objects.entry(key).or_default().push(version);
        if self.answerless.iter().any(|answerless| answerless == path) { failure() } else { Ok(()) }
    }

    fn delete(&mut self, key: String) {
        self.objects.entry(key).or_default().push(Version { operation: None, content: None });
    }

    fn keys_below(&self, prefix: &str) -> Vec<String> {
        let below = self.objects.range(prefix.to_owned()..).map(|(key, _)| key);
        below
            .take_while(|key| key.starts_with(prefix))
            .filter(|key| self.newest(key).is_some())
            .cloned()
            .collect()
    }
}

#[async_trait]
impl FileStore for MemoryFiles {
    async fn put(&self, key: &FileKey, content: Bytes, operation: &OperationId) -> Result<(), StoreError> {
        self.bucket().put(key.to_string(), key.path().as_str(), content, operation)
    }

    async fn take_back(
        &self,
        operation: &OperationId,
        files: &[FileKey],
        folders: &[FolderKey],
    ) -> Result<(), StoreError> {
        let mut bucket = self.bucket();
        if bucket.failing_take_backs > 0 {
            bucket.failing_take_backs -= 1;
            return Err(StoreError::Unavailable("failing as the test asked".into()));
        }
        for key in files.iter().map(FileKey::to_string).chain(folders.iter().map(FolderKey::to_string)) {
            if let Some(versions) = bucket.objects.get_mut(&key) {
                while versions.pop_if(|version| version.operation.as_ref() == Some(operation)).is_some() {}
            }
        }
        Ok(())
    }

    async fn open(&self, key: &FileKey) -> Result<Option<StoredFile>, StoreError> {
        let Some(content) = self.bucket().newest(&key.to_string()) else { return Ok(None) };
        Ok(Some(StoredFile {
            bytes: content.len() as u64,
            modified: Timestamp::from_unix_seconds(0),
            etag: format!("\"{}\"", content.len()),
            content: stream::once(async { Ok(content) }).boxed(),
        }))
    }

    async fn has_file(&self, key: &FileKey) -> Result<bool, StoreError> {
        Ok(self.bucket().newest(&key.to_string()).is_some())
    }

    async fn delete(&self, key: &FileKey) -> Result<(), StoreError> {
        self.bucket().delete(key.to_string());
        Ok(())
    }

    async fn make_folder(&self, key: &FolderKey, operation: &OperationId) -> Result<(), StoreError> {
        self.bucket().put(key.to_string(), key.path().as_str(), Bytes::new(), operation)
    }

    async fn has_folder(&self, key: &FolderKey) -> Result<bool, StoreError> {
        Ok(key.path().is_root() || !self.bucket().keys_below(&key.to_string()).is_empty())
    }

    async fn list(&self, key: &FolderKey) -> Result<Vec<Entry>, StoreError> {
        let (bucket, prefix) = (self.bucket(), key.to_string());
        let entry = |key: String| Entry {
            path: key[prefix.len()..].to_owned(),
            bytes: bucket.newest(&key).map_or(0, |content| content.len() as u64),
        };
        Ok(bucket.keys_below(&prefix).into_iter().map(entry).collect())
    }

    async fn delete_folder(&self, key: &FolderKey) -> Result<(), StoreError> {
        let mut bucket = self.bucket();
        for key in bucket.keys_below(&key.to_string()) {
            bucket.delete(key);
        }
        Ok(())
    }
}
