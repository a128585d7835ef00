//! `POST /uploads/<id>/complete`: from parts to the file.

use bytes::{Bytes, BytesMut};
use domain::{
    Account, FileKey, FileUpload, OperationId, Sha256Digest, StoreError, UploadResult, Usage, UsageChange,
    Work,
};
use futures_util::StreamExt as _;
use ring::digest::{Context, SHA256};
use web::{ApiError, Response, idempotency};

use crate::App;
use crate::batch::Batch;
use crate::file_handle::{file_handle, folder_handle};
use crate::large_upload::{clear, compare, find, forget, gone, release};
use crate::occupied::refuse_collision;
use crate::open_upload::MAX_ZIP_BYTES;
use crate::recovery::recount;
use crate::turn::{Change, Failed, Turn};

/// Up to so many missing parts are named.
const MAX_NAMED_PARTS: usize = 20;

/// Joins the parts. The file appears all at once, and only if it is what was announced; asked again, the answer is the
/// same.
pub(crate) async fn complete_upload(change: &Change<'_>, id: &OperationId) -> Result<Response, ApiError> {
    let Change { app, owner, keyed } = change;
    let mut upload = find(app, owner, id).await?;
    let result = if let Some(result) = &upload.result {
        result.clone()
    } else {
        let result = settle(app, owner, &upload).await?;
        app.uploads.complete(&upload, &result).await?;
        upload.result = Some(result.clone());
        result
    };
    // By the request before, if it was not killed meanwhile.
    clear(app, &upload).await?;
    release(app, owner, &upload.id).await?;
    let answer = answer(&upload, &result);
    let answered = idempotency::answered(keyed.as_ref(), &answer);
    idempotency::keep(&*app.idempotency, &owner.id, answered).await;
    Ok(answer)
}

/// Brings what has arrived to its place. Doing it again changes nothing.
async fn settle(app: &App, owner: &Account, upload: &FileUpload) -> Result<UploadResult, ApiError> {
    if !upload.is_staged() {
        return place(app, owner, upload, Source::Parts).await;
    }
    join(app, upload).await?;
    verify(app, owner, upload).await?;
    if !upload.unpack {
        return place(app, owner, upload, Source::Staged).await;
    }
    let content = whole(app, upload).await?;
    let batch = Batch::of_zip(content, &upload.path.parent()).await?;
    let result = UploadResult { location: batch.location().to_string(), etag: None };
    batch.store(&Change::without_key(app, owner), answer(upload, &result)).await?;
    Ok(result)
}

fn answer(upload: &FileUpload, result: &UploadResult) -> Response {
    let status = "File(s) uploaded successfully";
    match &result.etag {
        Some(etag) => file_handle(status, &result.location, etag, upload.bytes),
        None => folder_handle(status, &result.location),
    }
}

/// Where the bytes of a file come from.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// The parts come together in the file's place.
    Parts,
    /// They have come together aside.
    Staged,
}

/// Puts the file in its place, when it is its turn.
async fn place(
    app: &App,
    owner: &Account,
    upload: &FileUpload,
    source: Source,
) -> Result<UploadResult, ApiError> {
    let path = upload.path.as_folder();
    // The answer is that to the whole request, and kept at its end.
    let change = Change::without_key(app, owner);
    let turn = Turn::begin(&change, Work::Put, vec![path], Usage::default()).await?;
    let placed = place_in(&turn, upload, source).await;
    let Joined { etag, earlier } = turn.finish(placed).await?;
    // The request that has joined them may not have come to count them.
    if earlier {
        recount(app, owner).await?;
    }
    Ok(UploadResult { location: upload.path.to_string(), etag: Some(etag) })
}

