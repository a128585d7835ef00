//! Sealed texts: what a client carries back to us unchanged, such as the place in a listing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use subtle::ConstantTimeEq as _;

/// How much of the HMAC is kept, in bytes: 128 bits cannot be guessed (NIST SP 800-107 5.3.3).
const TAG_BYTES: usize = 16;

/// Seals and opens texts. Not secret: the text can be read, but not changed or used for anything else.
pub(crate) struct Sealer(hmac::Key);

impl Sealer {
    /// A sealer that is derived from a secret and is of no use for finding it out.
    pub(crate) fn derive(secret: &[u8]) -> Self {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"sealed texts");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// `text`, sealed for one purpose.
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> String {
        let mut sealed = self.tag(purpose, text);
        sealed.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The text, if it was sealed for that purpose and not changed.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (tag, text) = sealed.split_at_checked(TAG_BYTES)?;
        let text = std::str::from_utf8(text).ok()?;
        let genuine = bool::from(tag.ct_eq(&self.tag(purpose, text)));
        genuine.then(|| text.to_owned())
    }

    fn tag(&self, purpose: &str, text: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        // The length keeps a purpose and a text from standing for another pair.
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(text.as_bytes());
        context.sign().as_ref()[..TAG_BYTES].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_opened_only_as_it_was_sealed() {
        let sealer = Sealer::derive(b"secret");
        let cursor = sealer.seal("list a", "name ü");
        assert_eq!(sealer.open("list a", &cursor).as_deref(), Some("name ü"));
        assert_eq!(sealer.open("list b", &cursor), None);
        assert_eq!(Sealer::derive(b"other").open("list a", &cursor), None);
        assert_eq!(sealer.open("list", &sealer.seal("list a", "b")), None);
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == cursor || sealer.open("list a", &changed).is_none(), "{at}");
            assert_eq!(sealer.open("list a", &cursor[..at]), None);
        }
    }
}
