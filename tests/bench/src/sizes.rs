//! Memory, packages, and what large transfers need.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use axum::http::Request;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use stack::Error;
use stack::environment::{BUCKET, http_client, sdk_config};
use stack::event::{Format, event};

use crate::contestant::invoke;
use crate::operation::{FORM, count, form, noise};
use crate::report::{Peer, Row};
use crate::setup::{FUNCTIONS, Setup};

/// What is packed into one zip: 160 MB, as the bucket's files have 100 KB each.
const PACKED_FILES: usize = 1_600;

/// What is sent in parts, and how often each way.
const LARGE_BYTES: usize = 64 << 20;
const LARGE_UPLOADS: usize = 7;

/// How many parts are on their way at the same time.
const PARALLEL_PARTS: usize = 4;

/// The most that S3 lists with one call.
const PAGE: usize = 1_000;

/// What each function takes in a package, as zip deflates it, and what the peers take.
pub(crate) fn packages(setup: &Setup, with_peers: bool) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for name in FUNCTIONS {
        let deflated = deflated_mb(&setup.program(name))?;
        rows.push(Row::new(format!("package, {name}, deflated"), "MB", vec![deflated], 2.5));
    }
    let hello = deflated_mb(&setup.program("hello"))?;
    let installed = &setup.folders.installed;
    if let (true, Some(row)) = (with_peers, rows.iter_mut().find(|row| row.title.contains("auth"))) {
        let python = ["boto3", "botocore", "argon2", "_argon2_cffi_bindings", "jwt", "awslambdaric"];
        let library = installed.join("python/lib/python3.11/site-packages");
        let python = python.iter().map(|name| deflated_mb(&library.join(name))).sum::<Result<f64, _>>()?;
        let native = deflated_mb(&installed.join("node/node_modules/@node-rs"))?;
        let node = deflated_mb(&installed.join("node/dist"))? + native;
        row.peers.push(Peer::new("Python", vec![python]));
        row.peers.push(Peer::new("Node.js", vec![node]));
        row.peers.push(Peer::new("PocketBase", vec![deflated_mb(&installed.join("python/bin/pocketbase"))?]));
    }
    Ok(rows.into_iter().map(|row| row.over(&[hello], f64::MAX)).collect())
}

/// A file, or all files of a folder.
fn deflated_mb(path: &Path) -> Result<f64, Error> {
    if path.is_dir() {
        return std::fs::read_dir(path)?.map(|entry| deflated_mb(&entry?.path())).sum();
    }
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(&std::fs::read(path)?)?;
    Ok(f64::from(u32::try_from(deflated.finish()?.len())?) / 1e6)
}

/// The files of somebody whose session `token` is of.
pub(crate) struct Files<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) token: &'a str,
}

