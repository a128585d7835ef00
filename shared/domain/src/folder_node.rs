//! A folder as clients read it: the whole tree below it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::file_path::FolderPath;
use crate::ports::Entry;

/// The folder that was asked for, with everything below it.
///
/// Entries ascend by name, byte by byte. On the wire a node is
/// `{name, fileName, fileSize, open, nocheck, children}`; see [`FolderNode::to_json`].
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FolderNode {
    path: String,
    children: Children,
}

/// A file of some size, or a folder. A file sorts before a folder of the same name.
type Children = BTreeMap<(String, Kind), Child>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    File,
    Folder,
}

#[derive(Debug, PartialEq, Eq)]
enum Child {
    File { bytes: u64 },
    Folder(Children),
}

impl FolderNode {
    /// Builds the tree of `folder` from what is stored below it, in any order. An entry whose path ends in a
    /// slash is a folder's marker.
    #[must_use]
    pub fn new(folder: &FolderPath, entries: &[Entry]) -> Self {
        let mut node = Self { path: folder.to_string(), children: Children::new() };
        for entry in entries {
            node.insert(entry);
        }
        node
    }

    fn insert(&mut self, entry: &Entry) {
        let mut children = &mut self.children;
        let mut rest = entry.path.as_str();
        while let Some((folder, below)) = rest.split_once('/') {
            let child = children
                .entry((folder.to_owned(), Kind::Folder))
                .or_insert_with(|| Child::Folder(Children::new()));
            let Child::Folder(inner) = child else { return };
            children = inner;
            rest = below;
        }
        if !rest.is_empty() {
            children.insert((rest.to_owned(), Kind::File), Child::File { bytes: entry.bytes });
        }
    }

    /// The same without what lies deeper than `depth` levels: one level is the folder's own entries.
    #[must_use]
    pub fn limited_to(mut self, depth: usize) -> Self {
        limit(&mut self.children, depth);
        self
    }

    /// The node as JSON text.
    pub fn to_json(&self) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        write_folder(&mut json, &format!("/{}", self.path), &self.children)?;
        Ok(json)
    }

    /// The node of one page of a folder's own entries: like [`FolderNode::to_json`], with `next`, which is where the next
    /// page begins, or null.
    pub fn page_to_json(folder: &FolderPath, entries: &[Entry], next: Option<&str>) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        let name = format!("/{folder}");
        write_head(&mut json, &name, &name, 0, true)?;
        let mut separator = "";
        for entry in entries {
            json.extend_from_slice(separator.as_bytes());
            separator = ",";
            match entry.path.strip_suffix('/') {
                Some(folder) => write_folder(&mut json, folder, &Children::new())?,
                None => write_file(&mut json, &entry.path, entry.bytes)?,
            }
        }
        json.extend_from_slice(br#"],"next":"#);
        serde_json::to_writer(&mut json, &next)?;
        json.push(b'}');
        Ok(json)
    }
}

fn write_folder(out: &mut impl Write, name: &str, children: &Children) -> io::Result<()> {
    write_head(out, name, name, 0, true)?;
    let mut separator = "";
    for ((name, _), child) in children {
        out.write_all(separator.as_bytes())?;
        separator = ",";
        match child {
            Child::File { bytes } => write_file(out, name, *bytes)?,
            Child::Folder(children) => write_folder(out, name, children)?,
        }
    }
    out.write_all(b"]}")
}

fn write_file(out: &mut impl Write, name: &str, bytes: u64) -> io::Result<()> {
    write_head(out, &format!("{name} ({})", size_label(bytes)), name, bytes, false)?;
    out.write_all(b"]}")
}

fn limit(children: &mut Children, depth: usize) {
    for child in children.values_mut() {
        match child {
            Child::Folder(inner) if depth <= 1 => inner.clear(),
            Child::Folder(inner) => limit(inner, depth - 1),
            Child::File { .. } => {}
        }
    }
}

