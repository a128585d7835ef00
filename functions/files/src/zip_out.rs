//! `GET /files/<folder>?format=zip`: a folder with everything in it as one zip.
//!
//! It is packed while it is sent, so it needs little memory however large the folder is. Of what could be too much for
//! one answer the zip is put into the bucket, and the answer says where.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use domain::throttle::Limit;
use domain::{
    Account, Content, Entry, FileKey, FileStore, FolderKey, FolderPath, OperationId, Part, PartStore,
    StoreError, Timestamp, Usage,
};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http::header;
use time::OffsetDateTime;
use web::{ApiError, Body, Response};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::App;
use crate::attachment::attachment;
use crate::download::{MAX_STREAMED_BYTES, download_headers, redirect_to};
use crate::list::settled;
use crate::recovery::{Stored, entry_path};

/// How many files are opened ahead of the one that is being packed: small ones take longer to open than to read.
const OPENED_AHEAD: usize = 16;

/// A zip adds some hundred bytes of its own to each entry.
const BYTES_PER_ENTRY: u64 = 4_096;

/// A piece of the zip is sent when it has so many bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// The parts of a zip that goes into the bucket: 10,000 of them hold 80 GB.
const PART_BYTES: usize = 8 << 20;

/// From this size on an entry needs the longer numbers of zip64, with some room because sizes are written beforehand.
const ZIP64_BYTES: u64 = 4_000_000_000;

/// How long the address of a zip in the bucket is valid.
const LINK_SECONDS: u64 = 3_600;

/// The folder as a zip; its entries lie in a folder of its name, as they do when a folder is packed by hand.
pub(crate) async fn zip_out(app: &App, owner: &Account, folder: FolderPath) -> Result<Response, ApiError> {
    let entries = settled(app, owner, &FolderKey::new(&owner.id, folder.clone())).await?;
    if entries.is_empty() && !folder.is_root() {
        return Err(ApiError::NotFound(format!("{folder} is not found")));
    }
    let top = folder.as_file().map(|path| path.name().to_owned());
    let name = format!("{}.zip", top.as_deref().unwrap_or("files"));
    let usage = Usage::of(&entries);
    let zip = pack(app, owner, &folder, top, entries, Vec::new())?;
    send(app, owner, &name, usage, zip).await
}

/// The answer that a zip is, of files that come to `usage`: the zip itself, or where it is once it is packed.
pub(crate) async fn send(
    app: &App,
    owner: &Account,
    name: &str,
    usage: Usage,
    zip: BoxStream<'static, Result<Bytes, StoreError>>,
) -> Result<Response, ApiError> {
    if usage.bytes + usage.files * BYTES_PER_ENTRY > MAX_STREAMED_BYTES {
        // They lie outside the quota.
        let (count, wait_seconds) = app.throttle.count(Limit::LargeZips, owner.id.as_str(), None).await?;
        if count > Limit::LargeZips.free() {
            return Err(ApiError::TooManyZips { wait_seconds });
        }
        let operation = OperationId::random(&*app.random);
        let key = FileKey::staged(&owner.id, &operation);
        store(&*app.parts, &key, &operation, zip).await?;
        return redirect_to(&app.files.link(&key, &attachment(name), LINK_SECONDS).await?, LINK_SECONDS);
    }
    let mut answer = Response::new(Body::Stream(zip));
    download_headers(answer.headers_mut(), name, "application/zip")?;
    answer.headers_mut().remove(header::ACCEPT_RANGES);
    Ok(answer)
}

/// What is packed next.
struct Item {
    name: String,
    modified: Timestamp,
    bytes: u64,
    /// Nothing for a folder.
    content: Option<Content>,
}

