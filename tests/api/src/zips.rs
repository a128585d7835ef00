//! Zips to upload.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

/// A zip of these files.
#[must_use]
pub fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        writer.write_all(content).expect("memory");
    }
    writer.finish().expect("a zip").into_inner()
}

/// The names of what is in a zip.
#[must_use]
pub fn names_in(zip: &[u8]) -> Vec<String> {
    let archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
    archive.file_names().map(|name| name.expect("UTF-8").into_owned()).collect()
}
