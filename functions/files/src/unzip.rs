//! Zips that are unpacked on arrival.
//!
//! A zip is read twice. The first reading checks everything, names, sizes, checksums, and inflates into nothing; only
//! a zip that passes whole is read again for its content. Declared sizes are never trusted: real bytes are counted.

use std::collections::HashSet;
use std::io::{self, Cursor, Read};

use bytes::Bytes;
use domain::{FileName, FilePath, FolderPath, InvalidPath};
use web::ApiError;
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// What a zip may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of all files together, unpacked.
    pub(crate) total_bytes: u64,
    /// Files and folders.
    pub(crate) entries: usize,
    /// An entry larger than this must not be [`Limits::max_ratio`] times larger than its packed form.
    pub(crate) ratio_free_bytes: u64,
    /// How many times a large entry may grow.
    pub(crate) max_ratio: u64,
}

impl Limits {
    /// What one request may unpack: 256 MiB in 10,000 entries, and nothing beyond 1 MiB that grows a hundredfold.
    pub(crate) const REQUEST: Self =
        Self { total_bytes: 256 << 20, entries: 10_000, ratio_free_bytes: 1 << 20, max_ratio: 100 };
}

/// Where macOS puts the Finder's notes about the real entries. Nobody packed them on purpose, and beside a folder they
/// would keep it from being the single one.
const APPLE_DOUBLES: &[u8] = b"__MACOSX/";

/// A zip that has been checked from end to end.
#[derive(Debug)]
pub(crate) struct CheckedZip {
    archive: ZipArchive<Cursor<Bytes>>,
    /// The files, with their place in the archive.
    pub(crate) files: Vec<(usize, FilePath)>,
    /// The folders that stand in the zip themselves.
    pub(crate) folders: Vec<FolderPath>,
}

impl CheckedZip {
    /// Checks a zip that is to be unpacked in `folder`.
    pub(crate) fn check(content: Bytes, folder: &FolderPath, limits: Limits) -> Result<Self, ApiError> {
        let declared = declared_entries(&content).ok_or_else(damaged)?;
        let archive = ZipArchive::new(Cursor::new(content)).map_err(|_| damaged())?;
        if declared > limits.entries {
            return Err(too_much(&format!("more than {} entries", limits.entries)));
        }
        // The library keeps one of several entries of the same name.
        if archive.len() != declared {
            return Err(refused("it holds the same name twice"));
        }
        let mut zip = Self { archive, files: Vec::new(), folders: Vec::new() };
        zip.check_overlaps()?;
        zip.check_entries(folder, limits)?;
        Ok(zip)
    }

    /// Where the zip's content lies: its one top folder, or else the folder it was unpacked in.
    pub(crate) fn top_folder(&self, folder: &FolderPath) -> FolderPath {
        let depth = folder.with_ancestors().count();
        let all = self.files.iter().map(|(_, path)| path.parent()).chain(self.folders.iter().cloned());
        let tops: HashSet<Option<FolderPath>> = all.map(|path| path.with_ancestors().nth(depth)).collect();
        match tops.into_iter().collect::<Vec<_>>().as_slice() {
            [Some(top)] => top.clone(),
            _ => folder.clone(),
        }
    }

    /// The content of the file at `index`.
    pub(crate) fn read(&mut self, index: usize) -> Result<Bytes, ApiError> {
        let mut content = Vec::new();
        self.archive
            .by_index(index)
            .map_err(|_| damaged())?
            .read_to_end(&mut content)
            .map_err(|_| damaged())?;
        Ok(content.into())
    }

