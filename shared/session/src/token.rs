//! Issuing and verifying tokens.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use domain::{AccountId, Random, Session, SessionId, Timestamp};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::keys::{JwkSet, SigningKeys};

/// Who the tokens are for: this service and its siblings on the same host.
pub const AUDIENCE: &str = "users-api";

/// How far the clocks of two machines may disagree, in seconds.
pub const LEEWAY_SECONDS: u64 = 5;

/// No token that this service issues is longer, in bytes; a longer text is not looked at.
const MAX_TOKEN_BYTES: usize = 2_048;

/// A signed token. It cannot be printed; [`Token::reveal`] gives its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The compact JWT: base64url without padding, three parts joined by dots.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose session it is.
    pub account: AccountId,
    /// Which session.
    pub session: SessionId,
}

/// A text is no token that this service accepts now. Deliberately without a reason: the client can only log on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct InvalidToken;

/// The claims on the wire (RFC 7519 4.1, with `sid` of OpenID Connect Back-Channel Logout 1.0). All are required.
#[derive(Serialize, Deserialize)]
struct WireClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// Issues and verifies the tokens of one issuer.
#[derive(Debug)]
pub struct Tokens {
    keys: RwLock<Arc<SigningKeys>>,
    issuer: String,
}

impl Tokens {
    /// Tokens issued by `issuer` (the public base URL) and signed with `keys`.
    #[must_use]
    pub fn new(keys: SigningKeys, issuer: String) -> Self {
        Self { keys: RwLock::new(Arc::new(keys)), issuer }
    }

    /// Signs and verifies with other keys from now on.
    pub fn replace_keys(&self, keys: SigningKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn keys(&self) -> Arc<SigningKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys that verify the tokens, for anybody who wants to.
    #[must_use]
    pub fn public_keys(&self) -> JwkSet {
        self.keys().public()
    }

    /// Seals a text for one purpose, so that whoever carries it back cannot have changed it. It is not hidden.
    #[must_use]
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        self.keys().seal(purpose, text)
    }

    /// A text that was sealed for that purpose; `None` for any other.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        self.keys().open(purpose, sealed)
    }

    /// Whether a text would be looked at if its key were known: after a rotation it may be genuine.
    #[must_use]
    pub fn names_unknown_key(&self, text: &str) -> bool {
        let kid = well_formed_header(text).and_then(|header| header.kid);
        kid.is_some_and(|kid| self.keys().verifier(&kid).is_none())
    }

    /// A token for `session` that is valid for `ttl_seconds` from `now`, but not beyond the session's own end.
    /// `None` when the configured key cannot sign.
    #[must_use]
    pub fn issue(
        &self,
        session: &Session,
        ttl_seconds: u64,
        now: Timestamp,
        random: &dyn Random,
    ) -> Option<Token> {
        let keys = self.keys();
        let (kid, key) = keys.signer();
        let mut jti = [0; 16];
        random.fill(&mut jti);
        let claims = WireClaims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: session.account.to_string(),
            sid: session.id.to_string(),
            jti: format!("{:032x}", u128::from_be_bytes(jti)),
            iat: now.unix_seconds(),
            nbf: now.unix_seconds(),
            exp: now.plus_seconds(ttl_seconds).min(session.expires).unix_seconds(),
        };
        jsonwebtoken::encode(&header(kid), &claims, key).ok().map(Token)
    }

    /// Verifies signature, header, issuer, audience and times.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        let claims = self.verify_signature(text).ok_or(InvalidToken)?;
        let genuine = claims.iss == self.issuer && claims.aud == AUDIENCE && is_current(&claims, now);
        let account = AccountId::parse(&claims.sub);
        let session = SessionId::parse(&claims.sid);
        match (genuine, account, session) {
            (true, Some(account), Some(session)) => Ok(Claims { account, session }),
            _ => Err(InvalidToken),
        }
    }

    fn verify_signature(&self, text: &str) -> Option<WireClaims> {
        let kid = well_formed_header(text)?.kid?;
        let mut validation = Validation::new(Algorithm::ES256);
        // Times, issuer and audience are compared by `verify`, against the clock that is passed in.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        let decoded = jsonwebtoken::decode(text, self.keys().verifier(&kid)?, &validation).ok()?;
        Some(decoded.claims)
    }
}

