//! `POST /files/<folder>`: one or more files, zips unpacked.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{
    Account, FileKey, FilePath, FolderKey, FolderPath, NewFile, NotStored, Usage, UsageChange, Work, put_all,
};
use web::{ApiError, Request, Response, UploadedFile, off_thread};

use crate::App;
use crate::file_handle::folder_handle;
use crate::occupied::refuse_collisions;
use crate::route::Unpack;
use crate::turn::{Failed, Turn};
use crate::unzip::{CheckedZip, Limits};

/// Up to so many files an upload names each of them in the ledger, so that it keeps out of nobody's way; beyond, it names
/// the folder that they all go to.
const MAX_NAMED_FILES: usize = 16;

/// Stores the files of a form in `folder`, all of them or none. Folders are made as needed; a file of the same name
/// is replaced, and of two parts with the same name the later one counts. Zips are unpacked if `unpack` says so.
pub(crate) async fn upload(
    app: &App,
    owner: &Account,
    folder: FolderPath,
    unpack: Unpack,
    request: &Request,
) -> Result<Response, ApiError> {
    let batch = Batch::read(request.files().await?, &folder, unpack).await?;
    let answer = folder_handle("File(s) uploaded successfully", batch.location.as_str());
    let turn = Turn::begin(app, owner, Work::PutAll, batch.changed_paths(&folder), batch.usage()).await?;
    let stored = store(&turn, &folder, batch).await;
    turn.finish(stored.map(|change| (answer, change))).await
}

async fn store(turn: &Turn<'_>, folder: &FolderPath, batch: Batch) -> Result<UsageChange, Failed> {
    let (store, owner, new) = (&*turn.app.files, &turn.owner.id, batch.usage());
    let paths: Vec<_> = batch.files.values().map(|(path, _)| path.clone()).collect();
    let replaced = refuse_collisions(store, owner, folder, &paths, &batch.folders).await?;
    let files = batch.files.into_values();
    let files = files.map(|(path, content)| (FileKey::new(owner, path), NewFile::plain(content))).collect();
    let folders: Vec<_> = batch.folders.into_iter().map(|path| FolderKey::new(owner, path)).collect();
    let stored = put_all(store, &turn.operation.id, files, &folders, &|| turn.in_time()).await;
    stored.map_err(|NotStored { failure, taken_back }| Failed {
        error: failure.into(),
        left_over: !taken_back,
    })?;
    Ok(UsageChange::between(replaced, new))
}

/// What a form comes to when its zips are unpacked.
struct Batch {
    /// By path, so that of two files of one path the later one stays.
    files: BTreeMap<String, (FilePath, Bytes)>,
    folders: Vec<FolderPath>,
    location: FolderPath,
    /// What further zips may still hold: the limits are those of the whole request.
    left: Limits,
}

impl Batch {
    fn usage(&self) -> Usage {
        let bytes = self.files.values().map(|(_, content)| content.len() as u64).sum();
        Usage { bytes, files: self.files.len() as u64 }
    }

    /// The files and folders themselves, or what holds them all.
    fn changed_paths(&self, folder: &FolderPath) -> Vec<FolderPath> {
        if self.files.len() + self.folders.len() > MAX_NAMED_FILES {
            let inside = self.files.values().all(|(path, _)| self.location.contains(&path.as_folder()))
                && self.folders.iter().all(|path| self.location.contains(path));
            return vec![if inside { self.location.clone() } else { folder.clone() }];
        }
        self.files.values().map(|(path, _)| path.as_folder()).chain(self.folders.iter().cloned()).collect()
    }

