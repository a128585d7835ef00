//! `Idempotency-Key`: a change that is asked for again, because its answer was lost, is done once.

use domain::{
    AccountId, AnsweredRequest, IdempotencyKey, IdempotencyStore, KeptAnswer, KeyedRequest, Known, Timestamp,
};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::error::ApiError;
use crate::request::Request;
use crate::response::{self, Response};

/// How long an answer is kept.
const KEPT_SECONDS: u64 = 24 * 3_600;

/// The key of a request, if it has one.
pub fn key(request: &Request) -> Result<Option<IdempotencyKey>, ApiError> {
    let mut lines = request.headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(ApiError::BadRequest("The header Idempotency-Key stands there twice.".into()));
    }
    let key = IdempotencyKey::parse(line.to_str().unwrap_or_default());
    key.map(Some).map_err(|error| ApiError::BadRequest(error.to_string()))
}

/// What is to be done about a request.
pub enum Begun {
    /// Its work. With a key the answer is to be kept, best in one step with what the work changes; and
    /// [`forget`] is to be told of a failure.
    Now(Option<KeyedRequest>),
    /// Nothing: the work was done before, and this was the answer.
    Before(Response),
}

/// Begins a request whose work is done once, however often it is sent with its key. The same key for another request is
/// refused. A request without a key is done each time. The work belongs to its process for `busy_seconds` at most.
pub async fn begin(
    store: &dyn IdempotencyStore,
    owner: &AccountId,
    request: &Request,
    now: Timestamp,
    busy_seconds: u64,
) -> Result<Begun, ApiError> {
    let Some(key) = key(request)? else { return Ok(Begun::Now(None)) };
    let keyed = KeyedRequest {
        key,
        fingerprint: fingerprint(request),
        busy_until: now.plus_seconds(busy_seconds),
        kept_until: now.plus_seconds(KEPT_SECONDS),
    };
    match store.begin(owner, &keyed, now).await? {
        Known::Nothing => Ok(Begun::Now(Some(keyed))),
        Known::Answered(kept) => again(kept).map(Begun::Before),
        Known::Busy => Err(busy()),
        Known::Other => Err(ApiError::Conflict(
            "This Idempotency-Key was used for another request: take a new key for each.".into(),
        )),
    }
}

/// The same request is being worked on elsewhere, or was.
#[must_use]
pub fn busy() -> ApiError {
    ApiError::Busy("This request is being worked on: ask again for its answer.".into())
}

/// Keeps the answer of a request whose work changes nothing that it could be kept with.
pub async fn keep(store: &dyn IdempotencyStore, owner: &AccountId, answered: Option<AnsweredRequest>) {
    let Some(answered) = answered else { return };
    if let Err(error) = store.keep(owner, &answered).await {
        // What was done is done, and the client should hear of it.
        tracing::warn!(error = response::chain(&error), "the answer to a request with a key was not kept");
    }
}

/// Forgets a request that has failed with `error`, and gives its answer. It has changed nothing, and may do better when it
/// is sent again: failures are not kept. But if it was sent before, and whoever was killed at it has decided it, it is
/// answered as it would have been then.
pub async fn forget(
    store: &dyn IdempotencyStore,
    owner: &AccountId,
    keyed: Option<&KeyedRequest>,
    error: ApiError,
) -> Result<Response, ApiError> {
    let Some(keyed) = keyed else { return Err(error) };
    match store.forget(owner, &keyed.key).await {
        Ok(None) => Err(error),
        Ok(Some(kept)) => again(kept),
        Err(failure) => {
            tracing::warn!(
                error = response::chain(&failure),
                "a failed request with a key is not forgotten until its time is over"
            );
            Err(error)
        }
    }
}

/// A request with its answer, as they are kept if it has a key.
#[must_use]
pub fn answered(keyed: Option<&KeyedRequest>, answer: &Response) -> Option<AnsweredRequest> {
    keyed.map(|request| AnsweredRequest { request: request.clone(), answer: kept(answer) })
}

fn kept(answer: &Response) -> KeptAnswer {
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
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        // The lengths keep two requests with their parts divided otherwise from being the same.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(request.method.as_str().as_bytes());
    add(request.path.as_bytes());
    for (name, value) in request.query.sorted() {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    add(&request.body);
    hash.finalize().into()
}
