//! `GET /uploads/<id>`: what has arrived, and fresh addresses for what has not.

use domain::{Account, OperationId};
use web::{ApiError, Response};

use crate::App;
use crate::large_upload::{find, gone, state};

pub(crate) async fn show_upload(app: &App, owner: &Account, id: &OperationId) -> Result<Response, ApiError> {
    let upload = find(app, owner, id).await?;
    if upload.result.is_some() {
        return Err(ApiError::Conflict("The upload is complete: the file is in its place.".into()));
    }
    let received = app.parts.parts(&upload.key(), &upload.store_id).await?.ok_or_else(gone)?;
    state(app, &upload, &received).await
}
