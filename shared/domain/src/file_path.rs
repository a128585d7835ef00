//! Names and paths below a user's root.
//!
//! A path is a list of names joined by `/`, without a slash at either end. A name is 1 to 255 bytes of printable
//! Unicode that is neither `.` nor `..` and holds no slash and no backslash. Whatever passes is kept byte for
//! byte: letter case and Unicode form make different names.

use crate::file_ledger::OperationId;
use std::fmt;

use percent_encoding::percent_decode_str;

/// The longest name, in bytes: what every common file system can hold.
pub const MAX_NAME_BYTES: usize = 255;

/// The longest path, in bytes: the 1,024 of an S3 key less the account id, the slash after it and the slash that
/// ends a folder's marker.
pub const MAX_PATH_BYTES: usize = 1_024 - 32 - 2;

/// Why a text is no name or path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// A name is empty: two slashes in a row, or nothing at all.
    #[error("The path holds an empty name: write exactly one slash between two names.")]
    EmptyName,
    /// A name is `.` or `..`.
    #[error("The path holds the name \".\" or \"..\": write the full path from your root folder.")]
    DotName,
    /// A name is longer than [`MAX_NAME_BYTES`].
    #[error("A name in the path is too long: at most {MAX_NAME_BYTES} bytes.")]
    LongName,
    /// A name holds a control character, a slash or a backslash.
    #[error("A name in the path holds a control character, an encoded slash or a backslash.")]
    ForbiddenCharacter,
    /// The path is longer than [`MAX_PATH_BYTES`].
    #[error("The path is too long: at most {MAX_PATH_BYTES} bytes.")]
    LongPath,
    /// A percent sign is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    #[error("The path is not valid percent-encoded UTF-8: write a percent sign as %25.")]
    Encoding,
}

/// The name of one file or folder, without any path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

/// The path of a folder below the user's root; the root itself is the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FolderPath(String);

/// The path of a file below the user's root: at least one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(String);

impl FileName {
    /// Reads a name that is already decoded.
    pub fn parse(name: &str) -> Result<Self, InvalidPath> {
        match name {
            "" => Err(InvalidPath::EmptyName),
            "." | ".." => Err(InvalidPath::DotName),
            name if name.len() > MAX_NAME_BYTES => Err(InvalidPath::LongName),
            name if name.chars().any(is_forbidden) => Err(InvalidPath::ForbiddenCharacter),
            name => Ok(Self(name.to_owned())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Decodes the percent-encoding of one raw path segment, exactly once.
    fn decode(segment: &str) -> Result<Self, InvalidPath> {
        if !is_percent_encoded(segment) {
            return Err(InvalidPath::Encoding);
        }
        let name = percent_decode_str(segment).decode_utf8().map_err(|_| InvalidPath::Encoding)?;
        Self::parse(&name)
    }
}

/// Control characters, both slashes, and the two noncharacters that no XML answer of S3 can carry.
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '/' | '\\' | '\u{fffe}' | '\u{ffff}')
}

/// Whether every `%` is followed by two hexadecimal digits.
fn is_percent_encoded(segment: &str) -> bool {
    segment
        .split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()))
}

impl FolderPath {
    /// The user's root folder.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads the raw, percent-encoded path of a request, without slashes at its ends; empty is the root.
    pub fn decode(raw: &str) -> Result<Self, InvalidPath> {
        Self::from_names(raw, FileName::decode)
    }

    /// Reads a path that is already decoded, without slashes at its ends; empty is the root.
    pub fn parse(path: &str) -> Result<Self, InvalidPath> {
        Self::from_names(path, FileName::parse)
    }

    fn from_names(
        text: &str,
        name: impl Fn(&str) -> Result<FileName, InvalidPath>,
    ) -> Result<Self, InvalidPath> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        text.split('/').try_fold(Self::root(), |folder, part| folder.join_folder(&name(part)?))
    }

    /// The file `name` in this folder.
    pub fn join(&self, name: &FileName) -> Result<FilePath, InvalidPath> {
        Ok(FilePath(self.join_folder(name)?.0))
    }

    /// The folder `name` in this folder.
    pub fn join_folder(&self, name: &FileName) -> Result<Self, InvalidPath> {
        let path = if self.is_root() { name.0.clone() } else { format!("{self}/{}", name.0) };
        if path.len() > MAX_PATH_BYTES {
            return Err(InvalidPath::LongPath);
        }
        Ok(Self(path))
    }

    /// Whether this is the user's root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path, without slashes at its ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this folder or lies in it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let rest = other.0.strip_prefix(&self.0);
        self.is_root() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This path read as a file's; `None` for the root.
    #[must_use]
    pub fn as_file(&self) -> Option<FilePath> {
        (!self.is_root()).then(|| FilePath(self.0.clone()))
    }

    /// The folder above; the root is above itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(self.0.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned())
    }

    /// This folder and every folder above it, without the root.
    pub fn with_ancestors(&self) -> impl Iterator<Item = FolderPath> {
        let ends = self.0.match_indices('/').map(|(end, _)| end);
        let last = (!self.is_root()).then_some(self.0.len());
        ends.chain(last).map(|end| Self(self.0[..end].to_owned()))
    }
}

