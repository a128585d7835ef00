//! What all endpoints of `/uploads` have in common: finding an upload, and telling what it still needs.

use domain::{Account, FileUpload, OperationId, Part};
use http::StatusCode;
use serde::Serialize;
use web::{ApiError, Response, iso_time, response};

use crate::App;

/// How long an upload can be gone on with.
pub(crate) const UPLOAD_SECONDS: u64 = 24 * 3_600;

/// How long the addresses of its parts are valid. `GET` gives fresh ones.
const LINK_SECONDS: u64 = 3_600;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    ok: bool,
    status: &'a str,
    id: &'a str,
    path: &'a str,
    size: u64,
    part_size: u64,
    expires: String,
    parts: Vec<Missing>,
    received: Vec<Received>,
}

#[derive(Serialize)]
struct Missing {
    number: u64,
    size: u64,
    url: String,
}

#[derive(Serialize)]
struct Received {
    number: u64,
    size: u64,
}

/// The upload of the caller with this id.
pub(crate) async fn find(app: &App, owner: &Account, id: &OperationId) -> Result<FileUpload, ApiError> {
    let upload = app.uploads.find_upload(&owner.id, id).await?;
    upload.filter(|upload| app.now() < upload.expires).ok_or_else(gone)
}

/// Nobody's upload, or one that has ended.
pub(crate) fn gone() -> ApiError {
    ApiError::NotFound(
        "There is no such upload, or it has expired: open another with POST /users/api/uploads.".into(),
    )
}

/// What has arrived, and where to send what has not.
pub(crate) async fn state(app: &App, upload: &FileUpload, received: &[Part]) -> Result<Response, ApiError> {
    let (arrived, missing) = compare(upload, received);
    let key = upload.key();
    let mut parts = Vec::with_capacity(missing.len());
    for number in missing {
        let size = upload.bytes_of_part(number);
        let url = app.parts.part_link(&key, &upload.store_id, number, size, LINK_SECONDS).await?;
        parts.push(Missing { number, size, url });
    }
    let answer = Answer {
        ok: true,
        status: "PUT each part to its URL, then POST to complete.",
        id: upload.id.as_str(),
        path: upload.path.as_str(),
        size: upload.bytes,
        part_size: upload.part_bytes,
        expires: iso_time(upload.expires),
        parts,
        received: arrived.iter().map(|part| Received { number: part.number, size: part.bytes }).collect(),
    };
    Ok(response::json(StatusCode::OK, &answer))
}

/// The parts that have arrived as they should, and the numbers of all others.
pub(crate) fn compare(upload: &FileUpload, received: &[Part]) -> (Vec<Part>, Vec<u64>) {
    let numbers = upload.part_numbers();
    let right =
        |part: &&Part| numbers.contains(&part.number) && part.bytes == upload.bytes_of_part(part.number);
    let arrived: Vec<Part> = received.iter().filter(right).cloned().collect();
    let missing = numbers.filter(|number| arrived.iter().all(|part| part.number != *number)).collect();
    (arrived, missing)
}

/// Gives the upload up: its parts, its record, its room.
pub(crate) async fn forget(app: &App, owner: &Account, upload: &FileUpload) -> Result<(), ApiError> {
    clear(app, upload).await?;
    // As long as the record is there, who was killed can do this again.
    release(app, owner, &upload.id).await?;
    Ok(app.uploads.remove(&owner.id, &upload.id).await?)
}

/// Removes what is left in the store of an upload that needs it no more.
pub(crate) async fn clear(app: &App, upload: &FileUpload) -> Result<(), ApiError> {
    if upload.result.is_none() {
        app.parts.drop_parts(&upload.key(), &upload.store_id).await?;
    }
    if upload.is_staged() {
        app.files.delete(&upload.key()).await?;
    }
    Ok(())
}

/// Gives back the room that was kept for an upload.
pub(crate) async fn release(app: &App, owner: &Account, id: &OperationId) -> Result<(), ApiError> {
    let ledger = app.ledger.read(&owner.id).await?;
    let operation = ledger.operations.iter().find(|(_, operation)| operation.id == *id);
    let Some((_, operation)) = operation else { return Ok(()) };
    app.ledger.end(&owner.id, operation, domain::UsageChange::default()).await?;
    Ok(())
}
