//! `PUT /files/<file>`: one file as raw bytes.

use domain::{FileKey, FilePath, MediaType, NewFile, Replaces, StoreError, Usage, UsageChange, Work};
use http::{HeaderValue, header};
use web::{ApiError, Request, Response};

use crate::App;
use crate::file_handle::file_handle;
use crate::occupied::refuse_collision;
use crate::precondition::{self, Precondition};
use crate::turn::{Change, Failed, Turn};

/// Stores the body as a file, whatever its name; a zip stays whole. `If-Match` and `If-None-Match: *` keep what somebody
/// else has stored meanwhile.
pub(crate) async fn put(
    change: &Change<'_>,
    path: FilePath,
    request: &Request,
) -> Result<Response, ApiError> {
    let media_type = request.content_type().map(MediaType::parse).transpose();
    let media_type = media_type.map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let new = Usage { bytes: request.body.len() as u64, files: 1 };
    let turn = Turn::begin(change, Work::Put, vec![path.as_folder()], new).await?;
    let stored = store(&turn, &path, media_type, request).await;
    let stored = stored.and_then(|(etag, replaced)| {
        Ok((answer(&path, &etag, new.bytes)?, UsageChange::between(replaced, new)))
    });
    turn.answer(stored).await
}

fn answer(path: &FilePath, etag: &str, bytes: u64) -> Result<Response, ApiError> {
    let mut answer = file_handle("File stored successfully", path.as_str(), etag, bytes);
    let tag = HeaderValue::from_str(etag).map_err(|error| ApiError::Internal(error.into()))?;
    answer.headers_mut().insert(header::ETAG, tag);
    Ok(answer)
}

/// The new entity tag, and what was replaced.
async fn store(
    turn: &Turn<'_>,
    path: &FilePath,
    media_type: Option<MediaType>,
    request: &Request,
) -> Result<(String, Usage), Failed> {
    let (store, owner, operation) = (&*turn.app.files, &turn.owner.id, &turn.operation.id);
    let replaced = refuse_collision(store, owner, path).await?;
    let key = FileKey::new(owner, path.clone());
    let file = NewFile {
        content: request.body.clone(),
        media_type,
        replaces: replaces(turn.app, &key, request).await?,
    };
    match store.put(&key, file, operation).await {
        Ok(etag) => Ok((etag, replaced)),
        Err(StoreError::Conflict) => Err(precondition::failed(None).into()),
        // It may have arrived.
        Err(error) => Err(turn.take_back(error.into(), &[key], &[]).await),
    }
}

/// What the request's conditions hold for is what the put insists on: between the look and the put it may change.
async fn replaces(app: &App, key: &FileKey, request: &Request) -> Result<Replaces, ApiError> {
    if !precondition::is_conditional(&request.headers) {
        return Ok(Replaces::Anything);
    }
    let state = app.files.state(key).await?;
    match Precondition::evaluate(&request.headers, state.as_ref(), false) {
        Precondition::Holds => Ok(state.map_or(Replaces::Nothing, |state| Replaces::State(state.etag))),
        Precondition::NotModified | Precondition::Failed => Err(precondition::failed(state.as_ref())),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn a_file_is_stored_as_it_is_with_its_type() {
        let world = World::new().await;
        let all_bytes: Vec<u8> = (0..=255).collect();
        let (status, body) =
            world.put("files/a/b.zip", &[("content-type", "application/zip")], &all_bytes).await;
        let handle = r#""fileHandle":"a/b.zip","callback":"/users/api/files/a/b.zip""#;
        assert!(status == 200 && body.contains(handle) && body.ends_with(r#""fileSize":256}"#), "{body}");
        let (headers, content) = world.download("files/a/b.zip").await;
        assert_eq!((content, &headers["content-type"]), (all_bytes, &"application/zip".parse().unwrap()));
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(world.put("files/a/b.zip/", &[], b"").await.0, 200);
        let (headers, content) = world.download("files/a/b.zip").await;
        assert_eq!(
            (content.len(), &headers["content-type"]),
            (0, &"application/octet-stream".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn nobody_overwrites_what_they_have_not_seen() {
        let world = World::new().await;
        assert_eq!(world.put("files/a", &[("if-none-match", "*")], b"1").await.0, 200);
        assert_eq!(world.put("files/a", &[("if-none-match", "*")], b"2").await.0, 412);
        let etag = world.download("files/a").await.0["etag"].to_str().unwrap().to_owned();
        assert_eq!(world.put("files/a", &[("if-match", &etag)], b"3").await.0, 200);
        let (status, text) = world.put("files/a", &[("if-match", &etag)], b"4").await;
        assert!(status == 412 && text.contains("Read it again"), "{text}");
        assert_eq!(world.put("files/nowhere", &[("if-match", "*")], b"5").await.0, 412);
        assert_eq!(world.paths(), ["a=3"]);
    }

    #[tokio::test]
    async fn a_put_refuses_folders_roots_and_types_that_are_none() {
        let world = World::new().await;
        world.upload("files/a/b", &[("c", b"1")]).await;
        assert_eq!(world.put("files/a", &[], b"x").await.0, 409);
        assert_eq!(world.put("files/a/b/c/d", &[], b"x").await.0, 409);
        assert_eq!(world.put("files", &[], b"x").await.0, 405);
        assert_eq!(world.put("files/x", &[("content-type", "no type")], b"x").await.0, 400);
        assert_eq!(world.paths(), ["a/b/c=1"]);
    }
}