    /// Two entries over the same packed bytes are how a small zip unpacks to petabytes; and one that claims the central
    /// directory for itself, or what lies behind it, claims to be larger than it is, and so to grow less.
    fn check_overlaps(&mut self) -> Result<(), ApiError> {
        let mut spans = Vec::with_capacity(self.archive.len());
        for index in 0..self.archive.len() {
            let entry = self.archive.by_index_raw(index).map_err(|_| damaged())?;
            let end = entry.data_start().and_then(|start| start.checked_add(entry.compressed_size()));
            spans.push((entry.header_start(), end.ok_or_else(damaged)?));
        }
        let directory = self.archive.central_directory_start();
        spans.push((directory, directory));
        spans.sort_unstable();
        let overlap = spans.windows(2).any(|pair| pair[1].0 < pair[0].1);
        if overlap { Err(refused("its entries overlap")) } else { Ok(()) }
    }

    fn check_entries(&mut self, folder: &FolderPath, limits: Limits) -> Result<(), ApiError> {
        let mut left = limits.total_bytes;
        let mut seen = HashSet::new();
        for index in 0..self.archive.len() {
            let mut entry = self.archive.by_index(index).map_err(|error| unreadable(&error))?;
            if entry.name_raw().starts_with(APPLE_DOUBLES) {
                continue;
            }
            if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                return Err(refused("it is packed by another method than store and deflate"));
            }
            let (path, is_folder) = read_path(&entry, folder)?;
            let name = entry.name().unwrap_or_default().into_owned();
            if !seen.insert(path.to_string()) {
                return Err(refused("it holds the same name twice"));
            }
            left -= inflate(&mut entry, &name, left, limits)?;
            drop(entry);
            match path.as_file().filter(|_| !is_folder) {
                Some(file) => self.files.push((index, file)),
                None => self.folders.push(path),
            }
        }
        Ok(())
    }
}

/// Inflates an entry into nothing; how many bytes there really were.
fn inflate(
    entry: &mut ZipFile<'_, Cursor<Bytes>>,
    name: &str,
    left: u64,
    limits: Limits,
) -> Result<u64, ApiError> {
    let by_ratio = entry.compressed_size().saturating_mul(limits.max_ratio).max(limits.ratio_free_bytes);
    let allowed = left.min(by_ratio);
    let declared = entry.size();
    let bytes = io::copy(&mut entry.take(allowed + 1), &mut io::sink()).map_err(|_| damaged())?;
    match bytes {
        bytes if bytes <= allowed && bytes == declared => Ok(bytes),
        bytes if bytes <= allowed => Err(refused("an entry's size is not what the zip declares")),
        _ if allowed == left => Err(too_much(&format!("more than {} bytes", limits.total_bytes))),
        _ => Err(too_much(&format!("more than {} times its packed size at {name}", limits.max_ratio))),
    }
}

/// Where an entry goes, and whether it is a folder.
fn read_path(
    entry: &ZipFile<'_, Cursor<Bytes>>,
    folder: &FolderPath,
) -> Result<(FolderPath, bool), ApiError> {
    if !is_file_or_folder(entry.unix_mode()) || entry.encrypted() {
        return Err(refused("it holds a link, a device or an encrypted entry"));
    }
    let name = entry.name().map_err(|_| refused("a name in it is not readable"))?;
    if name.get(1..2) == Some(":") && name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(refused("it holds a path with a drive letter"));
    }
    let (name, is_folder) = name.strip_suffix('/').map_or((&*name, false), |name| (name, true));
    let join = |folder: FolderPath, part: &str| folder.join_folder(&FileName::parse(part)?);
    let path = name.split('/').try_fold(folder.clone(), join);
    let unusable = |error: InvalidPath| {
        refused(&format!("the path {name:?} is not usable: {}", error.to_string().trim_end_matches('.')))
    };
    Ok((path.map_err(unusable)?, is_folder))
}

/// The file type bits of a Unix mode: regular, directory, or unset.
fn is_file_or_folder(mode: Option<u32>) -> bool {
    matches!(mode.unwrap_or(0) & 0o170_000, 0 | 0o040_000 | 0o100_000)
}

