//! The signing keys.
//!
//! They are configured as JSON: `{"keys": [{"kid": "2026-11", "pkcs8": "<base64 of the DER>"}, …]}`. The first key
//! signs; every key verifies. To rotate: append the next key, move it to the front a day later, and drop the previous one
//! when its last token and the last link that it has sealed have expired. A process that meets a token of a key it does not know reads the keys again, so
//! nobody is logged off and nothing is restarted.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::ports::Source;
use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

use crate::es256;
use crate::seal::Sealer;

/// ES256 (ECDSA over P-256) keys: one that signs and all that verify.
pub struct SigningKeys {
    signer: EncodingKey,
    verifiers: Vec<(String, DecodingKey)>,
    public: Vec<Jwk>,
    sealers: Vec<Sealer>,
}

/// The public half of a key, as anybody may have it to verify tokens (RFC 7517, RFC 7518 6.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
    kid: String,
    crv: &'static str,
    x: String,
    y: String,
}

/// All public keys (RFC 7517 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// Why a text holds no signing keys. The text itself is a secret and not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSigningKeys {
    /// It is not the JSON that is expected.
    #[error(r#"the signing keys are not JSON of the form {{"keys": [{{"kid": "…", "pkcs8": "…"}}]}}"#)]
    Format,
    /// There is no key.
    #[error("the list of signing keys is empty")]
    Empty,
    /// Two keys have the same name.
    #[error("the key id {0:?} stands twice in the signing keys")]
    Duplicate(String),
    /// A key cannot be used.
    #[error("the signing key {0:?} is not a base64 PKCS #8 key on the curve P-256")]
    Key(String),
}

/// The place that holds the signing keys.
#[derive(Clone, PartialEq, Eq)]
pub enum SigningKeySource {
    /// The keys themselves, from the configuration of a local run.
    Inline(String),
    /// The name of a `SecureString` in Parameter Store, in a deployment.
    Parameter(String),
}

impl fmt::Debug for SigningKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline(…)"),
            Self::Parameter(name) => write!(f, "Parameter({name:?})"),
        }
    }
}

/// Gives the signing keys, as often as it is asked.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The keys as they are now.
    async fn load(&self) -> Result<SigningKeys, Source>;
}

/// Configured keys, in the form that [`SigningKeys::from_json`] reads.
#[async_trait]
impl KeySource for String {
    async fn load(&self) -> Result<SigningKeys, Source> {
        Ok(SigningKeys::from_json(self)?)
    }
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    keys: Vec<KeyEntry>,
}

#[derive(Serialize, Deserialize)]
struct KeyEntry {
    kid: String,
    pkcs8: String,
}

impl SigningKeys {
    /// Reads the configured keys.
    pub fn from_json(json: &str) -> Result<Self, InvalidSigningKeys> {
        es256::install();
        let file: KeyFile = serde_json::from_str(json).map_err(|_| InvalidSigningKeys::Format)?;
        let mut signer = None;
        let (mut verifiers, mut sealers) = (Vec::<(String, DecodingKey)>::new(), Vec::new());
        let mut jwks = Vec::new();
        for KeyEntry { kid, pkcs8 } in file.keys {
            if verifiers.iter().any(|(other, _)| *other == kid) {
                return Err(InvalidSigningKeys::Duplicate(kid));
            }
            let Some((private, public, jwk, sealer)) = read_key(&kid, &pkcs8) else {
                return Err(InvalidSigningKeys::Key(kid));
            };
            jwks.push(jwk);
            sealers.push(sealer);
            signer = signer.or(Some(private));
            verifiers.push((kid, public));
        }
        let signer = signer.ok_or(InvalidSigningKeys::Empty)?;
        Ok(Self { signer, verifiers, public: jwks, sealers })
    }

