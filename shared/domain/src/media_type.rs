//! What a file's bytes are, as a client says.

use std::fmt;

/// The longest media type, in bytes. The names on either side of the slash have at most 127 (RFC 6838 4.2).
const MAX_BYTES: usize = 255;

/// A media type with its parameters, `text/csv; charset=utf-8` for instance: given back as it was sent, and never
/// trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType(String);

/// Why a text is no media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The content type is not of the form type/subtype in at most {MAX_BYTES} visible ASCII characters.")]
pub struct InvalidMediaType;

impl MediaType {
    /// Reads the value of a `Content-Type` header (RFC 9110 8.3.1).
    pub fn parse(text: &str) -> Result<Self, InvalidMediaType> {
        let text = text.trim();
        let essence = text.split(';').next().unwrap_or_default().trim();
        let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_token_character);
        let named =
            essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
        let visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if named && visible && text.len() <= MAX_BYTES {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidMediaType)
        }
    }

    /// The type as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 9110 5.6.2.
fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_kept_as_it_was_sent() {
        for text in ["text/csv", "Text/CSV; charset=UTF-8", "application/vnd.ms-excel", r#"a/b; c="d e""#] {
            assert_eq!(MediaType::parse(&format!(" {text} ")).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let long = format!("a/{}", "b".repeat(254));
        for text in ["", "text", "/", "a/", "/b", "a b/c", "a/b\r\nX: y", "a/b; c=é", "a/b/c", &long] {
            assert_eq!(MediaType::parse(text), Err(InvalidMediaType), "{text}");
        }
    }
}
