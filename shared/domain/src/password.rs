//! Passwords: what one may be, how it is kept, how it is proved.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Hasher, Params, Version};
use bcrypt::HashParts;
use data_encoding::HEXLOWER;
use phc::{Ident, Output, ParamsString, Salt};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ports::Random;

/// The shortest password that can be set, in characters (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2.1).
pub const MIN_CHARACTERS: usize = 8;

/// The longest password, in characters. Longer ones are refused before any hashing, so that nobody can make the
/// service hash megabytes (OWASP ASVS 5.0 6.2.9 asks for at least 64).
pub const MAX_CHARACTERS: usize = 256;

/// argon2id with 19 MiB, two passes, one lane: the first choice of OWASP ASVS 5.0 11.4.2.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// No stored hash may ask for more memory than this, in KiB: 256 MiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;

/// No stored hash may ask for more passes than this.
const MAX_PASSES: u32 = 16;

/// No stored bcrypt hash may ask for more than two to the power of this many rounds: about a second, when a function has
/// 15.
const MAX_BCRYPT_COST: u32 = 14;

/// The name of the kind of today (RFC 9106 1).
const ARGON2ID: Ident = Ident::new_unwrap("argon2id");

/// Bytes of salt (RFC 9106 3.1).
const SALT_BYTES: usize = 16;

/// The fewest bytes of salt that a hash can have been made with (the reference implementation refuses fewer).
const MIN_SALT_BYTES: usize = 8;

/// Bytes of hash (RFC 9106 3.1: 128 bits suffice, 256 are the recommendation).
const HASH_BYTES: usize = 32;

/// A password exactly as it was sent. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Fewer than [`MIN_CHARACTERS`] characters.
    #[error("The password is too short: use at least {MIN_CHARACTERS} characters.")]
    TooShort,
    /// More than [`MAX_CHARACTERS`] characters.
    #[error("The password is too long: use at most {MAX_CHARACTERS} characters.")]
    TooLong,
}

impl Password {
    /// A password that nobody knows: 256 random bits.
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(HEXLOWER.encode(&bytes))
    }

    /// A password to set: long enough, and not longer than what is worth hashing.
    pub fn parse(text: String) -> Result<Self, InvalidPassword> {
        let attempt = Self::attempt(text)?;
        if attempt.0.chars().count() < MIN_CHARACTERS {
            return Err(InvalidPassword::TooShort);
        }
        Ok(attempt)
    }

    /// A password to try: of any length that could ever have been set.
    pub fn attempt(text: String) -> Result<Self, InvalidPassword> {
        if text.chars().count() > MAX_CHARACTERS {
            return Err(InvalidPassword::TooLong);
        }
        Ok(Self(text))
    }

    /// The password itself, for the rules about it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A stored hash: one of ours, of argon2id, or one that was brought along, of any argon2 or of bcrypt. It is kept and read
/// as a PHC string, or in bcrypt's own form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Argon2(Box<phc::PasswordHash>),
    Bcrypt(String),
}

impl TryFrom<String> for PasswordHash {
    type Error = InvalidPasswordHash;

    fn try_from(text: String) -> Result<Self, InvalidPasswordHash> {
        Self::parse(&text)
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.to_text()
    }
}

/// A stored text is no hash that this service can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the password hash is none of argon2 (a PHC string with at most 256 MiB and 16 passes) or bcrypt ($2a$, $2b$ or $2y$ \
     with a cost of at most {MAX_BCRYPT_COST})"
)]
pub struct InvalidPasswordHash;

impl PasswordHash {
    /// Reads a hash.
    pub fn parse(text: &str) -> Result<Self, InvalidPasswordHash> {
        let kind = if text.starts_with("$argon2") { argon2_hash(text) } else { bcrypt_hash(text) };
        kind.map(Self).ok_or(InvalidPasswordHash)
    }

    /// The text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.0 {
            Kind::Argon2(hash) => hash.to_string(),
            Kind::Bcrypt(hash) => hash.clone(),
        }
    }

    /// Names the hash without holding it: its SHA-256 as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.to_text()))
    }

    /// Whether the hash was made in another way, or with less work, than is asked for today.
    fn is_outdated(&self) -> bool {
        let Kind::Argon2(hash) = &self.0 else { return true };
        let below = |name: &str, today| hash.params.get_decimal(name).is_none_or(|value| value < today);
        hash.algorithm != ARGON2ID
            || hash.version != Some(Version::V0x13.as_u32())
            || below("m", MEMORY_KIB)
            || below("t", PASSES)
    }
}

fn argon2_hash(text: &str) -> Option<Kind> {
    let hash = phc::PasswordHash::new(text).ok()?;
    let function = function(&hash)?;
    let params = function.params();
    let usable = hash.salt.as_ref().is_some_and(|salt| salt.len() >= MIN_SALT_BYTES)
        && params.memory_kib() <= MAX_MEMORY_KIB
        && params.passes() <= MAX_PASSES;
    usable.then(|| Kind::Argon2(Box::new(hash)))
}