/// The number of entries in the end record of the central directory (APPNOTE 4.3.16); `None` if there is none. A
/// zip64 says 65,535, which is above every limit.
fn declared_entries(content: &[u8]) -> Option<usize> {
    const RECORD: usize = 22;
    let last = content.len().checked_sub(RECORD)?;
    // The record is followed by a comment of at most 65,535 bytes.
    let first = last.saturating_sub(usize::from(u16::MAX));
    let at = (first..=last).rev().find(|at| content[*at..].starts_with(b"PK\x05\x06"))?;
    Some(usize::from(u16::from_le_bytes([content[at + 10], content[at + 11]])))
}

fn unreadable(error: &ZipError) -> ApiError {
    match error {
        ZipError::UnsupportedArchive(_) => refused("it is encrypted or of a kind that is not supported"),
        _ => damaged(),
    }
}

fn damaged() -> ApiError {
    ApiError::BadRequest(
        "The zip is damaged, or it is no zip: pack it again, or send it under another name.".into(),
    )
}

fn refused(reason: &str) -> ApiError {
    ApiError::BadRequest(format!("The zip is not unpacked, because {reason}. Nothing was stored."))
}

fn too_much(what: &str) -> ApiError {
    ApiError::TooMuchContent(format!(
        "The zip would unpack to {what}, which is more than one request may. Nothing was stored."
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::zip_of;

    const SMALL: Limits =
        Limits { total_bytes: 1_000_000, entries: 5, ratio_free_bytes: 10_000, max_ratio: 100 };

    fn check(content: Vec<u8>) -> Result<Vec<String>, ApiError> {
        let zip = CheckedZip::check(content.into(), &FolderPath::parse("in").unwrap(), SMALL)?;
        Ok(zip.files.iter().map(|(_, path)| path.to_string()).collect())
    }

    fn refusal(content: Vec<u8>) -> (u16, String) {
        let error = check(content).expect_err("refused");
        (error.status().as_u16(), error.to_string())
    }

    /// Writes over a zip, everywhere, texts of the same length: names, for instance.
    fn forged(zip: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut zip = zip.to_vec();
        for at in 0..zip.len() - from.len() {
            if zip[at..].starts_with(from) {
                zip[at..at + to.len()].copy_from_slice(to);
            }
        }
        zip
    }

    #[test]
    fn a_good_zip_is_read_back_exactly() {
        let zip = zip_of(&[("a.idf", b"one"), ("sub/b.idf", &[7; 5_000])]);
        let mut zip = CheckedZip::check(zip.into(), &FolderPath::root(), SMALL).unwrap();
        assert_eq!(
            (zip.read(0).unwrap().as_ref(), zip.read(1).unwrap().as_ref()),
            (&b"one"[..], &[7; 5_000][..])
        );
    }

    #[test]
    fn no_name_leaves_the_folder_or_is_lost() {
        for name in ["../x", "a/../x", "./x", "/x/y", "a//x", "a\\x", "C:/x", "c:xyz", "a\0x", "a/..", ".."] {
            let plain = "z".repeat(name.len());
            let zip = forged(&zip_of(&[(&plain, b"x")]), plain.as_bytes(), name.as_bytes());
            let (status, text) = refusal(zip);
            assert_eq!(status, 400, "{name}: {text}");
        }
    }

    #[test]
    fn the_same_name_twice_is_refused() {
        let zip = forged(&zip_of(&[("aaa", b"1"), ("bbb", b"2")]), b"bbb", b"aaa");
        assert!(refusal(zip).1.contains("same name twice"));
        assert!(refusal(zip_of(&[("aaa", b"1"), ("aaa/", b"")])).1.contains("same name twice"));
    }

    #[test]
    fn links_devices_and_encrypted_entries_are_refused() {
        assert!(
            is_file_or_folder(None)
                && is_file_or_folder(Some(0o100_644))
                && is_file_or_folder(Some(0o040_755))
        );
        for mode in [0o120_777, 0o060_644, 0o020_644, 0o010_644, 0o140_644] {
            assert!(!is_file_or_folder(Some(mode)), "{mode:o}");
        }
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
        assert!(refusal(writer.finish().unwrap().into_inner()).1.contains("a link"));
    }

    #[test]
    fn a_method_that_is_not_supported_is_told_from_damage() {
        // Deflate is method 8 in both records of an entry; bzip2 is 12.
        let mut zip = zip_of(&[("aaa", &[7; 5_000])]);
        let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        (zip[8], zip[central + 10]) = (12, 12);
        let (status, text) = refusal(zip);
        assert!(status == 400 && text.contains("another method than store and deflate"), "{text}");
    }

    #[test]
    fn the_finders_notes_in_a_zip_from_macos_are_left_out() {
        let zip = zip_of(&[("X/a.idf", b"one"), ("__MACOSX/X/._a.idf", b"note"), ("__MACOSX/", b"")]);
        assert_eq!(check(zip).unwrap(), ["in/X/a.idf"]);
    }

    #[test]
    fn a_refusal_is_one_sentence() {
        let zip = forged(&zip_of(&[("zzzz", b"x")]), b"zzzz", b"a//x");
        let text = refusal(zip).1;
        assert!(text.ends_with(". Nothing was stored.") && !text.contains(".."), "{text}");
    }

    #[test]
    fn a_zip_that_would_unpack_to_too_much_is_a_413() {
        let many: Vec<_> = (0..6).map(|i| i.to_string()).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        assert_eq!(refusal(zip_of(&many)).0, 413);
        let bomb = vec![0; 500_000];
        assert!(refusal(zip_of(&[("bomb", &bomb)])).1.contains("100 times"));
        let noise: Vec<u8> =
            (0..600_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
        assert!(check(zip_of(&[("a", &noise)])).is_ok());
        assert!(refusal(zip_of(&[("a", &noise), ("b", &noise)])).1.contains("1000000 bytes"));
    }

    #[test]
    fn a_declared_size_that_lies_is_refused() {
        let zip = zip_of(&[("a", &[7; 5_000])]);
        for lie in [0_u32, 4_999, 5_001, u32::MAX - 1] {
            let (status, text) = refusal(forged(&zip, &5_000_u32.to_le_bytes(), &lie.to_le_bytes()));
            assert_eq!(status, 400, "{lie}: {text}");
        }
    }

    #[test]
    fn a_packed_size_that_lies_does_not_hide_how_much_an_entry_grows() {
        let zip = zip_of(&[("bomb", &vec![0; 500_000])]);
        let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        let packed = zip[central + 20..central + 24].to_vec();
        let (status, text) = refusal(forged(&zip, &packed, &5_001_u32.to_le_bytes()));
        assert!(status == 400 && text.contains("overlap"), "{text}");
    }

    #[test]
    fn damaged_and_overlapping_zips_are_refused() {
        let zip = zip_of(&[("aaa", &[7; 5_000]), ("bbb", &[8; 5_000])]);
        for content in [
            Vec::new(),
            b"PK".to_vec(),
            b"no zip at all".to_vec(),
            zip[..zip.len() - 1].to_vec(),
            zip[10..].to_vec(),
        ] {
            assert_eq!(refusal(content).0, 400);
        }
        let mut wrong_checksum = zip.clone();
        wrong_checksum[14] ^= 1;
        let central = wrong_checksum.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        wrong_checksum[central + 16] ^= 1;
        assert_eq!(refusal(wrong_checksum).0, 400);
        // The second central record points at the first local header.
        let mut overlapping = zip;
        let second = overlapping.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        overlapping[second + 42..second + 46].fill(0);
        assert_eq!(refusal(overlapping).0, 400);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(at in 0_usize..400, value in any::<u8>(), noise in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut zip = zip_of(&[("aaa", &[7; 500]), ("b/bb", b"x")]);
            let at = at % zip.len();
            zip[at] = value;
            drop(check(zip));
            drop(check([noise.as_slice(), b"PK\x05\x06", &[0; 18]].concat()));
        }
    }
}