async fn place_in(
    turn: &Turn<'_>,
    upload: &FileUpload,
    source: Source,
) -> Result<(Joined, UsageChange), Failed> {
    let (app, owner) = (turn.app, &turn.owner.id);
    let key = FileKey::new(owner, upload.path.clone());
    let replaced = refuse_collision(&*app.files, owner, &upload.path).await?;
    let new = Usage { bytes: upload.bytes, files: 1 };
    let joined = match source {
        Source::Parts => match join(app, upload).await {
            Ok(joined) => joined,
            // They may be one file by now: whoever ends this operation counts what is there.
            Err(error @ ApiError::Unavailable(_)) => return Err(Failed { error, left_over: true }),
            Err(error) => return Err(error.into()),
        },
        Source::Staged => match copy_staged(turn, upload, &key).await {
            Ok(joined) => joined,
            // It may have happened.
            Err(error) => return Err(turn.take_back(error.into(), &[key], &[]).await),
        },
    };
    Ok((joined, UsageChange::between(replaced, new)))
}

/// Copies what has come together aside to its place.
async fn copy_staged(turn: &Turn<'_>, upload: &FileUpload, key: &FileKey) -> Result<Joined, StoreError> {
    let store = &*turn.app.files;
    if !store.copy(&upload.key(), key, &turn.operation.id).await? {
        return Err(StoreError::Conflict);
    }
    let state = store.state(key).await?.ok_or(StoreError::Conflict)?;
    Ok(Joined { etag: state.etag, earlier: false })
}

/// Parts that are one file now.
struct Joined {
    etag: String,
    /// Whether they were before this request.
    earlier: bool,
}

