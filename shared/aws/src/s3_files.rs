//! Files in S3.
//!
//! A file is the object `<account id>/<path>`; a folder that stays when empty is a zero-byte object whose key ends
//! in a slash. The bucket is versioned, and every object names the operation that stored it: that is what makes an
//! operation revocable.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{Delete, MetadataDirective, ObjectIdentifier};
use bytes::Bytes;
use domain::{
    Content, Entry, FileKey, FileState, FileStore, FolderKey, MediaType, NewFile, OperationId, Replaces,
    StoreError, Timestamp, Usage,
};
use futures_util::stream::{self, StreamExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::clients::Clients;
use crate::failure::{corrupt, unavailable};
use crate::s3_download::ObjectState;
use crate::s3_parts::patient;

/// The most objects that one `DeleteObjects` call takes.
const DELETE_PAGE: usize = 1_000;

/// The metadata that names an object's operation.
pub(crate) const OPERATION: &str = "operation";

/// The metadata that holds what a client says the object is.
const MEDIA_TYPE: &str = "media-type";

/// The type of every object as the bucket itself would serve it.
pub(crate) const PLAIN_TYPE: &str = "application/octet-stream";

/// What `x-amz-copy-source` takes of a key as it is: the slash and what RFC 3986 calls unreserved.
const KEY_IN_HEADER: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How long S3 may take for the copy of a small object.
const COPYING: Duration = Duration::from_secs(9);

/// How many objects are asked for their operation at the same time.
const PARALLEL_HEADS: usize = 64;

/// How many versions one operation can have left at one key: the SDK sends a put up to three times, and each may have
/// arrived without its answer coming back.
const MAX_VERSIONS: usize = 3;

/// The files of one bucket.
#[derive(Clone, Debug)]
pub struct S3Files {
    pub(crate) client: aws_sdk_s3::Client,
    pub(crate) bucket: String,
}

impl S3Files {
    /// The files in `bucket`, which must be versioned.
    #[must_use]
    pub fn new(clients: &Clients, bucket: String) -> Self {
        Self { client: clients.s3(), bucket }
    }

    async fn put_object(
        &self,
        key: String,
        file: NewFile,
        operation: &OperationId,
    ) -> Result<String, StoreError> {
        let put =
            self.client.put_object().bucket(&self.bucket).key(key).metadata(OPERATION, operation.as_str());
        // The type that a client claims never becomes the object's own: no page may be served from the bucket.
        let mut put = put.content_type(PLAIN_TYPE).body(ByteStream::from(file.content));
        if let Some(media_type) = &file.media_type {
            put = put.metadata(MEDIA_TYPE, media_type.as_str());
        }
        let put = match &file.replaces {
            Replaces::Anything => put,
            Replaces::Nothing => put.if_none_match("*"),
            Replaces::State(etag) => put.if_match(etag),
        };
        // TLS and a CRC protect the content on its way; hashing it once more costs as much as all the rest.
        let put = put.customize().disable_payload_signing();
        let stored = put.send().await.map_err(conflict_or_unavailable)?;
        stored.version_id.ok_or_else(|| corrupt("bucket", "versioning is not enabled on it"))?;
        stored.e_tag.ok_or_else(no_etag)
    }

    async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, StoreError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(head)),
            Err(SdkError::ServiceError(error)) if matches!(error.err(), HeadObjectError::NotFound(_)) => {
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
    ) -> Result<Option<HeadObjectOutput>, StoreError> {
        let stored_by = |head: &HeadObjectOutput| head.metadata()?.get(OPERATION).cloned();
        let head = self.head(key).await?;
        Ok(head.filter(|head| stored_by(head).as_deref() == Some(operation.as_str())))
    }

    /// The object's present version, if that operation stored it.
    async fn version_of(
        &self,
        key: &str,
        operation: &OperationId,
    ) -> Result<Option<ObjectIdentifier>, StoreError> {
        let version = self.head_of(key, operation).await?.and_then(|head| head.version_id);
        let name = |version| ObjectIdentifier::builder().key(key).version_id(version).build();
        version.map(name).transpose().map_err(unavailable)
    }

    /// Deletes objects, or versions of them where one is named. All are tried.
    async fn delete_objects(&self, objects: &[ObjectIdentifier]) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for page in objects.chunks(DELETE_PAGE) {
            let delete = Delete::builder().set_objects(Some(page.to_vec())).quiet(true).build();
            let delete = delete.map_err(unavailable)?;
            let sent = self.client.delete_objects().bucket(&self.bucket).delete(delete).send().await;
            outcome = outcome.and(match sent {
                Ok(answer) => answer.errors().first().map_or(Ok(()), |error| {
                    let code = error.code().unwrap_or("unknown");
                    Err(StoreError::Unavailable(format!("an object was not deleted: {code}").into()))
                }),
                Err(error) => Err(unavailable(error)),
            });
        }
        outcome
    }

    fn object(&self, key: &FileKey, state: &FileState) -> ObjectState {
        let (client, bucket) = (self.client.clone(), self.bucket.clone());
        ObjectState { client, bucket, key: key.to_string(), etag: state.etag.clone() }
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
        let Some(head) = self.head(&key.to_string()).await? else { return Ok(None) };
        file_state(head.content_length, head.last_modified, head.e_tag, head.metadata).map(Some)
    }

    async fn open(&self, key: &FileKey) -> Result<Option<(FileState, Content)>, StoreError> {
        let object = match self.client.get_object().bucket(&self.bucket).key(key.to_string()).send().await {
            Ok(object) => object,
            Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(unavailable(error)),
        };
        let state = file_state(object.content_length, object.last_modified, object.e_tag, object.metadata)?;
        let content = self.object(key, &state).download(object.body, 0..state.bytes);
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
        let expiry = PresigningConfig::expires_in(Duration::from_secs(seconds)).map_err(unavailable)?;
        let get = self.client.get_object().bucket(&self.bucket).key(key.to_string());
        let get = get.response_content_disposition(disposition).response_content_type(PLAIN_TYPE);
        let get = get.response_cache_control("private, no-cache").presigned(expiry).await;
        Ok(get.map_err(unavailable)?.uri().to_owned())
    }

    async fn delete(&self, key: &FileKey) -> Result<(), StoreError> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key.to_string());
        delete.send().await.map(drop).map_err(unavailable)
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
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(key.to_string()).max_keys(1);
        Ok(!list.send().await.map_err(unavailable)?.contents().is_empty())
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
            let wanted = i32::try_from(limit - page.len() + 2).unwrap_or(i32::MAX);
            let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).delimiter("/");
            let request = request.set_start_after(start.take()).max_keys(wanted);
            let found = request.send().await.map_err(unavailable)?;
            page.append(&mut direct_entries(&prefix, &found)?);
            if page.len() > limit || found.is_truncated() != Some(true) {
                let more = page.len() > limit;
                page.truncate(limit);
                return Ok((page, more));
            }
            start = page.last().map(|entry| behind(&prefix, &entry.path));
        }
    }

    async fn delete_folder(&self, key: &FolderKey) -> Result<Usage, StoreError> {
        let entries = self.list(key).await?;
        let name = |entry: &Entry| ObjectIdentifier::builder().key(format!("{key}{}", entry.path)).build();
        let names = entries.iter().map(name).collect::<Result<Vec<_>, _>>().map_err(unavailable)?;
        self.delete_objects(&names).await?;
        Ok(Usage::of(&entries))
    }

    async fn copy(&self, from: &FileKey, to: &FileKey, operation: &OperationId) -> Result<bool, StoreError> {
        let Some(state) = self.state(from).await? else { return Ok(false) };
        let copy = self.client.copy_object().bucket(&self.bucket).key(to.to_string());
        let source = utf8_percent_encode(&from.to_string(), KEY_IN_HEADER).to_string();
        // Without replacing the metadata the copy would be marked with the operation that stored the original.
        let copy = copy.copy_source(format!("{}/{source}", self.bucket)).copy_source_if_match(&state.etag);
        let copy = copy.metadata_directive(MetadataDirective::Replace).content_type(PLAIN_TYPE);
        let mut copy = copy.metadata(OPERATION, operation.as_str());
        if let Some(media_type) = &state.media_type {
            copy = copy.metadata(MEDIA_TYPE, media_type.as_str());
        }
        // S3 moves at least 25 MB of a copy in a second.
        let time = COPYING + Duration::from_secs(state.bytes / 25_000_000);
        copy.customize().config_override(patient(time)).send().await.map(|_| true).map_err(unavailable)
    }
}

