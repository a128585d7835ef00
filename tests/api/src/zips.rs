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
