//! Files in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::file_key::{FileKey, FolderKey};
use crate::file_ledger::{OperationId, Usage};
use crate::file_path::FilePath;
use crate::file_upload::Part;
use crate::ports::{Content, Entry, FileState, FileStore, NewFile, PartStore, Replaces, StoreError};
use crate::testing::on_the_way;
use crate::timestamp::Timestamp;

/// A [`FileStore`] in memory: object keys with their versions, the newest last.
#[derive(Debug, Default)]
pub struct MemoryFiles(Mutex<Bucket>);

#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<Version>>,
    puts: u64,
    failing: Vec<String>,
    answerless: Vec<String>,
    failing_take_backs: usize,
    broken: Vec<String>,
    open: BTreeMap<String, OpenFile>,
}

/// A file whose parts are coming in.
#[derive(Debug)]
struct OpenFile {
    key: FileKey,
    operation: OperationId,
    parts: BTreeMap<u64, Bytes>,
}

#[derive(Debug)]
struct Version {
    /// What stored it; nothing for a delete marker.
    operation: Option<OperationId>,
    /// `None` in a delete marker.
    file: Option<(FileState, Bytes)>,
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

    /// Makes every later read of a file break off at its end.
    pub fn break_reads_of(&self, path: &FilePath) {
        self.bucket().broken.push(path.to_string());
    }

    /// Makes the next take-back fail before it does anything.
    pub fn fail_next_take_back(&self) {
        self.bucket().failing_take_backs += 1;
    }

    /// Sends a part to the URL that was given for it; whether it was taken.
    pub fn receive(&self, link: &str, content: Bytes) -> bool {
        let mut bucket = self.bucket();
        let mut fields = link.split('|').skip(1);
        let mut field = || fields.next().unwrap_or_default().to_owned();
        let (store_id, number, bytes) = (field(), field(), field());
        let Some(file) = bucket.open.get_mut(&store_id) else { return false };
        let right = bytes == content.len().to_string();
        if let (true, Ok(number)) = (right, number.parse()) {
            file.parts.insert(number, content);
        }
        right
    }