impl FilePath {
    /// The file that an upload comes to before it is in its place.
    pub(crate) fn of_upload(upload: &OperationId) -> Self {
        Self(upload.as_str().to_owned())
    }

    /// Reads a path that is already decoded, without slashes at its ends.
    pub fn parse(path: &str) -> Result<Self, InvalidPath> {
        FolderPath::parse(path)?.as_file().ok_or(InvalidPath::EmptyName)
    }

    /// The path, without slashes at its ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that the file lies in.
    #[must_use]
    pub fn parent(&self) -> FolderPath {
        self.as_folder().parent()
    }

    /// The last name of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// This path read as a folder's.
    #[must_use]
    pub fn as_folder(&self) -> FolderPath {
        FolderPath(self.0.clone())
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_printable_name_is_kept_byte_for_byte() {
        for name in
            ["a b", "#?%+&;'\"~", "Ünïcödé", "u\u{308}", "🏠.idf", "...", "a:b*c|d<e>", &"x".repeat(255)]
        {
            let raw = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
            assert_eq!(FolderPath::decode(&raw).expect(name).as_str(), name);
        }
    }

    #[test]
    fn a_path_is_decoded_exactly_once() {
        assert_eq!(FolderPath::decode("100%2525").expect("valid").as_str(), "100%25");
        assert_eq!(FolderPath::decode("a+b").expect("valid").as_str(), "a+b");
    }

    #[test]
    fn nothing_that_could_reach_another_folder_is_a_path() {
        let refused = [
            ("a//b", InvalidPath::EmptyName),
            ("/a", InvalidPath::EmptyName),
            ("a/", InvalidPath::EmptyName),
            ("a/./b", InvalidPath::DotName),
            ("a/../b", InvalidPath::DotName),
            ("%2e%2e", InvalidPath::DotName),
            ("%2E./b", InvalidPath::DotName),
            ("..%2fb", InvalidPath::ForbiddenCharacter),
            ("a%5Cb", InvalidPath::ForbiddenCharacter),
            ("a\\b", InvalidPath::ForbiddenCharacter),
            ("a%00", InvalidPath::ForbiddenCharacter),
            ("a%0Ab", InvalidPath::ForbiddenCharacter),
            ("a%7F", InvalidPath::ForbiddenCharacter),
            ("a%C2%85", InvalidPath::ForbiddenCharacter),
            ("a%EF%BF%BE", InvalidPath::ForbiddenCharacter),
            ("a%ED%A0%80", InvalidPath::Encoding),
            ("a%FF", InvalidPath::Encoding),
            ("100%", InvalidPath::Encoding),
            ("%zz", InvalidPath::Encoding),
        ];
        for (raw, error) in refused {
            assert_eq!(FolderPath::decode(raw), Err(error), "{raw}");
        }
    }

    #[test]
    fn names_and_paths_have_their_longest_length() {
        assert_eq!(FolderPath::decode(&"x".repeat(256)), Err(InvalidPath::LongName));
        let longest = vec!["x".repeat(197); 5].join("/");
        assert_eq!(longest.len(), 989);
        assert!(FolderPath::parse(&format!("{longest}y")).is_ok());
        assert_eq!(FolderPath::parse(&format!("{longest}yy")), Err(InvalidPath::LongPath));
    }

    #[test]
    fn a_folder_knows_the_folders_above_it() {
        let paths = |text: &str| -> Vec<String> {
            let folder = FolderPath::parse(text).expect("valid");
            folder.with_ancestors().map(|path| path.to_string()).collect()
        };
        assert_eq!(paths("a/b/c"), ["a", "a/b", "a/b/c"]);
        assert!(paths("").is_empty());
    }

    #[test]
    fn a_file_knows_its_folder_and_its_name() {
        let file = FilePath::parse("a/b/c.idf").expect("valid");
        assert_eq!((file.parent().as_str(), file.name()), ("a/b", "c.idf"));
        let file = FilePath::parse("c.idf").expect("valid");
        assert_eq!((file.parent().as_str(), file.name()), ("", "c.idf"));
        assert_eq!(FilePath::parse(""), Err(InvalidPath::EmptyName));
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_prints_and_reads_back_as_the_same_path(raw in "[ -~]{0,40}") {
            if let Ok(path) = FolderPath::decode(&raw) {
                let encoded: Vec<_> =
                    path.as_str().split('/').map(|n| utf8_percent_encode(n, NON_ALPHANUMERIC).to_string()).collect();
                prop_assert_eq!(FolderPath::decode(&encoded.join("/")), Ok(path));
            }
        }

        #[test]
        fn no_input_leaves_the_owners_folder_or_panics(raw in any::<String>()) {
            if let Ok(path) = FolderPath::decode(&raw) {
                prop_assert!(path.as_str().len() <= MAX_PATH_BYTES);
                prop_assert!(path.is_root() || path.as_str().split('/').all(|n| !matches!(n, "" | "." | "..")));
                prop_assert!(!path.as_str().chars().any(|c| c.is_control() || c == '\\'));
            }
        }
    }
}
