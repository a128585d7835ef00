//! The answer to whoever has stored something: where it is.

use http::StatusCode;
use serde::Serialize;
use web::route::BASE_PATH;
use web::{Response, response};

/// `{ok, status, fileHandle, callback}`, and what is known about a single file.
#[derive(Serialize)]
struct FileHandle<'a> {
    ok: bool,
    status: &'a str,
    #[serde(rename = "fileHandle")]
    handle: &'a str,
    callback: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(rename = "fileSize", skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// The handle of a folder that holds what was stored, or of a folder itself: its path below the user's root.
pub(crate) fn folder_handle(status: &str, path: &str) -> Response {
    handle(status, path, None, None)
}

/// The handle of one file, with its entity tag and size.
pub(crate) fn file_handle(status: &str, path: &str, etag: &str, bytes: u64) -> Response {
    handle(status, path, Some(etag), Some(bytes))
}

fn handle(status: &str, path: &str, etag: Option<&str>, bytes: Option<u64>) -> Response {
    let callback = format!("{BASE_PATH}/files/{path}");
    response::json(
        StatusCode::OK,
        &FileHandle { ok: true, status, handle: path, callback: &callback, etag, bytes },
    )
}
