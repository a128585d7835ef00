//! `DELETE /uploads/<id>`: an upload that is not gone on with.

use domain::OperationId;
use web::{ApiError, Response, idempotency, response};

use crate::large_upload::{clear, find, release};
use crate::turn::Change;

/// Drops its parts and gives its room back. A file that is complete stays.
pub(crate) async fn abort_upload(change: &Change<'_>, id: &OperationId) -> Result<Response, ApiError> {
    let Change { app, owner, keyed } = change;
    let upload = find(app, owner, id).await?;
    if upload.result.is_some() {
        return Err(ApiError::Conflict("The upload is complete: delete the file itself.".into()));
    }
    clear(app, &upload).await?;
    release(app, owner, &upload.id).await?;
    let answer = response::success("The upload has been ended.");
    // Whoever repeats this after the record is gone would hear that there is no such upload.
    let answered = idempotency::answered(keyed.as_ref(), &answer);
    idempotency::keep(&*app.idempotency, &owner.id, answered).await;
    app.uploads.remove(&owner.id, &upload.id).await?;
    Ok(answer)
}
