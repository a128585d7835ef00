//! The endpoints of the function.

use http::Method;
use web::ApiError;
use web::route::{below_base, by_method, unknown_endpoint};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /info`.
    Version,
    /// `GET /openapi.json`.
    OpenApi,
    /// `GET /docs`.
    Docs,
    /// `GET /postman.json`.
    Postman,
    /// `GET /client/<wheel>`.
    Client(String),
    /// `GET /console`.
    ConsoleRedirect,
    /// `GET /console/`.
    Console,
    /// `GET /console/assets/<name>`.
    ConsoleAsset(String),
}

impl Route {
    /// The route of a request, by method and raw path.
    pub fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let below = below_base(path)?;
        let route = match below {
            "info" => Self::Version,
            "openapi.json" => Self::OpenApi,
            "docs" => Self::Docs,
            "postman.json" => Self::Postman,
            // Here a slash makes a difference: the page's addresses are relative to its folder.
            "console" if path.ends_with('/') => Self::Console,
            "console" => Self::ConsoleRedirect,
            _ => match below.rsplit_once('/') {
                Some(("console/assets", name)) => Self::ConsoleAsset(name.to_owned()),
                Some(("client", name)) => Self::Client(name.to_owned()),
                _ => return Err(unknown_endpoint()),
            },
        };
        by_method(method, [(Method::GET, route)])
    }

    /// The endpoint's name in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::OpenApi => "openapi",
            Self::Docs => "docs",
            Self::Postman => "postman",
            Self::Client(_) => "client",
            Self::ConsoleRedirect | Self::Console => "console",
            Self::ConsoleAsset(_) => "console_asset",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_has_a_page_below_which_its_files_are() {
        let get = |path: &str| Route::parse(&Method::GET, &format!("/users/api/{path}"));
        assert_eq!(get("console").unwrap(), Route::ConsoleRedirect);
        assert_eq!(get("console/").unwrap(), Route::Console);
        assert_eq!(get("console/assets/a-1.js").unwrap(), Route::ConsoleAsset("a-1.js".into()));
        for path in ["console//", "consoles", "console/assets", "console/assets/a/b", "console/index.html"] {
            assert_eq!(get(path).unwrap_err().status(), 404, "{path}");
        }
        assert_eq!(Route::parse(&Method::POST, "/users/api/console/").unwrap_err().status(), 405);
    }
}
