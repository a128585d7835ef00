//! Files: what is stored, what is being done with it, and what is on its way.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::StoreError;
use crate::account::AccountId;
use crate::file_key::{FileKey, FolderKey};
use crate::file_ledger::{Ledger, Operation, OperationId, Usage, UsageChange};
use crate::file_upload::{FileUpload, Part, UploadResult};
use crate::media_type::MediaType;
use crate::timestamp::Timestamp;

/// Files and folders.
///
/// A folder exists when something is stored below it or when its marker is; the root always does.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Stores a file in the place of whatever was there: readers see the old file or the new one, wholly. The file
    /// is marked with the operation that stored it. [`StoreError::Conflict`] when what was there is not what the put
    /// insists on. The entity tag of the new file.
    async fn put(&self, key: &FileKey, file: NewFile, operation: &OperationId) -> Result<String, StoreError>;

    /// Takes back what an operation has stored at these keys: each is as it was before, or gone if it was not there.
    /// A key at which the operation stored nothing is left alone, so that a put whose answer was lost can be named
    /// like any other. All keys are tried, whatever a single one comes to.
    async fn take_back(
        &self,
        operation: &OperationId,
        files: &[FileKey],
        folders: &[FolderKey],
    ) -> Result<(), StoreError>;

    /// The state of a file.
    async fn state(&self, key: &FileKey) -> Result<Option<FileState>, StoreError>;

    /// Opens a file for reading.
    async fn open(&self, key: &FileKey) -> Result<Option<(FileState, Content)>, StoreError>;

    /// Opens a part of a file in that state; `None` when it is no longer there in that state.
    async fn open_part(
        &self,
        key: &FileKey,
        state: &FileState,
        range: Range<u64>,
    ) -> Result<Option<Content>, StoreError>;

    /// A URL from which anybody can read the file for `seconds`, as a download with that `Content-Disposition`.
    async fn link(&self, key: &FileKey, disposition: &str, seconds: u64) -> Result<String, StoreError>;

    /// Removes a file. Removing one that is gone is no failure.
    async fn delete(&self, key: &FileKey) -> Result<(), StoreError>;

    /// Makes a folder that stays when it is empty, marked with the operation that made it.
    async fn make_folder(&self, key: &FolderKey, operation: &OperationId) -> Result<(), StoreError>;

    /// Whether there is a folder.
    async fn has_folder(&self, key: &FolderKey) -> Result<bool, StoreError>;

    /// Everything below a folder at any depth, markers and the folder's own marker (an empty path) included.
    /// Empty when there is no such folder.
    async fn list(&self, key: &FolderKey) -> Result<Vec<Entry>, StoreError>;

    /// At most `limit` entries directly in a folder, in order of their bytes, that come after the entry `after`; and
    /// whether there are more. A folder among them ends in a slash, has no size, and is ordered with its slash.
    async fn list_page(
        &self,
        key: &FolderKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Entry>, bool), StoreError>;

    /// Removes a folder with everything below it; what that was.
    async fn delete_folder(&self, key: &FolderKey) -> Result<Usage, StoreError>;

    /// Copies a file as it is to another place of the same account, without its bytes passing through; `false` when it
    /// is not there.
    async fn copy(&self, from: &FileKey, to: &FileKey, operation: &OperationId) -> Result<bool, StoreError>;
}

/// One thing stored below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path relative to the folder; a folder's marker ends in a slash.
    pub path: String,
    /// The size.
    pub bytes: u64,
    /// When it was stored.
    pub modified: Timestamp,
    /// The entity tag, as in [`FileState`]; empty of a folder without a marker of its own.
    pub etag: String,
}

/// One state of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The size.
    pub bytes: u64,
    /// When it was stored.
    pub modified: Timestamp,
    /// Changes with the content: a strong entity tag of RFC 9110 8.8.3, quotes included.
    pub etag: String,
    /// What the content is, as whoever stored it has said.
    pub media_type: Option<MediaType>,
}

/// A file's bytes, piece by piece.
pub type Content = BoxStream<'static, Result<Bytes, StoreError>>;

/// A file that is to be stored.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its bytes.
    pub content: Bytes,
    /// What they are.
    pub media_type: Option<MediaType>,
    /// What must be in its place before.
    pub replaces: Replaces,
}

