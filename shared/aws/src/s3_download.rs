//! Reading an object piece by piece, and going on where a connection broke off.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use domain::StoreError;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http::{Method, StatusCode, header};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;

use crate::bucket::Bucket;
use crate::failure::{corrupt, unavailable};

/// How often one download goes on over a new connection before it gives up.
const RESUMPTIONS: usize = 3;

/// A connection over which nothing comes for so long has broken off, whatever it says.
const SILENCE: Duration = Duration::from_secs(20);

/// One state of an object.
#[derive(Clone, Debug)]
pub(crate) struct ObjectState {
    pub(crate) bucket: Bucket,
    pub(crate) key: String,
    pub(crate) etag: String,
}

/// What comes over one connection.
pub(crate) type Body = BoxStream<'static, Result<Bytes, hyper::Error>>;

/// The body of an answer.
pub(crate) fn body(incoming: Incoming) -> Body {
    BodyDataStream::new(incoming).boxed()
}

impl ObjectState {
    /// Opens a part of the object; `None` when the object is no longer in this state.
    pub(crate) async fn open(&self, range: &Range<u64>) -> Result<Option<Body>, StoreError> {
        if range.is_empty() {
            return Ok(Some(stream::empty().boxed()));
        }
        let get = self.bucket.request(Method::GET, &self.key, &[]).header(header::IF_MATCH, &self.etag);
        let get = get.header(header::RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        match self.bucket.open(get).await {
            Ok(object) if object.status() == StatusCode::PARTIAL_CONTENT => {
                Ok(Some(body(object.into_body())))
            }
            Ok(_) => Err(corrupt("download", "it is not the part that was asked for")),
            Err(error) => match error.refusal() {
                Some(refusal) if refusal.code == "NoSuchKey" => Ok(None),
                Some(refusal) if refusal.status == StatusCode::PRECONDITION_FAILED => Ok(None),
                _ => Err(unavailable(error)),
            },
        }
    }

    /// The bytes of `range`, which `body` begins to give.
    pub(crate) fn download(
        self,
        body: Body,
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
    body: Body,
    /// What has not been given yet.
    left: Range<u64>,
    resumptions: usize,
}

impl Download {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        loop {
            let failure = match tokio::time::timeout(SILENCE, self.body.next()).await {
                Ok(Some(Ok(piece))) => {
                    self.left.start += piece.len() as u64;
                    if self.left.start > self.left.end {
                        return Err(corrupt("download", "it is longer than the file"));
                    }
                    return Ok(Some(piece));
                }
                Ok(None) if self.left.is_empty() => return Ok(None),
                Ok(None) => corrupt("download", "it ended early"),
                Ok(Some(Err(error))) => unavailable(error),
                Err(error) => unavailable(error),
            };
            if self.resumptions == 0 || self.left.is_empty() {
                return Err(failure);
            }
            self.resumptions -= 1;
            self.body = self.object.open(&self.left).await?.ok_or(failure)?;
        }
    }
}
