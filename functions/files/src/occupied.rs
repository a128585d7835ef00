//! What is in the way of an upload: a name is either a file or a folder.

use std::collections::HashSet;

use domain::{AccountId, FileKey, FilePath, FileStore, FolderKey, FolderPath, Usage};
use futures_util::stream::{self, StreamExt as _};
use web::ApiError;

/// Up to so many new names are looked up one by one; beyond, the folder is listed once.
const MAX_LOOKUPS: usize = 16;

/// How many lookups are under way at the same time.
const PARALLEL_LOOKUPS: usize = 8;

/// Refuses files that would take the place of a folder, and folders that would take the place of a file, among the
/// new ones themselves and against what is stored in `folder`. What the new files will replace.
pub(crate) async fn refuse_collisions(
    store: &dyn FileStore,
    owner: &AccountId,
    folder: &FolderPath,
    new_files: &[FilePath],
    new_folders: &[FolderPath],
) -> Result<Usage, ApiError> {
    let files: HashSet<&str> = new_files.iter().map(FilePath::as_str).collect();
    let parents = new_files.iter().map(FilePath::parent).chain(new_folders.iter().cloned());
    let folders: HashSet<FolderPath> = parents
        .chain([folder.clone()])
        .flat_map(|folder| folder.with_ancestors().collect::<Vec<_>>())
        .collect();
    if let Some(both) = folders.iter().find(|folder| files.contains(folder.as_str())) {
        return Err(ApiError::Conflict(format!(
            "/{both} would be both a file and a folder: give one of them another name."
        )));
    }
    if files.len() + folders.len() <= MAX_LOOKUPS {
        look_up(store, owner, new_files, &folders).await
    } else {
        look_through(store, owner, folder, &files, &folders).await
    }
}

/// The same for one new file.
pub(crate) async fn refuse_collision(
    store: &dyn FileStore,
    owner: &AccountId,
    new_file: &FilePath,
) -> Result<Usage, ApiError> {
    refuse_collisions(store, owner, &new_file.parent(), std::slice::from_ref(new_file), &[]).await
}

async fn look_up(
    store: &dyn FileStore,
    owner: &AccountId,
    files: &[FilePath],
    folders: &HashSet<FolderPath>,
) -> Result<Usage, ApiError> {
    let names = files.iter().map(Name::File).chain(folders.iter().map(Name::Folder));
    let looks: Vec<_> = names.map(|name| name.look(store, owner)).collect();
    let mut looks = stream::iter(looks).buffer_unordered(PARALLEL_LOOKUPS);
    let mut replaced = Usage::default();
    while let Some(found) = looks.next().await {
        replaced = replaced.plus(found?);
    }
    Ok(replaced)
}

async fn look_through(
    store: &dyn FileStore,
    owner: &AccountId,
    folder: &FolderPath,
    files: &HashSet<&str>,
    folders: &HashSet<FolderPath>,
) -> Result<Usage, ApiError> {
    // What lies above the folder is not in its listing.
    look_up(store, owner, &[], &folder.with_ancestors().collect()).await?;
    let folders: HashSet<&str> = folders.iter().map(FolderPath::as_str).collect();
    let prefix = if folder.is_root() { String::new() } else { format!("{folder}/") };
    let mut replaced = Usage::default();
    for entry in store.list(&FolderKey::new(owner, folder.clone())).await? {
        let path = format!("{prefix}{}", entry.path);
        let stored_folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        if let Some(folder) = stored_folders.into_iter().find(|folder| files.contains(folder)) {
            return Err(taken(folder, "folder"));
        }
        if folders.contains(path.as_str()) {
            return Err(taken(&path, "file"));
        }
        if files.contains(path.as_str()) {
            replaced = replaced.plus(Usage { bytes: entry.bytes, files: 1 });
        }
    }
    Ok(replaced)
}

/// Something that is about to be made.
#[derive(Clone, Copy)]
enum Name<'a> {
    File(&'a FilePath),
    Folder(&'a FolderPath),
}

impl Name<'_> {
    /// What is replaced; a collision when the name is of the other kind.
    async fn look(self, store: &dyn FileStore, owner: &AccountId) -> Result<Usage, ApiError> {
        let file = match self {
            Self::File(path) => Some(path.clone()),
            Self::Folder(path) => path.as_file(),
        };
        let Some(file) = file else { return Ok(Usage::default()) };
        let there = store.state(&FileKey::new(owner, file)).await?;
        match self {
            Self::Folder(path) if there.is_some() => Err(taken(path.as_str(), "file")),
            Self::Folder(_) => Ok(Usage::default()),
            Self::File(_) if there.is_some() => {
                Ok(Usage { bytes: there.map_or(0, |state| state.bytes), files: 1 })
            }
            Self::File(path) => {
                let folder = store.has_folder(&FolderKey::new(owner, path.as_folder())).await?;
                if folder { Err(taken(path.as_str(), "folder")) } else { Ok(Usage::default()) }
            }
        }
    }
}

fn taken(path: &str, kind: &str) -> ApiError {
    ApiError::Conflict(format!(
        "/{path} is a {kind} already: delete or rename it first, or choose another name."
    ))
}