    async fn read(uploads: Vec<UploadedFile>, folder: &FolderPath, unpack: Unpack) -> Result<Self, ApiError> {
        let single = uploads.len() == 1;
        let (location, left) = (folder.clone(), Limits::REQUEST);
        let mut batch = Self { files: BTreeMap::new(), folders: Vec::new(), location, left };
        for upload in uploads {
            if unpack == Unpack::Yes && is_zip(upload.name.as_str()) {
                let top = batch.unpack(upload.content, folder.clone()).await?;
                if single {
                    batch.location = top;
                }
            } else {
                let path =
                    folder.join(&upload.name).map_err(|error| ApiError::BadRequest(error.to_string()))?;
                batch.files.insert(path.to_string(), (path, upload.content));
            }
        }
        Ok(batch)
    }

    /// Unpacks off the thread that serves requests: inflating is work for the processor.
    async fn unpack(&mut self, content: Bytes, folder: FolderPath) -> Result<FolderPath, ApiError> {
        let left = self.left;
        let work = move || {
            let mut zip = CheckedZip::check(content, &folder, left)?;
            let top = zip.top_folder(&folder);
            let mut files = Vec::with_capacity(zip.files.len());
            for (index, path) in std::mem::take(&mut zip.files) {
                files.push((path, zip.read(index)?));
            }
            Ok::<_, ApiError>((files, zip.folders, top))
        };
        let (files, folders, top) = off_thread(work).await??;
        self.left.total_bytes -= files.iter().map(|(_, content)| content.len() as u64).sum::<u64>();
        self.left.entries -= files.len() + folders.len();
        self.files.extend(files.into_iter().map(|(path, content)| (path.to_string(), (path, content))));
        self.folders.extend(folders);
        Ok(top)
    }
}

/// By its name, not by its content: office documents are zips too, and stay whole.
fn is_zip(name: &str) -> bool {
    let ending = name.len().checked_sub(4).and_then(|at| name.get(at..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".zip"))
}

#[cfg(test)]
mod tests {
    use crate::testing::{World, zip_of};

