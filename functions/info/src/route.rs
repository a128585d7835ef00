//! The endpoints of the function.

use http::Method;
use web::ApiError;
use web::route::{below_base, by_method, unknown_endpoint};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /info`.
    Version,
    /// `GET /openapi.json`.
    OpenApi,
    /// `GET /docs`.
    Docs,
}

impl Route {
    /// The route of a request, by method and raw path.
    pub fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        match below_base(path)? {
            "info" => by_method(method, [(Method::GET, Self::Version)]),
            "openapi.json" => by_method(method, [(Method::GET, Self::OpenApi)]),
            "docs" => by_method(method, [(Method::GET, Self::Docs)]),
            _ => Err(unknown_endpoint()),
        }
    }

    /// The endpoint's name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::OpenApi => "openapi",
            Self::Docs => "docs",
        }
    }
}
