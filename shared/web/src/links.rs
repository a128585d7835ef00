//! The addresses that mails lead to, and the tokens in them.

use std::sync::Arc;

use domain::{Links, TokenId, TokenKind};
use session::Tokens;

use crate::settings::PublicUrl;

/// Links to the service's own pages. A token goes out as its id under a seal, so that nobody who reads the table can
/// make one.
#[derive(Clone)]
pub struct SealedLinks {
    base: String,
    tokens: Arc<Tokens>,
}

impl SealedLinks {
    /// Links to the service at `url`, sealed with the keys of `tokens`.
    #[must_use]
    pub fn new(url: &PublicUrl, tokens: Arc<Tokens>) -> Self {
        Self { base: url.as_str().to_owned(), tokens }
    }

    /// The id in a token that was sent for this and nothing else; `None` when it is none.
    #[must_use]
    pub fn open(&self, kind: TokenKind, token: &str) -> Option<TokenId> {
        TokenId::parse(&self.tokens.open(kind.as_str(), token)?)
    }
}

/// The page that takes tokens of this kind, below the base.
const fn page(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Registration => "verify",
        TokenKind::PasswordReset => "password/reset",
        TokenKind::EmailChange => "email/confirm",
        TokenKind::EmailUndo => "email/undo",
    }
}

impl Links for SealedLinks {
    fn base(&self) -> &str {
        &self.base
    }

    fn link(&self, kind: TokenKind, id: &TokenId) -> String {
        let token = self.tokens.seal(kind.as_str(), id.as_str());
        format!("{}/{}?token={token}", self.base, page(kind))
    }

    fn forgotten_password(&self) -> String {
        format!("{}/password/forgot", self.base)
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::SeededRandom;
    use session::SigningKeys;

    use super::*;

    #[test]
    fn a_token_is_good_whole_unchanged_and_for_what_it_was_sent_for() {
        let keys = SigningKeys::from_json(&SigningKeys::generate("one").unwrap()).unwrap();
        let url = PublicUrl::parse("https://api.example.org/users/api").unwrap();
        let links = SealedLinks::new(&url, Arc::new(Tokens::new(keys, "issuer".into())));
        let id = TokenId::random(&SeededRandom::new(1));
        let link = links.link(TokenKind::PasswordReset, &id);
        let token = link.strip_prefix("https://api.example.org/users/api/password/reset?token=").unwrap();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert!(!token.contains(id.as_str()));
        assert_eq!(links.open(TokenKind::PasswordReset, token), Some(id));
        assert_eq!(links.open(TokenKind::Registration, token), None);
        for end in 0..token.len() {
            assert_eq!(
                links.open(TokenKind::PasswordReset, &token[..end]),
                None,
                "the first {end} characters"
            );
        }
        for at in 0..token.len() {
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(links.open(TokenKind::PasswordReset, &changed), None, "character {at} changed");
        }
    }
}
