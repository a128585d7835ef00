//! A folder as clients read it: the whole tree below it.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::mem::take;

use crate::file_path::FolderPath;
use crate::ports::Entry;
use crate::timestamp::iso_time;

/// About how many bytes of JSON are written at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Whether a file's node also says its entity tag and when it was stored: `{…, etag, lastModified}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Details {
    /// It does.
    Yes,
    /// It is the node that clients have always read.
    No,
}

/// The folder that was asked for, with everything below it, as JSON that is written in one pass.
///
/// Entries ascend by name, byte by byte; a file comes before a folder of the same name. On the wire a node is
/// `{name, fileName, fileSize, open, nocheck, children}`.
#[derive(Debug)]
pub struct FolderTree {
    entries: std::vec::IntoIter<Entry>,
    /// How many levels are shown; one is the folder's own entries.
    depth: usize,
    details: Details,
    /// The folders that have been begun and not ended, from the one that was asked for inwards.
    open: Vec<String>,
    /// Whether nothing is written yet inside the innermost of them.
    is_empty: bool,
    /// What is written and not handed out yet.
    json: Vec<u8>,
}

impl FolderTree {
    /// The tree of `folder`, from what is stored below it, in any order. An entry whose path ends in a slash is a
    /// folder's marker.
    #[must_use]
    pub fn new(folder: &FolderPath, mut entries: Vec<Entry>) -> Self {
        // No path is there twice. A stable sort would take as much memory once more.
        entries.sort_unstable_by(|one, other| in_order(&one.path, &other.path));
        let open = vec![format!("/{folder}")];
        Self {
            entries: entries.into_iter(),
            depth: usize::MAX,
            details: Details::No,
            open,
            is_empty: true,
            json: Vec::new(),
        }
    }

