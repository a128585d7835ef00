//! `GET /files/<file>`: the bytes of a file, exactly; all of them or a part.

use std::ops::Range;

use domain::{AccountId, Content, FileKey, FilePath, FileState, FileStore, MediaType, StoreError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use web::{ApiError, Body, Request, Response, response};

use crate::attachment::attachment;
use crate::precondition::{self, Precondition, http_date};
use crate::range::Asked;

/// The largest answer that Lambda streams, in bytes (AWS Lambda quotas, "Response streaming"), with room for its head.
/// More than that is read from the bucket itself.
pub(crate) const MAX_STREAMED_BYTES: u64 = 200_000_000 - 64 * 1024;

/// How long the address of a large file in the bucket is valid.
const LINK_SECONDS: u64 = 300;

/// How often a file is looked at again that is replaced while a part of it is being opened.
const TRIES: usize = 3;

/// The file, or the part that the request asks for; `None` when there is none at this path.
///
/// Whatever the file holds, a browser keeps it as a download: it is never shown, run or framed as our page.
pub(crate) async fn download(
    files: &dyn FileStore,
    owner: &AccountId,
    path: FilePath,
    request: &Request,
) -> Result<Option<Response>, ApiError> {
    let key = FileKey::new(owner, path);
    let asks_for_state =
        precondition::is_conditional(&request.headers) || request.headers.contains_key(header::RANGE);
    if !asks_for_state {
        let Some((state, content)) = files.open(&key).await? else { return Ok(None) };
        return send(files, &key, &state, None, content).await.map(Some);
    }
    for _ in 0..TRIES {
        let Some(state) = files.state(&key).await? else { return Ok(None) };
        if let Some(answer) = unread(&key, &state, &request.headers)? {
            return Ok(Some(answer));
        }
        let part = part(&request.headers, &state)?;
        let range = part.clone().unwrap_or(0..state.bytes);
        if let Some(content) = files.open_part(&key, &state, range).await? {
            return send(files, &key, &state, part, content).await.map(Some);
        }
    }
    Err(StoreError::Conflict.into())
}

/// The answer to conditions that make reading the file needless.
pub(crate) fn unread(
    key: &FileKey,
    state: &FileState,
    headers: &HeaderMap,
) -> Result<Option<Response>, ApiError> {
    match Precondition::evaluate(headers, Some(state), true) {
        Precondition::Holds => Ok(None),
        Precondition::Failed => Err(precondition::failed(Some(state))),
        Precondition::NotModified => {
            let mut answer = Response::new(Body::default());
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            describe(answer.headers_mut(), key, state)?;
            Ok(Some(answer))
        }
    }
}

/// The part of the file that the request asks for; `None` for the whole.
fn part(headers: &HeaderMap, state: &FileState) -> Result<Option<Range<u64>>, ApiError> {
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    match asked.filter(|_| precondition::range_applies(headers, state)) {
        None => Ok(None),
        Some(asked) => match Asked::parse(asked, state.bytes) {
            Asked::Whole => Ok(None),
            Asked::Part(range) => Ok(Some(range)),
            Asked::Nothing => Err(ApiError::RangeNotSatisfiable { bytes: state.bytes }),
        },
    }
}

/// The answer with its bytes, or with the address where they are.
async fn send(
    files: &dyn FileStore,
    key: &FileKey,
    state: &FileState,
    part: Option<Range<u64>>,
    content: Content,
) -> Result<Response, ApiError> {
    let bytes = part.as_ref().map_or(state.bytes, |range| range.end - range.start);
    if bytes > MAX_STREAMED_BYTES {
        return redirect(files, key).await;
    }
    let mut answer = Response::new(Body::Stream(content));
    describe(answer.headers_mut(), key, state)?;
    answer.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
    if let Some(range) = part {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {}-{}/{}", range.start, range.end - 1, state.bytes);
        answer.headers_mut().insert(header::CONTENT_RANGE, value(&header::CONTENT_RANGE, &range)?);
    }
    Ok(answer)
}

async fn redirect(files: &dyn FileStore, key: &FileKey) -> Result<Response, ApiError> {
    redirect_to(&files.link(key, &attachment(key.path().name()), LINK_SECONDS).await?, LINK_SECONDS)
}

/// The answer that sends a reader to the bucket.
pub(crate) fn redirect_to(url: &str, seconds: u64) -> Result<Response, ApiError> {
    let mut answer = response::success(&format!(
        "This is too large for one answer: read it from the address in Location within {seconds} seconds (curl -L)."
    ));
    *answer.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let mut url = value(&header::LOCATION, url)?;
    url.set_sensitive(true);
    answer.headers_mut().insert(header::LOCATION, url);
    Ok(answer)
}

/// What is said about a file with its bytes and without.
pub(crate) fn describe(headers: &mut HeaderMap, key: &FileKey, state: &FileState) -> Result<(), ApiError> {
    let media_type = state.media_type.as_ref().map_or("application/octet-stream", MediaType::as_str);
    download_headers(headers, key.path().name(), media_type)?;
    headers.insert(header::ETAG, value(&header::ETAG, &state.etag)?);
    headers.insert(header::LAST_MODIFIED, http_date(state.modified)?);
    Ok(())
}

/// What keeps a download from being shown or run.
pub(crate) fn download_headers(
    headers: &mut HeaderMap,
    name: &str,
    media_type: &str,
) -> Result<(), ApiError> {
    let lines = [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_DISPOSITION, &attachment(name)),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'"),
        (header::CONTENT_TYPE, media_type),
        // A script of the right type would otherwise run in any page of the same site that names it.
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, text) in lines {
        let value = value(&name, text)?;
        headers.insert(name, value);
    }
    Ok(())
}

