//! Tokens that come back from mails.

use domain::{OneTimeToken, TokenKind};
use web::{ApiError, Page, Response};

use crate::App;

/// The token that was mailed as this text, if it is of the kind, has not been used, and has not expired.
pub(crate) async fn find(app: &App, kind: TokenKind, token: &str) -> Result<Option<OneTimeToken>, ApiError> {
    let Some(id) = app.links.open(kind, token) else { return Ok(None) };
    let now = app.authenticator.clock.now();
    let token = app.accounts.find_token(&id).await?;
    Ok(token.filter(|token| token.purpose.kind() == kind && now < token.expires))
}

/// The failure of a token that is good for nothing.
pub(crate) fn void() -> ApiError {
    ApiError::BadRequest(
        "This link is not good: it has been used already, has expired, or is not whole. Ask for a new one."
            .into(),
    )
}

/// A failure as a page for people, or as JSON for programs.
pub(crate) fn in_the_form_of(page: bool, error: &ApiError) -> Response {
    if page {
        Page { title: "That did not work", text: &error.to_string(), form: None }.answer(error.status())
    } else {
        error.to_response()
    }
}
