//! The `session_token` cookie. No other file knows its attributes.

use crate::token::Token;

/// The name that clients look for.
pub const NAME: &str = "session_token";

/// The `Set-Cookie` value that hands out `token` for `max_age_seconds`.
///
/// `Path=/` because sibling services on the same host read the same cookie; no `Domain`, so that it goes to no
/// other host. `secure` is set for every service that is reached over HTTPS.
#[must_use]
pub fn set(token: &Token, max_age_seconds: u64, secure: bool) -> String {
    format!(
        "{NAME}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}{}",
        token.reveal(),
        flag(secure)
    )
}

/// The `Set-Cookie` value that makes a client forget the cookie. It is expired in both ways that clients
/// understand: an empty value alone would be sent again.
#[must_use]
pub fn expire(secure: bool) -> String {
    let expired = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    format!("{NAME}=; Path=/; HttpOnly; SameSite=Lax; {expired}{}", flag(secure))
}

fn flag(secure: bool) -> &'static str {
    if secure { "; Secure" } else { "" }
}

/// The values of the session cookie in a `Cookie` header.
///
/// Clients send more than RFC 6265 allows: a whole replayed `Set-Cookie` text with its attributes, several values
/// of the cookie, joined by `;` or by `,`. A token holds neither character.
pub fn values(header: &str) -> impl Iterator<Item = &str> {
    header.split([';', ',']).filter_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        (name == NAME && !value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::testing::{SeededRandom, contract};

    use super::*;
    use crate::{SigningKeys, Tokens};

    fn token() -> Token {
        let random = SeededRandom::new(1);
        let now = Timestamp::from_unix_seconds(1_790_000_000);
        let session = contract::session(&contract::account("ada@example.org", &random), &random);
        let keys = SigningKeys::from_json(&SigningKeys::generate("one").unwrap()).unwrap();
        Tokens::new(keys, "https://api.example.org/users/api".into())
            .issue(&session, 86_400, now, &random)
            .unwrap()
    }

    #[test]
    fn the_cookie_has_exactly_the_attributes_that_clients_depend_on() {
        let token = token();
        let text = token.reveal();
        assert_eq!(
            set(&token, 86_400, false),
            format!("session_token={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400")
        );
        assert!(set(&token, 86_400, true).ends_with("; Max-Age=86400; Secure"));
        assert!(set(&token, 86_400, true).len() < 4_096);
    }

    #[test]
    fn logging_off_expires_the_cookie_on_the_same_path() {
        assert_eq!(
            expire(false),
            "session_token=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn a_token_is_found_however_a_client_sends_it() {
        let found = |header| values(header).collect::<Vec<_>>();
        assert_eq!(found("session_token=a"), ["a"]);
        assert_eq!(found("x=1; session_token=a; y=2"), ["a"]);
        assert_eq!(
            found("session_token=a; Path=/; HttpOnly; Max-Age=86400; Expires=Thu, 01 Jan 2026 00:00:00 GMT"),
            ["a"]
        );
        assert_eq!(found("session_token=a;session_token=b, session_token=c"), ["a", "b", "c"]);
        assert_eq!(found("session_token=; xsession_token=a; Session_Token=b; session_token"), [""; 0]);
    }
}