    /// Makes one new key named `kid`, in the form that [`SigningKeys::from_json`] reads. `None` if the operating
    /// system gives no randomness.
    #[must_use]
    pub fn generate(kid: &str) -> Option<String> {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).ok()?;
        let entry = KeyEntry { kid: kid.to_owned(), pkcs8: STANDARD.encode(key.as_ref()) };
        serde_json::to_string(&KeyFile { keys: vec![entry] }).ok()
    }

    /// The name of the key that signs, and the key.
    pub(crate) fn signer(&self) -> (&str, &EncodingKey) {
        (&self.verifiers[0].0, &self.signer)
    }

    /// The public halves of all keys, so that one that will sign is known before it does.
    pub(crate) fn public(&self) -> JwkSet {
        JwkSet { keys: self.public.clone() }
    }

    /// Seals a text for one purpose, so that whoever carries it back cannot have changed it.
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> String {
        self.sealers[0].seal(purpose, text)
    }

    /// A text that one of the keys has sealed for that purpose.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        self.sealers.iter().find_map(|sealer| sealer.open(purpose, sealed))
    }

    /// The key named `kid`.
    pub(crate) fn verifier(&self, kid: &str) -> Option<&DecodingKey> {
        self.verifiers.iter().find(|(name, _)| name == kid).map(|(_, key)| key)
    }
}

/// The private key, its public half in both forms, and the sealer that is derived from it.
fn read_key(kid: &str, pkcs8: &str) -> Option<(EncodingKey, DecodingKey, Jwk, Sealer)> {
    let der = STANDARD.decode(pkcs8.trim()).ok()?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new()).ok()?;
    let point = pair.public_key().as_ref();
    // Uncompressed (SEC 1 2.3.3): a mark, and two coordinates of 32 bytes.
    let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32)?;
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = Jwk {
        kty: "EC",
        purpose: "sig",
        alg: "ES256",
        kid: kid.to_owned(),
        crv: "P-256",
        x: coordinate(x),
        y: coordinate(y),
    };
    let public = DecodingKey::from_ec_der(point);
    Some((EncodingKey::from_ec_der(&der), public, jwk, Sealer::derive(&der)))
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.verifiers.iter().map(|(kid, _)| kid);
        f.write_str("SigningKeys")?;
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_can_be_read_and_is_not_printed() {
        let keys = SigningKeys::from_json(&SigningKeys::generate("one").unwrap()).expect("valid");
        assert_eq!(format!("{keys:?}"), r#"SigningKeys["one"]"#);
    }

    #[test]
    fn keys_that_other_libraries_have_made_are_read() {
        // By AWS-LC, as the functions themselves once did, and by `openssl genpkey | openssl pkcs8 -topk8 -nocrypt`.
        for pkcs8 in [
            concat!(
                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1DnRMQ9HvjqzzZXbEJhhGMk23ZOvdd1becU4RTiI0Peh",
                "RANCAAS64Pq4eFcqXZfUNylImra6N7dZZbtZoOgUAUGVUvtYjcK4IyXfMKQo8iUCOTRnYSgj+IlqWQWxsv1goIs1N+ql"
            ),
            concat!(
                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoBJXgskbl8CWQfmxoBnd5bOgxus6gt5AHK8OkZR9+R+h",
                "RANCAATecnF3+SxZFGT5ARpjfhCGbhk+dBPi7oh8gLYhTXjECwWUTPANw9ltENdYQ/cBOT9kgObIofDu+cXoIeXVV5+M"
            ),
        ] {
            let json = format!(r#"{{"keys":[{{"kid":"one","pkcs8":"{pkcs8}"}}]}}"#);
            assert!(SigningKeys::from_json(&json).is_ok());
        }
    }

    #[test]
    fn what_a_program_notes_beside_a_key_is_nothing_to_the_functions() {
        let noted = SigningKeys::generate("one").unwrap().replace("}]}", r#","signs_since":"2026-11-27"}]}"#);
        assert!(SigningKeys::from_json(&noted).is_ok());
    }

    #[test]
    fn keys_that_cannot_be_used_are_named_without_being_shown() {
        let good = SigningKeys::generate("one").unwrap();
        let entry = good.strip_prefix(r#"{"keys":["#).and_then(|rest| rest.strip_suffix("]}")).unwrap();
        let cases = [
            ("{}".to_owned(), InvalidSigningKeys::Format),
            (r#"{"keys":[]}"#.to_owned(), InvalidSigningKeys::Empty),
            (format!(r#"{{"keys":[{entry},{entry}]}}"#), InvalidSigningKeys::Duplicate("one".into())),
            (r#"{"keys":[{"kid":"x","pkcs8":"c2VjcmV0"}]}"#.to_owned(), InvalidSigningKeys::Key("x".into())),
        ];
        for (json, error) in cases {
            assert_eq!(SigningKeys::from_json(&json).unwrap_err(), error);
            assert!(!error.to_string().contains("c2VjcmV0"));
        }
    }
}
