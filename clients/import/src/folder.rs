//! What lies in the folder of a user.

use std::io;
use std::path::{Path, PathBuf};

use domain::{FilePath, MAX_FILE_BYTES, Timestamp};

/// A file that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalFile {
    /// Where it will be.
    pub(crate) path: FilePath,
    /// Where it is.
    pub(crate) source: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) modified: Timestamp,
}

/// A file that cannot be sent, and why.
pub(crate) type RefusedFile = (String, String);

/// Everything below `folder` at any depth, in order of the paths. Links are not followed: what they lead to may be anybody's.
pub(crate) fn files_in(folder: &Path) -> io::Result<(Vec<LocalFile>, Vec<RefusedFile>)> {
    let (mut files, mut refused) = (Vec::new(), Vec::new());
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                let name = entry.file_name().to_string_lossy().into_owned();
                refused.push((format!("{prefix}{name}"), "its name is not UTF-8".to_owned()));
                continue;
            };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else if !kind.is_file() {
                refused.push((path, "it is neither a file nor a folder".to_owned()));
            } else {
                match local_file(&path, &entry.path(), &entry.metadata()?) {
                    Ok(file) => files.push(file),
                    Err(why) => refused.push((path, why)),
                }
            }
        }
    }
    files.sort_by(|one, other| one.path.as_str().cmp(other.path.as_str()));
    refused.sort();
    Ok((files, refused))
}

fn local_file(path: &str, source: &Path, metadata: &std::fs::Metadata) -> Result<LocalFile, String> {
    let path = FilePath::parse(path).map_err(|error| error.to_string())?;
    let bytes = metadata.len();
    if bytes > MAX_FILE_BYTES {
        return Err(format!("it is larger than {MAX_FILE_BYTES} bytes"));
    }
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = Timestamp::from_unix_seconds(modified.map_or(0, |time| time.as_secs()));
    Ok(LocalFile { path, source: source.to_owned(), bytes, modified })
}
