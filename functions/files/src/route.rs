//! The endpoints of the function.

use domain::{FilePath, FolderPath, InvalidPath};
use http::Method;
use web::ApiError;
use web::route::{below_base, by_method, unknown_endpoint};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET` of the root: everything.
    List,
    /// `GET` of a path: a file, or else a folder. A slash at its end makes no difference.
    Read(FilePath),
    /// `POST`: files into a folder.
    Upload(FolderPath),
    /// `DELETE`: a file or a folder, never the root.
    Delete(FilePath),
}

impl Route {
    /// The route of a request, by method and raw path. The path is percent-decoded here, exactly once.
    pub fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let below = below_base(path)?;
        let folder = match below.strip_prefix("files").map(|rest| (rest, rest.strip_prefix('/'))) {
            Some(("", _)) => Ok(FolderPath::root()),
            Some((_, Some(""))) => Err(InvalidPath::EmptyName),
            Some((_, Some(raw))) => FolderPath::decode(raw),
            _ => return Err(unknown_endpoint()),
        };
        let folder = folder.map_err(|error| ApiError::BadRequest(error.to_string()))?;
        let Some(file) = folder.as_file() else {
            return by_method(method, [(Method::GET, Self::List), (Method::POST, Self::Upload(folder))]);
        };
        let (read, delete) = (Self::Read(file.clone()), Self::Delete(file));
        by_method(
            method,
            [(Method::GET, read), (Method::POST, Self::Upload(folder)), (Method::DELETE, delete)],
        )
    }

    /// The endpoint's name in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read(_) => "read",
            Self::Upload(_) => "upload",
            Self::Delete(_) => "delete",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &str) -> FolderPath {
        FolderPath::parse(path).unwrap()
    }

    fn file(path: &str) -> FilePath {
        FilePath::parse(path).unwrap()
    }

    fn get(path: &str) -> Result<Route, u16> {
        Route::parse(&Method::GET, path).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        for slash in ["", "/"] {
            assert_eq!(get(&format!("/users/api/files{slash}")), Ok(Route::List));
            assert_eq!(get(&format!("/users/api/files/a/b{slash}")), Ok(Route::Read(file("a/b"))));
            assert_eq!(get(&format!("/users/api/files/a%20b%2525{slash}")), Ok(Route::Read(file("a b%25"))));
        }
    }

    #[test]
    fn uploads_go_to_folders_and_the_root_cannot_be_deleted() {
        for path in ["/users/api/files/a", "/users/api/files/a/"] {
            assert_eq!(Route::parse(&Method::POST, path).unwrap(), Route::Upload(folder("a")));
            assert_eq!(Route::parse(&Method::DELETE, path).unwrap(), Route::Delete(file("a")));
        }
        for path in ["/users/api/files", "/users/api/files/"] {
            assert_eq!(Route::parse(&Method::POST, path).unwrap(), Route::Upload(folder("")));
            assert_eq!(Route::parse(&Method::DELETE, path).unwrap_err().status(), 405);
        }
    }

    #[test]
    fn a_path_that_is_not_plain_is_a_400_and_a_foreign_one_a_404() {
        for path in
            ["files//", "files//a", "files/a//b", "files/../x", "files/%2e%2e/x", "files/a%2fb", "files/%zz"]
        {
            assert_eq!(get(&format!("/users/api/{path}")), Err(400), "{path}");
        }
        for path in ["filesx", "file", "Files", "files2/a"] {
            assert_eq!(get(&format!("/users/api/{path}")), Err(404), "{path}");
        }
    }
}
