//! Files in S3.
//!
//! A file is the object `<account id>/<path>`; a folder that stays when empty is a zero-byte object whose key ends
//! in a slash. The bucket is versioned, and every object names the operation that stored it: that is what makes an
//! operation revocable.

use async_trait::async_trait;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use bytes::Bytes;
use domain::{Entry, FileKey, FileStore, FolderKey, OperationId, StoreError, StoredFile, Timestamp};
use futures_util::stream::{self, StreamExt as _};

use crate::clients::Clients;
use crate::failure::{corrupt, unavailable};
use crate::s3_download::ObjectState;

/// The most objects that one `DeleteObjects` call takes.
const DELETE_PAGE: usize = 1_000;

/// The metadata that names an object's operation.
const OPERATION: &str = "operation";

/// How many objects are asked for their operation at the same time.
const PARALLEL_HEADS: usize = 64;

/// How many versions one operation can have left at one key: the SDK sends a put up to three times, and each may have
/// arrived without its answer coming back.
const MAX_VERSIONS: usize = 3;

/// The files of one bucket.
#[derive(Clone, Debug)]
pub struct S3Files {
    client: aws_sdk_s3::Client,
    bucket: String,
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
        content: Bytes,
        operation: &OperationId,
    ) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        // The type that a client claims is kept out of the bucket: no page may ever be served from it.
        let put = put.content_type("application/octet-stream").metadata(OPERATION, operation.as_str());
        let version = put.body(ByteStream::from(content)).send().await.map_err(unavailable)?.version_id;
        version.map(drop).ok_or_else(|| corrupt("bucket", "versioning is not enabled on it"))
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

    /// The object's present version, if that operation stored it.
    async fn version_of(
        &self,
        key: &str,
        operation: &OperationId,
    ) -> Result<Option<ObjectIdentifier>, StoreError> {
        let head = self.head(key).await?.filter(|head| {
            let stored_by = head.metadata.as_ref().and_then(|metadata| metadata.get(OPERATION));
            stored_by.is_some_and(|stored_by| stored_by == operation.as_str())
        });
        let version = head.and_then(|head| head.version_id);
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

    /// All objects whose keys begin with `prefix`.
    async fn objects(&self, prefix: &str) -> Result<Vec<Object>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            objects.extend(page.map_err(unavailable)?.contents.unwrap_or_default());
        }
        Ok(objects)
    }
}

#[async_trait]
impl FileStore for S3Files {
    async fn put(&self, key: &FileKey, content: Bytes, operation: &OperationId) -> Result<(), StoreError> {
        self.put_object(key.to_string(), content, operation).await
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

    async fn open(&self, key: &FileKey) -> Result<Option<StoredFile>, StoreError> {
        let object = match self.client.get_object().bucket(&self.bucket).key(key.to_string()).send().await {
            Ok(object) => object,
            Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(unavailable(error)),
        };
        let modified = object.last_modified.map_or(0, |time| u64::try_from(time.secs()).unwrap_or(0));
        let bytes = size(object.content_length)?;
        let etag = object.e_tag.ok_or_else(|| corrupt("object", "it has no entity tag"))?;
        let (client, bucket) = (self.client.clone(), self.bucket.clone());
        let state = ObjectState { client, bucket, key: key.to_string(), etag: etag.clone() };
        Ok(Some(StoredFile {
            bytes,
            modified: Timestamp::from_unix_seconds(modified),
            etag,
            content: state.download(object.body, 0..bytes),
        }))
    }

    async fn has_file(&self, key: &FileKey) -> Result<bool, StoreError> {
        Ok(self.head(&key.to_string()).await?.is_some())
    }

    async fn delete(&self, key: &FileKey) -> Result<(), StoreError> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key.to_string());
        delete.send().await.map(drop).map_err(unavailable)
    }

    async fn make_folder(&self, key: &FolderKey, operation: &OperationId) -> Result<(), StoreError> {
        if key.path().is_root() {
            return Ok(());
        }
        self.put_object(key.to_string(), Bytes::new(), operation).await
    }

    async fn has_folder(&self, key: &FolderKey) -> Result<bool, StoreError> {
        if key.path().is_root() {
            return Ok(true);
        }
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(key.to_string()).max_keys(1);
        Ok(!list.send().await.map_err(unavailable)?.contents().is_empty())
    }

    async fn list(&self, key: &FolderKey) -> Result<Vec<Entry>, StoreError> {
        let prefix = key.to_string();
        let objects = self.objects(&prefix).await?.into_iter();
        let entry = |object: Object| {
            let key = object.key.unwrap_or_default();
            let path = key
                .strip_prefix(&prefix)
                .ok_or_else(|| corrupt("listing", "a key lies outside its prefix"))?;
            Ok(Entry { path: path.to_owned(), bytes: size(object.size)? })
        };
        objects.map(entry).collect()
    }

    async fn delete_folder(&self, key: &FolderKey) -> Result<(), StoreError> {
        let objects = self.objects(&key.to_string()).await?;
        let names = objects.iter().filter_map(Object::key);
        let names = names.map(|key| ObjectIdentifier::builder().key(key).build());
        self.delete_objects(&names.collect::<Result<Vec<_>, _>>().map_err(unavailable)?).await
    }
}

fn size(bytes: Option<i64>) -> Result<u64, StoreError> {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(|| corrupt("object", "it has no size"))
}