    /// The same without what lies deeper than `depth` levels: one level is the folder's own entries.
    #[must_use]
    pub fn limited_to(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// The same with so much about each file.
    #[must_use]
    pub fn with(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    /// The tree as JSON, piece by piece.
    pub fn into_pieces(mut self) -> impl Iterator<Item = io::Result<Vec<u8>>> {
        let name = self.open[0].clone();
        let mut head = Some(write_head(&mut self.json, &name, &name, 0, true));
        std::iter::from_fn(move || match head.take() {
            Some(Err(error)) => Some(Err(error)),
            _ if self.open.is_empty() => None,
            _ => Some(self.next_piece()),
        })
    }

    fn next_piece(&mut self) -> io::Result<Vec<u8>> {
        while self.json.len() < PIECE_BYTES {
            let Some(entry) = self.entries.next() else {
                self.close_all_but(0);
                break;
            };
            self.add(&entry)?;
        }
        Ok(take(&mut self.json))
    }

    fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let (folders, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let folders = folders.split('/').filter(|folder| !folder.is_empty());
        let inner = &self.open[1..];
        let shared = inner.iter().zip(folders.clone()).take_while(|(open, folder)| open == folder).count();
        self.close_all_but(1 + shared);
        for folder in folders.skip(shared) {
            if self.open.len() > self.depth {
                return Ok(());
            }
            self.separate();
            write_head(&mut self.json, folder, folder, 0, true)?;
            self.open.push(folder.to_owned());
            self.is_empty = true;
        }
        if !name.is_empty() && self.open.len() <= self.depth {
            self.separate();
            write_file(&mut self.json, name, entry, self.details)?;
        }
        Ok(())
    }

    fn close_all_but(&mut self, outer: usize) {
        while self.open.len() > outer {
            self.open.pop();
            self.json.extend_from_slice(b"]}");
            self.is_empty = false;
        }
    }

    fn separate(&mut self) {
        if !take(&mut self.is_empty) {
            self.json.push(b',');
        }
    }

    /// The node of one page of a folder's own entries: like the tree, with `next`, which is where the next page begins,
    /// or null.
    pub fn page_to_json(
        folder: &FolderPath,
        entries: &[Entry],
        next: Option<&str>,
        details: Details,
    ) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        let name = format!("/{folder}");
        write_head(&mut json, &name, &name, 0, true)?;
        let mut separator = "";
        for entry in entries {
            json.extend_from_slice(separator.as_bytes());
            separator = ",";
            match entry.path.strip_suffix('/') {
                Some(folder) => {
                    write_head(&mut json, folder, folder, 0, true)?;
                    json.extend_from_slice(b"]}");
                }
                None => write_file(&mut json, &entry.path, entry, details)?,
            }
        }
        json.extend_from_slice(br#"],"next":"#);
        serde_json::to_writer(&mut json, &next)?;
        json.push(b'}');
        Ok(json)
    }
}

/// By the names of the folders on the way, and then by the own name: a slash comes before everything else.
fn in_order(one: &str, other: &str) -> Ordering {
    let weight = |byte: u8| if byte == b'/' { 0 } else { byte };
    one.bytes().map(weight).cmp(other.bytes().map(weight))
}

fn write_file(out: &mut impl Write, name: &str, entry: &Entry, details: Details) -> io::Result<()> {
    write_head(out, &format!("{name} ({})", size_label(entry.bytes)), name, entry.bytes, false)?;
    out.write_all(b"]")?;
    if details == Details::Yes {
        out.write_all(br#","etag":"#)?;
        serde_json::to_writer(&mut *out, &entry.etag)?;
        write!(out, r#","lastModified":"{}""#, iso_time(entry.modified))?;
    }
    out.write_all(b"}")
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
        Entry {
            path: path.to_owned(),
            bytes,
            modified: Timestamp::from_unix_seconds(0),
            etag: r#""x""#.to_owned(),
        }
    }

    fn json(tree: FolderTree) -> String {
        let pieces: io::Result<Vec<_>> = tree.into_pieces().collect();
        String::from_utf8(pieces.expect("JSON").concat()).expect("UTF-8")
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
        let entries = vec![
            entry("b.idf", 97),
            entry("a/z.epw", 1_439_809),
            entry("a/", 0),
            entry("a-b", 0),
            entry("c/d/", 0),
        ];
        let folder = FolderPath::parse("test/today").expect("valid");
        let json = json(FolderTree::new(&folder, entries));
        let expected = concat!(
            r#"{"name":"/test/today","fileName":"/test/today","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"a","fileName":"a","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"z.epw (1.44 MB)","fileName":"z.epw","fileSize":1439809,"open":false,"nocheck":false,"children":[]}]},"#,
            r#"{"name":"a-b (0.00 KB)","fileName":"a-b","fileSize":0,"open":false,"nocheck":false,"children":[]},"#,
            r#"{"name":"b.idf (0.10 KB)","fileName":"b.idf","fileSize":97,"open":false,"nocheck":false,"children":[]},"#,
            r#"{"name":"c","fileName":"c","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"d","fileName":"d","fileSize":0,"open":true,"nocheck":true,"children":[]}]}]}"#
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn the_root_is_called_slash_and_odd_names_are_escaped() {
        let json = json(FolderTree::new(&FolderPath::root(), vec![entry("a\"b\u{1f3e0}", 1)]));
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((json["name"].as_str(), json["fileName"].as_str()), (Some("/"), Some("/")));
        assert_eq!(json["children"][0]["fileName"], "a\"b\u{1f3e0}");
    }

    #[test]
    fn a_large_tree_comes_in_pieces_and_only_as_deep_as_asked_for() {
        let entries: Vec<_> = (0..10_000).map(|n| entry(&format!("{}/{}/{n}", n % 7, n % 11), 1)).collect();
        let tree = FolderTree::new(&FolderPath::root(), entries.clone());
        assert!(tree.into_pieces().count() > 10);
        let whole: serde_json::Value =
            serde_json::from_str(&json(FolderTree::new(&FolderPath::root(), entries.clone()))).expect("JSON");
        let children = |node: &serde_json::Value| node["children"].as_array().expect("children").len();
        assert_eq!((children(&whole), children(&whole["children"][6])), (7, 11));
        let there = (0..10_000).filter(|n| n % 7 == 6 && n % 11 == 0).count();
        assert_eq!(children(&whole["children"][6]["children"][0]), there);
        let two = json(FolderTree::new(&FolderPath::root(), entries).limited_to(2));
        assert_eq!(two.matches("children").count(), 1 + 7 + 7 * 11);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_stored_the_tree_is_sorted_and_shows_each_file_once(
            paths in proptest::collection::btree_set("([a-c /\"-]{1,2}/){0,3}[a-c -]{0,2}", 0..30)
        ) {
            let paths: Vec<_> = paths.into_iter().filter(|path| !path.starts_with('/') && !path.contains("//")).collect();
            let entries = paths.iter().map(|path| entry(path, 1)).collect();
            let tree = json(FolderTree::new(&FolderPath::root(), entries));
            let tree: serde_json::Value = serde_json::from_str(&tree).expect("JSON");
            let mut shown = Vec::new();
            collect(&tree, "", &mut shown);
            let mut files: Vec<_> = paths.iter().filter(|path| !path.is_empty() && !path.ends_with('/')).cloned().collect();
            files.sort();
            shown.sort();
            assert_eq!(shown, files);
        }
    }

    /// The paths of all files; insists on the order of every folder.
    fn collect(node: &serde_json::Value, above: &str, files: &mut Vec<String>) {
        let children = node["children"].as_array().expect("children");
        let order = |node: &serde_json::Value| {
            (node["fileName"].as_str().expect("a name").to_owned(), node["open"] == true)
        };
        assert!(children.is_sorted_by(|one, other| order(one) < order(other)), "{node}");
        for child in children {
            let path = format!("{above}{}", order(child).0);
            if child["open"] == true {
                collect(child, &format!("{path}/"), files);
            } else {
                files.push(path);
            }
        }
    }

    #[test]
    fn the_deepest_path_can_be_shown() {
        let deep = vec!["x"; 495].join("/");
        let json = json(FolderTree::new(&FolderPath::root(), vec![entry(&deep, 1)]));
        assert_eq!(json.matches('[').count(), 496);
    }
}
