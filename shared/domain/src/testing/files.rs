//! Files in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::file_key::{FileKey, FolderKey};
use crate::ports::{Entry, FileStore, StoreError, StoredFile, Version};
use crate::timestamp::Timestamp;

/// A [`FileStore`] in memory: object keys with their versions, the newest last.
#[derive(Debug, Default)]
pub struct MemoryFiles(Mutex<Bucket>);

#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<(u64, Option<Bytes>)>>,
    versions: u64,
    failing: Vec<String>,
}

impl MemoryFiles {
    /// Makes every later put of a file with this path fail.
    pub fn fail_puts_of(&self, path: &str) {
        self.bucket().failing.push(path.to_owned());
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
        self.objects.get(key)?.last()?.1.clone()
    }

    /// Adds a version; without content it is a delete marker.
    fn push(&mut self, key: String, content: Option<Bytes>) -> u64 {
        self.versions += 1;
        self.objects.entry(key).or_default().push((self.versions, content));
        self.versions
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
    async fn put(&self, key: &FileKey, content: Bytes) -> Result<Version, StoreError> {
        let mut bucket = self.bucket();
        if bucket.failing.iter().any(|path| path == key.path().as_str()) {
            return Err(StoreError::Unavailable("failing as the test asked".into()));
        }
        Ok(Version(bucket.push(key.to_string(), Some(content)).to_string()))
    }

    async fn undo_put(&self, key: &FileKey, version: &Version) -> Result<(), StoreError> {
        if let Some(versions) = self.bucket().objects.get_mut(&key.to_string()) {
            versions.retain(|(stored, _)| stored.to_string() != version.0);
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
        self.bucket().push(key.to_string(), None);
        Ok(())
    }

    async fn make_folder(&self, key: &FolderKey) -> Result<(), StoreError> {
        self.bucket().push(key.to_string(), Some(Bytes::new()));
        Ok(())
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
            bucket.push(key, None);
        }
        Ok(())
    }
}