/// Packs the entries of a folder below the folder `top` of the zip, after records that are in memory: a name, a time
/// and a content each.
pub(crate) fn pack(
    app: &App,
    owner: &Account,
    folder: &FolderPath,
    top: Option<String>,
    entries: Vec<Entry>,
    records: Vec<(String, Timestamp, Bytes)>,
) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, ApiError> {
    let mut paths = Vec::with_capacity(entries.len());
    for entry in entries {
        paths.push((entry_path(folder, &entry)?, entry));
    }
    let (files, owner) = (Arc::clone(&app.files), owner.id.clone());
    let opened = stream::iter(paths).map(move |(stored, entry)| {
        let (files, name) = (Arc::clone(&files), named(top.as_deref(), &entry.path));
        let key = match stored {
            Stored::File(path) => Some(FileKey::new(&owner, path)),
            Stored::Folder(_) => None,
        };
        async move { open(&*files, key, name, entry).await }
    });
    let records = records.into_iter().map(|(name, modified, content)| {
        let (bytes, content) = (content.len() as u64, stream::iter([Ok(content)]).boxed());
        Ok(Item { name, modified, bytes, content: Some(content) })
    });
    let outbox = Outbox::default();
    let packer = Packer {
        items: stream::iter(records).chain(opened.buffered(OPENED_AHEAD)).boxed(),
        current: None,
        zip: Some(ZipWriter::new_stream(outbox.clone())),
        outbox,
    };
    Ok(stream::try_unfold(packer, |mut packer| async {
        Ok(packer.next().await?.map(|piece| (piece, packer)))
    })
    .boxed())
}

/// The name of an entry in the zip.
fn named(top: Option<&str>, path: &str) -> String {
    top.map_or_else(|| path.to_owned(), |top| format!("{top}/{path}"))
}

async fn open(
    files: &dyn FileStore,
    key: Option<FileKey>,
    name: String,
    entry: Entry,
) -> Result<Item, StoreError> {
    let content = match key {
        // A file that is gone by now would be missing without a word: the zip breaks off instead.
        Some(key) => Some(files.open(&key).await?.ok_or(StoreError::Conflict)?.1),
        None => None,
    };
    Ok(Item { name, modified: entry.modified, bytes: entry.bytes, content })
}

struct Packer {
    items: BoxStream<'static, Result<Item, StoreError>>,
    current: Option<Content>,
    /// Nothing once the zip is finished.
    zip: Option<ZipWriter<StreamWriter<Outbox>>>,
    outbox: Outbox,
}

impl Packer {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        while let Some(zip) = &mut self.zip {
            if let Some(content) = &mut self.current {
                match content.next().await {
                    Some(piece) => zip.write_all(&piece?).map_err(unpackable)?,
                    None => self.current = None,
                }
            } else if let Some(item) = self.items.next().await {
                self.current = begin(zip, item?)?;
            } else if let Some(zip) = self.zip.take() {
                zip.finish().map_err(unpackable)?;
            }
            if self.outbox.len() >= PIECE_BYTES {
                break;
            }
        }
        let piece = self.outbox.take();
        Ok((!piece.is_empty()).then_some(piece))
    }
}

/// Writes the head of an entry; the content that is to follow.
fn begin(zip: &mut ZipWriter<StreamWriter<Outbox>>, item: Item) -> Result<Option<Content>, StoreError> {
    let options = SimpleFileOptions::default().last_modified_time(zip_time(item.modified));
    match item.content {
        None => {
            zip.add_directory(item.name, options).map_err(unpackable)?;
            Ok(None)
        }
        Some(content) => {
            // Packed fast: the network is slower. And packed at all, because Windows cannot read entries whose size is
            // written behind them otherwise.
            let options = options.compression_method(CompressionMethod::Deflated).compression_level(Some(1));
            let options = options.unix_permissions(0o644).large_file(item.bytes >= ZIP64_BYTES);
            zip.start_file(item.name, options).map_err(unpackable)?;
            Ok(Some(content))
        }
    }
}

/// UTC, as well as a zip can say it: from 1980 on, in steps of two seconds.
fn zip_time(time: Timestamp) -> zip::DateTime {
    let seconds = i64::try_from(time.unix_seconds()).unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    let time = time.and_then(|time| {
        let year = u16::try_from(time.year()).ok()?;
        let (month, day) = (u8::from(time.month()), time.day());
        zip::DateTime::from_date_and_time(year, month, day, time.hour(), time.minute(), time.second()).ok()
    });
    time.unwrap_or_default()
}

