//! Files in S3.
//!
//! A file is the object `<account id>/<path>`; a folder that stays when empty is a zero-byte object whose key ends
//! in a slash. The bucket is versioned, and every object names the operation that stored it: that is what makes an
//! operation revocable.

use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use domain::{
    Content, Entry, FileKey, FileState, FileStore, FolderKey, MediaType, NewFile, OperationId, Replaces,
    StoreError, Timestamp, Usage,
};
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::bucket::{Bucket, encode_key, from_xml, to_xml};
use crate::clients::Clients;
use crate::failure::{corrupt, unavailable};
use crate::s3_download::{ObjectState, body};
use crate::service::CallError;

/// The most objects that one `DeleteObjects` call takes.
const DELETE_PAGE: usize = 1_000;

/// The metadata that names an object's operation.
pub(crate) const OPERATION: HeaderName = HeaderName::from_static("x-amz-meta-operation");

/// The metadata that holds what a client says the object is.
const MEDIA_TYPE: HeaderName = HeaderName::from_static("x-amz-meta-media-type");

const VERSION: HeaderName = HeaderName::from_static("x-amz-version-id");

/// The type of every object as the bucket itself would serve it.
pub(crate) const PLAIN_TYPE: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// How long S3 may take for the copy of a small object.
const COPYING: Duration = Duration::from_secs(9);

/// How many objects are asked for their operation at the same time.
const PARALLEL_HEADS: usize = 64;

/// How many versions one operation can have left at one key: a put is sent up to three times, and each may have
/// arrived without its answer coming back.
const MAX_VERSIONS: usize = 3;

/// The files of one bucket.
#[derive(Clone, Debug)]
pub struct S3Files {
    pub(crate) bucket: Bucket,
}

/// An object, or one version of it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Deletion<'a> {
    /// Only failures are answered.
    quiet: bool,
    object: &'a [Named],
}

#[derive(Deserialize)]
struct Deleted {
    #[serde(rename = "Error", default)]
    errors: Vec<Undeleted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Undeleted {
    code: String,
}

/// What a copy or a join has come to.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "ETag")]
    etag: String,
}

/// The entity tag of what was copied or joined.
pub(crate) fn made(root: &str, answer: &[u8]) -> Result<String, StoreError> {
    Ok(from_xml::<Made>(root, answer)?.etag)
}

impl S3Files {
    /// The files in `bucket`, which must be versioned.
    #[must_use]
    pub fn new(clients: &Clients, bucket: String) -> Self {
        Self { bucket: clients.bucket(bucket) }
    }

    /// Opens a connection to the bucket, so that the first request of a process finds one. It never fails.
    pub async fn connect(&self) {
        self.bucket.service.connect().await;
    }

    async fn put_object(
        &self,
        key: String,
        file: NewFile,
        operation: &OperationId,
    ) -> Result<String, StoreError> {
        let put = self.bucket.request(Method::PUT, &key, &[]).header(OPERATION, operation.as_str());
        // The type that a client claims never becomes the object's own: no page may be served from the bucket.
        let mut put = put.header(header::CONTENT_TYPE, PLAIN_TYPE);
        if let Some(media_type) = &file.media_type {
            put = put.header(MEDIA_TYPE, media_type.as_str());
        }
        let put = match &file.replaces {
            Replaces::Anything => put,
            Replaces::Nothing => put.header(header::IF_NONE_MATCH, "*"),
            Replaces::State(etag) => put.header(header::IF_MATCH, etag),
        };
        let put = put.header("x-amz-checksum-crc32", crc32(&file.content));
        let stored = match self.bucket.call(put, file.content).await.map_err(conflict_or_unavailable) {
            Ok(stored) => stored.into_parts().0.headers,
            // What stands in the way may be this very file, stored by an attempt whose answer was lost.
            Err(StoreError::Conflict) => self.head_of(&key, operation).await?.ok_or(StoreError::Conflict)?,
            Err(error) => return Err(error),
        };
        text(&stored, &VERSION).ok_or_else(|| corrupt("bucket", "versioning is not enabled on it"))?;
        text(&stored, &header::ETAG).ok_or_else(no_etag)
    }

