//! Requests that a client repeats because it has heard no answer.
//!
//! A client names a request with a key of its own (the `Idempotency-Key` header). The first request of a key is done and
//! its answer kept for a day; the same request again gets the same answer and changes nothing.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// The longest key, in bytes; a UUID has 36.
const MAX_KEY_BYTES: usize = 255;

/// A client's own name for one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("An Idempotency-Key has 1 to {MAX_KEY_BYTES} visible ASCII characters; a UUID is a good one.")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Reads the value of the header.
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let valid = visible && !text.is_empty() && text.len() <= MAX_KEY_BYTES;
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The entity tag, if it had one.
    pub etag: Option<String>,
}

/// A request that has a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedRequest {
    /// The client's key.
    pub key: IdempotencyKey,
    /// What tells it from every other request.
    pub fingerprint: [u8; 32],
    /// Until then somebody works on it.
    pub busy_until: Timestamp,
    /// Until then its answer is kept.
    pub kept_until: Timestamp,
}

impl KeyedRequest {
    /// Until when what is known of it counts: being worked on, or answered.
    #[must_use]
    pub fn counts_until(&self, is_answered: bool) -> Timestamp {
        if is_answered { self.kept_until } else { self.busy_until }
    }
}

/// A request that has a key, with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredRequest {
    /// The request.
    pub request: KeyedRequest,
    /// What it is answered, however often it is sent.
    pub answer: KeptAnswer,
}

/// What is known about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: the request is now noted as being worked on.
    Nothing,
    /// The request is being worked on.
    Busy,
    /// The request was answered.
    Answered(KeptAnswer),
    /// Another request has this key.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_visible() {
        assert!(IdempotencyKey::parse("7d9f0c1e-5a4b-4b1f-9a63-0d6f5c1f2a77").is_ok());
        let long = "x".repeat(256);
        for bad in ["", "a b", "a\n", "\u{e9}", &long] {
            assert_eq!(IdempotencyKey::parse(bad), Err(InvalidIdempotencyKey), "{bad}");
        }
    }
}
