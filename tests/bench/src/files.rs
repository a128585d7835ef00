//! What files cost: moving them, listing them, packing them; each beside the least that does the same.

use std::sync::Arc;
use std::time::Instant;

use api::fault_proxy::{Faults, in_front_of};
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use domain::AccountId;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use stack::Error;
use stack::environment::{BUCKET, sdk_config};

use crate::process::Process;
use crate::{Bench, Line, event, median};

/// How large the files are that are moved, in bytes.
const FILE_BYTES: usize = 1_000_000;

/// How often each program moves one, in turn with the other.
const MOVES: usize = 61;

/// How many files are listed.
const LISTED_FILES: usize = 10_000;
const LISTINGS: usize = 11;

/// What is packed into one zip: 160 MB.
const PACKED_FILES: usize = 20;
const PACKED_BYTES: usize = 8_000_000;

/// What is sent in parts, and how often each way.
const LARGE_BYTES: usize = 64 << 20;
const LARGE_UPLOADS: usize = 7;

/// How many parts are on their way at the same time.
const PARALLEL_PARTS: usize = 4;

/// How many objects are made at the same time.
const PARALLEL_PUTS: usize = 16;

/// Everything about the files of one account.
pub(crate) struct Files<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) cookie: &'a str,
    pub(crate) account: AccountId,
    s3: Client,
}

impl<'a> Files<'a> {
    pub(crate) async fn new(bench: &'a Bench, cookie: &'a str, account: AccountId) -> Self {
        let s3 = Client::new(&sdk_config(bench.aws_url()).await);
        Self { bench, cookie, account, s3 }
    }

    /// Everything that is measured.
    pub(crate) async fn lines(&self) -> Result<Vec<Line>, Error> {
        let mut lines = self.moves().await?;
        lines.extend(self.listing().await?);
        lines.push(self.zip_memory().await?);
        lines.push(self.parts().await?);
        Ok(lines)
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
        let mut all = headers.to_vec();
        all.push(("cookie", self.cookie));
        event(method, &format!("/users/api/{path}"), &all, body)
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), Error> {
        let put = self.s3.put_object().bucket(BUCKET).key(format!("{}/{path}", self.account));
        put.body(ByteStream::from(content)).send().await?;
        Ok(())
    }

