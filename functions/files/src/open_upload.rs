//! `POST /uploads`: the way for a file that is too large for one request.

use domain::{
    Account, FilePath, FileUpload, FolderPath, MAX_FILE_BYTES, Operation, OperationId, Sha256Digest, Usage,
    UsageChange, Work, part_bytes,
};
use ring::digest::{Context, SHA256};
use serde::Deserialize;
use web::{ApiError, Request, Response};

use crate::App;
use crate::large_upload::{UPLOAD_SECONDS, state};
use crate::occupied::refuse_collision;
use crate::recovery::recover_expired;
use crate::show_upload::show_upload;
use crate::turn::enter;

/// The largest zip that is unpacked, in bytes: it is held in memory.
pub(crate) const MAX_ZIP_BYTES: u64 = 256 << 20;

/// How many uploads an account may have under way.
const MAX_OPEN_UPLOADS: usize = 100;

#[derive(Deserialize)]
struct Wish {
    path: String,
    size: u64,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    unpack: bool,
}

/// Keeps room for the file and tells where to send its parts.
pub(crate) async fn open_upload(app: &App, owner: &Account, request: &Request) -> Result<Response, ApiError> {
    let mut upload = read(app, owner, request)?;
    // With a key the id follows from it: who asks again, because the answer was lost, finds what was opened.
    if let Some(known) = app.uploads.find_upload(&owner.id, &upload.id).await? {
        return show_upload(app, owner, &known.id).await;
    }
    refuse_collision(&*app.files, &owner.id, &upload.path).await?;
    let reserved = Usage { bytes: upload.bytes, files: 1 };
    let operation = Operation {
        id: upload.id.clone(),
        work: Work::Upload,
        paths: Vec::new(),
        reserved,
        expires: upload.expires,
        done: 0,
        answered: None,
    };
    refuse_too_many(app, owner).await?;
    enter(app, owner, &operation).await?;
    let opened = async {
        upload.store_id = app.parts.open_parts(&upload.key(), &upload.id).await?;
        app.uploads.add(&upload).await?;
        state(app, &upload, &[]).await
    };
    let opened = opened.await;
    if opened.is_err() {
        app.ledger.end(&owner.id, &operation, UsageChange::default()).await?;
    }
    opened
}

fn read(app: &App, owner: &Account, request: &Request) -> Result<FileUpload, ApiError> {
    let wish: Wish = request.json()?;
    let path = FolderPath::parse(wish.path.trim_matches('/'))
        .map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let path: FilePath =
        path.as_file().ok_or_else(|| ApiError::BadRequest("The path names no file.".into()))?;
    let sha256 = wish.sha256.map(Sha256Digest::try_from).transpose();
    let max = if wish.unpack { MAX_ZIP_BYTES } else { MAX_FILE_BYTES };
    match wish.size {
        0 => {
            return Err(ApiError::BadRequest(
                "An empty file needs no upload in parts: PUT /users/api/files/<path>.".into(),
            ));
        }
        size if size > max => {
            let what = if wish.unpack { "A zip that is to be unpacked" } else { "A file" };
            return Err(ApiError::TooMuchContent(format!("{what} may have at most {max} bytes.")));
        }
        _ => {}
    }
    Ok(FileUpload {
        id: id(app, request)?,
        account: owner.id.clone(),
        path,
        bytes: wish.size,
        sha256: sha256.map_err(|error| ApiError::BadRequest(error.to_string()))?,
        unpack: wish.unpack,
        part_bytes: part_bytes(wish.size),
        store_id: String::new(),
        expires: app.now().plus_seconds(UPLOAD_SECONDS),
        result: None,
    })
}

/// Random, or made of the request's key and of what it asks for.
fn id(app: &App, request: &Request) -> Result<OperationId, ApiError> {
    let Some(key) = web::idempotency::key(request)? else { return Ok(OperationId::random(&*app.random)) };
    let mut hash = Context::new(&SHA256);
    hash.update(key.as_str().as_bytes());
    hash.update(&[0]);
    hash.update(&request.body);
    let half = hash.finish().as_ref().iter().take(16).fold(0, |id: u128, byte| (id << 8) | u128::from(*byte));
    OperationId::parse(&format!("{half:032x}")).ok_or_else(|| ApiError::Internal("an id is malformed".into()))
}

/// Refuses one upload more than may be under way. Uploads that have expired make room first.
async fn refuse_too_many(app: &App, owner: &Account) -> Result<(), ApiError> {
    let ledger = app.ledger.read(&owner.id).await?;
    recover_expired(app, owner, &ledger).await?;
    let open =
        ledger.operations.iter().filter(|(_, other)| other.work == Work::Upload && app.now() < other.expires);
    if open.count() < MAX_OPEN_UPLOADS {
        return Ok(());
    }
    Err(ApiError::Conflict(format!(
        "There are {MAX_OPEN_UPLOADS} uploads under way: complete some, or end them with DELETE /users/api/uploads/<id>."
    )))
}
