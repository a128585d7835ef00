//! Tokens that come back from mails.

use domain::{OneTimeToken, TokenKind};
use http::StatusCode;
use serde::Deserialize;
use web::{ApiError, Form, Page, Request, Response, response};

use crate::App;

/// So often what a token allows is tried when it meets another change of the account, such as the end of its sessions.
pub(crate) const ATTEMPTS: usize = 5;

/// The token in the link that brought somebody here.
pub(crate) fn in_query(request: &Request) -> Result<&str, ApiError> {
    Ok(request.query.get("token")?.unwrap_or_default())
}

/// The token that was mailed as this text, if it is of the kind, has not been used, and has not expired.
pub(crate) async fn find(app: &App, kind: TokenKind, token: &str) -> Result<Option<OneTimeToken>, ApiError> {
    let Some(id) = app.links.open(kind, token) else { return Ok(None) };
    let now = app.authenticator.clock.now();
    let token = app.accounts.find_token(&id).await?;
    Ok(token.filter(|token| token.purpose.kind() == kind && now < token.expires))
}

/// A page with a button, and what the button does.
pub(crate) struct Button {
    /// The tokens that it takes.
    pub(crate) kind: TokenKind,
    /// The heading.
    pub(crate) title: &'static str,
    /// What will happen.
    pub(crate) text: &'static str,
    /// What stands on the button.
    pub(crate) label: &'static str,
    /// The heading once it has happened.
    pub(crate) done_title: &'static str,
    /// What has happened.
    pub(crate) done: &'static str,
}

#[derive(Deserialize)]
struct Pressed {
    token: String,
}

impl Button {
    /// The page. Nothing changes by looking at it: programs that scan mail follow links.
    /// `text` is what there is to say beside [`Button::text`].
    pub(crate) fn page(&self, token: &str, text: &str) -> Response {
        let form = Form { token: Some(token), field: None, button: self.label };
        let text = format!("{}{text}", self.text);
        Page { title: self.title, text: &text, form: Some(form) }.answer(StatusCode::OK)
    }

    /// Does what the button is for; the answer as a page for people, or as JSON for programs.
    pub(crate) async fn press(
        &self,
        request: &Request,
        act: impl AsyncFnOnce(&str) -> Result<(), ApiError>,
    ) -> Result<Response, ApiError> {
        let page = request.is_form();
        let Pressed { token } = request.form_or_json()?;
        match act(&token).await {
            Ok(()) if page => {
                Ok(Page { title: self.done_title, text: self.done, form: None }.answer(StatusCode::OK))
            }
            Ok(()) => Ok(response::success(self.done)),
            Err(error @ ApiError::BadRequest(_)) => Ok(in_the_form_of(page, &error)),
            Err(error) => Err(error),
        }
    }
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
