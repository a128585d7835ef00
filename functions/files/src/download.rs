//! `GET /files/<file>`: the bytes of a file, exactly.

use std::time::{Duration, UNIX_EPOCH};

use domain::{AccountId, FileKey, FilePath, FileStore, Timestamp};
use http::{HeaderName, HeaderValue, header};
use web::{ApiError, Body, Response};

use crate::attachment::attachment;

/// The file; `None` when there is none at this path.
///
/// Whatever the file holds, a browser keeps it as a download: it is never shown, run or framed as our page.
pub(crate) async fn download(
    files: &dyn FileStore,
    owner: &AccountId,
    path: FilePath,
) -> Result<Option<Response>, ApiError> {
    let disposition = attachment(path.name());
    let Some(file) = files.open(&FileKey::new(owner, path)).await? else { return Ok(None) };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ETAG, file.etag),
        (header::LAST_MODIFIED, http_date(file.modified)),
    ];
    let mut response = Response::new(Body::Stream(file.content));
    for (name, value) in headers {
        response.headers_mut().insert(name.clone(), header_value(&name, &value)?);
    }
    Ok(Some(response))
}

fn header_value(name: &HeaderName, value: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(value).map_err(|_| ApiError::Internal(format!("{name} cannot be written").into()))
}

/// RFC 9110 5.6.7.
fn http_date(time: Timestamp) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.unix_seconds()))
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
