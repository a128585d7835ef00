//! A bucket of canned answers, so that a function's own work is what is measured.
//!
//! The name of an object says how large it is, that of a folder how many files it has, and how large each is unless they have
//! 100 KB: `of-1000000-bytes.bin`, `folder-of-20/`, `each-of-1000/folder-of-20/`. What is put is counted and forgotten. The real meaning of S3 is checked by the contract tests, not here.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http_body_util::BodyExt as _;
use stack::Error;
use stack::runtime_api::listen;

/// What S3 gives in one page of a listing.
const PAGE: usize = 1_000;

/// The pieces in which contents arrive.
const PIECE: &[u8] = &[b'x'; 64 << 10];

const ETAG: &str = "\"0123456789abcdef0123456789abcdef\"";
/// The bucket keeps versions, as the real one does.
const VERSION: [(&str, &str); 1] = [("x-amz-version-id", "1")];
const MODIFIED: &str = "Fri, 27 Nov 2026 12:00:00 GMT";

/// The running bucket.
#[derive(Default)]
pub(crate) struct CannedBucket {
    listings: AtomicUsize,
    /// The sizes of parts, by number, of the uploads that are open.
    parts: Mutex<HashMap<String, HashMap<usize, usize>>>,
    /// The sizes of what uploads in parts made.
    made: Mutex<HashMap<String, usize>>,
}

impl CannedBucket {
    /// Serves on a free port; gives the URL.
    pub(crate) async fn start() -> Result<(Arc<Self>, String), Error> {
        let bucket = Arc::new(Self::default());
        let address = listen(Router::new().fallback(answer).with_state(bucket.clone())).await?;
        Ok((bucket, format!("http://{address}")))
    }

    /// How many pages were listed.
    pub(crate) fn listings(&self) -> usize {
        self.listings.load(Ordering::Relaxed)
    }

    fn size(&self, key: &str) -> Option<usize> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        made.or_else(|| number_in(key, "of-", "-bytes"))
    }

    fn list(&self, query: &HashMap<String, String>) -> Response {
        self.listings.fetch_add(1, Ordering::Relaxed);
        let prefix = query.get("prefix").map_or("", String::as_str);
        let files = number_in(prefix, "folder-of-", "/").unwrap_or_default();
        let begin = query.get("continuation-token").and_then(|token| token.parse().ok()).unwrap_or_default();
        let asked = query.get("max-keys").and_then(|most| most.parse().ok()).unwrap_or(PAGE);
        let end = files.min(begin + asked.min(PAGE));
        let bytes = number_in(prefix, "each-of-", "/").unwrap_or(LISTED_BYTES);
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
             xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>users-files</Name><Prefix>{prefix}</Prefix>\
             <KeyCount>{}</KeyCount><MaxKeys>{PAGE}</MaxKeys><IsTruncated>{}</IsTruncated>",
            end - begin,
            end < files,
        );
        for n in begin..end {
            let (etag, name) = (ETAG.replace('"', "&quot;"), format!("run {n:06} of-{bytes}-bytes.eso"));
            let _ = write!(
                xml,
                "<Contents><Key>{prefix}{name}</Key><LastModified>2026-11-27T12:00:00.000Z</LastModified>\
                 <ETag>{etag}</ETag><Size>{bytes}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            );
        }
        if end < files {
            let _ = write!(xml, "<NextContinuationToken>{end}</NextContinuationToken>");
        }
        xml.push_str("</ListBucketResult>");
        document(xml)
    }

    fn part_sizes(&self, upload: &str) -> HashMap<usize, usize> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).get(upload).cloned().unwrap_or_default()
    }

    fn parts(&self, upload: &str) -> Response {
        let mut parts: Vec<_> = self.part_sizes(upload).into_iter().collect();
        parts.sort_unstable();
        let mut xml = String::from("<ListPartsResult><IsTruncated>false</IsTruncated>");
        for (number, bytes) in parts {
            let etag = ETAG.replace('"', "&quot;");
            let _ = write!(
                xml,
                "<Part><PartNumber>{number}</PartNumber><LastModified>2026-11-27T12:00:00.000Z</LastModified>\
                 <ETag>{etag}</ETag><Size>{bytes}</Size></Part>"
            );
        }
        xml.push_str("</ListPartsResult>");
        document(xml)
    }

    async fn put(&self, query: &HashMap<String, String>, mut body: Body) -> Response {
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return StatusCode::BAD_REQUEST.into_response() };
            bytes += frame.data_ref().map_or(0, Bytes::len);
        }
        if let (Some(upload), Some(number)) = (query.get("uploadId"), query.get("partNumber")) {
            let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
            parts.entry(upload.clone()).or_default().insert(number.parse().unwrap_or_default(), bytes);
        }
        ([(header::ETAG, ETAG)], VERSION).into_response()
    }

    fn post(&self, key: &str, query: &HashMap<String, String>) -> Response {
        if query.contains_key("uploads") {
            let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
            let id = format!("upload-{}", parts.len() + 1);
            parts.insert(id.clone(), HashMap::new());
            return document(format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            ));
        }
        let Some(upload) = query.get("uploadId") else { return StatusCode::NOT_IMPLEMENTED.into_response() };
        let bytes = self.part_sizes(upload).values().sum();
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), bytes);
        let xml =
            "<CompleteMultipartUploadResult><ETag>&quot;0-1&quot;</ETag></CompleteMultipartUploadResult>";
        (VERSION, document(xml.into())).into_response()
    }
}

