//! Large files in S3: multipart uploads whose parts are sent to presigned URLs.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use domain::{FileKey, FileState, OperationId, Part, PartStore, StoreError};

use crate::failure::{corrupt, unavailable};
use crate::s3_files::{OPERATION, PLAIN_TYPE, S3Files, file_state};

/// S3 joins 160 parts in seconds, but may take minutes (`CompleteMultipartUpload` in the Amazon S3 API reference).
const JOINING: Duration = Duration::from_mins(2);

/// A part of 8 MiB moves in a second.
const PUTTING: Duration = Duration::from_secs(30);

#[async_trait]
impl PartStore for S3Files {
    async fn open_parts(&self, key: &FileKey, operation: &OperationId) -> Result<String, StoreError> {
        let create = self.client.create_multipart_upload().bucket(&self.bucket).key(key.to_string());
        let create = create.content_type(PLAIN_TYPE).metadata(OPERATION, operation.as_str());
        let created = create.send().await.map_err(unavailable)?;
        created.upload_id.ok_or_else(|| corrupt("upload", "it has no id"))
    }

    async fn part_link(
        &self,
        key: &FileKey,
        store_id: &str,
        number: u64,
        bytes: u64,
        seconds: u64,
    ) -> Result<String, StoreError> {
        let expiry = PresigningConfig::expires_in(Duration::from_secs(seconds)).map_err(unavailable)?;
        let part = self.client.upload_part().bucket(&self.bucket).key(key.to_string()).upload_id(store_id);
        // The size is signed: a part of any other is refused.
        let part = part.part_number(wire_number(number)?).content_length(wire_number(bytes)?);
        // A checksum in the URL would be that of an empty body.
        let plain = aws_sdk_s3::config::Builder::new()
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
        let link = part.customize().config_override(plain).presigned(expiry).await.map_err(unavailable)?;
        Ok(link.uri().to_owned())
    }

    async fn put_part(
        &self,
        key: &FileKey,
        store_id: &str,
        number: u64,
        content: Bytes,
    ) -> Result<Part, StoreError> {
        let part = self.client.upload_part().bucket(&self.bucket).key(key.to_string()).upload_id(store_id);
        let bytes = content.len() as u64;
        let part = part.part_number(wire_number(number)?).body(ByteStream::from(content));
        let part = part.customize().config_override(patient(PUTTING)).disable_payload_signing();
        let stored = part.send().await.map_err(unavailable)?;
        let etag = stored.e_tag.ok_or_else(|| corrupt("part", "it has no entity tag"))?;
        Ok(Part { number, bytes, etag })
    }

    async fn parts(&self, key: &FileKey, store_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        let list = self.client.list_parts().bucket(&self.bucket).key(key.to_string()).upload_id(store_id);
        let mut pages = list.into_paginator().send();
        let mut parts = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) if is_gone(&error) => return Ok(None),
                Err(error) => return Err(unavailable(error)),
            };
            for part in page.parts.unwrap_or_default() {
                parts.push(Part {
                    number: part.part_number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0),
                    bytes: part.size.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
                    etag: part.e_tag.ok_or_else(|| corrupt("part", "it has no entity tag"))?,
                });
            }
        }
        Ok(Some(parts))
    }

    async fn join_parts(&self, key: &FileKey, store_id: &str, parts: &[Part]) -> Result<String, StoreError> {
        let named = parts.iter().map(|part| {
            let number = wire_number(part.number)?;
            Ok(CompletedPart::builder().part_number(number).e_tag(&part.etag).build())
        });
        let named = named.collect::<Result<Vec<_>, StoreError>>()?;
        let join = self.client.complete_multipart_upload().bucket(&self.bucket).key(key.to_string());
        let join = join.upload_id(store_id);
        let join = join.multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(named)).build());
        let joined = join.customize().config_override(patient(JOINING)).send().await;
        let joined =
            joined.map_err(|error| if is_gone(&error) { StoreError::Conflict } else { unavailable(error) });
        joined?.e_tag.ok_or_else(|| corrupt("object", "it has no entity tag"))
    }

    async fn drop_parts(&self, key: &FileKey, store_id: &str) -> Result<(), StoreError> {
        let drop = self.client.abort_multipart_upload().bucket(&self.bucket).key(key.to_string());
        match drop.upload_id(store_id).send().await {
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
        let Some(head) = self.head_of(&key.to_string(), operation).await? else { return Ok(None) };
        file_state(head.content_length, head.last_modified, head.e_tag, head.metadata).map(Some)
    }
}

/// One call that S3 may take long for.
pub(crate) fn patient(time: Duration) -> aws_sdk_s3::config::Builder {
    let timeouts = aws_sdk_s3::config::timeout::TimeoutConfig::builder()
        .operation_attempt_timeout(time)
        .operation_timeout(time);
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts.build())
}

fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("NoSuchUpload")
}

fn wire_number<T: TryFrom<u64>>(number: u64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| corrupt("part", "its number or size is out of range"))
}