/// Where a listing goes on after an entry: of a folder behind everything that lies in it, or else it would come again.
fn behind(prefix: &str, path: &str) -> String {
    let last = if path.ends_with('/') { "\u{10ffff}" } else { "" };
    format!("{prefix}{path}{last}")
}

/// The entries directly below a prefix, in order of their bytes; without the folder's own marker.
fn direct_entries(prefix: &str, found: &ListObjectsV2Output) -> Result<Vec<Entry>, StoreError> {
    let below = |key: &str| key.strip_prefix(prefix).filter(|path| !path.is_empty()).map(str::to_owned);
    let mut entries = Vec::new();
    for object in found.contents() {
        if let Some(path) = object.key().and_then(below) {
            entries.push(Entry {
                path,
                bytes: size(object.size)?,
                modified: timestamp(object.last_modified),
            });
        }
    }
    let modified = Timestamp::from_unix_seconds(0);
    let folders = found.common_prefixes().iter().filter_map(|folder| below(folder.prefix()?));
    entries.extend(folders.map(|path| Entry { path, bytes: 0, modified }));
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

pub(crate) fn file_state(
    bytes: Option<i64>,
    modified: Option<DateTime>,
    etag: Option<String>,
    metadata: Option<HashMap<String, String>>,
) -> Result<FileState, StoreError> {
    let media_type = metadata.and_then(|mut metadata| metadata.remove(MEDIA_TYPE));
    Ok(FileState {
        bytes: size(bytes)?,
        modified: timestamp(modified),
        etag: etag.ok_or_else(no_etag)?,
        media_type: media_type.and_then(|text| MediaType::parse(&text).ok()),
    })
}

pub(crate) fn timestamp(time: Option<DateTime>) -> Timestamp {
    let seconds = time.and_then(|time| u64::try_from(time.secs()).ok());
    Timestamp::from_unix_seconds(seconds.unwrap_or(0))
}

fn no_etag() -> StoreError {
    corrupt("object", "it has no entity tag")
}

/// S3 answers a condition that does not hold with 412, two conditional puts at the same time with 409, and `If-Match`
/// without an object with 404.
fn conflict_or_unavailable(error: SdkError<PutObjectError>) -> StoreError {
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (status, error.as_service_error().and_then(ProvideErrorMetadata::code)) {
        (Some(409 | 412), _) | (_, Some("NoSuchKey")) => StoreError::Conflict,
        _ => unavailable(error),
    }
}

fn size(bytes: Option<i64>) -> Result<u64, StoreError> {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(|| corrupt("object", "it has no size"))
}
