//! `GET /password/forgot`, `POST /password/forgot`: a mail to whoever has forgotten their password.

use domain::{Effects, EmailAddress, Letter, Notification, OneTimeToken, Purpose};
use http::StatusCode;
use serde::Deserialize;
use web::{ApiError, Form, Page, Request, Response, response};

use crate::App;
use crate::discretion::{check_sender, discreetly, may_mail};
use crate::mailed_token::in_the_form_of;

const STATUS: &str = "If there is an account for this address, a mail with a link to set a new password is on its way. The link is good for one hour.";

#[derive(Deserialize)]
struct Question {
    email: String,
}

/// A page that asks for the address.
pub(crate) fn show() -> Response {
    let field =
        ("Your e-mail address", "type=\"email\" name=\"email\" autocomplete=\"email\" required autofocus");
    let form = Form { token: None, field: Some(field), button: "Send me a link" };
    let text = "A link to set a new password is sent to the address of your account.";
    Page { title: "Ask for a new password", text, form: Some(form) }.answer(StatusCode::OK)
}

/// Mails a link with which a new password can be set, if there is such an account. The answer is the same.
pub(crate) async fn forgot_password(app: &App, request: &Request) -> Result<Response, ApiError> {
    let page = request.is_form();
    let Question { email } = request.form_or_json()?;
    let email = match EmailAddress::parse(&email) {
        Ok(email) => email,
        Err(error) => return Ok(in_the_form_of(page, &ApiError::BadRequest(error.to_string()))),
    };
    let answer = if page {
        Page { title: "Look into your mailbox", text: STATUS, form: None }.answer(StatusCode::OK)
    } else {
        response::success(STATUS)
    };
    check_sender(app, request).await?;
    discreetly(app, mail(app, &email, request), answer).await
}

async fn mail(app: &App, email: &EmailAddress, request: &Request) -> Result<Vec<Letter>, ApiError> {
    let account = app.accounts.find_by_email(email).await?.filter(|account| !account.disabled);
    let Some(account) = account else { return Ok(Vec::new()) };
    if !may_mail(app, "password", email, request).await? {
        return Ok(Vec::new());
    }
    let now = app.authenticator.clock.now();
    let password = account.password_hash.digest();
    let purpose = Purpose::PasswordReset { account: account.id, email: account.email.clone(), password };
    let token = OneTimeToken::new(purpose, now, &*app.random);
    let notification = Notification::ResetPassword(token.id.clone(), request.occasion(now));
    // To the address as its owner wrote it, not as whoever asks does.
    let letter = Letter::new(account.email, notification, now, &*app.random);
    let effects = Effects { tokens: vec![token], letters: vec![letter], ..Effects::none() };
    app.accounts.record(&effects).await?;
    Ok(effects.letters)
}