impl Files<'_> {
    /// Memory for large things, calls of the bucket for a large folder, and how fast parts are.
    pub(crate) async fn rows(&self) -> Result<Vec<Row>, Error> {
        Ok(vec![
            self.upload_memory().await?,
            self.zip_memory().await?,
            self.pages().await?,
            Box::pin(self.parts()).await?,
        ])
    }

    /// What `files` answers.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        media_type: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let request = Request::builder().method(method).uri(format!("/users/api/{path}"));
        let request = request.header("cookie", format!("session_token={}", self.token));
        let parts = request.header("content-type", media_type).body(())?.into_parts().0;
        let event = event(Format::Rest, &parts, body, Some("127.0.0.1")).to_string();
        let (status, body, _) = invoke(&self.setup.apis, "files", event).await?;
        if status == 200 {
            return Ok(body);
        }
        Err(format!("files answered {status} to {path}: {}", String::from_utf8_lossy(&body)).into())
    }

    /// The most memory that `files` ever held, after uploads of 4 MiB.
    async fn upload_memory(&self) -> Result<Row, Error> {
        let files = self.setup.spawn_alone("files").await?;
        // With the form around it.
        let form = form((4 << 20) - 200);
        for _ in 0..3 {
            self.ask("POST", "files/bench", FORM, &form).await?;
        }
        let measured = files.peak_mb()?;
        Ok(Row::new("peak memory, files, uploads of 4 MiB".into(), "MB", vec![measured], 40.0))
    }

    /// The most memory that `files` holds while it packs 160 MB.
    async fn zip_memory(&self) -> Result<Row, Error> {
        let files = self.setup.spawn_alone("files").await?;
        let zip = self.ask("GET", &format!("files/folder-of-{PACKED_FILES}?format=zip"), "", b"").await?;
        if count(&zip, b".eso") < PACKED_FILES {
            return Err(format!("the zip holds {} of {PACKED_FILES} files", count(&zip, b".eso")).into());
        }
        let measured = files.peak_mb()?;
        Ok(Row::new("peak memory, files, zip of 160 MB".into(), "MB", vec![measured], 32.0))
    }

    /// How many calls of the bucket a folder of 10,000 takes.
    async fn pages(&self) -> Result<Row, Error> {
        let _files = self.setup.spawn_alone("files").await?;
        let before = self.setup.bucket.listings();
        self.ask("GET", "files/folder-of-10000", "", b"").await?;
        let pages = u32::try_from(self.setup.bucket.listings() - before)?;
        let least = f64::from(u32::try_from(10_000 / PAGE)?);
        Ok(Row::new("pages of the bucket for a folder of 10,000".into(), "", vec![f64::from(pages)], least))
    }

    /// 64 MiB in parts to presigned addresses, beside a multipart upload of the SDK.
    async fn parts(&self) -> Result<Row, Error> {
        let _files = self.setup.spawn_alone("files").await?;
        let (content, http) = (Bytes::from(noise(LARGE_BYTES)), http_client());
        let s3 = Client::new(&sdk_config(&self.setup.bucket_url).await);
        let (mut floor, mut measured) = (Vec::new(), Vec::new());
        for turn in 0..=LARGE_UPLOADS {
            let ((), direct) = timed(Box::pin(self.direct_upload(&s3, &content))).await?;
            let ((), presigned) = timed(self.presigned_upload(&http, &content)).await?;
            if turn > 0 {
                floor.push(direct);
                measured.push(presigned);
            }
        }
        Ok(Row::new("64 MiB in parts, time".into(), "ms", measured, f64::MAX).over(&floor, 1.0 / 0.9))
    }

    /// From opening the upload to its completion.
    async fn presigned_upload(&self, http: &reqwest::Client, content: &Bytes) -> Result<(), Error> {
        let wish = json!({"path": "large.bin", "size": content.len()}).to_string();
        let opened = self.ask("POST", "uploads", "application/json", wish.as_bytes()).await?;
        let opened: Value = serde_json::from_slice(&opened)?;
        let part_bytes = opened["partSize"].as_u64().and_then(|bytes| usize::try_from(bytes).ok());
        let pieces = content.chunks(part_bytes.ok_or("no part size")?).map(|piece| content.slice_ref(piece));
        let parts = opened["parts"].as_array().ok_or("no parts")?;
        let puts = parts.iter().zip(pieces).map(async |(part, piece)| {
            let url = part["url"].as_str().ok_or("no URL")?;
            http.put(url).body(piece).send().await?.error_for_status()?;
            Ok::<_, Error>(())
        });
        stream::iter(puts).buffer_unordered(PARALLEL_PARTS).try_collect::<()>().await?;
        let complete = format!("uploads/{}/complete", opened["id"].as_str().ok_or("no id")?);
        self.ask("POST", &complete, "", b"").await.map(drop)
    }

    /// The same as the SDK does it.
    async fn direct_upload(&self, s3: &Client, content: &Bytes) -> Result<(), Error> {
        let key = format!("{}/direct.bin", self.setup.account.id);
        let created = s3.create_multipart_upload().bucket(BUCKET).key(&key).send().await?;
        let id = created.upload_id().ok_or("no id")?;
        let puts = content.chunks(8 << 20).zip(1..).map(async |(piece, number)| {
            let part = s3.upload_part().bucket(BUCKET).key(&key).upload_id(id).part_number(number);
            let stored = part.body(ByteStream::from(content.slice_ref(piece))).send().await?;
            Ok::<_, Error>(CompletedPart::builder().part_number(number).set_e_tag(stored.e_tag).build())
        });
        let parts = stream::iter(puts).buffered(PARALLEL_PARTS).try_collect::<Vec<_>>().await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = s3.complete_multipart_upload().bucket(BUCKET).key(&key).upload_id(id);
        complete.multipart_upload(parts).send().await?;
        Ok(())
    }
}

/// How long something takes, in milliseconds.
async fn timed<T>(work: impl Future<Output = Result<T, Error>>) -> Result<(T, f64), Error> {
    let begin = Instant::now();
    let done = work.await?;
    Ok((done, begin.elapsed().as_secs_f64() * 1e3))
}
