//! `GET /uploads`: the files in parts that can be gone on with, each of which keeps room until it ends.

use domain::{Account, FileUpload};
use http::StatusCode;
use serde::Serialize;
use web::{ApiError, Response, iso_time, response};

use crate::App;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Open<'a> {
    id: &'a str,
    path: &'a str,
    size: u64,
    part_size: u64,
    expires: String,
}

impl<'a> Open<'a> {
    fn new(upload: &'a FileUpload) -> Self {
        Self {
            id: upload.id.as_str(),
            path: upload.path.as_str(),
            size: upload.bytes,
            part_size: upload.part_bytes,
            expires: iso_time(upload.expires),
        }
    }
}

pub(crate) async fn list_uploads(app: &App, owner: &Account) -> Result<Response, ApiError> {
    let mut uploads = app.uploads.list_uploads(&owner.id).await?;
    uploads.retain(|upload| upload.result.is_none() && app.now() < upload.expires);
    uploads.sort_by_key(|upload| upload.expires);
    let open: Vec<_> = uploads.iter().map(Open::new).collect();
    Ok(response::with_data(StatusCode::OK, true, "Uploads included.", &open))
}
