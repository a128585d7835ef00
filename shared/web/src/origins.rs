//! Which web pages may use the API with a visitor's cookie.
//!
//! Browsers say in `Origin` or `Sec-Fetch-Site` where a request comes from. A request that changes something must
//! come from our own origin or from one on the configured list. Scripts send neither header and are let through.

use http::header::{HeaderName, HeaderValue, ORIGIN, VARY};
use http::{HeaderMap, Method, header};

use crate::error::ApiError;
use crate::settings::PublicUrl;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How long a browser may remember the answer to a preflight request, in seconds.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// Our own origin and those that are allowed beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    own: String,
    allowed: Vec<String>,
}

impl Origins {
    /// Our own origin, that of `url`, and a list of others separated by commas; the list may be empty.
    pub fn new(url: &PublicUrl, list: &str) -> Result<Self, &'static str> {
        let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let allowed = origins.map(|text| PublicUrl::parse(text).ok().filter(|url| url.origin() == *text));
        let allowed: Option<Vec<_>> = allowed.map(|url| Some(url?.as_str().to_owned())).collect();
        let allowed =
            allowed.ok_or("not a list of origins such as https://app.example.org,https://example.com")?;
        Ok(Self { own: url.origin(), allowed })
    }

    /// Whether clients reach us over HTTPS.
    pub(crate) fn is_https(&self) -> bool {
        self.own.starts_with("https://")
    }

    /// Refuses a request that changes something and comes from a foreign page.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
        if method.is_safe() {
            return Ok(());
        }
        let trusted = match (headers.get(ORIGIN), headers.get(SEC_FETCH_SITE)) {
            (Some(origin), _) => self.is_trusted(origin),
            (None, Some(site)) => matches!(site.as_bytes(), b"same-origin" | b"none"),
            (None, None) => true,
        };
        if trusted { Ok(()) } else { Err(ApiError::ForeignOrigin) }
    }

    /// Lets the page of `origin` read the answer, if it is on the list or our own.
    pub(crate) fn allow(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        answer.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin.filter(|origin| self.is_trusted(origin)) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            // What a page may read beyond the headers that every page may.
            let exposed = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Location, Retry-After";
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        }
    }

    /// What a preflight request asks for: methods and headers that a page may use.
    pub(crate) fn preflight(headers: &mut HeaderMap) {
        let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let names = HeaderValue::from_static(
            "Authorization, Content-Type, Expected-Account, Idempotency-Key, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range",
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    }

    fn is_trusted(&self, origin: &HeaderValue) -> bool {
        origin
            .to_str()
            .is_ok_and(|origin| origin == self.own || self.allowed.iter().any(|other| other == origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        let url = PublicUrl::parse("https://api.example.org/users/api").unwrap();
        Origins::new(&url, "https://app.example.org, http://localhost:3000").unwrap()
    }

    fn check(method: &Method, name: &'static str, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        origins().check(method, &headers).is_ok()
    }

    #[test]
    fn a_script_our_own_pages_and_listed_pages_may_change_things() {
        assert!(origins().check(&Method::POST, &HeaderMap::new()).is_ok());
        for origin in ["https://api.example.org", "https://app.example.org", "http://localhost:3000"] {
            assert!(check(&Method::POST, "origin", origin), "{origin}");
        }
        assert!(check(&Method::DELETE, "sec-fetch-site", "same-origin"));
    }

    #[test]
    fn foreign_pages_may_not() {
        let foreign = [
            "https://evil.example",
            "null",
            "https://api.example.org.evil.example",
            "http://api.example.org",
            "https://api.example.org:8443",
            "",
        ];
        for origin in foreign {
            assert!(!check(&Method::POST, "origin", origin), "{origin}");
            assert!(
                check(&Method::GET, "origin", origin),
                "reading is harmless: the page cannot see the answer"
            );
        }
        for site in ["cross-site", "same-site"] {
            assert!(!check(&Method::POST, "sec-fetch-site", site), "{site}");
        }
    }

    #[test]
    fn only_trusted_pages_can_read_answers() {
        let answer = |origin: &'static str| {
            let mut answer = HeaderMap::new();
            origins().allow(Some(&HeaderValue::from_static(origin)), &mut answer);
            answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).cloned()
        };
        assert_eq!(answer("https://app.example.org").unwrap(), "https://app.example.org");
        assert_eq!(answer("https://evil.example"), None);
    }

    #[test]
    fn a_list_that_holds_no_origins_is_refused() {
        let url = PublicUrl::parse("https://api.example.org/users/api").unwrap();
        for list in ["*", "app.example.org", "https://app.example.org/path"] {
            assert!(Origins::new(&url, list).is_err(), "{list}");
        }
        assert!(Origins::new(&url, "").is_ok());
    }
}