/// The argon2 that has made a hash; `None` if it is no argon2, or one with a key or further data, which are not known here.
///
/// A hash that names no version is of the first (RFC 9106 4 describes the second).
fn function(hash: &phc::PasswordHash) -> Option<Argon2> {
    let kinds = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == hash.algorithm.as_str())?;
    let version = hash.version.map_or(Some(Version::V0x10), Version::from_u32)?;
    if hash.params.iter().count() != 3 {
        return None;
    }
    let param = |name: &str| hash.params.get_decimal(name);
    let params = Params::builder()
        .memory(Memory::kib(param("m")?.into()))
        .passes(param("t")?)
        .lanes(param("p")?)
        .tag_len(TagLen::bytes(hash.hash.as_ref()?.len() as u64))
        .build()
        .ok()?;
    Some(Argon2::new(kind, version, params))
}

/// Not `$2x$`: those hashes were made by a faulty program, and other passwords than theirs would fit.
fn bcrypt_hash(text: &str) -> Option<Kind> {
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
    let cost = text.parse::<HashParts>().ok()?.get_cost();
    (known && (4..=MAX_BCRYPT_COST).contains(&cost)).then(|| Kind::Bcrypt(text.to_owned()))
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The outcome of trying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the password.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and its stored hash should be made anew with today's parameters.
    RightButOutdated,
}

/// Hashes passwords in a working memory that is mapped at the first use and kept: mapping 19 MiB anew for each hash costs
/// page faults each time.
///
/// Calls wait for each other: a process has one working memory.
pub struct PasswordHasher {
    hasher: Mutex<Option<Hasher>>,
    /// Verified when there is no account, so that an unknown address costs the same work as a known one.
    decoy: PasswordHash,
}

impl PasswordHasher {
    /// A hasher without any working memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self { hasher: Mutex::new(None), decoy: decoy() }
    }

    /// Hashes a password with today's parameters and a fresh salt.
    #[must_use]
    pub fn hash(&self, password: &Password, random: &dyn Random) -> PasswordHash {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        let mut hash = phc_hash(&salt, &[0; HASH_BYTES]);
        hash.hash = self.output(password, &hash);
        PasswordHash(Kind::Argon2(Box::new(hash)))
    }

    /// Tries a password against a stored hash. Without one the same work is done and the verdict is
    /// [`Verdict::Wrong`].
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> Verdict {
        let is_right = match &stored.unwrap_or(&self.decoy).0 {
            // `Output` compares in constant time.
            Kind::Argon2(hash) => self.output(password, hash).is_some_and(|output| Some(output) == hash.hash),
            Kind::Bcrypt(hash) => bcrypt::verify(&password.0, hash).unwrap_or(false),
        };
        match stored {
            Some(stored) if is_right && stored.is_outdated() => Verdict::RightButOutdated,
            Some(_) if is_right => Verdict::Right,
            _ => Verdict::Wrong,
        }
    }

    /// The output that `password` gives under the salt and parameters of `hash`; `None` if they are unusable.
    fn output(&self, password: &Password, hash: &phc::PasswordHash) -> Option<Output> {
        let function = function(hash)?;
        let salt = hash.salt.as_ref()?;
        let mut output = vec![0; hash.hash.as_ref()?.len()];
        let mut kept = self.hasher.lock().unwrap_or_else(PoisonError::into_inner);
        let hasher = kept.get_or_insert_with(|| function.hasher());
        hasher.set_argon2(function);
        hasher.hash_into(password.0.as_bytes(), salt, &mut output).ok()?;
        Output::new(&output).ok()
    }
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::new()
    }
}

/// A hash with today's parameters that no password is known to give.
fn decoy() -> PasswordHash {
    PasswordHash(Kind::Argon2(Box::new(phc_hash(&[0x5a; SALT_BYTES], &[0; HASH_BYTES]))))
}