/// Writes a node up to and including the bracket that opens its children.
fn write_head(out: &mut impl Write, name: &str, file_name: &str, bytes: u64, folder: bool) -> io::Result<()> {
    out.write_all(br#"{"name":"#)?;
    serde_json::to_writer(&mut *out, name)?;
    out.write_all(br#","fileName":"#)?;
    serde_json::to_writer(&mut *out, file_name)?;
    write!(out, r#","fileSize":{bytes},"open":{folder},"nocheck":{folder},"children":["#)
}

/// A size as people read it: KB, MB or GB of powers of ten, two decimals below 100, else one.
///
/// The quotient is held in single precision before it is rounded, as the published service does: 3,965 bytes are
/// `3.96 KB`.
fn size_label(bytes: u64) -> String {
    let (divisor, unit) = match bytes {
        0..1_000_000 => (1e3, "KB"),
        1_000_000..1_000_000_000 => (1e6, "MB"),
        _ => (1e9, "GB"),
    };
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the label is defined in f32"
    )]
    let number = (bytes as f64 / divisor) as f32;
    if number < 100.0 { format!("{number:.2} {unit}") } else { format!("{number:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    fn entry(path: &str, bytes: u64) -> Entry {
        Entry { path: path.to_owned(), bytes, modified: Timestamp::from_unix_seconds(0) }
    }

    #[test]
    fn size_labels_are_those_that_were_recorded() {
        let recorded = [
            (0, "0.00 KB"),
            (97, "0.10 KB"),
            (4_837, "4.84 KB"),
            (3_965, "3.96 KB"),
            (223_949, "223.9 KB"),
            (1_439_809, "1.44 MB"),
            (99_999, "100.00 KB"),
            (999_999, "1000.0 KB"),
            (1_000_000, "1.00 MB"),
            (99_990_000, "99.99 MB"),
            (123_456_789, "123.5 MB"),
            (1_000_000_000, "1.00 GB"),
        ];
        for (bytes, label) in recorded {
            assert_eq!(size_label(bytes), label, "{bytes}");
        }
    }

    #[test]
    fn the_answer_is_the_whole_tree_below_the_folder_in_order_of_name() {
        let entries = [
            entry("b.idf", 97),
            entry("a/z.epw", 1_439_809),
            entry("a/", 0),
            entry("a-b", 0),
            entry("c/d/", 0),
        ];
        let folder = FolderPath::parse("test/today").expect("valid");
        let json = FolderNode::new(&folder, &entries).to_json().expect("JSON");
        let expected = concat!(
            r#"{"name":"/test/today","fileName":"/test/today","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"a","fileName":"a","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"z.epw (1.44 MB)","fileName":"z.epw","fileSize":1439809,"open":false,"nocheck":false,"children":[]}]},"#,
            r#"{"name":"a-b (0.00 KB)","fileName":"a-b","fileSize":0,"open":false,"nocheck":false,"children":[]},"#,
            r#"{"name":"b.idf (0.10 KB)","fileName":"b.idf","fileSize":97,"open":false,"nocheck":false,"children":[]},"#,
            r#"{"name":"c","fileName":"c","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"d","fileName":"d","fileSize":0,"open":true,"nocheck":true,"children":[]}]}]}"#
        );
        assert_eq!(String::from_utf8(json).expect("UTF-8"), expected);
    }

    #[test]
    fn the_root_is_called_slash_and_odd_names_are_escaped() {
        let json =
            FolderNode::new(&FolderPath::root(), &[entry("a\"b\u{1f3e0}", 1)]).to_json().expect("JSON");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!((json["name"].as_str(), json["fileName"].as_str()), (Some("/"), Some("/")));
        assert_eq!(json["children"][0]["fileName"], "a\"b\u{1f3e0}");
    }

    #[test]
    fn the_deepest_path_can_be_shown() {
        let deep = vec!["x"; 495].join("/");
        let json = FolderNode::new(&FolderPath::root(), &[entry(&deep, 1)]).to_json().expect("JSON");
        assert_eq!(String::from_utf8(json).expect("UTF-8").matches('[').count(), 496);
    }
}
