//! Files in S3.
//!
//! A file is the object `<account id>/<path>`; a folder that stays when empty is a zero-byte object whose key ends
//! in a slash. The bucket is versioned: that is what makes a put revocable.

use async_trait::async_trait;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use bytes::Bytes;
use domain::{Entry, FileKey, FileStore, FolderKey, StoreError, StoredFile, Timestamp, Version};

use crate::clients::Clients;
use crate::failure::{corrupt, unavailable};
use crate::s3_download::ObjectState;

/// The most objects that one `DeleteObjects` call takes.
const DELETE_PAGE: usize = 1_000;

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

    async fn put_object(&self, key: String, content: Bytes) -> Result<Option<String>, StoreError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        // The type that a client claims is kept out of the bucket: no page may ever be served from it.
        let put = put.content_type("application/octet-stream").body(ByteStream::from(content));
        Ok(put.send().await.map_err(unavailable)?.version_id)
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
    async fn put(&self, key: &FileKey, content: Bytes) -> Result<Version, StoreError> {
        let version = self.put_object(key.to_string(), content).await?;
        version.map(Version).ok_or_else(|| corrupt("bucket", "versioning is not enabled on it"))
    }

    async fn undo_put(&self, key: &FileKey, version: &Version) -> Result<(), StoreError> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key.to_string());
        delete.version_id(&version.0).send().await.map(drop).map_err(unavailable)
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
        match self.client.head_object().bucket(&self.bucket).key(key.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if matches!(error.err(), HeadObjectError::NotFound(_)) => {
                Ok(false)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn delete(&self, key: &FileKey) -> Result<(), StoreError> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key.to_string());
        delete.send().await.map(drop).map_err(unavailable)
    }

    async fn make_folder(&self, key: &FolderKey) -> Result<(), StoreError> {
        if key.path().is_root() {
            return Ok(());
        }
        self.put_object(key.to_string(), Bytes::new()).await.map(drop)
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
        for page in objects.chunks(DELETE_PAGE) {
            let names =
                page.iter().filter_map(Object::key).map(|key| ObjectIdentifier::builder().key(key).build());
            let names = names.collect::<Result<Vec<_>, _>>().map_err(unavailable)?;
            let delete =
                Delete::builder().set_objects(Some(names)).quiet(true).build().map_err(unavailable)?;
            let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            if let Some(error) = request.send().await.map_err(unavailable)?.errors().first() {
                let code = error.code().unwrap_or("unknown");
                return Err(StoreError::Unavailable(format!("an object was not deleted: {code}").into()));
            }
        }
        Ok(())
    }
}

fn size(bytes: Option<i64>) -> Result<u64, StoreError> {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(|| corrupt("object", "it has no size"))
}