    async fn head(&self, key: &str) -> Result<Option<HeaderMap>, StoreError> {
        match self.bucket.call(self.bucket.request(Method::HEAD, key, &[]), Bytes::new()).await {
            Ok(head) => Ok(Some(head.into_parts().0.headers)),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.status == StatusCode::NOT_FOUND) => {
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// What is known about an object, if that operation stored it.
    pub(crate) async fn head_of(
        &self,
        key: &str,
        operation: &OperationId,
    ) -> Result<Option<HeaderMap>, StoreError> {
        let head = self.head(key).await?;
        Ok(head.filter(|head| head.get(OPERATION).is_some_and(|stored_by| stored_by == operation.as_str())))
    }

    /// The object's present version, if that operation stored it.
    async fn version_of(&self, key: &str, operation: &OperationId) -> Result<Option<Named>, StoreError> {
        let head = self.head_of(key, operation).await?;
        let version = head.and_then(|head| text(&head, &VERSION));
        Ok(version.map(|version| Named { key: key.to_owned(), version_id: Some(version) }))
    }

    /// Deletes objects, or versions of them where one is named. All are tried.
    async fn delete_objects(&self, objects: &[Named]) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for page in objects.chunks(DELETE_PAGE) {
            outcome = outcome.and(self.delete_page(page).await);
        }
        outcome
    }

    async fn delete_page(&self, objects: &[Named]) -> Result<(), StoreError> {
        let xml = to_xml("Delete", &Deletion { quiet: true, object: objects })?;
        let delete = self.bucket.request(Method::POST, "", &[("delete", "")]);
        let delete = delete.header("x-amz-checksum-crc32", crc32(&xml));
        let answer = self.bucket.call(delete, xml).await.map_err(unavailable)?;
        let deleted: Deleted = from_xml("DeleteResult", answer.body())?;
        deleted.errors.first().map_or(Ok(()), |error| {
            Err(StoreError::Unavailable(format!("an object was not deleted: {}", error.code).into()))
        })
    }

    fn object(&self, key: &FileKey, state: &FileState) -> ObjectState {
        ObjectState { bucket: self.bucket.clone(), key: key.to_string(), etag: state.etag.clone() }
    }
}

#[async_trait]
impl FileStore for S3Files {
    async fn put(&self, key: &FileKey, file: NewFile, operation: &OperationId) -> Result<String, StoreError> {
        self.put_object(key.to_string(), file, operation).await
    }

    async fn take_back(
        &self,
        operation: &OperationId,
        files: &[FileKey],
        folders: &[FolderKey],
    ) -> Result<(), StoreError> {
        let keys = files.iter().map(FileKey::to_string).chain(folders.iter().map(FolderKey::to_string));
        let mut keys: Vec<_> = keys.collect();
        let mut outcome = Ok(());
        for _ in 0..MAX_VERSIONS {
            let heads = keys.into_iter().map(async |key: String| self.version_of(&key, operation).await);
            let found: Vec<_> = stream::iter(heads).buffer_unordered(PARALLEL_HEADS).collect().await;
            let mut versions = Vec::new();
            for version in found {
                match version {
                    Ok(version) => versions.extend(version),
                    Err(error) => outcome = outcome.and(Err(error)),
                }
            }
            outcome = outcome.and(self.delete_objects(&versions).await);
            // Behind a version that was deleted there may be another one of the operation.
            keys = versions.into_iter().map(|version| version.key).collect();
        }
        outcome
    }

    async fn state(&self, key: &FileKey) -> Result<Option<FileState>, StoreError> {
        self.head(&key.to_string()).await?.map(|head| file_state(&head)).transpose()
    }

    async fn open(&self, key: &FileKey) -> Result<Option<(FileState, Content)>, StoreError> {
        let object = match self.bucket.open(self.bucket.request(Method::GET, &key.to_string(), &[])).await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        let state = file_state(object.headers())?;
        let content = self.object(key, &state).download(body(object.into_body()), 0..state.bytes);
        Ok(Some((state, content)))
    }

    async fn open_part(
        &self,
        key: &FileKey,
        state: &FileState,
        range: Range<u64>,
    ) -> Result<Option<Content>, StoreError> {
        let object = self.object(key, state);
        let body = object.open(&range).await?;
        Ok(body.map(|body| object.download(body, range)))
    }

    async fn link(&self, key: &FileKey, disposition: &str, seconds: u64) -> Result<String, StoreError> {
        let answer = [
            ("response-cache-control", "private, no-cache"),
            ("response-content-disposition", disposition),
            ("response-content-type", "application/octet-stream"),
        ];
        let get = self.bucket.request(Method::GET, &key.to_string(), &answer);
        self.bucket.link(get, seconds).map_err(unavailable)
    }

    async fn delete(&self, key: &FileKey) -> Result<(), StoreError> {
        let delete = self.bucket.request(Method::DELETE, &key.to_string(), &[]);
        self.bucket.call(delete, Bytes::new()).await.map(drop).map_err(unavailable)
    }

    async fn make_folder(&self, key: &FolderKey, operation: &OperationId) -> Result<(), StoreError> {
        if key.path().is_root() {
            return Ok(());
        }
        self.put_object(key.to_string(), NewFile::plain(Bytes::new()), operation).await.map(drop)
    }

