//! A message to one address.

use std::fmt;

use crate::email_address::EmailAddress;

/// The longest title, in characters: the line length of RFC 5322 2.1.1 that mail programs show unfolded.
pub const MAX_TITLE_CHARACTERS: usize = 255;

/// The longest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// A message to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    to: EmailAddress,
    title: String,
    message: String,
    html: Option<String>,
}

/// Without its text: it may hold a link that takes over an account.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

/// Why a mail cannot be sent as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMail {
    /// The title is empty.
    #[error("The title is empty: say in one line what the mail is about.")]
    NoTitle,
    /// The title is longer than [`MAX_TITLE_CHARACTERS`].
    #[error("The title is too long: at most {MAX_TITLE_CHARACTERS} characters.")]
    LongTitle,
    /// The title holds a line break or another control character, which could forge mail headers.
    #[error("The title holds a line break or a control character: send one line of plain text.")]
    ControlInTitle,
    /// The message is empty.
    #[error("The message is empty.")]
    NoMessage,
    /// The message is longer than [`MAX_MESSAGE_BYTES`].
    #[error("The message is too long: at most {MAX_MESSAGE_BYTES} bytes.")]
    LongMessage,
    /// The message holds a control character other than line breaks and tabulators.
    #[error("The message holds a control character: send plain text.")]
    ControlInMessage,
}

impl Mail {
    /// A plain-text mail, if its title is one line and its message plain text.
    pub fn new(to: EmailAddress, title: &str, message: &str) -> Result<Self, InvalidMail> {
        let title = title.trim();
        if title.is_empty() {
            return Err(InvalidMail::NoTitle);
        }
        if title.chars().count() > MAX_TITLE_CHARACTERS {
            return Err(InvalidMail::LongTitle);
        }
        if title.chars().any(char::is_control) {
            return Err(InvalidMail::ControlInTitle);
        }
        if message.is_empty() {
            return Err(InvalidMail::NoMessage);
        }
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(InvalidMail::LongMessage);
        }
        if !is_plain_text(message) {
            return Err(InvalidMail::ControlInMessage);
        }
        Ok(Self { to, title: title.to_owned(), message: message.to_owned(), html: None })
    }

    /// A mail in the service's own words, as plain text and as HTML.
    pub(crate) fn of_the_service(to: EmailAddress, title: &str, message: String, html: String) -> Self {
        Self { to, title: title.to_owned(), message, html: Some(html) }
    }

    /// The receiver.
    #[must_use]
    pub fn to(&self) -> &EmailAddress {
        &self.to
    }

    /// The subject line.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same as HTML, if there is any.
    #[must_use]
    pub fn html(&self) -> Option<&str> {
        self.html.as_deref()
    }
}

/// Whether every control character is a tabulator or part of a line break (`\n` or `\r\n`).
fn is_plain_text(message: &str) -> bool {
    let mut characters = message.chars().peekable();
    while let Some(c) = characters.next() {
        let fine = match c {
            '\n' | '\t' => true,
            '\r' => characters.peek() == Some(&'\n'),
            c => !c.is_control(),
        };
        if !fine {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> EmailAddress {
        EmailAddress::parse("ada@example.org").expect("valid")
    }

    #[test]
    fn a_title_cannot_carry_a_second_header() {
        for title in ["Hi\r\nBcc: eve@example.org", "Hi\nx", "Hi\rx", "Hi\0x"] {
            assert_eq!(Mail::new(ada(), title, "text"), Err(InvalidMail::ControlInTitle));
        }
    }

    #[test]
    fn a_message_of_several_lines_is_fine_and_a_lone_control_is_not() {
        assert!(Mail::new(ada(), "Results", "done\r\n\tsee files\nbye").is_ok());
        for message in ["a\rb", "a\0b", "a\u{1b}b"] {
            assert_eq!(Mail::new(ada(), "Results", message), Err(InvalidMail::ControlInMessage));
        }
    }

    #[test]
    fn an_empty_or_endless_title_or_message_is_refused() {
        assert_eq!(Mail::new(ada(), "  ", "x"), Err(InvalidMail::NoTitle));
        assert_eq!(Mail::new(ada(), "x", ""), Err(InvalidMail::NoMessage));
        assert_eq!(Mail::new(ada(), &"x".repeat(256), "x"), Err(InvalidMail::LongTitle));
        assert_eq!(Mail::new(ada(), "x", &"x".repeat(MAX_MESSAGE_BYTES + 1)), Err(InvalidMail::LongMessage));
    }
}
