//! Files that are stored together: the parts of a form, with zips unpacked.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{
    FileKey, FilePath, FolderKey, FolderPath, NewFile, NotStored, Usage, UsageChange, Work, put_all,
};
use web::{ApiError, Response, UploadedFile, off_thread};

use crate::occupied::refuse_collisions;
use crate::route::Unpack;
use crate::turn::{Change, Failed, Turn};
use crate::unzip::{CheckedZip, Limits};

/// Up to so many files an upload names each of them in the ledger, so that it keeps out of nobody's way; beyond, it names
/// the folder that they all go to.
const MAX_NAMED_FILES: usize = 16;

/// Files that are stored all or not at all.
pub(crate) struct Batch {
    /// Where everything goes.
    folder: FolderPath,
    /// By path.
    files: BTreeMap<String, (FilePath, Bytes)>,
    folders: Vec<FolderPath>,
    location: FolderPath,
    /// What further zips may still hold: the limits are those of the whole request.
    left: Limits,
}

impl Batch {
    fn new(folder: &FolderPath) -> Self {
        let (files, folders) = (BTreeMap::new(), Vec::new());
        Self { folder: folder.clone(), files, folders, location: folder.clone(), left: Limits::REQUEST }
    }

    /// The files of a form.
    pub(crate) async fn of_form(
        uploads: Vec<UploadedFile>,
        folder: &FolderPath,
        unpack: Unpack,
    ) -> Result<Self, ApiError> {
        let single = uploads.len() == 1;
        let mut batch = Self::new(folder);
        for upload in uploads {
            if unpack == Unpack::Yes && is_zip(upload.name.as_str()) {
                let top = batch.unpack(upload.content).await?;
                if single {
                    batch.location = top;
                }
            } else {
                let path = folder.join(&upload.name);
                batch.add(path.map_err(|error| ApiError::BadRequest(error.to_string()))?, upload.content)?;
            }
        }
        Ok(batch)
    }

    /// The files of one zip.
    pub(crate) async fn of_zip(content: Bytes, folder: &FolderPath) -> Result<Self, ApiError> {
        let mut batch = Self::new(folder);
        batch.location = batch.unpack(content).await?;
        Ok(batch)
    }

    /// What holds everything: the one top folder of a single zip, or else the folder where everything goes.
    pub(crate) fn location(&self) -> &FolderPath {
        &self.location
    }

    /// Stores everything, all or nothing, and gives the answer to that.
    pub(crate) async fn store(self, change: &Change<'_>, answer: Response) -> Result<Response, ApiError> {
        let turn = Turn::begin(change, Work::PutAll, self.changed_paths(), self.usage()).await?;
        let stored = self.store_in(&turn).await;
        turn.answer(stored.map(|change| (answer, change))).await
    }

    async fn store_in(self, turn: &Turn<'_>) -> Result<UsageChange, Failed> {
        let (store, owner, new) = (&*turn.app.files, &turn.owner.id, self.usage());
        let paths: Vec<_> = self.files.values().map(|(path, _)| path.clone()).collect();
        let replaced = refuse_collisions(store, owner, &self.folder, &paths, &self.folders).await?;
        let files = self.files.into_values();
        let files =
            files.map(|(path, content)| (FileKey::new(owner, path), NewFile::plain(content))).collect();
        let folders: Vec<_> = self.folders.into_iter().map(|path| FolderKey::new(owner, path)).collect();
        let stored = put_all(store, &turn.operation.id, files, &folders, &|| turn.in_time()).await;
        stored.map_err(|NotStored { failure, taken_back }| Failed {
            error: failure.into(),
            left_over: !taken_back,
        })?;
        Ok(UsageChange::between(replaced, new))
    }

    fn usage(&self) -> Usage {
        let bytes = self.files.values().map(|(_, content)| content.len() as u64).sum();
        Usage { bytes, files: self.files.len() as u64 }
    }

    /// The files and folders themselves, or what holds them all.
    fn changed_paths(&self) -> Vec<FolderPath> {
        if self.files.len() + self.folders.len() > MAX_NAMED_FILES {
            let inside = self.files.values().all(|(path, _)| self.location.contains(&path.as_folder()))
                && self.folders.iter().all(|path| self.location.contains(path));
            return vec![if inside { self.location.clone() } else { self.folder.clone() }];
        }
        self.files.values().map(|(path, _)| path.as_folder()).chain(self.folders.iter().cloned()).collect()
    }

    fn add(&mut self, path: FilePath, content: Bytes) -> Result<(), ApiError> {
        let twice = format!("Two files of the request would both become /{path}. Nothing was stored.");
        match self.files.insert(path.to_string(), (path, content)) {
            None => Ok(()),
            Some(_) => Err(ApiError::BadRequest(twice)),
        }
    }

    /// Unpacks off the thread that serves requests: inflating is work for the processor. Where the content lies.
    async fn unpack(&mut self, content: Bytes) -> Result<FolderPath, ApiError> {
        let (left, folder) = (self.left, self.folder.clone());
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
        // Where an empty zip was unpacked there is a folder, although nothing is in it.
        if files.is_empty() && folders.is_empty() && !top.is_root() {
            self.folders.push(top.clone());
        }
        for (path, content) in files {
            self.add(path, content)?;
        }
        self.folders.extend(folders);
        Ok(top)
    }
}

/// By its name, not by its content: office documents are zips too, and stay whole.
fn is_zip(name: &str) -> bool {
    let ending = name.len().checked_sub(4).and_then(|at| name.get(at..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".zip"))
}
