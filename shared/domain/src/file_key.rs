//! A path together with its owner.
//!
//! Stores take nothing else, so a handler cannot name a file without saying whose it is.

use std::fmt;

use crate::account::AccountId;
use crate::file_ledger::OperationId;
use crate::file_path::{FilePath, FolderPath};

/// One stored file. Printed as its object key, `<account id>/<path>`: sibling services read files by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileKey {
    account: AccountId,
    path: FilePath,
    staged: bool,
}

/// One folder. Printed as the prefix of every object key below it, which is also its marker's key:
/// `<account id>/<path>/`. The slash at the end keeps `a` apart from `ab`, and account `1` from `10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderKey {
    account: AccountId,
    path: FolderPath,
    staged: bool,
}

impl FileKey {
    /// The file of `account` at `path`.
    #[must_use]
    pub fn new(account: &AccountId, path: FilePath) -> Self {
        Self { account: account.clone(), path, staged: false }
    }

    /// A file of `account` that is not yet in its place, kept aside as `.staging/<account id>/<upload id>`: no path of a
    /// user leads there.
    #[must_use]
    pub fn staged(account: &AccountId, upload: &OperationId) -> Self {
        Self { account: account.clone(), path: FilePath::of_upload(upload), staged: true }
    }

    /// The folder that the file lies in.
    #[must_use]
    pub fn folder(&self) -> FolderKey {
        FolderKey { account: self.account.clone(), path: self.path.parent(), staged: self.staged }
    }

    /// The path below the owner's root.
    #[must_use]
    pub fn path(&self) -> &FilePath {
        &self.path
    }
}

impl FolderKey {
    /// The folder of `account` at `path`.
    #[must_use]
    pub fn new(account: &AccountId, path: FolderPath) -> Self {
        Self { account: account.clone(), path, staged: false }
    }

    /// Everything of `account` that is kept aside: see [`FileKey::staged`].
    #[must_use]
    pub fn staged(account: &AccountId) -> Self {
        Self { account: account.clone(), path: FolderPath::root(), staged: true }
    }

    /// The folder above; the root is above itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self { account: self.account.clone(), path: self.path.parent(), staged: self.staged }
    }

    /// The path below the owner's root.
    #[must_use]
    pub fn path(&self) -> &FolderPath {
        &self.path
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", root(self.staged), self.account, self.path)
    }
}

impl fmt::Display for FolderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_root() { "" } else { "/" };
        write!(f, "{}{}/{}{separator}", root(self.staged), self.account, self.path)
    }
}

const fn root(is_staged: bool) -> &'static str {
    if is_staged { ".staging/" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_prefix_ends_in_a_slash_so_that_it_covers_nothing_else() {
        let account = AccountId::parse(&"1".repeat(32)).expect("valid");
        let key = |path: &str| FolderKey::new(&account, FolderPath::parse(path).expect("valid")).to_string();
        assert_eq!(key(""), format!("{account}/"));
        assert_eq!(key("a"), format!("{account}/a/"));
        assert!(!format!("{account}/ab").starts_with(&key("a")));
        let zip = FileKey::staged(&account, &OperationId::parse(&"2".repeat(32)).expect("valid")).to_string();
        assert!(zip.starts_with(&FolderKey::staged(&account).to_string()) && !zip.starts_with(&key("")));
    }
}