    /// An upload and a download of 1 MB, beside a function that only puts and streams.
    async fn moves(&self) -> Result<Vec<Line>, Error> {
        let content = noise(FILE_BYTES);
        self.put("moved.bin", content.clone().into()).await?;
        let expiry = PresigningConfig::expires_in(std::time::Duration::from_hours(1))?;
        let put = self.s3.put_object().bucket(BUCKET).key("bare/put.bin").presigned(expiry).await?;
        let variables = [
            ("BARE_PUT_URL".to_owned(), put.uri().to_owned()),
            ("BARE_GET_KEY".to_owned(), format!("{}/moved.bin", self.account)),
        ];
        let (bare, files) =
            (self.bench.spawn_with("bare_files", &variables).await?, self.bench.spawn("files").await?);
        let mut form =
            b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n".to_vec();
        form.extend_from_slice(&content);
        form.extend_from_slice(b"\r\n--B--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=B")];
        let upload = self.request("POST", "files/bench", &headers, &form);
        let download = self.request("GET", "files/moved.bin", &[], b"");
        Ok(vec![
            self.side_by_side("upload of 1 MB, CPU (floor: a bare put)", &bare, &files, &upload).await?,
            self.side_by_side("download of 1 MB, CPU (floor: an SDK stream)", &bare, &files, &download)
                .await?,
        ])
    }

    /// One event for both programs in turn: at most twice the processor time.
    async fn side_by_side(
        &self,
        what: &str,
        bare: &Process,
        files: &Process,
        event: &Value,
    ) -> Result<Line, Error> {
        let (mut floor, mut ratios) = (Vec::new(), Vec::new());
        for turn in 0..=MOVES {
            let bare = self.cpu_ms(bare, "bare_files", event).await?;
            let measured = self.cpu_ms(files, "files", event).await?;
            // The first call opens connections.
            if turn > 0 {
                floor.push(bare);
                ratios.push(measured / bare);
            }
        }
        let floor = median(floor);
        let measured = floor * median(ratios);
        Ok(Line { what: what.into(), measured, floor, limit: floor * 2.0, unit: "ms" })
    }

    async fn cpu_ms(&self, process: &Process, name: &str, event: &Value) -> Result<f64, Error> {
        let before = process.cpu_ms()?;
        self.bench.invoke(name, event, 200).await?;
        Ok(process.cpu_ms()? - before)
    }

    /// A folder of 10,000 files: calls of the bucket, and processor time.
    async fn listing(&self) -> Result<Vec<Line>, Error> {
        let puts = (0..LISTED_FILES).map(|n| async move {
            self.put(&format!("listed/run {n:05} of the office.eso"), Bytes::new()).await
        });
        stream::iter(puts).buffer_unordered(PARALLEL_PUTS).try_collect::<()>().await?;
        let faults = Arc::new(Faults::default());
        let counted = [("AWS_ENDPOINT_URL".to_owned(), in_front_of(self.bench.aws_url(), &faults).await)];
        let list = self.request("GET", "files/listed", &[], b"");
        let files = self.bench.spawn_with("files", &counted).await?;
        faults.count_calls_of_the_bucket(&self.account);
        self.bench.invoke("files", &list, 200).await?;
        let calls = faults.calls(&self.account);
        let mut times = Vec::new();
        for _ in 0..LISTINGS {
            times.push(self.cpu_ms(&files, "files", &list).await?);
        }
        drop(files);
        #[expect(clippy::cast_precision_loss, reason = "a handful of calls")]
        let calls = Line {
            what: "listing of 10,000 files, calls of the bucket (10 pages, and a look whether it is a file)"
                .into(),
            measured: calls as f64,
            floor: 11.0,
            limit: 11.0,
            unit: "calls",
        };
        let time = Line {
            what: "listing of 10,000 files, CPU".into(),
            measured: median(times),
            floor: 0.0,
            limit: 20.0,
            unit: "ms",
        };
        Ok(vec![calls, time])
    }

    /// The most memory that `files` holds while it packs 160 MB.
    async fn zip_memory(&self) -> Result<Line, Error> {
        let content = Bytes::from(noise(PACKED_BYTES));
        for n in 0..PACKED_FILES {
            self.put(&format!("packed/{n}.eso"), content.clone()).await?;
        }
        let files = self.bench.spawn("files").await?;
        let floor = files.peak_mib()?;
        self.bench.invoke("files", &self.request("GET", "files/packed?format=zip", &[], b""), 200).await?;
        let what = "peak memory of files while it packs 160 MB (floor: after its start)".into();
        Ok(Line { what, measured: files.peak_mib()?, floor, limit: 32.0, unit: "MiB" })
    }

    /// 64 MiB in parts to presigned addresses, beside a multipart upload of the SDK.
    async fn parts(&self) -> Result<Line, Error> {
        let files = self.bench.spawn("files").await?;
        let (content, http) = (Bytes::from(noise(LARGE_BYTES)), reqwest::Client::new());
        let (mut floor, mut ratios) = (Vec::new(), Vec::new());
        for turn in 0..=LARGE_UPLOADS {
            let direct = self.direct_upload(&content).await?;
            let presigned = self.presigned_upload(&http, &content).await?;
            if turn > 0 {
                floor.push(direct);
                ratios.push(presigned / direct);
            }
        }
        drop(files);
        let floor = median(floor);
        let measured = floor * median(ratios);
        let what = "64 MiB in parts, time (floor: multipart upload of the SDK)".into();
        Ok(Line { what, measured, floor, limit: floor / 0.9, unit: "ms" })
    }

    /// From opening the upload to its completion, in milliseconds.
    async fn presigned_upload(&self, http: &reqwest::Client, content: &Bytes) -> Result<f64, Error> {
        let begin = Instant::now();
        let json = [("content-type", "application/json")];
        let wish = json!({"path": "large.bin", "size": content.len()}).to_string();
        let opened =
            self.bench.invoke("files", &self.request("POST", "uploads", &json, wish.as_bytes()), 200).await?;
        let opened = body_of(&opened)?;
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
        self.bench.invoke("files", &self.request("POST", &complete, &[], b""), 200).await?;
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    }

    /// The same as the SDK does it.
    async fn direct_upload(&self, content: &Bytes) -> Result<f64, Error> {
        let begin = Instant::now();
        let key = format!("{}/direct.bin", self.account);
        let created = self.s3.create_multipart_upload().bucket(BUCKET).key(&key).send().await?;
        let id = created.upload_id().ok_or("no id")?;
        let puts = content.chunks(8 << 20).zip(1..).map(async |(piece, number)| {
            let part = self.s3.upload_part().bucket(BUCKET).key(&key).upload_id(id).part_number(number);
            let stored = part.body(ByteStream::from(content.slice_ref(piece))).send().await?;
            Ok::<_, Error>(CompletedPart::builder().part_number(number).set_e_tag(stored.e_tag).build())
        });
        let parts = stream::iter(puts).buffered(PARALLEL_PARTS).try_collect::<Vec<_>>().await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.s3.complete_multipart_upload().bucket(BUCKET).key(&key).upload_id(id);
        complete.multipart_upload(parts).send().await?;
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    }
}

/// The JSON in an answer to a REST event.
fn body_of(answer: &[u8]) -> Result<Value, Error> {
    let end = answer.windows(8).position(|window| window == [0; 8]).ok_or("no streamed answer")?;
    Ok(serde_json::from_slice(&answer[end + 8..])?)
}

/// Bytes that cannot be packed.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}
