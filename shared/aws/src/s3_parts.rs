//! Large files in S3: multipart uploads whose parts are sent to presigned URLs.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{FileKey, FileState, OperationId, Part, PartStore, StoreError};
use http::{Method, header};
use serde::{Deserialize, Serialize};

use crate::bucket::{from_xml, to_xml};
use crate::failure::{corrupt, unavailable};
use crate::s3_files::{OPERATION, PLAIN_TYPE, S3Files, file_state, made, no_etag, text};
use crate::service::CallError;

/// S3 joins 160 parts in seconds, but may take minutes (`CompleteMultipartUpload` in the Amazon S3 API reference).
const JOINING: Duration = Duration::from_mins(2);

/// A part of 8 MiB moves in a second.
const PUTTING: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Opened {
    upload_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Arrived {
    #[serde(rename = "Part", default)]
    parts: Vec<ArrivedPart>,
    is_truncated: bool,
    next_part_number_marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ArrivedPart {
    part_number: u64,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Join<'a> {
    part: Vec<NamedPart<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamedPart<'a> {
    part_number: u64,
    #[serde(rename = "ETag")]
    etag: &'a str,
}

#[async_trait]
impl PartStore for S3Files {
    async fn open_parts(&self, key: &FileKey, operation: &OperationId) -> Result<String, StoreError> {
        let create = self.bucket.request(Method::POST, &key.to_string(), &[("uploads", "")]);
        let create = create.header(header::CONTENT_TYPE, PLAIN_TYPE).header(OPERATION, operation.as_str());
        let created = self.bucket.call(create, Bytes::new()).await.map_err(unavailable)?;
        Ok(from_xml::<Opened>("InitiateMultipartUploadResult", created.body())?.upload_id)
    }

    async fn part_link(
        &self,
        key: &FileKey,
        store_id: &str,
        number: u64,
        bytes: u64,
        seconds: u64,
    ) -> Result<String, StoreError> {
        // The size is signed: a part of any other is refused.
        let part = self.part(key, store_id, number).header(header::CONTENT_LENGTH, bytes);
        self.bucket.link(part, seconds).map_err(unavailable)
    }

    async fn put_part(
        &self,
        key: &FileKey,
        store_id: &str,
        number: u64,
        content: Bytes,
    ) -> Result<Part, StoreError> {
        let bytes = content.len() as u64;
        let part = self.part(key, store_id, number);
        let stored = self.bucket.patient(PUTTING).call(part, content).await.map_err(unavailable)?;
        let etag = text(stored.headers(), &header::ETAG).ok_or_else(no_etag)?;
        Ok(Part { number, bytes, etag })
    }

    async fn parts(&self, key: &FileKey, store_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        let (key, mut parts, mut after) = (key.to_string(), Vec::new(), String::from("0"));
        loop {
            let query = [("part-number-marker", after.as_str()), ("uploadId", store_id)];
            let list = self.bucket.request(Method::GET, &key, &query);
            let page: Arrived = match self.bucket.call(list, Bytes::new()).await {
                Ok(page) => from_xml("ListPartsResult", page.body())?,
                Err(error) if is_gone(&error) => return Ok(None),
                Err(error) => return Err(unavailable(error)),
            };
            parts.extend(page.parts.into_iter().map(|part| Part {
                number: part.part_number,
                bytes: part.size,
                etag: part.etag,
            }));
            if !page.is_truncated {
                return Ok(Some(parts));
            }
            after = page.next_part_number_marker.ok_or_else(|| corrupt("upload", "its list is not whole"))?;
        }
    }

    async fn join_parts(&self, key: &FileKey, store_id: &str, parts: &[Part]) -> Result<String, StoreError> {
        let part =
            parts.iter().map(|part| NamedPart { part_number: part.number, etag: &part.etag }).collect();
        let xml = to_xml("CompleteMultipartUpload", &Join { part })?;
        let join = self.bucket.request(Method::POST, &key.to_string(), &[("uploadId", store_id)]);
        let joined = self.bucket.patient(JOINING).call(join, xml).await;
        let joined =
            joined.map_err(|error| if is_gone(&error) { StoreError::Conflict } else { unavailable(error) });
        made("CompleteMultipartUploadResult", joined?.body())
    }

    async fn drop_parts(&self, key: &FileKey, store_id: &str) -> Result<(), StoreError> {
        let abort = self.bucket.request(Method::DELETE, &key.to_string(), &[("uploadId", store_id)]);
        match self.bucket.call(abort, Bytes::new()).await {
            Ok(_) => Ok(()),
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn stored_by(
        &self,
        key: &FileKey,
        operation: &OperationId,
    ) -> Result<Option<FileState>, StoreError> {
        let head = self.head_of(&key.to_string(), operation).await?;
        head.map(|head| file_state(&head)).transpose()
    }
}

impl S3Files {
    fn part(&self, key: &FileKey, store_id: &str, number: u64) -> http::request::Builder {
        let number = number.to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", store_id)];
        self.bucket.request(Method::PUT, &key.to_string(), &query)
    }
}

fn is_gone(error: &CallError) -> bool {
    error.code() == Some("NoSuchUpload")
}