/// The PHC form of `salt` and `output` under today's parameters.
fn phc_hash(salt: &[u8; SALT_BYTES], output: &[u8; HASH_BYTES]) -> phc::PasswordHash {
    let mut params = ParamsString::new();
    for (name, value) in [("m", MEMORY_KIB), ("t", PASSES), ("p", LANES)] {
        params.add_decimal(name, value).expect("three short parameters fit a PHC string");
    }
    phc::PasswordHash {
        algorithm: ARGON2ID,
        version: Some(Version::V0x13.as_u32()),
        params,
        salt: Some(Salt::new(salt).expect("16 bytes are a valid salt")),
        hash: Some(Output::new(output).expect("32 bytes are a valid output")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).expect("valid")
    }

    #[test]
    fn a_password_has_8_to_256_characters_of_any_kind() {
        assert_eq!(Password::parse("1234567".into()), Err(InvalidPassword::TooShort));
        assert!(Password::parse("ünïcødé ".into()).is_ok());
        assert!(Password::parse("ü".repeat(256)).is_ok());
        assert_eq!(Password::parse("x".repeat(257)), Err(InvalidPassword::TooLong));
        assert_eq!(Password::attempt("x".repeat(257)), Err(InvalidPassword::TooLong));
    }

    #[test]
    fn the_right_password_is_told_from_every_wrong_one() {
        let hasher = PasswordHasher::new();
        let hash = hasher.hash(&password("demo-password-1"), &SeededRandom::new(1));
        assert_eq!(hasher.verify(&password("demo-password-1"), Some(&hash)), Verdict::Right);
        for wrong in ["demo-password-2", "demo-password-1 ", "Demo-password-1", "demo-password"] {
            assert_eq!(hasher.verify(&password(wrong), Some(&hash)), Verdict::Wrong, "{wrong}");
        }
        assert_eq!(hasher.verify(&password("demo-password-1"), None), Verdict::Wrong);
    }

    #[test]
    fn a_hash_is_kept_as_a_phc_string_with_the_parameters_of_the_standard() {
        let hash = PasswordHasher::new().hash(&password("demo-password-1"), &SeededRandom::new(1));
        let text = hash.to_text();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert_eq!(PasswordHash::parse(&text), Ok(hash));
    }

    #[test]
    fn the_same_password_gets_another_salt_each_time() {
        let (hasher, random) = (PasswordHasher::new(), SeededRandom::new(1));
        let (one, two) = (
            hasher.hash(&password("demo-password-1"), &random),
            hasher.hash(&password("demo-password-1"), &random),
        );
        assert_ne!(one.to_text(), two.to_text());
    }

    #[test]
    fn a_hash_made_with_less_work_is_verified_and_found_outdated() {
        let hasher = PasswordHasher::new();
        let mut hash = phc_hash(b"somesaltsomesalt", &[0; HASH_BYTES]);
        hash.params = "m=64,t=2,p=1".parse().expect("valid");
        hash.hash = hasher.output(&password("password"), &hash);
        let stored = PasswordHash::parse(&hash.to_string()).expect("usable");
        assert_eq!(hasher.verify(&password("password"), Some(&stored)), Verdict::RightButOutdated);
        assert_eq!(hasher.verify(&password("passwort"), Some(&stored)), Verdict::Wrong);
    }

    /// Made by other programs: argon2-cffi 25.1.0 and bcrypt 5.0.0 for Python, the last with the prefix of PHP.
    const BROUGHT_ALONG: [&str; 5] = [
        "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$9To2tgnL5KP8Zm333tObLw",
        "$argon2d$v=19$m=64,t=2,p=2$c2FsdHNhbHRzYWx0c2FsdA$DEDCxOsiQhxrBNliUD/ldg",
        "$argon2id$v=16$m=64,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Um273WRMAbXqFhNxbyOC/6SAzvQNbQk3C2R2oZbkZT4",
        "$2b$04$DAYrUp5ndpyheazChQGDc.m4gMG7i2.6J.OrvmNxWdJxuMN623u3i",
        "$2y$05$pHlg8r9SY/OIchem395OaegtngCSWNiSFL0jwPo6Uu5UXW.HNtJwC",
    ];

    #[test]
    fn hashes_that_other_programs_have_made_are_verified_and_found_outdated() {
        let hasher = PasswordHasher::new();
        for text in BROUGHT_ALONG {
            let stored = PasswordHash::parse(text).expect(text);
            assert_eq!(stored.to_text(), text);
            assert_eq!(
                hasher.verify(&password("seven grey herons"), Some(&stored)),
                Verdict::RightButOutdated,
                "{text}"
            );
            assert_eq!(hasher.verify(&password("seven grey heron"), Some(&stored)), Verdict::Wrong, "{text}");
        }
    }

    #[test]
    fn hashes_of_other_kinds_or_of_absurd_cost_are_not_usable() {
        let good = PasswordHasher::new().hash(&password("demo-password-1"), &SeededRandom::new(1)).to_text();
        let bcrypt = BROUGHT_ALONG[3];
        let bad = [
            String::new(),
            "plain".into(),
            "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/".into(),
            good.replace("argon2id", "argon2x"),
            good.replace("v=19", "v=20"),
            good.replace("m=19456", "m=4000000"),
            good.replace("t=2", "t=4000000"),
            good.replace("p=1", "p=0"),
            good.replace("m=19456,", ""),
            good.replace("p=1", "p=1,keyid=Zm9v"),
            good.replace("p=1", "p=1,data=Zm9v"),
            good.replace(good.split('$').nth(4).expect("a salt"), "c2FsdA"),
            good.rsplit_once('$').expect("a PHC string").0.to_owned(),
            bcrypt.replace("$2b$", "$2x$"),
            bcrypt.replace("$04$", "$15$"),
            bcrypt.replace("$04$", "$03$"),
            bcrypt[..59].to_owned(),
        ];
        for text in bad {
            assert_eq!(PasswordHash::parse(&text), Err(InvalidPasswordHash), "{text}");
        }
    }

    #[test]
    fn neither_password_nor_hash_can_be_printed() {
        let hash = PasswordHasher::new().hash(&password("demo-password-1"), &SeededRandom::new(1));
        assert_eq!(format!("{:?} {hash:?}", password("demo-password-1")), "Password(…) PasswordHash(…)");
    }
}