    async fn has_folder(&self, key: &FolderKey) -> Result<bool, StoreError> {
        if key.path().is_root() {
            return Ok(true);
        }
        let page = self.page(&key.to_string(), &[("max-keys", "1")]).await?;
        Ok(!page.entries.is_empty())
    }

    async fn list(&self, key: &FolderKey) -> Result<Vec<Entry>, StoreError> {
        self.entries(&key.to_string()).await
    }

    async fn list_page(
        &self,
        key: &FolderKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Entry>, bool), StoreError> {
        let prefix = key.to_string();
        let mut start = after.map(|after| behind(&prefix, after));
        let mut page = Vec::new();
        loop {
            // One more than asked for tells whether there are more, and one may be the folder's own marker.
            let wanted = (limit - page.len() + 2).to_string();
            let mut query = vec![("delimiter", "/"), ("max-keys", wanted.as_str())];
            query.extend(start.as_deref().map(|start| ("start-after", start)));
            let found = self.page(&prefix, &query).await?;
            let is_last = found.next.is_none();
            page.append(&mut found.direct_entries());
            if page.len() > limit || is_last {
                let more = page.len() > limit;
                page.truncate(limit);
                return Ok((page, more));
            }
            let last = page.last().ok_or_else(|| corrupt("listing", "a page is empty and not the last"))?;
            start = Some(behind(&prefix, &last.path));
        }
    }

    async fn delete_folder(&self, key: &FolderKey) -> Result<Usage, StoreError> {
        let entries = self.list(key).await?;
        let name = |entry: &Entry| Named { key: format!("{key}{}", entry.path), version_id: None };
        let names: Vec<_> = entries.iter().map(name).collect();
        self.delete_objects(&names).await?;
        Ok(Usage::of(&entries))
    }

    async fn copy(&self, from: &FileKey, to: &FileKey, operation: &OperationId) -> Result<bool, StoreError> {
        let Some(state) = self.state(from).await? else { return Ok(false) };
        let copy = self.bucket.request(Method::PUT, &to.to_string(), &[]);
        let source = format!("{}/{}", self.bucket.name, encode_key(&from.to_string()));
        let copy = copy.header("x-amz-copy-source", source);
        let copy = copy.header("x-amz-copy-source-if-match", &state.etag);
        // Without replacing the metadata the copy would be marked with the operation that stored the original.
        let copy = copy.header("x-amz-metadata-directive", "REPLACE");
        let copy = copy.header(header::CONTENT_TYPE, PLAIN_TYPE);
        let mut copy = copy.header(OPERATION, operation.as_str());
        if let Some(media_type) = &state.media_type {
            copy = copy.header(MEDIA_TYPE, media_type.as_str());
        }
        // S3 moves at least 25 MB of a copy in a second.
        let time = COPYING + Duration::from_secs(state.bytes / 25_000_000);
        let copied = self.bucket.patient(time).call(copy, Bytes::new()).await.map_err(unavailable)?;
        made("CopyObjectResult", copied.body()).map(|_| true)
    }
}

/// Where a listing goes on after an entry: of a folder behind everything that lies in it, or else it would come again.
fn behind(prefix: &str, path: &str) -> String {
    let last = if path.ends_with('/') { "\u{10ffff}" } else { "" };
    format!("{prefix}{path}{last}")
}

/// The state of a file, as the headers of its object tell it.
pub(crate) fn file_state(headers: &HeaderMap) -> Result<FileState, StoreError> {
    let bytes = text(headers, &header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
    let modified =
        text(headers, &header::LAST_MODIFIED).and_then(|text| httpdate::parse_http_date(&text).ok());
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(FileState {
        bytes: bytes.ok_or_else(|| corrupt("object", "it has no size"))?,
        modified: Timestamp::from_unix_seconds(modified.as_secs()),
        etag: text(headers, &header::ETAG).ok_or_else(no_etag)?,
        media_type: text(headers, &MEDIA_TYPE).and_then(|text| MediaType::parse(&text).ok()),
    })
}

/// What a header says.
pub(crate) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

pub(crate) fn no_etag() -> StoreError {
    corrupt("object", "it has no entity tag")
}

/// By it S3 sees whether a content has arrived as it was.
fn crc32(content: &[u8]) -> String {
    BASE64.encode(&crc32fast::hash(content).to_be_bytes())
}

/// S3 answers a condition that does not hold with 412, two conditional puts at the same time with 409, and `If-Match`
/// without an object with 404.
fn conflict_or_unavailable(error: CallError) -> StoreError {
    match error.code() {
        Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey") => StoreError::Conflict,
        _ => unavailable(error),
    }
}
