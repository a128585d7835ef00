//! The `Content-Disposition` of a download.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the `attr-char` of RFC 8187 3.2.1.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `attachment` with the name in both forms of RFC 6266 4.3: plain ASCII for old clients, UTF-8 for all others.
pub(crate) fn attachment(name: &str) -> String {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ENCODED))
}

/// What stands for itself in a quoted string; a percent sign would be decoded by some browsers.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_in_ascii_and_in_full() {
        assert_eq!(attachment("a b.idf"), "attachment; filename=\"a b.idf\"; filename*=UTF-8''a%20b.idf");
        assert_eq!(
            attachment("Grüße\"100%.epw"),
            "attachment; filename=\"Gr__e_100_.epw\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%22100%25.epw"
        );
    }

    #[test]
    fn no_name_can_end_the_header_or_the_quotes() {
        let header = attachment("x\"; filename=\"evil;\u{e9}");
        assert_eq!(header.matches('"').count(), 2);
        assert!(header.is_ascii());
    }
}
