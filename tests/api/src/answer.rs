//! What came back.

use std::collections::HashMap;
use std::str::FromStr;

use bytes::Bytes;
use http::{HeaderMap, header};
use serde::Deserialize;
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

/// What comes before the body of a streamed answer (AWS Lambda Developer Guide, "Response streaming").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    status_code: u16,
    headers: HashMap<String, String>,
    cookies: Vec<String>,
}

impl Answer {
    /// The answer as a gateway makes it of a streamed one: the head tells status and headers, and eight zeros end it.
    pub(crate) fn without_head(mut self) -> Self {
        let Some(end) = self.body.windows(8).position(|window| window == [0; 8]) else { return self };
        let head: Head = serde_json::from_slice(&self.body[..end]).expect("the head of a streamed answer");
        self.status = head.status_code;
        self.headers = head.headers.iter().map(|(name, value)| (parsed(name), parsed(value))).collect();
        for cookie in &head.cookies {
            self.headers.append(header::SET_COOKIE, parsed(cookie));
        }
        self.body = self.body.slice(end + 8..);
        self
    }

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

fn parsed<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a header")
}