/// What each listed file holds unless its folder says otherwise, in bytes.
const LISTED_BYTES: usize = 100_000;

async fn answer(State(bucket): State<Arc<CannedBucket>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect::<HashMap<_, _>>();
    let path = parts.uri.path().trim_start_matches('/');
    let key = path.split_once('/').map_or("", |(_, key)| key).to_owned();
    match parts.method {
        Method::GET if query.contains_key("list-type") => bucket.list(&query),
        Method::GET if query.contains_key("uploadId") => bucket.parts(&query["uploadId"]),
        Method::GET | Method::HEAD => object(bucket.size(&key), &parts.method, &parts.headers),
        Method::PUT => bucket.put(&query, body).await,
        Method::POST => bucket.post(&key, &query),
        Method::DELETE => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// An object of so many bytes, or the rest of it from where a range begins.
fn object(bytes: Option<usize>, method: &Method, headers: &HeaderMap) -> Response {
    let Some(bytes) = bytes else {
        let xml = "<Error><Code>NoSuchKey</Code><Message>There is no such key.</Message></Error>";
        return (StatusCode::NOT_FOUND, xml).into_response();
    };
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let begin = range.and_then(|range| number_in(range, "bytes=", "-"));
    let from = begin.unwrap_or_default();
    let body = if method == Method::HEAD { Body::empty() } else { content(bytes - from) };
    let head = [
        (header::CONTENT_LENGTH, (bytes - from).to_string()),
        (header::ETAG, ETAG.to_owned()),
        (header::LAST_MODIFIED, MODIFIED.to_owned()),
        (header::CONTENT_TYPE, "binary/octet-stream".to_owned()),
    ];
    if begin.is_none() {
        return (head, body).into_response();
    }
    let range = [(header::CONTENT_RANGE, format!("bytes {from}-{}/{bytes}", bytes - 1))];
    (StatusCode::PARTIAL_CONTENT, head, range, body).into_response()
}

fn content(bytes: usize) -> Body {
    Body::from_stream(stream::unfold(bytes, |left| async move {
        let piece = Bytes::from_static(&PIECE[..left.min(PIECE.len())]);
        (!piece.is_empty()).then(|| (Ok::<_, Error>(piece.clone()), left - piece.len()))
    }))
}

fn document(xml: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], xml).into_response()
}

/// The number between the last `before` and the `after` that follows it.
fn number_in(text: &str, before: &str, after: &str) -> Option<usize> {
    let (_, behind) = text.rsplit_once(before)?;
    behind.split_once(after)?.0.parse().ok()
}