    /// Every object that can be read, by key.
    pub fn contents(&self) -> Vec<(String, Bytes)> {
        let bucket = self.bucket();
        bucket.objects.keys().filter_map(|key| Some((key.clone(), bucket.newest(key)?.1.clone()))).collect()
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn newest(&self, key: &str) -> Option<&(FileState, Bytes)> {
        self.objects.get(key)?.last()?.file.as_ref()
    }

    fn put(
        &mut self,
        key: String,
        path: &str,
        file: NewFile,
        operation: &OperationId,
    ) -> Result<String, StoreError> {
        let failure = || Err(StoreError::Unavailable("failing as the test asked".into()));
        if self.failing.iter().any(|failing| failing == path) {
            return failure();
        }
        let present = self.newest(&key).map(|(state, _)| &state.etag);
        match &file.replaces {
            Replaces::Nothing if present.is_some() => return Err(StoreError::Conflict),
            Replaces::State(etag) if present != Some(etag) => return Err(StoreError::Conflict),
            _ => {}
        }
        self.puts += 1;
        let etag = format!("\"{}\"", self.puts);
        let state = FileState {
            bytes: file.content.len() as u64,
            modified: Timestamp::from_unix_seconds(self.puts),
            etag: etag.clone(),
            media_type: file.media_type,
        };
        let version = Version { operation: Some(operation.clone()), file: Some((state, file.content)) };
        self.objects.entry(key).or_default().push(version);
        if self.answerless.iter().any(|answerless| answerless == path) { failure() } else { Ok(etag) }
    }

    fn delete(&mut self, key: String) {
        self.objects.entry(key).or_default().push(Version { operation: None, file: None });
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
    async fn put(&self, key: &FileKey, file: NewFile, operation: &OperationId) -> Result<String, StoreError> {
        on_the_way().await;
        self.bucket().put(key.to_string(), key.path().as_str(), file, operation)
    }

    async fn take_back(
        &self,
        operation: &OperationId,
        files: &[FileKey],
        folders: &[FolderKey],
    ) -> Result<(), StoreError> {
        on_the_way().await;
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

    async fn state(&self, key: &FileKey) -> Result<Option<FileState>, StoreError> {
        on_the_way().await;
        Ok(self.bucket().newest(&key.to_string()).map(|(state, _)| state.clone()))
    }

    async fn open(&self, key: &FileKey) -> Result<Option<(FileState, Content)>, StoreError> {
        on_the_way().await;
        let Some((state, content)) = self.bucket().newest(&key.to_string()).cloned() else { return Ok(None) };
        let breaks = self.bucket().broken.iter().any(|path| path == key.path().as_str());
        let broken = breaks.then(|| Err(StoreError::Unavailable("broken off as the test asked".into())));
        Ok(Some((state, stream::iter([Ok(content)].into_iter().chain(broken)).boxed())))
    }

    async fn open_part(
        &self,
        key: &FileKey,
        state: &FileState,
        range: Range<u64>,
    ) -> Result<Option<Content>, StoreError> {
        let bucket = self.bucket();
        let there = bucket.newest(&key.to_string()).filter(|(there, _)| there.etag == state.etag);
        let place = |at: u64| usize::try_from(at).expect("files in memory are small");
        let part = there.map(|(_, content)| content.slice(place(range.start)..place(range.end)));
        Ok(part.map(|part| stream::once(async { Ok(part) }).boxed()))
    }

    async fn link(&self, key: &FileKey, disposition: &str, seconds: u64) -> Result<String, StoreError> {
        Ok(format!("memory:{key}?disposition={disposition}&seconds={seconds}"))
    }

    async fn delete(&self, key: &FileKey) -> Result<(), StoreError> {
        on_the_way().await;
        self.bucket().delete(key.to_string());
        Ok(())
    }

    async fn make_folder(&self, key: &FolderKey, operation: &OperationId) -> Result<(), StoreError> {
        on_the_way().await;
        let marker = NewFile::plain(Bytes::new());
        self.bucket().put(key.to_string(), key.path().as_str(), marker, operation).map(drop)
    }

    async fn has_folder(&self, key: &FolderKey) -> Result<bool, StoreError> {
        on_the_way().await;
        Ok(key.path().is_root() || !self.bucket().keys_below(&key.to_string()).is_empty())
    }

    async fn list(&self, key: &FolderKey) -> Result<Vec<Entry>, StoreError> {
        on_the_way().await;
        let (bucket, prefix) = (self.bucket(), key.to_string());
        let entry = |key: String| {
            let state = bucket.newest(&key).map(|(state, _)| state);
            Entry {
                path: key[prefix.len()..].to_owned(),
                bytes: state.map_or(0, |state| state.bytes),
                modified: state.map_or(Timestamp::from_unix_seconds(0), |state| state.modified),
                etag: state.map_or(String::new(), |state| state.etag.clone()),
            }
        };
        Ok(bucket.keys_below(&prefix).into_iter().map(entry).collect())
    }

    async fn list_page(
        &self,
        key: &FolderKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Entry>, bool), StoreError> {
        let direct = self.list(key).await?.into_iter().map(|entry| match entry.path.split_once('/') {
            Some((folder, _)) => Entry { path: format!("{folder}/"), bytes: 0, etag: String::new(), ..entry },
            None => entry,
        });
        let mut page: Vec<Entry> = Vec::new();
        for entry in direct.filter(|entry| !entry.path.is_empty()) {
            let known = page.iter().any(|other| other.path == entry.path);
            if !known && after.is_none_or(|after| entry.path.as_str() > after) {
                page.push(entry);
            }
        }
        page.sort_by(|one, other| one.path.cmp(&other.path));
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }

    async fn delete_folder(&self, key: &FolderKey) -> Result<Usage, StoreError> {
        let removed = Usage::of(&self.list(key).await?);
        let keys = self.bucket().keys_below(&key.to_string());
        for key in keys {
            on_the_way().await;
            self.bucket().delete(key);
        }
        Ok(removed)
    }

    async fn copy(&self, from: &FileKey, to: &FileKey, operation: &OperationId) -> Result<bool, StoreError> {
        on_the_way().await;
        let mut bucket = self.bucket();
        let Some((state, content)) = bucket.newest(&from.to_string()).cloned() else { return Ok(false) };
        let file = NewFile { media_type: state.media_type, ..NewFile::plain(content) };
        bucket.put(to.to_string(), to.path().as_str(), file, operation).map(|_| true)
    }
}

#[async_trait]
impl PartStore for MemoryFiles {
    async fn open_parts(&self, key: &FileKey, operation: &OperationId) -> Result<String, StoreError> {
        let file = OpenFile { key: key.clone(), operation: operation.clone(), parts: BTreeMap::new() };
        self.bucket().open.insert(operation.to_string(), file);
        Ok(operation.to_string())
    }

    async fn part_link(
        &self,
        _: &FileKey,
        store_id: &str,
        number: u64,
        bytes: u64,
        seconds: u64,
    ) -> Result<String, StoreError> {
        Ok(format!("memory:|{store_id}|{number}|{bytes}|{seconds}"))
    }

    async fn put_part(
        &self,
        _: &FileKey,
        store_id: &str,
        number: u64,
        content: Bytes,
    ) -> Result<Part, StoreError> {
        let bytes = content.len() as u64;
        let mut bucket = self.bucket();
        let file = bucket.open.get_mut(store_id).ok_or(StoreError::Conflict)?;
        file.parts.insert(number, content);
        Ok(Part { number, bytes, etag: format!("\"{number}\"") })
    }

    async fn parts(&self, _: &FileKey, store_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        let bucket = self.bucket();
        let Some(file) = bucket.open.get(store_id) else { return Ok(None) };
        let part = |(number, content): (&u64, &Bytes)| {
            let bytes = content.len() as u64;
            Part { number: *number, bytes, etag: format!("\"{number}\"") }
        };
        Ok(Some(file.parts.iter().map(part).collect()))
    }

    async fn join_parts(&self, _: &FileKey, store_id: &str, parts: &[Part]) -> Result<String, StoreError> {
        let mut bucket = self.bucket();
        let Some(file) = bucket.open.remove(store_id) else { return Err(StoreError::Conflict) };
        let content: Option<Vec<_>> =
            parts.iter().map(|part| file.parts.get(&part.number).cloned()).collect();
        let Some(content) = content else { return Err(StoreError::Conflict) };
        let new = NewFile::plain(content.concat().into());
        bucket.put(file.key.to_string(), file.key.path().as_str(), new, &file.operation)
    }

    async fn drop_parts(&self, _: &FileKey, store_id: &str) -> Result<(), StoreError> {
        self.bucket().open.remove(store_id);
        Ok(())
    }

    async fn stored_by(
        &self,
        key: &FileKey,
        operation: &OperationId,
    ) -> Result<Option<FileState>, StoreError> {
        let bucket = self.bucket();
        let newest = bucket.objects.get(&key.to_string()).and_then(|versions| versions.last());
        let ours = newest.filter(|version| version.operation.as_ref() == Some(operation));
        Ok(ours.and_then(|version| Some(version.file.as_ref()?.0.clone())))
    }
}
