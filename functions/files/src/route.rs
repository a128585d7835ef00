//! The endpoints of the function.

use domain::{Details, FilePath, FolderPath, InvalidPath, OperationId, Scope};
use http::Method;
use web::route::{below_base, by_method, unknown_endpoint};
use web::{ApiError, Query};

use crate::large_upload::gone;
use crate::list::{Extent, Listing};

/// The most entries of one page: what one call of the bucket lists.
const MAX_PAGE: usize = 1_000;

/// No path has more levels: its 1,024 bytes hold a slash for every name.
const MAX_DEPTH: usize = 512;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET` of the root: everything, or as much as is asked for.
    List(Listing),
    /// `GET` of a path: a file, or else a folder. A slash at its end makes no difference.
    Read(FilePath, Listing),
    /// `GET` with `?format=zip`: a folder as one zip, or else a file.
    Zip(FolderPath),
    /// `HEAD`: whether there is a file or a folder, and what `GET` would say about it.
    Head(FolderPath),
    /// `POST`: files into a folder; zips are unpacked or not.
    Upload(FolderPath, Unpack),
    /// `POST` with `?mkdir`: an empty folder.
    MakeFolder(FolderPath),
    /// `POST` with `?copy=<new path>`.
    Copy(FilePath, FilePath),
    /// `POST` with `?move=<new path>`.
    Move(FilePath, FilePath),
    /// `PUT`: one file as raw bytes.
    Put(FilePath),
    /// `DELETE`: a file or a folder, never the root.
    Delete(FilePath),
    /// `POST /uploads`.
    OpenUpload,
    /// `GET /uploads`: those that can be gone on with.
    ListUploads,
    /// `GET /uploads/<id>`.
    ShowUpload(OperationId),
    /// `POST /uploads/<id>/complete`.
    CompleteUpload(OperationId),
    /// `DELETE /uploads/<id>`.
    AbortUpload(OperationId),
    /// `GET /usage`: how much is stored and may be.
    Usage,
    /// `GET /user/export`: everything that is held on the user.
    Export,
    /// `GET /health`: whether the service is well.
    Health,
}

/// What becomes of zips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpack {
    /// They are unpacked.
    Yes,
    /// They are kept as they are.
    No,
}

impl Route {
    /// The route of a request, by method, raw path and query. The path is percent-decoded here, exactly once.
    pub fn parse(method: &Method, path: &str, query: &Query) -> Result<Self, ApiError> {
        let below = below_base(path)?;
        if below == "usage" {
            return by_method(method, [(Method::GET, Self::Usage)]);
        }
        if below == "health" {
            return by_method(method, [(Method::GET, Self::Health)]);
        }
        if below == "user/export" {
            return by_method(method, [(Method::GET, Self::Export)]);
        }
        if let Some(rest) =
            below.strip_prefix("uploads").filter(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            return Self::uploads(method, rest);
        }
        let folder = match below.strip_prefix("files").map(|rest| (rest, rest.strip_prefix('/'))) {
            Some(("", _)) => Ok(FolderPath::root()),
            Some((_, Some(""))) => Err(InvalidPath::EmptyName),
            Some((_, Some(raw))) => FolderPath::decode(raw),
            _ => return Err(unknown_endpoint()),
        };
        let folder = folder.map_err(|error| ApiError::BadRequest(error.to_string()))?;
        let (head, post) = (Self::Head(folder.clone()), Self::post(folder.clone(), query));
        let get = Self::get(folder.clone(), query);
        let Some(file) = folder.as_file() else {
            let routes = [(Method::GET, get), (Method::HEAD, Ok(head)), (Method::POST, post)];
            return by_method(method, routes)?;
        };
        let (put, delete) = (Self::Put(file.clone()), Self::Delete(file));
        let routes = [
            (Method::GET, get),
            (Method::HEAD, Ok(head)),
            (Method::POST, post),
            (Method::PUT, Ok(put)),
            (Method::DELETE, Ok(delete)),
        ];
        by_method(method, routes)?
    }

    fn get(folder: FolderPath, query: &Query) -> Result<Self, ApiError> {
        match (query.get("format")?, folder.as_file()) {
            (None, None) => Ok(Self::List(listing(query)?)),
            (None, Some(file)) => Ok(Self::Read(file, listing(query)?)),
            (Some("zip"), _) => Ok(Self::Zip(folder)),
            (Some(_), _) => {
                Err(ApiError::BadRequest("The only format of a folder beside its tree is zip.".into()))
            }
        }
    }

    /// Whatever is no id is nobody's upload.
    fn uploads(method: &Method, rest: &str) -> Result<Self, ApiError> {
        let id = |text: &str| OperationId::parse(text).ok_or_else(gone);
        match rest.split('/').skip(1).collect::<Vec<_>>().as_slice() {
            [] => by_method(method, [(Method::GET, Self::ListUploads), (Method::POST, Self::OpenUpload)]),
            [text] => {
                let id = id(text)?;
                let routes =
                    [(Method::GET, Self::ShowUpload(id.clone())), (Method::DELETE, Self::AbortUpload(id))];
                by_method(method, routes)
            }
            [text, "complete"] => by_method(method, [(Method::POST, Self::CompleteUpload(id(text)?))]),
            _ => Err(unknown_endpoint()),
        }
    }

    /// What a `POST` asks for is in its query.
    fn post(folder: FolderPath, query: &Query) -> Result<Self, ApiError> {
        let bad = |text: &str| Err(ApiError::BadRequest(text.into()));
        match (query.get("mkdir")?, query.get("move")?, query.get("copy")?, flag(query, "unpack")?) {
            (Some("" | "1" | "true"), None, None, None) => Ok(Self::MakeFolder(folder)),
            (Some(_), None, None, None) => {
                bad("mkdir takes no value: leave it out where no folder is to be made.")
            }
            (None, Some(to), None, None) => transfer(&folder, to).map(|(from, to)| Self::Move(from, to)),
            (None, None, Some(to), None) => transfer(&folder, to).map(|(from, to)| Self::Copy(from, to)),
            (None, None, None, None | Some(true)) => Ok(Self::Upload(folder, Unpack::Yes)),
            (None, None, None, Some(false)) => Ok(Self::Upload(folder, Unpack::No)),
            _ => bad("Of mkdir, move, copy and unpack only one can be asked for."),
        }
    }

    /// Whether it may change files.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        match self {
            Self::Upload(..)
            | Self::MakeFolder(_)
            | Self::Copy(..)
            | Self::Move(..)
            | Self::Put(_)
            | Self::Delete(_)
            | Self::OpenUpload
            | Self::CompleteUpload(_)
            | Self::AbortUpload(_) => true,
            Self::List(_)
            | Self::Read(..)
            | Self::Zip(_)
            | Self::Head(_)
            | Self::ListUploads
            | Self::ShowUpload(_)
            | Self::Usage
            | Self::Export
            | Self::Health => false,
        }
    }

    /// Whether everybody may ask for it.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::Health)
    }

    /// The scope that a key needs for it; nothing where no key is enough.
    #[must_use]
    pub const fn scope(&self) -> Option<Scope> {
        match self {
            Self::Export | Self::Health => None,
            Self::List(_)
            | Self::Read(..)
            | Self::Zip(_)
            | Self::Head(_)
            | Self::ListUploads
            | Self::Usage => Some(Scope::FilesRead),
            // Whoever is shown an upload is shown where to send it.
            Self::ShowUpload(_)
            | Self::Upload(..)
            | Self::MakeFolder(_)
            | Self::Copy(..)
            | Self::Move(..)
            | Self::Put(_)
            | Self::Delete(_)
            | Self::OpenUpload
            | Self::CompleteUpload(_)
            | Self::AbortUpload(_) => Some(Scope::FilesWrite),
        }
    }

    /// The endpoint's name in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Read(..) => "read",
            Self::Zip(_) => "zip",
            Self::Head(_) => "head",
            Self::Upload(..) => "upload",
            Self::MakeFolder(_) => "make_folder",
            Self::Copy(..) => "copy",
            Self::Move(..) => "move",
            Self::Put(_) => "put",
            Self::OpenUpload => "open_upload",
            Self::ListUploads => "list_uploads",
            Self::ShowUpload(_) => "show_upload",
            Self::CompleteUpload(_) => "complete_upload",
            Self::AbortUpload(_) => "abort_upload",
            Self::Usage => "usage",
            Self::Export => "export",
            Self::Health => "health",
            Self::Delete(_) => "delete",
        }
    }
}

/// What a query asks for of a folder.
fn listing(query: &Query) -> Result<Listing, ApiError> {
    let details = if flag(query, "details")? == Some(true) { Details::Yes } else { Details::No };
    Ok(Listing { extent: extent(query)?, details })
}

/// What a query says to something that is or is not wanted.
fn flag(query: &Query, name: &str) -> Result<Option<bool>, ApiError> {
    let wrong = |_| ApiError::BadRequest(format!("{name} is either true or false."));
    query.get(name)?.map(|text| text.parse().map_err(wrong)).transpose()
}

/// How much of a folder a query asks for.
fn extent(query: &Query) -> Result<Extent, ApiError> {
    let number = |name: &str, max: usize| {
        let value = query.get(name)?.map(|text| text.parse().ok().filter(|n| (1..=max).contains(n)));
        let wrong = || ApiError::BadRequest(format!("{name} is a number from 1 to {max}."));
        value.map(|value| value.ok_or_else(wrong)).transpose()
    };
    let (depth, limit) = (number("depth", MAX_DEPTH)?, number("limit", MAX_PAGE)?);
    let after = query.get("after")?.map(str::to_owned);
    Ok(match (depth, limit, after) {
        (None, None, None) => Extent::Tree,
        (Some(depth), None, None) => Extent::Depth(depth),
        (_, limit, after) => Extent::Page(limit.unwrap_or(MAX_PAGE), after),
    })
}

/// Source and target of a move or copy. The target is a path below the root; a slash at either end makes no difference.
fn transfer(from: &FolderPath, to: &str) -> Result<(FilePath, FilePath), ApiError> {
    let to = FolderPath::parse(to.trim_start_matches('/').trim_end_matches('/'));
    let to = to.map_err(|error| ApiError::BadRequest(format!("The new path is not usable: {error}")))?;
    let root = || ApiError::BadRequest("The root cannot be moved, copied or replaced.".into());
    Ok((from.as_file().ok_or_else(root)?, to.as_file().ok_or_else(root)?))
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

    fn whole() -> Listing {
        Listing { extent: Extent::Tree, details: Details::No }
    }

    fn get(path: &str) -> Result<Route, u16> {
        parse(&Method::GET, path).map_err(|error| error.status().as_u16())
    }

    fn parse(method: &Method, path: &str) -> Result<Route, ApiError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Route::parse(method, path, &Query::decode(query).unwrap())
    }

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        for slash in ["", "/"] {
            assert_eq!(get(&format!("/users/api/files{slash}")), Ok(Route::List(whole())));
            assert_eq!(get(&format!("/users/api/files/a/b{slash}")), Ok(Route::Read(file("a/b"), whole())));
            assert_eq!(
                get(&format!("/users/api/files/a%20b%2525{slash}")),
                Ok(Route::Read(file("a b%25"), whole()))
            );
        }
    }

    #[test]
    fn uploads_go_to_folders_and_the_root_cannot_be_deleted() {
        for path in ["/users/api/files/a", "/users/api/files/a/"] {
            assert_eq!(parse(&Method::POST, path).unwrap(), Route::Upload(folder("a"), Unpack::Yes));
            assert_eq!(parse(&Method::DELETE, path).unwrap(), Route::Delete(file("a")));
        }
        for path in ["/users/api/files", "/users/api/files/"] {
            assert_eq!(parse(&Method::POST, path).unwrap(), Route::Upload(folder(""), Unpack::Yes));
            assert_eq!(parse(&Method::DELETE, path).unwrap_err().status(), 405);
        }
    }

    #[test]
    fn the_query_of_a_post_says_what_it_is_for() {
        let post = |query: &str| parse(&Method::POST, &format!("/users/api/files/a?{query}"));
        assert_eq!(post("mkdir").unwrap(), Route::MakeFolder(folder("a")));
        assert_eq!(post("mkdir=1").unwrap(), Route::MakeFolder(folder("a")));
        assert_eq!(post("unpack=false").unwrap(), Route::Upload(folder("a"), Unpack::No));
        assert_eq!(post("other=1").unwrap(), Route::Upload(folder("a"), Unpack::Yes));
        for bad in ["mkdir=false", "mkdir=name", "unpack", "unpack=no", "unpack=true&unpack=false"] {
            assert_eq!(post(bad).unwrap_err().status(), 400, "{bad}");
        }
        assert_eq!(parse(&Method::PUT, "/users/api/files/a?mkdir").unwrap(), Route::Put(file("a")));
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