fn unpackable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// What the zip writer has written and nobody has sent yet.
#[derive(Clone, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends a zip to the bucket, part by part.
async fn store(
    parts: &dyn PartStore,
    key: &FileKey,
    operation: &OperationId,
    mut zip: BoxStream<'static, Result<Bytes, StoreError>>,
) -> Result<(), ApiError> {
    let id = parts.open_parts(key, operation).await?;
    let stored = async {
        let (mut sent, mut part) = (Vec::<Part>::new(), BytesMut::new());
        loop {
            let piece = zip.next().await.transpose()?;
            let ended = piece.is_none();
            part.extend_from_slice(&piece.unwrap_or_default());
            if part.len() >= PART_BYTES || (ended && !part.is_empty()) {
                let number = sent.len() as u64 + 1;
                sent.push(parts.put_part(key, &id, number, part.split().freeze()).await?);
            }
            if ended {
                return parts.join_parts(key, &id, &sent).await;
            }
        }
    };
    match stored.await {
        Ok(_) => Ok(()),
        Err(error) => {
            // The failure counts, not whether the bucket could be tidied: its lifecycle does that too.
            let _ = parts.drop_parts(key, &id).await;
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use domain::{AccountStore as _, FilePath, Usage};
    use futures_util::StreamExt as _;
    use futures_util::stream;
    use web::ApiError;
    use zip::ZipArchive;

    use crate::testing::World;

    fn unpack(zip: Vec<u8>) -> Vec<(String, Vec<u8>)> {
        let mut archive = ZipArchive::new(Cursor::new(zip)).expect("a zip");
        let mut entries = Vec::new();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("whole");
            entries.push((entry.name().expect("UTF-8").into_owned(), content));
        }
        entries.sort();
        entries
    }

    #[tokio::test]
    async fn twenty_zips_a_day_may_lie_in_the_bucket_and_small_ones_are_free() {
        let world = World::new().await;
        let owner = world.accounts.find_account(&world.account).await.unwrap().unwrap();
        let send = async |bytes| {
            let zip = stream::iter([Ok("a zip".into())]).boxed();
            super::send(&world.app, &owner, "x.zip", Usage { bytes, files: 1 }, zip).await
        };
        for _ in 0..20 {
            assert_eq!(send(super::MAX_STREAMED_BYTES).await.unwrap().status(), 307);
        }
        assert!(matches!(send(super::MAX_STREAMED_BYTES).await, Err(ApiError::TooManyZips { .. })));
        assert_eq!(send(1).await.unwrap().status(), 200);
        world.clock.advance(86_400);
        assert_eq!(send(super::MAX_STREAMED_BYTES).await.unwrap().status(), 307);
    }

    #[tokio::test]
    async fn a_folder_comes_as_a_zip_that_can_be_uploaded_again() {
        let world = World::new().await;
        let noise: Vec<u8> =
            (0..300_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        world.upload("files/p/job", &[("1 #ü.idf", b"one"), ("empty", b""), ("noise", &noise)]).await;
        world.post("files/p/job/made?mkdir").await;
        world.upload("files/p", &[("neighbour", b"x")]).await;
        let (headers, zip) = world.download("files/p/job?format=zip").await;
        assert_eq!(headers["content-type"], "application/zip");
        assert!(headers["content-disposition"].to_str().unwrap().contains("filename=\"job.zip\""));
        let expected = [
            ("job/1 #ü.idf", b"one".to_vec()),
            ("job/empty", Vec::new()),
            ("job/made/", Vec::new()),
            ("job/noise", noise),
        ];
        assert_eq!(unpack(zip.clone()), expected.map(|(name, content)| (name.to_owned(), content)));
        let before = world.paths();
        assert_eq!(world.upload("files/q", &[("job.zip", &zip)]).await.0, 200);
        let again: Vec<_> =
            world.paths().into_iter().filter_map(|path| path.strip_prefix("q/").map(str::to_owned)).collect();
        let job: Vec<_> = before
            .iter()
            .filter_map(|path| path.strip_prefix("p/").filter(|path| path.starts_with("job")))
            .collect();
        assert_eq!(again, job);
    }

    #[tokio::test]
    async fn the_root_an_empty_one_and_a_missing_folder() {
        let world = World::new().await;
        assert_eq!(unpack(world.download("files?format=zip").await.1), []);
        world.put("files/a/b", &[], b"x").await;
        let expected = vec![("a/b".to_owned(), b"x".to_vec())];
        assert_eq!(unpack(world.download("files?format=zip").await.1), expected);
        assert_eq!(world.get("files/x?format=zip").await.0, 404);
        assert_eq!(world.get("files/a?format=tar").await.0, 400);
        assert_eq!(world.download("files/a/b?format=zip").await.1, b"x", "a file is what it is");
    }

    #[tokio::test]
    async fn what_cannot_be_read_whole_is_no_zip() {
        let world = World::new().await;
        world.upload("files/a", &[("1", b"one"), ("2", b"two")]).await;
        world.store.break_reads_of(&FilePath::parse("a/2").unwrap());
        assert!(ZipArchive::new(Cursor::new(world.download("files/a?format=zip").await.1)).is_err());
    }
}
