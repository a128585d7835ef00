//! What came back.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

/// An answer, all of it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Insists on a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Insists on a failure in the API's own words: a status, JSON, `ok` false and a text.
    #[track_caller]
    pub fn fails(self, status: u16) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.header("content-type"), "application/json");
        let json = answer.json();
        assert_eq!(json["ok"], false, "{json}");
        assert!(json["status"].as_str().is_some_and(|text| !text.is_empty()), "{json}");
        answer
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header that must be there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        assert_eq!(values.next(), None, "{name} stands there twice");
        value.to_str().expect("text")
    }

    /// The token that the answer hands out.
    #[track_caller]
    pub fn token(&self) -> String {
        let cookie = self.header(header::SET_COOKIE.as_str());
        let value = cookie.strip_prefix("session_token=").and_then(|rest| rest.split(';').next());
        value.expect("a session cookie").to_owned()
    }
}
