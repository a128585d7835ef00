//! Packs the built console for the binary: every file as it is and in two compressed forms, with what is known about it.
//! What `make console` has built lies in `console/dist`; Node.js is not needed here. And the client, which `make wheel` has built.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The best that there is: it is done once.
const BROTLI_QUALITY: u32 = 11;

/// The largest window of Brotli that every browser accepts, as a power of two.
const BROTLI_WINDOW: u32 = 22;

const BROTLI_BUFFER_BYTES: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let dist = folder("CARGO_MANIFEST_DIR").join("console/dist");
    let out = folder("OUT_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut source = String::new();
    writeln!(source, "const PAGE: File = {};", packed(&dist.join("index.html"), &out)?)?;
    writeln!(source, "const ASSETS: &[File] = &[")?;
    let assets = fs::read_dir(dist.join("assets"))?.map(|entry| Ok(entry?.path()));
    let mut assets = assets.collect::<Result<Vec<_>, std::io::Error>>()?;
    assets.sort();
    for asset in assets {
        writeln!(source, "    {},", packed(&asset, &out)?)?;
    }
    writeln!(source, "];")?;
    fs::write(out.join("console.rs"), source)?;
    fs::write(out.join("client.rs"), client(&folder("CARGO_MANIFEST_DIR").join("client"))?)?;
    Ok(())
}

/// The text of the client in Rust: the one wheel of its folder.
fn client(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let wheel = fs::read_dir(folder)?.next().ok_or("there is no wheel: `make wheel` builds it")??.path();
    let name = wheel.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not UTF-8")?;
    let bytes = literal(&wheel)?;
    Ok(format!(
        "pub(crate) const WHEEL_NAME: &str = {name:?};\nconst WHEEL: &[u8] = include_bytes!({bytes});\n"
    ))
}

#[expect(clippy::disallowed_methods, reason = "a build script is configured by its environment")]
fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_default().into()
}

/// The text of a `File` in Rust. Its compressed forms are written to `out`.
fn packed(file: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let name = file.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not UTF-8")?;
    let content = fs::read(file)?;
    let (brotli, gzip) = (out.join(format!("{name}.br")), out.join(format!("{name}.gz")));
    fs::write(&brotli, with_brotli(&content)?)?;
    fs::write(&gzip, with_gzip(&content)?)?;
    let digest = Sha256::digest(&content);
    let digest = digest.iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    Ok(format!(
        "File {{ name: {name:?}, media_type: {:?}, etag: \"W/\\\"{digest}\\\"\", identity: include_bytes!({}), \
         brotli: include_bytes!({}), gzip: include_bytes!({}) }}",
        media_type(name)?,
        literal(file)?,
        literal(&brotli)?,
        literal(&gzip)?,
    ))
}

/// The text of a path in Rust.
fn literal(path: &Path) -> Result<String, &'static str> {
    path.to_str().map(|text| format!("{text:?}")).ok_or("a path is not UTF-8")
}

fn media_type(name: &str) -> Result<&'static str, String> {
    match name.rsplit('.').next() {
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        _ => Err(format!("no content type is known for {name}")),
    }
}

fn with_brotli(content: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut writer =
        brotli::CompressorWriter::new(Vec::new(), BROTLI_BUFFER_BYTES, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

/// Without a time in the header, so that the same content gives the same bytes.
fn with_gzip(content: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    writer.write_all(content)?;
    writer.finish()
}