/// What a new file may take the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// Whatever is there, or nothing.
    Anything,
    /// Nothing.
    Nothing,
    /// The file with this entity tag.
    State(String),
}

impl NewFile {
    /// Bytes of an unknown kind that take the place of anything.
    #[must_use]
    pub const fn plain(content: Bytes) -> Self {
        Self { content, media_type: None, replaces: Replaces::Anything }
    }
}

/// What accounts store, and what is being done with it.
#[async_trait]
pub trait FileLedger: Send + Sync {
    /// The ledger of an account, in one strongly consistent read.
    async fn read(&self, account: &AccountId) -> Result<Ledger, StoreError>;

    /// Enters an operation and reserves its room, if with it the account stays within `allowance`; whether it did, and
    /// the ledger with it.
    async fn begin(
        &self,
        account: &AccountId,
        operation: &Operation,
        allowance: Usage,
    ) -> Result<(bool, Ledger), StoreError>;

    /// Changes an entered operation, which so far expires at `expires`; [`StoreError::Conflict`] when somebody else has
    /// taken it over or ended it.
    async fn update(
        &self,
        account: &AccountId,
        operation: &Operation,
        expires: Timestamp,
    ) -> Result<(), StoreError>;

    /// Strikes an operation out, gives back what it had reserved, counts what it has changed, and keeps its answer, if it
    /// has one, where [`IdempotencyStore::begin`](super::IdempotencyStore::begin) finds it: all at once or not at all. Whether it was still there, as it
    /// expires: another process may have taken it over.
    async fn end(
        &self,
        account: &AccountId,
        operation: &Operation,
        change: UsageChange,
    ) -> Result<bool, StoreError>;

    /// Sets what is stored to the truth, if nothing that may change it is under way or was entered after `tickets` had
    /// been. Large files on their way change nothing.
    async fn correct(&self, account: &AccountId, truth: Usage, tickets: u64) -> Result<(), StoreError>;
}

/// Files that arrive in parts, sent straight to the store.
#[async_trait]
pub trait PartStore: Send + Sync {
    /// Opens a file for its parts; the store's name for them.
    async fn open_parts(&self, key: &FileKey, operation: &OperationId) -> Result<String, StoreError>;

    /// A URL to which anybody can `PUT` a part of exactly `bytes` bytes for `seconds`.
    async fn part_link(
        &self,
        key: &FileKey,
        store_id: &str,
        number: u64,
        bytes: u64,
        seconds: u64,
    ) -> Result<String, StoreError>;

    /// Stores a part past any URL.
    async fn put_part(
        &self,
        key: &FileKey,
        store_id: &str,
        number: u64,
        content: Bytes,
    ) -> Result<Part, StoreError>;

    /// The parts that have arrived, by number; `None` when the file is no longer open for parts.
    async fn parts(&self, key: &FileKey, store_id: &str) -> Result<Option<Vec<Part>>, StoreError>;

    /// Joins the parts to the file, marked with its operation; its entity tag. From then on readers see it, wholly.
    async fn join_parts(&self, key: &FileKey, store_id: &str, parts: &[Part]) -> Result<String, StoreError>;

    /// Drops all parts. Dropping those of a file that is no longer open is no failure.
    async fn drop_parts(&self, key: &FileKey, store_id: &str) -> Result<(), StoreError>;

    /// Whether the file that is there was stored by that operation, and then its state.
    async fn stored_by(
        &self,
        key: &FileKey,
        operation: &OperationId,
    ) -> Result<Option<FileState>, StoreError>;
}

/// Large files on their way.
#[async_trait]
pub trait UploadStore: Send + Sync {
    /// Adds an upload.
    async fn add(&self, upload: &FileUpload) -> Result<(), StoreError>;

    /// An upload of an account.
    async fn find_upload(
        &self,
        account: &AccountId,
        id: &OperationId,
    ) -> Result<Option<FileUpload>, StoreError>;

    /// All uploads of an account that the store holds.
    async fn list_uploads(&self, account: &AccountId) -> Result<Vec<FileUpload>, StoreError>;

    /// Notes what an upload has come to.
    async fn complete(&self, upload: &FileUpload, result: &UploadResult) -> Result<(), StoreError>;

    /// Forgets an upload. Forgetting one that is gone is no failure.
    async fn remove(&self, account: &AccountId, id: &OperationId) -> Result<(), StoreError>;
}
