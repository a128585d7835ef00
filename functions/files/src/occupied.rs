//! What is in the way of an upload: a name is either a file or a folder.

use std::collections::HashSet;

use domain::{AccountId, FileKey, FilePath, FileStore, FolderKey, FolderPath, StoreError};
use futures_util::stream::{self, TryStreamExt as _};
use web::ApiError;

/// Up to so many new names are looked up one by one; beyond, the folder is listed once.
const MAX_LOOKUPS: usize = 16;

/// How many lookups are under way at the same time.
const PARALLEL_LOOKUPS: usize = 8;

/// Refuses files that would take the place of a folder, and folders that would take the place of a file, among the
/// new ones themselves and against what is stored in `folder`.
pub(crate) async fn refuse_collisions(
    store: &dyn FileStore,
    owner: &AccountId,
    folder: &FolderPath,
    new_files: &[FilePath],
    new_folders: &[FolderPath],
) -> Result<(), ApiError> {
    let files: HashSet<&str> = new_files.iter().map(FilePath::as_str).collect();
    let parents = new_files.iter().map(FilePath::parent).chain(new_folders.iter().cloned());
    let folders: HashSet<FolderPath> = parents
        .chain([folder.clone()])
        .flat_map(|folder| folder.with_ancestors().collect::<Vec<_>>())
        .collect();
    if let Some(both) = folders.iter().find(|folder| files.contains(folder.as_str())) {
        return Err(collision(both.as_str()));
    }
    if files.len() + folders.len() <= MAX_LOOKUPS {
        look_up(store, owner, new_files, &folders).await
    } else {
        look_through(store, owner, folder, &files, &folders).await
    }
}

async fn look_up(
    store: &dyn FileStore,
    owner: &AccountId,
    files: &[FilePath],
    folders: &HashSet<FolderPath>,
) -> Result<(), ApiError> {
    let names = files.iter().map(Name::File).chain(folders.iter().map(Name::Folder));
    stream::iter(names.map(Ok))
        .try_for_each_concurrent(PARALLEL_LOOKUPS, |name| async move {
            if name.is_taken(store, owner).await? { Err(collision(name.path())) } else { Ok(()) }
        })
        .await
}

async fn look_through(
    store: &dyn FileStore,
    owner: &AccountId,
    folder: &FolderPath,
    files: &HashSet<&str>,
    folders: &HashSet<FolderPath>,
) -> Result<(), ApiError> {
    // What lies above the folder is not in its listing.
    look_up(store, owner, &[], &folder.with_ancestors().collect()).await?;
    let folders: HashSet<&str> = folders.iter().map(FolderPath::as_str).collect();
    let prefix = if folder.is_root() { String::new() } else { format!("{folder}/") };
    for entry in store.list(&FolderKey::new(owner, folder.clone())).await? {
        let path = format!("{prefix}{}", entry.path);
        let stored_folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        if let Some(taken) = stored_folders.into_iter().find(|folder| files.contains(folder)) {
            return Err(collision(taken));
        }
        if folders.contains(path.as_str()) {
            return Err(collision(&path));
        }
    }
    Ok(())
}

/// Something that an upload is about to make.
#[derive(Clone, Copy)]
enum Name<'a> {
    File(&'a FilePath),
    Folder(&'a FolderPath),
}

impl Name<'_> {
    fn path(&self) -> &str {
        match self {
            Self::File(path) => path.as_str(),
            Self::Folder(path) => path.as_str(),
        }
    }

    async fn is_taken(&self, store: &dyn FileStore, owner: &AccountId) -> Result<bool, StoreError> {
        match self {
            Self::File(path) => store.has_folder(&FolderKey::new(owner, path.as_folder())).await,
            Self::Folder(path) => match path.as_file() {
                Some(file) => Ok(store.state(&FileKey::new(owner, file)).await?.is_some()),
                None => Ok(false),
            },
        }
    }
}

fn collision(path: &str) -> ApiError {
    ApiError::Conflict(format!(
        "{path} would be both a file and a folder: delete or rename one of them first."
    ))
}
