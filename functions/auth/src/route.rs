//! The endpoints of the function.

use http::Method;
use web::ApiError;
use web::route::{below_base, by_method, unknown_endpoint};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `POST /logon`, `POST /auth`.
    LogOn,
    /// `POST /checkin`.
    CheckIn,
    /// `POST /logout`.
    LogOff,
    /// `POST /confirm`.
    Confirm,
    /// `POST /password`.
    ChangePassword,
    /// `POST /register`.
    Register,
    /// `GET /verify`.
    ShowVerification,
    /// `POST /verify`.
    Verify,
    /// `GET /password/forgot`.
    ShowForgotPassword,
    /// `POST /password/forgot`.
    ForgotPassword,
    /// `GET /password/reset`.
    ShowReset,
    /// `POST /password/reset`.
    ResetPassword,
    /// `GET /totp`.
    ShowSecondFactor,
    /// `POST /totp`.
    BeginSecondFactor,
    /// `DELETE /totp`.
    EndSecondFactor,
    /// `POST /totp/confirm`.
    ConfirmSecondFactor,
    /// `POST /email`.
    ChangeAddress,
    /// `GET /email/confirm`.
    ShowNewAddress,
    /// `POST /email/confirm`.
    ConfirmNewAddress,
    /// `GET /email/undo`.
    ShowAddressUndo,
    /// `POST /email/undo`.
    UndoAddress,
    /// `GET /.well-known/jwks.json`.
    Jwks,
}

impl Route {
    /// The route of a request, by method and raw path.
    pub fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let page = |show, act| by_method(method, [(Method::GET, show), (Method::POST, act)]);
        let route = match below_base(path)? {
            "verify" => return page(Self::ShowVerification, Self::Verify),
            "password/forgot" => return page(Self::ShowForgotPassword, Self::ForgotPassword),
            "password/reset" => return page(Self::ShowReset, Self::ResetPassword),
            "totp" => {
                let routes = [
                    (Method::GET, Self::ShowSecondFactor),
                    (Method::POST, Self::BeginSecondFactor),
                    (Method::DELETE, Self::EndSecondFactor),
                ];
                return by_method(method, routes);
            }
            "totp/confirm" => Self::ConfirmSecondFactor,
            ".well-known/jwks.json" => return by_method(method, [(Method::GET, Self::Jwks)]),
            "email/confirm" => return page(Self::ShowNewAddress, Self::ConfirmNewAddress),
            "email/undo" => return page(Self::ShowAddressUndo, Self::UndoAddress),
            "logon" | "auth" => Self::LogOn,
            "checkin" => Self::CheckIn,
            "logout" => Self::LogOff,
            "confirm" => Self::Confirm,
            "password" => Self::ChangePassword,
            "register" => Self::Register,
            "email" => Self::ChangeAddress,
            _ => return Err(unknown_endpoint()),
        };
        by_method(method, [(Method::POST, route)])
    }

    /// The endpoint's name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogOn => "log_on",
            Self::CheckIn => "check_in",
            Self::LogOff => "log_off",
            Self::Confirm => "confirm",
            Self::ChangePassword => "change_password",
            Self::Register => "register",
            Self::ShowVerification => "show_verification",
            Self::Verify => "verify",
            Self::ShowForgotPassword => "show_forgot_password",
            Self::ForgotPassword => "forgot_password",
            Self::ShowReset => "show_reset",
            Self::ResetPassword => "reset_password",
            Self::ShowSecondFactor => "show_second_factor",
            Self::BeginSecondFactor => "begin_second_factor",
            Self::EndSecondFactor => "end_second_factor",
            Self::ConfirmSecondFactor => "confirm_second_factor",
            Self::ChangeAddress => "change_address",
            Self::ShowNewAddress => "show_new_address",
            Self::ConfirmNewAddress => "confirm_new_address",
            Self::ShowAddressUndo => "show_address_undo",
            Self::UndoAddress => "undo_address",
            Self::Jwks => "jwks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_path_has_its_route_with_and_without_a_slash() {
        for (path, route) in [
            ("logon", Route::LogOn),
            ("auth", Route::LogOn),
            ("checkin", Route::CheckIn),
            ("logout", Route::LogOff),
            ("confirm", Route::Confirm),
            ("password", Route::ChangePassword),
            ("register", Route::Register),
            ("email", Route::ChangeAddress),
            ("totp/confirm", Route::ConfirmSecondFactor),
        ] {
            for path in [format!("/users/api/{path}"), format!("/users/api/{path}/")] {
                assert_eq!(Route::parse(&Method::POST, &path).unwrap(), route);
                assert_eq!(Route::parse(&Method::GET, &path).unwrap_err().status(), 405);
            }
        }
    }

    #[test]
    fn a_link_in_a_mail_shows_a_page_and_its_button_acts() {
        for (path, show, act) in [
            ("verify", Route::ShowVerification, Route::Verify),
            ("password/forgot", Route::ShowForgotPassword, Route::ForgotPassword),
            ("password/reset", Route::ShowReset, Route::ResetPassword),
            ("email/confirm", Route::ShowNewAddress, Route::ConfirmNewAddress),
            ("email/undo", Route::ShowAddressUndo, Route::UndoAddress),
        ] {
            for path in [format!("/users/api/{path}"), format!("/users/api/{path}/")] {
                assert_eq!(Route::parse(&Method::GET, &path).unwrap(), show);
                assert_eq!(Route::parse(&Method::POST, &path).unwrap(), act);
                assert_eq!(Route::parse(&Method::HEAD, &path).unwrap_err().status(), 405);
            }
        }
    }

    #[test]
    fn any_other_path_is_a_404() {
        for path in ["/users/api/Logon", "/users/api/logon/x", "/users/api/%6Cogon", "/users/api/", "/logon"]
        {
            assert_eq!(Route::parse(&Method::POST, path).unwrap_err().status(), 404, "{path}");
        }
    }
}
