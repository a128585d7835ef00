//! `Idempotency-Key`: a change that is asked for again, because its answer was lost, is done once.

use aws_lc_rs::digest::{Context, SHA256};
use domain::{Account, IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use http::{HeaderValue, StatusCode, header};
use web::{ApiError, Request, Response, response};

use crate::App;
use crate::turn::LEASE_SECONDS;

/// How long an answer is kept.
const KEPT_SECONDS: u64 = 24 * 3_600;

/// A request whose answer is to be kept.
pub(crate) struct Keyed(KeyedRequest);

/// What comes before a change is made.
pub(crate) enum Before {
    /// It has no key.
    Unkeyed,
    /// It is the first of its key, or the first of it came to nothing.
    First(Keyed),
    /// It was answered.
    Answered(Response),
}

/// The key of a request, if it has one.
pub(crate) fn key(request: &Request) -> Result<Option<IdempotencyKey>, ApiError> {
    let mut lines = request.headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(ApiError::BadRequest("The header Idempotency-Key stands there twice.".into()));
    }
    let key = IdempotencyKey::parse(line.to_str().unwrap_or_default());
    key.map(Some).map_err(|error| ApiError::BadRequest(error.to_string()))
}

/// Looks whether the request was sent before. The same key for another request is refused.
pub(crate) async fn before(app: &App, owner: &Account, request: &Request) -> Result<Before, ApiError> {
    let Some(key) = key(request)? else { return Ok(Before::Unkeyed) };
    let now = app.now();
    let keyed = KeyedRequest {
        key,
        fingerprint: fingerprint(request),
        // As long as what it does belongs to its process.
        busy_until: now.plus_seconds(LEASE_SECONDS),
        kept_until: now.plus_seconds(KEPT_SECONDS),
    };
    match app.idempotency.begin(&owner.id, &keyed, now).await? {
        Known::Nothing => Ok(Before::First(Keyed(keyed))),
        Known::Answered(kept) => again(kept).map(Before::Answered),
        Known::Busy => {
            Err(ApiError::Busy("This request is being worked on: ask again for its answer.".into()))
        }
        Known::Other => Err(ApiError::Conflict(
            "This Idempotency-Key was used for another request: take a new key for each.".into(),
        )),
    }
}

impl Keyed {
    /// Keeps the answer. Who has failed has changed nothing, and may do better when the request is sent again.
    pub(crate) async fn after(
        self,
        app: &App,
        owner: &Account,
        answer: Result<Response, ApiError>,
    ) -> Result<Response, ApiError> {
        let kept = match &answer {
            Ok(answer) => app.idempotency.keep(&owner.id, &self.0, &keep(answer)).await,
            Err(_) => app.idempotency.forget(&owner.id, &self.0.key).await,
        };
        if let Err(error) = kept {
            // What was done is done, and the client should hear of it.
            tracing::warn!(%error, "the answer to a request with a key was not kept");
        }
        answer
    }
}

fn keep(answer: &Response) -> KeptAnswer {
    let body = answer.body().as_whole().map(|body| String::from_utf8_lossy(body).into_owned());
    let etag = answer.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
    KeptAnswer {
        status: answer.status().as_u16(),
        body: body.unwrap_or_default(),
        etag: etag.map(str::to_owned),
    }
}

fn again(kept: KeptAnswer) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(kept.status).map_err(|error| ApiError::Internal(error.into()))?;
    let mut answer = response::json_bytes(status, kept.body.into_bytes().into());
    if let Some(etag) = kept.etag {
        let etag = HeaderValue::from_str(&etag).map_err(|error| ApiError::Internal(error.into()))?;
        answer.headers_mut().insert(header::ETAG, etag);
    }
    Ok(answer)
}

/// What tells a request from every other: all that decides on what it does.
fn fingerprint(request: &Request) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    let mut add = |part: &[u8]| {
        // The lengths keep two requests with their parts divided otherwise from being the same.
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(request.method.as_str().as_bytes());
    add(request.path.as_bytes());
    for (name, value) in request.query.sorted() {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    add(&request.body);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    const KEY: (&str, &str) = ("idempotency-key", "3f1c");

    #[tokio::test]
    async fn a_change_that_is_sent_twice_is_made_once_and_answered_twice() {
        let world = World::new().await;
        world.put("files/a", &[], b"x").await;
        let moved = world.post_with("files/a?move=b", &[KEY]).await;
        assert_eq!(moved.0, 200);
        world.put("files/a", &[], b"another").await;
        assert_eq!(world.post_with("files/a?move=b", &[KEY]).await, moved);
        assert_eq!(world.paths(), ["a=another", "b=x"]);
        let keyed = [("if-none-match", "*"), ("idempotency-key", "put")];
        let stored = world.put("files/c", &keyed, b"1").await;
        assert_eq!(stored.0, 200);
        assert_eq!(world.put("files/c", &keyed, b"1").await, stored);
        world.clock.advance(24 * 3_600);
        let world = world.again().await;
        assert_eq!(world.put("files/c", &keyed, b"1").await.0, 412, "a day later it is forgotten");
    }

    #[tokio::test]
    async fn what_has_failed_may_be_sent_again() {
        let world = World::new().await;
        assert_eq!(world.post_with("files/a?move=b", &[KEY]).await.0, 404);
        world.put("files/a", &[], b"x").await;
        assert_eq!(world.post_with("files/a?move=b", &[KEY]).await.0, 200);
    }

    #[tokio::test]
    async fn a_key_is_for_one_request_of_one_user() {
        let world = World::new().await;
        world.put("files/a", &[KEY], b"1").await;
        for (path, content) in [("files/a", b"2"), ("files/b", b"1"), ("files/a/", b"1")] {
            assert_eq!(world.put(path, &[KEY], content).await.0, 409, "{path}");
        }
        let eve = world.other().await;
        assert_eq!(eve.put("files/a", &[KEY], b"2").await.0, 200);
        for bad in ["", "a b", &"x".repeat(256)] {
            assert_eq!(world.put("files/c", &[("idempotency-key", bad)], b"1").await.0, 400, "{bad}");
        }
        assert_eq!(world.get_with("files/a", &[KEY]).await.0, 200, "reading needs no key");
    }

    #[tokio::test]
    async fn an_upload_in_parts_is_opened_once() {
        let world = World::new().await;
        let body = r#"{"path":"a","size":3}"#;
        let open = async || {
            let (status, answer) = world.post_json_with("uploads", &[KEY], body).await;
            assert_eq!(status, 200, "{answer}");
            let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
            answer["id"].as_str().unwrap().to_owned()
        };
        let id = open().await;
        assert_eq!(open().await, id);
        let (_, answer) = world.get(&format!("uploads/{id}")).await;
        assert!(answer.contains(r#""number":1"#));
        let other = world.post_json_with("uploads", &[("idempotency-key", "other")], body).await;
        assert!(!other.1.contains(&id));
    }
}
