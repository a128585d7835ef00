//! The answer of all sign-on endpoints.

use domain::{Account, Session};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use session::cookie;
use web::{ApiError, Response, response};

use crate::App;

/// `{ok, status, jwt, user, role, email}`. `jwt` is a fixed phrase, never the token.
#[derive(Serialize)]
struct AuthReturn<'a> {
    ok: bool,
    status: &'a str,
    jwt: &'a str,
    user: Option<&'a str>,
    role: Option<&'a str>,
    email: Option<&'a str>,
}

/// The answer to who is signed on: `account`, and a cookie with a new token of `session`.
pub(crate) async fn signed_on(
    app: &App,
    session: &Session,
    account: &Account,
    status: &str,
    jwt: &str,
) -> Result<Response, ApiError> {
    let token = app.authenticator.issue(session, app.token_ttl_seconds, &*app.random).await;
    let token = token.ok_or_else(|| ApiError::Internal("the signing key does not sign".into()))?;
    let answer = AuthReturn {
        ok: true,
        status,
        jwt,
        user: account.display_name(),
        role: Some(account.role.as_str()),
        email: Some(account.email.as_str()),
    };
    with_cookie(&answer, &cookie::set(&token, app.token_ttl_seconds, app.secure_cookies))
}

/// The answer to who has just signed off: nobody, and an expired cookie.
pub(crate) fn signed_off(app: &App) -> Result<Response, ApiError> {
    let (status, jwt) = ("Logged out successfully!", "Session token cleared");
    let answer = AuthReturn { ok: true, status, jwt, user: None, role: None, email: None };
    with_cookie(&answer, &cookie::expire(app.secure_cookies))
}

fn with_cookie(answer: &AuthReturn<'_>, cookie: &str) -> Result<Response, ApiError> {
    let mut response = response::json(StatusCode::OK, answer);
    let mut cookie = HeaderValue::from_str(cookie).map_err(|error| ApiError::Internal(error.into()))?;
    cookie.set_sensitive(true);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
