//! Files through the API, as their owner would send them: whatever it keeps in order it keeps in order here too.

use std::io;
use std::time::Duration;

use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::folder::LocalFile;

/// What one request carries at most, in bytes (contract 2.3). Larger files go in parts.
const MAX_BODY_BYTES: u64 = 4 << 20;

/// How often a request is tried that was answered with 429 or 5xx, or not at all.
const TRIES: u32 = 8;

/// A part of 64 MiB over a slow line.
const REQUEST_SECONDS: u64 = 600;

/// Everything but what RFC 3986 2.3 leaves as it is, and the slashes between names.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotStored {
    /// The API does not take it; in its own words.
    #[error("{0}")]
    Refused(String),
    /// The API was not reached, or not well.
    #[error("the API did not answer: {0}")]
    Unanswered(String),
    /// It cannot be read here, or is no longer what it was.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// What the API says of a large file on its way.
#[derive(Deserialize)]
struct Upload {
    id: String,
    #[serde(rename = "partSize")]
    part_size: u64,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    number: u64,
    size: u64,
    url: String,
}

/// Sends the files of one account.
pub(crate) struct Uploader<'a> {
    pub(crate) http: &'a Client,
    /// Where the API is, without a slash at the end.
    pub(crate) api: &'a str,
    /// Of the account, for `files:write`.
    pub(crate) key: &'a str,
}

/// A client whose requests end at some time.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    // reqwest takes the provider of the process; that there is one already is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let agent = concat!("import/", env!("CARGO_PKG_VERSION"));
    Client::builder().timeout(Duration::from_secs(REQUEST_SECONDS)).user_agent(agent).build()
}

impl Uploader<'_> {
    /// Stores a file, whatever its size.
    pub(crate) async fn store(&self, file: &LocalFile) -> Result<(), NotStored> {
        if file.bytes > MAX_BODY_BYTES {
            return self.store_in_parts(file).await;
        }
        let content = tokio::fs::read(&file.source).await?;
        if content.len() as u64 != file.bytes {
            return Err(changed().into());
        }
        let content = bytes::Bytes::from(content);
        let url = format!("{}/files/{}", self.api, utf8_percent_encode(file.path.as_str(), PATH));
        let put = || {
            let request = self.http.put(&url).bearer_auth(self.key);
            request.header("Content-Type", "application/octet-stream").body(content.clone())
        };
        self.ask(put).await?;
        Ok(())
    }

    async fn store_in_parts(&self, file: &LocalFile) -> Result<(), NotStored> {
        let wish = json!({"path": file.path.as_str(), "size": file.bytes, "unpack": false});
        let (uploads, key) = (format!("{}/uploads", self.api), idempotency_key(self.key, file));
        let open = || {
            let request = self.http.post(&uploads).bearer_auth(self.key);
            request.header("Idempotency-Key", &key).json(&wish)
        };
        let upload: Upload = self.ask(open).await?.json().await.map_err(unanswered)?;
        let mut source = File::open(&file.source).await?;
        for part in &upload.parts {
            let mut content = vec![0; usize::try_from(part.size).map_err(io::Error::other)?];
            source.seek(io::SeekFrom::Start((part.number - 1) * upload.part_size)).await?;
            source.read_exact(&mut content).await?;
            let content = bytes::Bytes::from(content);
            self.ask(|| self.http.put(&part.url).body(content.clone())).await?;
        }
        if source.metadata().await?.len() != file.bytes {
            return Err(changed().into());
        }
        let complete = format!("{uploads}/{}/complete", upload.id);
        self.ask(|| self.http.post(&complete).bearer_auth(self.key)).await?;
        Ok(())
    }

    /// Sends a request until it is answered for good.
    async fn ask(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, NotStored> {
        let mut tried = 0;
        loop {
            tried += 1;
            let answer = request().send().await;
            let pause = match answer {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) if !may_pass(answer.status()) || tried == TRIES => {
                    return Err(refused(answer).await);
                }
                Ok(answer) => retry_after(&answer),
                Err(error) if tried == TRIES => return Err(unanswered(error)),
                Err(_) => None,
            };
            tokio::time::sleep(pause.unwrap_or(Duration::from_millis(250 << tried.min(6)))).await;
        }
    }
}

/// Whether the same request may be answered otherwise in a while.
fn may_pass(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

async fn refused(answer: Response) -> NotStored {
    let status = answer.status();
    let said: Option<serde_json::Value> = answer.json().await.ok();
    let said = said.as_ref().and_then(|said| said.get("status")?.as_str());
    NotStored::Refused(said.map_or_else(|| format!("answered with {status}"), str::to_owned))
}

/// Without its address, which may be a link that anybody could use.
fn unanswered(error: reqwest::Error) -> NotStored {
    NotStored::Unanswered(error.without_url().to_string())
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was sent")
}

/// The same file of the same account has the same one, so that a second run finds what the first has begun. A UUID of
/// version 8, whose bits are anybody's own (RFC 9562 5.8).
fn idempotency_key(key: &str, file: &LocalFile) -> String {
    // The first letters of a key name the account and are the same for each of its keys.
    let account = key.get(..30).unwrap_or(key);
    let text = format!("{account}\n{}\n{}\n{}", file.path, file.bytes, file.modified.unix_seconds());
    let digest = Sha256::digest(text);
    let hex = HEXLOWER.encode(&digest[..16]);
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::sync::Arc;

    use api::tls_front::{Handshakes, Identity, in_front_of};

    use super::*;

    #[tokio::test]
    async fn a_service_whose_certificate_nobody_vouches_for_gets_no_file() {
        let handshakes = Arc::new(Handshakes::default());
        let address = in_front_of("http://127.0.0.1:1", &Identity::new(), &handshakes).await;
        let error =
            client().expect("a client").get(address).send().await.expect_err("an unknown certificate");
        let mut reasons = std::iter::successors(error.source(), |&reason| reason.source());
        assert!(reasons.any(|reason| reason.to_string().contains("UnknownIssuer")), "{error:?}");
        assert_eq!(handshakes.made(), 0);
    }
}