fn value(name: &HeaderName, text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text).map_err(|_| ApiError::Internal(format!("{name} cannot be written").into()))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn all_256_byte_values_come_back_whatever_the_name_claims() {
        let world = World::new().await;
        let all_bytes: Vec<u8> = (0..=255).collect();
        for name in ["a.bin", "a.txt", "a.html", "a.json", "a.csv"] {
            world.upload("files", &[(name, &all_bytes)]).await;
            let (headers, content) = world.download(&format!("files/{name}")).await;
            assert_eq!(content, all_bytes, "{name}");
            assert_eq!(
                (&headers["content-type"], &headers["content-length"]),
                (&"application/octet-stream".parse().unwrap(), &"256".parse().unwrap())
            );
        }
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_read_exactly() {
        let world = World::new().await;
        world.put("files/a", &[], b"0123456789").await;
        for (range, content, content_range) in [
            ("bytes=0-3", "0123", "bytes 0-3/10"),
            ("bytes=8-", "89", "bytes 8-9/10"),
            ("bytes=-1", "9", "bytes 9-9/10"),
            ("bytes=5-100", "56789", "bytes 5-9/10"),
        ] {
            let (status, headers, body) = world.get_with("files/a", &[("range", range)]).await;
            assert_eq!((status, body.as_str()), (206, content), "{range}");
            assert_eq!(headers["content-range"], content_range);
            assert_eq!(headers["content-length"], content.len().to_string());
            assert_eq!(headers["accept-ranges"], "bytes");
        }
        let (status, headers, body) = world.get_with("files/a", &[("range", "bytes=10-")]).await;
        assert_eq!((status, &headers["content-range"]), (416, &"bytes */10".parse().unwrap()));
        assert!(body.starts_with(r#"{"ok":false"#), "{body}");
        for whole in ["bytes=0-1,3-4", "lines=1-2", "bytes=9-1"] {
            assert_eq!(world.get_with("files/a", &[("range", whole)]).await.0, 200, "{whole}");
        }
    }

    #[tokio::test]
    async fn a_part_goes_on_only_with_the_file_that_was_begun() {
        let world = World::new().await;
        world.put("files/a", &[], b"old").await;
        let etag = world.download("files/a").await.0["etag"].to_str().unwrap().to_owned();
        let resume = [("range", "bytes=1-"), ("if-range", etag.as_str())];
        assert_eq!(world.get_with("files/a", &resume).await.2, "ld");
        world.put("files/a", &[], b"new").await;
        let (status, _, body) = world.get_with("files/a", &resume).await;
        assert_eq!((status, body.as_str()), (200, "new"));
        let strict = [("range", "bytes=1-"), ("if-match", etag.as_str())];
        assert_eq!(world.get_with("files/a", &strict).await.0, 412);
    }

    #[tokio::test]
    async fn who_has_the_present_file_is_not_sent_it_again() {
        let world = World::new().await;
        world.put("files/a", &[], b"x").await;
        let (headers, _) = world.download("files/a").await;
        for name in ["etag", "last-modified"] {
            let condition = if name == "etag" { "if-none-match" } else { "if-modified-since" };
            let value = headers[name].to_str().unwrap();
            let (status, answer, body) = world.get_with("files/a", &[(condition, value)]).await;
            assert_eq!((status, body.as_str(), &answer["etag"]), (304, "", &headers["etag"]), "{condition}");
        }
        assert_eq!(world.get_with("files/a", &[("if-none-match", "\"other\"")]).await.2, "x");
        assert_eq!(world.get_with("files/missing", &[("if-none-match", "*")]).await.0, 404);
    }

    #[tokio::test]
    async fn a_download_cannot_run_as_our_page() {
        let world = World::new().await;
        world.upload("files", &[("evil.html", b"<script>alert(1)</script>")]).await;
        let (headers, _) = world.download("files/evil.html").await;
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
        assert!(
            headers["content-security-policy"].to_str().unwrap().starts_with("sandbox; default-src 'none'")
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "private, no-cache");
    }

    #[tokio::test]
    async fn the_file_of_somebody_else_does_not_exist() {
        let world = World::new().await;
        world.upload("files", &[("mine.idf", b"x")]).await;
        let eve = world.other().await;
        assert_eq!(eve.get("files/mine.idf").await.0, 404);
    }
}