    fn handle(location: &str) -> (u16, String) {
        let status = r#""ok":true,"status":"File(s) uploaded successfully""#;
        let rest = format!(r#""fileHandle":"{location}","callback":"/users/api/files/{location}""#);
        (200, format!("{{{status},{rest}}}"))
    }

    #[tokio::test]
    async fn files_go_to_the_root_or_to_folders_that_are_made_as_needed() {
        let world = World::new().await;
        assert_eq!(world.upload("files", &[("a.idf", b"1"), ("b.epw", b"2")]).await, handle(""));
        assert_eq!(world.upload("files/", &[("a.idf", b"3")]).await, handle(""));
        assert_eq!(world.upload("files/test/today", &[("a.idf", b"4")]).await, handle("test/today"));
        assert_eq!(world.upload("files/test/today/", &[("b.idf", b"5")]).await, handle("test/today"));
        assert_eq!(world.paths(), ["a.idf=3", "b.epw=2", "test/today/a.idf=4", "test/today/b.idf=5"]);
    }

    #[tokio::test]
    async fn a_zip_is_unpacked_and_its_one_top_folder_is_the_handle() {
        let world = World::new().await;
        let one_top = zip_of(&[("X/a.idf", b"1"), ("X/sub/b.idf", b"2")]);
        assert_eq!(world.upload("files", &[("job.zip", &one_top)]).await, handle("X"));
        assert_eq!(world.upload("files/F", &[("job.ZIP", &one_top)]).await, handle("F/X"));
        let two_tops = zip_of(&[("X/a.idf", b"1"), ("b.idf", b"2")]);
        assert_eq!(world.upload("files/G", &[("job.zip", &two_tops)]).await, handle("G"));
        let expected =
            ["F/X/a.idf=1", "F/X/sub/b.idf=2", "G/X/a.idf=1", "G/b.idf=2", "X/a.idf=1", "X/sub/b.idf=2"];
        assert_eq!(world.paths(), expected);
    }

    #[tokio::test]
    async fn a_folder_that_was_zipped_on_macos_is_the_handle() {
        let world = World::new().await;
        let zip = zip_of(&[("X/a.idf", b"1"), ("__MACOSX/._X", b"note"), ("__MACOSX/X/._a.idf", b"note")]);
        assert_eq!(world.upload("files/F", &[("job.zip", &zip)]).await, handle("F/X"));
        assert_eq!(world.paths(), ["F/X/a.idf=1"]);
    }

    #[tokio::test]
    async fn the_limits_of_zips_are_those_of_the_whole_request() {
        let world = World::new().await;
        // Entries of 1 MiB may be as small as they like when they are packed.
        let zeros = vec![0; 1 << 20];
        let names: Vec<_> = (0..130).map(|n| n.to_string()).collect();
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
        let zip = zip_of(&entries);
        let both = [("a.zip", zip.as_slice()), ("b.zip", zip.as_slice())];
        assert_eq!(world.upload("files", &both).await.0, 413);
        assert!(world.paths().is_empty());
        assert_eq!(world.upload("files", &both[..1]).await.0, 200);
    }

    #[tokio::test]
    async fn empty_folders_of_a_zip_are_made() {
        let world = World::new().await;
        assert_eq!(
            world.upload("files", &[("job.zip", &zip_of(&[("X/", b""), ("X/empty/", b"")]))]).await,
            handle("X")
        );
        assert!(world.get("files/X").await.1.contains(r#""name":"empty""#));
        assert_eq!(world.upload("files", &[("none.zip", &zip_of(&[]))]).await, handle(""));
    }

    #[tokio::test]
    async fn a_zip_stays_whole_when_that_is_asked_for() {
        let world = World::new().await;
        let zip = zip_of(&[("X/a.idf", b"1")]);
        assert_eq!(world.upload("files/F?unpack=false", &[("job.zip", &zip)]).await, handle("F"));
        assert_eq!(world.download("files/F/job.zip").await.1, zip);
        assert_eq!(world.upload("files/F?unpack=true", &[("job.zip", &zip)]).await, handle("F/X"));
        assert_eq!(world.upload("files/F?unpack=maybe", &[("job.zip", &zip)]).await.0, 400);
    }

    #[tokio::test]
    async fn an_office_document_is_a_zip_and_stays_whole() {
        let world = World::new().await;
        let document = zip_of(&[("word/document.xml", b"1")]);
        assert_eq!(world.upload("files", &[("report.docx", &document)]).await.0, 200);
        assert_eq!(world.download("files/report.docx").await.1, document);
    }

    #[tokio::test]
    async fn a_name_cannot_be_a_file_and_a_folder() {
        let world = World::new().await;
        world.upload("files/a/b", &[("c", b"1")]).await;
        let before = world.paths();
        let many: Vec<_> = (0..20).map(|i| format!("b/f{i}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        let clash = zip_of(&[("c", b"1"), ("c/d", b"2")]);
        let deep: Vec<_> = many.iter().copied().chain([("b/c/d", b"x".as_slice())]).collect();
        let over: Vec<_> = many
            .iter()
            .map(|(name, content)| (&name[2..], *content))
            .chain([("b", b"x".as_slice())])
            .collect();
        for (folder, name, content) in [
            ("files", "a", b"x".to_vec()),
            ("files/a", "b", b"x".to_vec()),
            ("files/a/b/c", "d", b"x".to_vec()),
            ("files/z", "x.zip", clash),
            ("files/a", "x.zip", zip_of(&deep)),
            ("files/a", "x.zip", zip_of(&over)),
        ] {
            let (status, body) = world.upload(folder, &[(name, &content)]).await;
            assert_eq!(status, 409, "{folder} {name}: {body}");
        }
        assert_eq!(world.paths(), before);
    }

    #[tokio::test]
    async fn a_failed_store_leaves_nothing_of_the_upload() {
        let world = World::new().await;
        world.upload("files", &[("a", b"old")]).await;
        world.store.fail_puts_of("b");
        let (status, _) = world.upload("files", &[("a", b"new"), ("b", b"new"), ("c", b"new")]).await;
        assert_eq!((status, world.paths()), (503, vec!["a=old".to_owned()]));
    }
}
