//! `GET /console/` and its assets: the pages on which people use the service. `build.rs` has packed them.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use web::route::BASE_PATH;
use web::{ApiError, Response};

/// One file of the console, in every form in which it can be sent.
struct File {
    name: &'static str,
    media_type: &'static str,
    /// Weak: the same for all forms.
    etag: &'static str,
    identity: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// The name of an asset changes with its content.
const FOREVER: &str = "public, max-age=31536000, immutable";

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What the page may do, and nothing else. The parts of large files go straight to the bucket.
pub(crate) fn policy(bucket_origin: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
         connect-src 'self' {bucket_origin}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Leads to the page, whose addresses are relative to its folder. This one too: the service may lie below a stage.
pub(crate) fn redirect() -> Response {
    let mut answer = web::response::success(&format!("The console is at {BASE_PATH}/console/."));
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static("console/"));
    answer
}

/// The page itself. It is asked for each time, and sent when it has changed.
pub(crate) fn page(headers: &HeaderMap, policy: &HeaderValue) -> Response {
    let mut answer = send(&PAGE, headers, "no-cache");
    let lines = [
        (header::CONTENT_SECURITY_POLICY, policy.clone()),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
        (PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=()")),
    ];
    answer.headers_mut().extend(lines);
    answer
}

/// A file that the page needs.
pub(crate) fn asset(name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let unknown = || {
        ApiError::NotFound(format!(
            "The console has no such file, or no longer: load {BASE_PATH}/console/ again."
        ))
    };
    let file = ASSETS.iter().find(|file| file.name == name).ok_or_else(unknown)?;
    let mut answer = send(file, headers, FOREVER);
    answer.headers_mut().insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    Ok(answer)
}

/// The file in the best form that the client accepts; 304 when the client has it.
fn send(file: &File, asked: &HeaderMap, kept: &'static str) -> Response {
    let is_known = lists(asked, &header::IF_NONE_MATCH).any(|tag| tag == "*" || tag == file.etag);
    let (content, encoding) = match () {
        () if is_known => (&[][..], None),
        () if accepts(asked, "br") => (file.brotli, Some("br")),
        () if accepts(asked, "gzip") => (file.gzip, Some("gzip")),
        () => (file.identity, None),
    };
    let mut answer = Response::new(web::Body::from(content));
    if is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::ETAG, HeaderValue::from_static(file.etag));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    answer
}

/// Whether a client takes an encoding: it names it, and not with a weight of zero (RFC 9110 12.5.3).
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    lists(headers, &header::ACCEPT_ENCODING).any(|member| {
        let (name, weight) = member.split_once(';').unwrap_or((member, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// The members of a header that is a list.
fn lists<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn body(answer: &Response) -> &[u8] {
        answer.body().as_whole().unwrap()
    }

    fn the_page(lines: &[(HeaderName, &'static str)]) -> Response {
        let policy = HeaderValue::from_str(&policy("https://bucket.example")).unwrap();
        page(&headers(lines), &policy)
    }

    fn some_script() -> &'static File {
        ASSETS.iter().find(|file| file.media_type.starts_with("text/javascript")).unwrap()
    }

    #[test]
    fn every_file_comes_in_the_best_form_that_the_client_accepts_with_the_same_content() {
        for file in ASSETS.iter().chain([&PAGE]) {
            for (accepted, encoding) in [
                ("gzip, deflate, br, zstd", Some("br")),
                ("br;q=0, GZIP;q=0.5", Some("gzip")),
                ("gzip;q=0.000", None),
                ("zstd", None),
                ("", None),
            ] {
                let answer = send(file, &headers(&[(header::ACCEPT_ENCODING, accepted)]), FOREVER);
                let sent =
                    answer.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
                assert_eq!(sent, encoding, "{}: {accepted}", file.name);
                let mut content = Vec::new();
                match encoding {
                    Some("br") => brotli::Decompressor::new(body(&answer), 4096).read_to_end(&mut content),
                    Some(_) => flate2::read::GzDecoder::new(body(&answer)).read_to_end(&mut content),
                    None => body(&answer).read_to_end(&mut content),
                }
                .unwrap();
                assert!(content == file.identity, "{}: {accepted}", file.name);
                assert_eq!(answer.headers()[header::VARY], "Accept-Encoding");
            }
        }
    }

    #[test]
    fn an_asset_is_kept_for_ever_under_a_name_that_no_other_content_has() {
        let script = some_script();
        let answer = asset(script.name, &HeaderMap::new()).unwrap();
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        for file in ASSETS {
            let (stem, _) = file.name.rsplit_once('.').unwrap();
            assert!(stem.split_once('-').is_some_and(|(_, hash)| hash.len() >= 8), "{}", file.name);
        }
        let types: Vec<_> = ASSETS.iter().map(|file| file.media_type).collect();
        assert!(types.contains(&"text/css; charset=utf-8") && types.contains(&"image/svg+xml"));
    }

    #[test]
    fn an_asset_that_there_is_not_is_a_404_in_json() {
        for name in ["", "x.js", "index.html", "../index.html", "{name}"] {
            let error = asset(name, &HeaderMap::new()).unwrap_err();
            assert_eq!(error.status(), 404, "{name}");
            let answer = error.to_response();
            assert!(body(&answer).starts_with(br#"{"ok":false,"status":"The console has no such file"#));
        }
    }

    #[test]
    fn the_page_is_asked_for_each_time_and_sent_when_it_has_changed() {
        let answer = the_page(&[]);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(body(&answer).starts_with(b"<!doctype html>"));
        for (tags, status) in [
            (PAGE.etag, StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("W/\"0\"", StatusCode::OK),
        ] {
            let answer = the_page(&[(header::IF_NONE_MATCH, tags), (header::ACCEPT_ENCODING, "br")]);
            assert_eq!(answer.status(), status, "{tags}");
            assert_eq!(body(&answer).is_empty(), status == StatusCode::NOT_MODIFIED);
            assert_eq!(answer.headers()[header::ETAG], PAGE.etag);
            assert_eq!(answer.headers()[header::VARY], "Accept-Encoding");
        }
    }

    #[test]
    fn the_page_may_run_its_own_files_only_and_reach_nothing_but_the_service_and_its_bucket() {
        let answer = the_page(&[]);
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let rules: Vec<_> = policy.split("; ").collect();
        assert!(rules.contains(&"default-src 'none'") && rules.contains(&"script-src 'self'"), "{policy}");
        assert!(rules.contains(&"connect-src 'self' https://bucket.example"), "{policy}");
        assert!(rules.contains(&"frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()[header::REFERRER_POLICY], "same-origin");
    }

    #[test]
    fn the_page_names_its_files_relative_to_its_folder_and_has_nothing_inline() {
        let html = std::str::from_utf8(PAGE.identity).unwrap();
        for file in ASSETS.iter().filter(|file| html.contains(file.name)) {
            assert!(html.contains(&format!("\"./assets/{}\"", file.name)), "{}", file.name);
        }
        assert!(html.contains(some_script().name) || html.contains(".js\""));
        assert!(!html.contains("<style") && !html.contains("style=") && !html.contains("http"), "{html}");
        for script in html.split("<script").skip(1) {
            assert!(script.contains(" src=\"./assets/"), "{script}");
        }
    }

    #[test]
    fn without_a_slash_at_its_end_the_address_leads_to_the_page() {
        let answer = redirect();
        assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.headers()[header::LOCATION], "console/");
    }
}
