//! E-mail addresses, brought to one spelling when they enter the system.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// The longest address that mail systems carry, in bytes (RFC 5321 4.5.3.1.3, less the angle brackets).
const MAX_BYTES: usize = 254;

/// The longest part before the `@`, in bytes (RFC 5321 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// An address that mail can be sent to.
///
/// The part before the `@` keeps its letters as they were typed (in Unicode form NFC); the domain is lower-cased
/// and in its ASCII form. Two addresses that differ only in letter case or in Unicode form are one account:
/// compare them by [`EmailAddress::normalised`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmailAddress;

    fn try_from(text: String) -> Result<Self, InvalidEmailAddress> {
        Self::kept(&text)
    }
}

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The e-mail address is not valid: it must look like name@example.org, with at most 254 characters.")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Reads an address; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let local: String = local.nfc().collect();
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmailAddress)?;
        let address = format!("{local}@{domain}");
        let valid = is_local_part(&local) && is_mail_domain(&domain) && address.len() <= MAX_BYTES;
        valid.then_some(Self(address)).ok_or(InvalidEmailAddress)
    }

    /// Reads an address that was parsed before it was written down: nothing about it is brought to one spelling again.
    pub fn kept(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let is_one_spelling =
            domain.is_ascii() && !domain.contains(|c: char| c.is_ascii_uppercase() || c == ' ');
        let valid =
            is_one_spelling && is_local_part(local) && is_mail_domain(domain) && text.len() <= MAX_BYTES;
        valid.then(|| Self(text.to_owned())).ok_or(InvalidEmailAddress)
    }

    /// The address to send to and to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one spelling under which this address is unique.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.0.to_lowercase().nfc().collect()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The dot-atom of RFC 5322 3.2.3, with the letters of RFC 6531. Quoted forms are not accepted.
fn is_local_part(local: &str) -> bool {
    let atom = |part: &str| !part.is_empty() && part.chars().all(is_atom_character);
    local.len() <= MAX_LOCAL_BYTES && local.split('.').all(atom)
}

fn is_atom_character(c: char) -> bool {
    c.is_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}

fn is_mail_domain(domain: &str) -> bool {
    domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_address_is_kept_as_typed_with_a_lower_case_domain() {
        let address = EmailAddress::parse(" Ada.Lovelace+jess@Example.ORG ").expect("valid");
        assert_eq!(address.as_str(), "Ada.Lovelace+jess@example.org");
    }

    #[test]
    fn letter_case_and_unicode_form_do_not_make_a_second_address() {
        let spellings = ["zoë@bücher.example", "ZOË@BÜCHER.example", "zoe\u{308}@bu\u{308}cher.example"];
        for spelling in spellings {
            let address = EmailAddress::parse(spelling).expect(spelling);
            assert_eq!(address.normalised(), "zoë@xn--bcher-kva.example");
        }
    }

    #[test]
    fn what_was_written_down_is_read_back_as_it_was_and_nothing_else_is() {
        for text in ["Ada.Lovelace+jess@example.org", "zo\u{308}e@xn--bcher-kva.example"] {
            let address = EmailAddress::parse(text).expect(text);
            assert_eq!(EmailAddress::kept(address.as_str()), Ok(address.clone()));
            let json = serde_json::to_string(&address).expect("JSON");
            assert_eq!(serde_json::from_str::<EmailAddress>(&json).expect("the same"), address);
        }
        for text in [
            "ada@EXAMPLE.org",
            "ada@b\u{fc}cher.example",
            " ada@example.org",
            "ada@example",
            "ada",
            "a b@example.org",
        ] {
            assert_eq!(EmailAddress::kept(text), Err(InvalidEmailAddress), "{text}");
        }
    }

    #[test]
    fn what_no_mail_system_would_deliver_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let bad = [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "a b@example.org",
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "ada@exa mple.org",
            "ada@example.org\r\nBcc: x@example.org",
            "ada\0@example.org",
            "\"a b\"@example.org",
            "a@b@example.org",
            "ada@.example.org",
            "<ada@example.org>",
            &long,
        ];
        for text in bad {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmailAddress), "{text:?}");
        }
    }
}
