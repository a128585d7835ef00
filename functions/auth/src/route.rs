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
}

impl Route {
    /// The route of a request, by method and raw path.
    pub fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let route = match below_base(path)? {
            "logon" | "auth" => Self::LogOn,
            "checkin" => Self::CheckIn,
            "logout" => Self::LogOff,
            "confirm" => Self::Confirm,
            "password" => Self::ChangePassword,
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
        ] {
            for path in [format!("/users/api/{path}"), format!("/users/api/{path}/")] {
                assert_eq!(Route::parse(&Method::POST, &path).unwrap(), route);
                assert_eq!(Route::parse(&Method::GET, &path).unwrap_err().status(), 405);
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