fn header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) }
}

/// The header of a token, if it is the very one that [`Tokens::issue`] writes: this excludes every other algorithm and
/// every field that could bring a key or a meaning of its own (`jwk`, `jku`, `x5u`, `crit`, …).
fn well_formed_header(text: &str) -> Option<Header> {
    if text.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let found = jsonwebtoken::decode_header(text).ok()?;
    (found == header(found.kid.as_deref()?)).then_some(found)
}

fn is_current(claims: &WireClaims, now: Timestamp) -> bool {
    let soon = now.plus_seconds(LEEWAY_SECONDS).unix_seconds();
    claims.iat <= soon && claims.nbf <= soon && claims.exp > now.unix_seconds()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::Client;
    use domain::testing::{SeededRandom, contract};
    use jsonwebtoken::EncodingKey;
    use proptest::prelude::*;
    use ring::hmac;
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://api.example.org/users/api";
    const DAY: u64 = 86_400;

    fn now() -> Timestamp {
        Timestamp::from_unix_seconds(1_790_000_000)
    }

    fn tokens_and_key() -> (Tokens, EncodingKey) {
        let json = SigningKeys::generate("one").unwrap();
        let key = SigningKeys::from_json(&json).unwrap().signer().1.clone();
        (Tokens::new(SigningKeys::from_json(&json).unwrap(), ISSUER.into()), key)
    }

    fn session() -> Session {
        let random = SeededRandom::new(7);
        let account = contract::account("ada@example.org", &random);
        Session::begin(&account, Client::default(), now(), 30 * DAY, &random)
    }

    fn claims() -> Value {
        let session = session();
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": session.account.as_str(), "sid": session.id.as_str(),
            "jti": "0", "iat": now().unix_seconds(), "nbf": now().unix_seconds(), "exp": now().unix_seconds() + DAY,
        })
    }

    /// One of the parts of a token that hold JSON.
    fn part(json: &Value) -> String {
        URL_SAFE_NO_PAD.encode(json.to_string())
    }

    #[test]
    fn an_issued_token_names_its_account_and_session_for_a_day() {
        let (tokens, _) = tokens_and_key();
        let token = tokens.issue(&session(), DAY, now(), &SeededRandom::new(1)).unwrap();
        let expected = Claims { account: session().account, session: session().id };
        assert_eq!(tokens.verify(token.reveal(), now()), Ok(expected.clone()));
        assert_eq!(tokens.verify(token.reveal(), now().plus_seconds(DAY - 1)), Ok(expected));
        assert_eq!(tokens.verify(token.reveal(), now().plus_seconds(DAY)), Err(InvalidToken));
    }

    #[test]
    fn a_token_is_safe_in_a_cookie_and_never_printed() {
        let (tokens, _) = tokens_and_key();
        let token = tokens.issue(&session(), DAY, now(), &SeededRandom::new(1)).unwrap();
        assert!(token.reveal().starts_with("ey") && token.reveal().len() < 1_000);
        assert!(token.reveal().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_token_does_not_outlive_its_session() {
        let (tokens, _) = tokens_and_key();
        let session = Session { expires: now().plus_seconds(60), ..session() };
        let token = tokens.issue(&session, DAY, now(), &SeededRandom::new(1)).unwrap();
        assert!(tokens.verify(token.reveal(), now().plus_seconds(59)).is_ok());
        assert_eq!(tokens.verify(token.reveal(), now().plus_seconds(60)), Err(InvalidToken));
    }

    #[test]
    fn every_key_that_is_configured_verifies_and_the_first_one_signs() {
        let entry = |kid: &str| {
            let json = SigningKeys::generate(kid).unwrap();
            json[r#"{"keys":["#.len()..json.len() - 2].to_owned()
        };
        let (old, new) = (entry("old"), entry("new"));
        let tokens = |keys: String| {
            Tokens::new(SigningKeys::from_json(&format!(r#"{{"keys":[{keys}]}}"#)).unwrap(), ISSUER.into())
        };
        let before = tokens(old.clone()).issue(&session(), DAY, now(), &SeededRandom::new(1)).unwrap();
        let rotated = tokens(format!("{new},{old}"));
        assert!(rotated.verify(before.reveal(), now()).is_ok());
        let after = rotated.issue(&session(), DAY, now(), &SeededRandom::new(1)).unwrap();
        assert!(tokens(new).verify(after.reveal(), now()).is_ok());
        assert_eq!(tokens(old).verify(after.reveal(), now()), Err(InvalidToken));
    }

    #[test]
    fn claims_that_are_wrong_missing_or_of_another_type_are_refused() {
        let (tokens, key) = tokens_and_key();
        let verify = |claims: &Value| {
            let token = jsonwebtoken::encode(&header("one"), claims, &key).unwrap();
            tokens.verify(&token, now())
        };
        assert!(verify(&claims()).is_ok());
        let later = now().unix_seconds() + 3_600;
        let wrong = [
            ("iss", json!("https://evil.example")),
            ("iss", json!(null)),
            ("aud", json!("other")),
            ("aud", json!(["users-api"])),
            ("sub", json!("")),
            ("sub", json!("../x")),
            ("sid", json!(7)),
            ("exp", json!(now().unix_seconds())),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!(null)),
            ("exp", json!("1890000000")),
            ("exp", json!(1.89e9)),
            ("exp", json!(1e30)),
            ("exp", json!([later])),
            ("nbf", json!(later)),
            ("nbf", json!("0")),
            ("iat", json!(later)),
            ("iat", json!(-5)),
        ];
        for (name, value) in wrong {
            let mut claims = claims();
            claims[name] = value.clone();
            assert_eq!(verify(&claims), Err(InvalidToken), "{name} = {value}");
        }
        for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(verify(&claims), Err(InvalidToken), "without {name}");
        }
    }

    #[test]
    fn a_header_with_anything_but_our_algorithm_and_key_is_refused() {
        let (tokens, key) = tokens_and_key();
        let signed = |header: &Header| {
            let token = jsonwebtoken::encode(header, &claims(), &key).unwrap();
            tokens.verify(&token, now())
        };
        assert!(signed(&header("one")).is_ok());
        let ours = || header("one");
        let wrong = [
            header("two"),
            Header { kid: None, ..ours() },
            Header { typ: None, ..ours() },
            Header { typ: Some("at+jwt".into()), ..ours() },
            Header { jku: Some("https://evil.example/keys".into()), ..ours() },
            Header { x5u: Some("https://evil.example/cert".into()), ..ours() },
            Header { crit: Some(vec!["exp".into()]), ..ours() },
        ];
        for header in &wrong {
            assert_eq!(signed(header), Err(InvalidToken), "{header:?}");
        }
        for alg in ["none", "None", "HS256", "RS256", "ES384"] {
            let head = part(&json!({"typ": "JWT", "alg": alg, "kid": "one"}));
            for signature in ["", "AAAA"] {
                let token = format!("{head}.{}.{signature}", part(&claims()));
                assert_eq!(tokens.verify(&token, now()), Err(InvalidToken), "{alg}");
            }
        }
    }

    #[test]
    fn a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() {
        let json = SigningKeys::generate("one").unwrap();
        let keys = SigningKeys::from_json(&json).unwrap();
        let public = keys.verifier("one").unwrap().try_get_as_bytes().unwrap().to_vec();
        let signed =
            format!("{}.{}", part(&json!({"typ": "JWT", "alg": "HS256", "kid": "one"})), part(&claims()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), signed.as_bytes());
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(Tokens::new(keys, ISSUER.into()).verify(&forged, now()), Err(InvalidToken));
    }

    #[test]
    fn a_token_with_any_byte_changed_is_refused() {
        let (tokens, _) = tokens_and_key();
        let token = tokens.issue(&session(), DAY, now(), &SeededRandom::new(1)).unwrap();
        for at in 0..token.reveal().len() {
            for other in [b'A', b'B', b'.', b'='] {
                let mut changed = token.reveal().as_bytes().to_vec();
                if changed[at] != other {
                    changed[at] = other;
                    let changed = String::from_utf8(changed).unwrap();
                    assert_eq!(tokens.verify(&changed, now()), Err(InvalidToken), "byte {at}");
                }
            }
            assert_eq!(tokens.verify(&token.reveal()[..at], now()), Err(InvalidToken));
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_and_none_panics(text in any::<String>()) {
            let (tokens, _) = tokens_and_key();
            prop_assert_eq!(tokens.verify(&text, now()), Err(InvalidToken));
        }
    }
}
