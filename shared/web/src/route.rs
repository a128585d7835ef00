//! What all functions' routes have in common.

use http::Method;

use crate::error::ApiError;

/// Where the API begins on its host.
pub const BASE_PATH: &str = "/users/api";

/// The part of a raw path below [`BASE_PATH`], without the slash before it and without one slash at its end:
/// `files/a%20b` of `/users/api/files/a%20b/`. A path elsewhere is a 404.
pub fn below_base(path: &str) -> Result<&str, ApiError> {
    let below = path.strip_prefix(BASE_PATH).and_then(|rest| rest.strip_prefix('/'));
    let below = below.ok_or_else(unknown_endpoint)?;
    Ok(below.strip_suffix('/').unwrap_or(below))
}

/// Picks the route for `method` from those that a path has; 405 with `Allow` when there is none.
pub fn by_method<R, const N: usize>(method: &Method, routes: [(Method, R); N]) -> Result<R, ApiError> {
    let allow = routes.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>().join(", ");
    let route = routes.into_iter().find(|(candidate, _)| candidate == method).map(|(_, route)| route);
    route.ok_or(ApiError::MethodNotAllowed { allow })
}

/// The 404 for a path that is no endpoint.
#[must_use]
pub fn unknown_endpoint() -> ApiError {
    ApiError::NotFound(
        "There is no such endpoint. What there is, /users/api/docs says; the page to work with is /users/api/console/.".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_the_same_with_and_without_a_slash_at_its_end() {
        assert_eq!(below_base("/users/api/logon").unwrap(), "logon");
        assert_eq!(below_base("/users/api/logon/").unwrap(), "logon");
        assert_eq!(below_base("/users/api/files//").unwrap(), "files/");
        for path in ["", "/", "/users/api", "/users/apix/logon", "/other", "users/api/logon"] {
            assert_eq!(below_base(path).unwrap_err().status(), 404, "{path}");
        }
    }

    #[test]
    fn a_method_that_a_path_does_not_take_is_answered_with_those_it_takes() {
        let routes = || [(Method::GET, 1), (Method::POST, 2)];
        assert_eq!(by_method(&Method::POST, routes()).unwrap(), 2);
        let error = by_method(&Method::DELETE, routes()).unwrap_err();
        assert!(matches!(error, ApiError::MethodNotAllowed { allow } if allow == "GET, POST"));
    }
}
