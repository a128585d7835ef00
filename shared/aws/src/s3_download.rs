//! Reading an object piece by piece, and going on where a connection broke off.

use std::ops::Range;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use domain::StoreError;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use crate::failure::{corrupt, unavailable};

/// How often one download goes on over a new connection before it gives up.
const RESUMPTIONS: usize = 3;

/// One state of an object.
#[derive(Clone, Debug)]
pub(crate) struct ObjectState {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) etag: String,
}

impl ObjectState {
    /// Opens a part of the object; `None` when the object is no longer in this state.
    pub(crate) async fn open(&self, range: &Range<u64>) -> Result<Option<ByteStream>, StoreError> {
        if range.is_empty() {
            return Ok(Some(ByteStream::from_static(b"")));
        }
        let get = self.client.get_object().bucket(&self.bucket).key(&self.key).if_match(&self.etag);
        match get.range(format!("bytes={}-{}", range.start, range.end - 1)).send().await {
            Ok(object) => Ok(Some(object.body)),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), GetObjectError::NoSuchKey(_))
                    || error.raw().status().as_u16() == 412 =>
            {
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The bytes of `range`, which `body` begins to give.
    pub(crate) fn download(
        self,
        body: ByteStream,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes, StoreError>> {
        let download = Download { object: self, body, left: range, resumptions: RESUMPTIONS };
        stream::try_unfold(download, |mut download| async {
            Ok(download.next().await?.map(|piece| (piece, download)))
        })
        .boxed()
    }
}

struct Download {
    object: ObjectState,
    body: ByteStream,
    /// What has not been given yet.
    left: Range<u64>,
    resumptions: usize,
}

impl Download {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        loop {
            let failure = match self.body.next().await {
                Some(Ok(piece)) => {
                    self.left.start += piece.len() as u64;
                    return Ok(Some(piece));
                }
                None if self.left.is_empty() => return Ok(None),
                None => corrupt("download", "it ended early"),
                Some(Err(error)) => unavailable(error),
            };
            // All bytes came and yet it failed: the checksum is wrong, and reading on would hide it.
            if self.resumptions == 0 || self.left.is_empty() {
                return Err(failure);
            }
            self.resumptions -= 1;
            self.body = self.object.open(&self.left).await?.ok_or(failure)?;
        }
    }
}
