//! `HEAD` of a file or a folder: what `GET` would say about it.

use domain::{AccountId, FileKey, FileStore, FolderKey, FolderPath};
use http::{HeaderValue, header};
use web::{ApiError, Body, Request, Response};

use crate::download::{describe, unread};

/// The size, state and type of a file; of a folder only that it exists. Neither is read.
pub(crate) async fn head(
    files: &dyn FileStore,
    owner: &AccountId,
    path: FolderPath,
    request: &Request,
) -> Result<Response, ApiError> {
    if let Some(file) = path.as_file() {
        let key = FileKey::new(owner, file);
        if let Some(state) = files.state(&key).await? {
            if let Some(answer) = unread(&key, &state, &request.headers)? {
                return Ok(answer);
            }
            let mut answer = Response::new(Body::default());
            describe(answer.headers_mut(), &key, &state)?;
            answer.headers_mut().insert(header::CONTENT_LENGTH, state.bytes.into());
            return Ok(answer);
        }
    }
    if !files.has_folder(&FolderKey::new(owner, path.clone())).await? {
        return Err(ApiError::NotFound(format!("{path} is not found")));
    }
    let mut answer = Response::new(Body::default());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn a_head_says_what_a_get_would_without_the_bytes() {
        let world = World::new().await;
        world.put("files/a/b.csv", &[("content-type", "text/csv")], b"1,2").await;
        let (get, _) = world.download("files/a/b.csv").await;
        let (status, head, body) = world.head("files/a/b.csv", &[]).await;
        assert_eq!((status, head, body), (200, get, String::new()));
        let (status, _, body) = world.head("files/a/b.csv", &[("if-none-match", "*")]).await;
        assert_eq!((status, body.as_str()), (304, ""));
    }

    #[tokio::test]
    async fn a_head_tells_whether_there_is_a_folder() {
        let world = World::new().await;
        world.put("files/a/b.csv", &[], b"1").await;
        for (path, status) in
            [("files", 200), ("files/a", 200), ("files/a/", 200), ("files/x", 404), ("files/a/b.csv/c", 404)]
        {
            assert_eq!(world.head(path, &[]).await.0, status, "{path}");
        }
    }
}