/// Joins the parts. Parts that were joined before, by a request whose answer was lost, stay so.
async fn join(app: &App, upload: &FileUpload) -> Result<Joined, ApiError> {
    let key = upload.key();
    let received = app.parts.parts(&key, &upload.store_id).await?;
    if let Some(received) = received {
        let (arrived, missing) = compare(upload, &received);
        if !missing.is_empty() {
            let named: Vec<_> = missing.iter().take(MAX_NAMED_PARTS).map(ToString::to_string).collect();
            return Err(ApiError::Conflict(format!(
                "{} of {} parts have not arrived, among them {}: GET /users/api/uploads/{} tells where to send them.",
                missing.len(),
                upload.part_numbers().count(),
                named.join(", "),
                upload.id,
            )));
        }
        match app.parts.join_parts(&key, &upload.store_id, &arrived).await {
            Ok(etag) => return Ok(Joined { etag, earlier: false }),
            // They may have been joined by a call whose answer was lost.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let joined = app.parts.stored_by(&key, &upload.id).await?.filter(|state| state.bytes == upload.bytes);
    joined.map(|state| Joined { etag: state.etag, earlier: true }).ok_or_else(gone)
}

/// Reads the joined file and compares it with what was announced. One that is another is dropped.
async fn verify(app: &App, owner: &Account, upload: &FileUpload) -> Result<(), ApiError> {
    let Some(announced) = upload.sha256 else { return Ok(()) };
    let (_, mut content) = app.files.open(&upload.key()).await?.ok_or_else(gone)?;
    let mut hash = Context::new(&SHA256);
    while let Some(piece) = content.next().await {
        hash.update(&piece?);
    }
    let digest =
        <[u8; 32]>::try_from(hash.finish().as_ref()).map_err(|error| ApiError::Internal(error.into()))?;
    if Sha256Digest::new(digest) == announced {
        return Ok(());
    }
    forget(app, owner, upload).await?;
    Err(ApiError::BadRequest(
        "What has arrived has another SHA-256 than was announced. Nothing was stored: upload the file again."
            .into(),
    ))
}

/// The whole of a joined zip.
async fn whole(app: &App, upload: &FileUpload) -> Result<Bytes, ApiError> {
    let (state, mut content) = app.files.open(&upload.key()).await?.ok_or_else(gone)?;
    let bytes =
        usize::try_from(state.bytes.min(MAX_ZIP_BYTES)).map_err(|error| ApiError::Internal(error.into()))?;
    let mut whole = BytesMut::with_capacity(bytes);
    while let Some(piece) = content.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::Value;

    use crate::testing::{World, zip_of};

    async fn open(world: &World, body: &str) -> Value {
        let (status, answer) = world.post_json("uploads", body).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    /// Sends all parts that an answer asks for, cut out of `content`.
    fn send(world: &World, answer: &Value, content: &[u8]) {
        let part_size = answer["partSize"].as_u64().unwrap();
        for part in answer["parts"].as_array().unwrap() {
            let (number, size) = (part["number"].as_u64().unwrap(), part["size"].as_u64().unwrap());
            let begin = usize::try_from((number - 1) * part_size).unwrap();
            let end = begin + usize::try_from(size).unwrap();
            let piece = Bytes::copy_from_slice(&content[begin..end]);
            assert!(world.store.receive(part["url"].as_str().unwrap(), piece));
        }
    }

    #[tokio::test]
    async fn a_large_file_appears_when_all_its_parts_have_come() {
        let world = World::new().await;
        let content: Vec<u8> = (0..20_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let opened = open(&world, r#"{"path":"/run/out.eso","size":20000000}"#).await;
        let id = opened["id"].as_str().unwrap();
        assert_eq!(
            (opened["partSize"].as_u64(), opened["parts"].as_array().map(Vec::len)),
            (Some(8 << 20), Some(3))
        );
        assert_eq!(opened["expires"], "2026-09-22T14:13:20Z");
        let mut first = opened.clone();
        first["parts"] = Value::Array(vec![opened["parts"][1].clone()]);
        send(&world, &first, &content);
        let (status, body) = world.post(&format!("uploads/{id}/complete")).await;
        assert!(status == 409 && body.contains("2 of 3 parts have not arrived, among them 1, 3"), "{body}");
        assert_eq!(world.get("files").await.0, 200);
        assert!(world.paths().is_empty());
        let (_, body) = world.get(&format!("uploads/{id}")).await;
        let rest: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(rest["received"], serde_json::json!([{"number": 2, "size": 8 << 20}]));
        send(&world, &rest, &content);
        assert_eq!(world.usage().await, (0, 0));
        for _ in 0..2 {
            let (status, body) = world.post(&format!("uploads/{id}/complete")).await;
            assert!(status == 200 && body.contains(r#""fileHandle":"run/out.eso""#), "{body}");
            assert!(body.ends_with(r#""fileSize":20000000}"#), "{body}");
        }
        assert_eq!(world.usage().await, (20_000_000, 1));
        assert!(world.download("files/run/out.eso").await.1 == content);
        assert_eq!(world.get(&format!("uploads/{id}")).await.0, 409);
        assert_eq!(world.delete(&format!("uploads/{id}")).await.0, 409);
    }

    #[tokio::test]
    async fn a_file_with_another_checksum_never_appears() {
        let world = World::new().await;
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let body = format!(r#"{{"path":"abc","size":3,"sha256":"{sha256}"}}"#);
        let wrong = open(&world, &body).await;
        send(&world, &wrong, b"abd");
        let id = wrong["id"].as_str().unwrap();
        let (status, answer) = world.post(&format!("uploads/{id}/complete")).await;
        assert!(status == 400 && answer.contains("another SHA-256"), "{answer}");
        assert_eq!(world.post(&format!("uploads/{id}/complete")).await.0, 404);
        assert_eq!((world.paths(), world.usage().await), (Vec::new(), (0, 0)));
        let right = open(&world, &body).await;
        send(&world, &right, b"abc");
        assert_eq!(world.post(&format!("uploads/{}/complete", right["id"].as_str().unwrap())).await.0, 200);
        assert_eq!((world.paths(), world.usage().await), (vec!["abc=abc".to_owned()], (3, 1)));
    }

    #[tokio::test]
    async fn a_zip_is_unpacked_when_it_is_complete_or_not_at_all() {
        let world = World::new().await;
        let zip = zip_of(&[("X/a", b"one"), ("X/b", b"two")]);
        let body = format!(r#"{{"path":"F/job.zip","size":{},"unpack":true}}"#, zip.len());
        let opened = open(&world, &body).await;
        send(&world, &opened, &zip);
        let path = format!("uploads/{}/complete", opened["id"].as_str().unwrap());
        for _ in 0..2 {
            let (status, answer) = world.post(&path).await;
            assert!(status == 200 && answer.contains(r#""fileHandle":"F/X""#), "{answer}");
        }
        assert_eq!(
            (world.paths(), world.usage().await),
            (vec!["F/X/a=one".into(), "F/X/b=two".into()], (6, 2))
        );
        let opened = open(&world, r#"{"path":"job.zip","size":9,"unpack":true}"#).await;
        send(&world, &opened, b"not a zip");
        assert_eq!(world.post(&format!("uploads/{}/complete", opened["id"].as_str().unwrap())).await.0, 400);
        assert_eq!(world.delete(&format!("uploads/{}", opened["id"].as_str().unwrap())).await.0, 200);
        assert_eq!((world.paths().len(), world.usage().await), (2, (6, 2)));
    }

    #[tokio::test]
    async fn an_upload_keeps_its_room_until_it_ends_or_expires() {
        let world = World::new().await;
        world.allow(100, 10);
        let opened = open(&world, r#"{"path":"a","size":80}"#).await;
        let id = opened["id"].as_str().unwrap();
        assert_eq!(world.post_json("uploads", r#"{"path":"b","size":80}"#).await.0, 413);
        assert_eq!(world.put("files/c", &[], &[0; 21]).await.0, 413);
        assert_eq!(world.delete(&format!("uploads/{id}")).await.0, 200);
        assert_eq!(world.get(&format!("uploads/{id}")).await.0, 404);
        open(&world, r#"{"path":"b","size":80}"#).await;
        world.clock.advance(24 * 3_600 - 10);
        assert_eq!(world.put("files/c", &[], &[0; 21]).await.0, 413);
        world.clock.advance(10);
        let world = world.again().await;
        assert_eq!(world.put("files/c", &[], &[0; 21]).await.0, 200);
        assert_eq!(world.usage().await, (21, 1));
    }

    #[tokio::test]
    async fn nobody_else_sees_or_touches_an_upload() {
        let world = World::new().await;
        let opened = open(&world, r#"{"path":"a","size":3}"#).await;
        let id = opened["id"].as_str().unwrap();
        send(&world, &opened, b"abc");
        let eve = world.other().await;
        assert_eq!(eve.get(&format!("uploads/{id}")).await.0, 404);
        assert_eq!(eve.post(&format!("uploads/{id}/complete")).await.0, 404);
        assert_eq!(eve.delete(&format!("uploads/{id}")).await.0, 404);
        for forged in ["x", "", &id[1..], &id.to_uppercase(), "%2e%2e", &format!("{id}0")] {
            assert_eq!(eve.post(&format!("uploads/{forged}/complete")).await.0, 404, "{forged}");
        }
        assert_eq!(world.post(&format!("uploads/{id}/complete")).await.0, 200);
        assert_eq!(world.paths(), ["a=abc"]);
    }

    #[tokio::test]
    async fn what_cannot_be_uploaded_is_refused_before_a_byte_is_sent() {
        let world = World::new().await;
        world.put("files/file", &[], b"x").await;
        for (body, status) in [
            (r#"{"path":"a","size":0}"#, 400),
            (r#"{"path":"a","size":-1}"#, 400),
            (r#"{"path":"a","size":1.5}"#, 400),
            (r#"{"path":"a","size":99999999999999999999}"#, 400),
            (r#"{"path":"a","size":5368709121}"#, 413),
            (r#"{"path":"a","size":18446744073709551615}"#, 413),
            (r#"{"path":"a.zip","size":268435457,"unpack":true}"#, 413),
            (r#"{"path":"../a","size":1}"#, 400),
            (r#"{"path":"","size":1}"#, 400),
            (r#"{"path":"file/x","size":1}"#, 409),
            (r#"{"path":"a","size":1,"sha256":"abc"}"#, 400),
            (r#"{"path":"a"}"#, 400),
        ] {
            let (code, answer) = world.post_json("uploads", body).await;
            assert_eq!(code, status, "{body}: {answer}");
        }
        assert_eq!(world.usage().await, (1, 1));
    }
}
