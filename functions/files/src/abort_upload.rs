//! `DELETE /uploads/<id>`: an upload that is not gone on with.

use domain::{Account, OperationId};
use web::{ApiError, Response, response};

use crate::App;
use crate::large_upload::{find, forget};

/// Drops its parts and gives its room back. A file that is complete stays.
pub(crate) async fn abort_upload(app: &App, owner: &Account, id: &OperationId) -> Result<Response, ApiError> {
    let upload = find(app, owner, id).await?;
    if upload.result.is_some() {
        return Err(ApiError::Conflict("The upload is complete: delete the file itself.".into()));
    }
    forget(app, owner, &upload).await?;
    Ok(response::success("The upload has been ended."))
}
