//! API keys: what a script has in the place of a log-on.
//!
//! The text of a key is `uapi_` and 90 characters of base32 in lower case: the account's id, the key's id, a secret and
//! a checksum. Scanners find one that has leaked by the regular expression `uapi_[a-z2-7]{90}`.

use std::collections::BTreeSet;
use std::fmt;

use data_encoding::{BASE32_NOPAD_NOCASE, HEXLOWER};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::account::{Account, AccountId};
use crate::hex_id::hex_id;
use crate::ports::Random;
use crate::timestamp::Timestamp;

/// How many keys that live an account has at most: far more than anybody keeps apart, and few enough for one list.
pub const MAX_KEYS: usize = 50;

/// The longest name of a key, in characters: one line.
pub const MAX_NAME_CHARACTERS: usize = 100;

/// How long a key lives if nothing else is asked for, in seconds: a year.
const USUAL_LIFE_SECONDS: u64 = 365 * 86_400;

/// The longest life of a key, in seconds: five years, two of which may have a leap day.
const MAX_LIFE_SECONDS: u64 = (5 * 365 + 2) * 86_400;

/// What the text of every key begins with.
const PREFIX: &str = "uapi_";

/// The bytes of a secret: 160 bits. From 112 bits on a plain hash may be kept instead of a salted and slow one
/// (OWASP ASVS 5.0 6.5.2).
const SECRET_BYTES: usize = 20;

/// The bytes of a checksum: of four billion mistyped keys one is looked up in vain.
const CHECKSUM_BYTES: usize = 4;

hex_id! {
    /// Names a key. It is no secret.
    ApiKeyId
}

/// Something that a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To list and download files, and to see how much is stored.
    FilesRead,
    /// To upload, move and delete files.
    FilesWrite,
    /// To send mail.
    Send,
    /// To read the account.
    AccountRead,
}

impl Scope {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::FilesRead, Self::FilesWrite, Self::Send, Self::AccountRead];

    /// The scope as clients write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FilesRead => "files:read",
            Self::FilesWrite => "files:write",
            Self::Send => "send",
            Self::AccountRead => "account:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One scope or more, each of them once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

/// A text names no scope, or one that there is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`scope` is what the key may be used for, one or more of: {}.", joined(&Scope::ALL, ", "))]
pub struct InvalidScopes;

impl Scopes {
    /// Reads scopes that are separated by spaces (RFC 6749 3.3).
    pub fn parse(text: &str) -> Result<Self, InvalidScopes> {
        let scope = |name| Scope::ALL.into_iter().find(|scope| scope.as_str() == name);
        let scopes: Option<BTreeSet<_>> = text.split_ascii_whitespace().map(scope).collect();
        scopes.filter(|scopes| !scopes.is_empty()).map(Self).ok_or(InvalidScopes)
    }

    /// Whether the scope is one of them.
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

/// Separated by spaces, always in the same order.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(&self.0, " "))
    }
}

fn joined<'a>(scopes: impl IntoIterator<Item = &'a Scope>, separator: &str) -> String {
    scopes.into_iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(separator)
}

/// What the owner calls a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyName(String);

/// A text cannot be the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The name of a key is one line of 1 to {MAX_NAME_CHARACTERS} printable characters, such as: nightly build."
)]
pub struct InvalidApiKeyName;

impl ApiKeyName {
    /// Reads a name: white space around it is cut, control characters are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKeyName> {
        let name = text.trim();
        let fits = (1..=MAX_NAME_CHARACTERS).contains(&name.chars().count());
        let printable = !name.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if fits && printable { Ok(Self(name.to_owned())) } else { Err(InvalidApiKeyName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key cannot end at that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A key ends in the future, and in five years at the latest.")]
pub struct InvalidExpiry;

/// When a key ends that is made at `now`: as wanted, or in a year.
pub fn expiry(wanted: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, InvalidExpiry> {
    let expires = wanted.unwrap_or(now.plus_seconds(USUAL_LIFE_SECONDS));
    let lives = now < expires && expires <= now.plus_seconds(MAX_LIFE_SECONDS);
    lives.then_some(expires).ok_or(InvalidExpiry)
}

/// A key as its owner sees it and as it is kept: without its secret. It lives while the store holds it, its end has not
/// come, and its account has not ended all keys of its generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Names the key.
    pub id: ApiKeyId,
    /// Whose it is.
    pub account: AccountId,
    /// Which keys of the account it ends with: see [`Account::key_generation`].
    pub generation: u64,
    /// What its owner calls it.
    pub name: ApiKeyName,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Proves the secret without holding it.
    pub hash: ApiKeyHash,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used, to the hour; `None` if it never was.
    pub last_used: Option<Timestamp>,
    /// When it ends.
    pub expires: Timestamp,
}

impl ApiKey {
    /// A new key of `account`, and its text, which is kept nowhere.
    pub fn issue(
        account: &Account,
        name: ApiKeyName,
        scopes: Scopes,
        expires: Timestamp,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Self, ApiKeyText) {
        let mut secret = [0; SECRET_BYTES];
        random.fill(&mut secret);
        let text = ApiKeyText { account: account.id.clone(), id: ApiKeyId::random(random), secret };
        let key = Self {
            id: text.id.clone(),
            account: account.id.clone(),
            generation: account.key_generation,
            name,
            scopes,
            hash: text.hash(),
            created: now,
            last_used: None,
            expires,
        };
        (key, text)
    }

    /// Whether it is a key of `account` that has not yet come to its end at `now`.
    #[must_use]
    pub fn is_alive(&self, account: &Account, now: Timestamp) -> bool {
        self.account == account.id && self.generation == account.key_generation && now < self.expires
    }

    /// Whether the text is that of this key, in a time that does not depend on it.
    #[must_use]
    pub fn is_proven_by(&self, text: &ApiKeyText) -> bool {
        self.account == text.account && self.id == text.id && self.hash.0.ct_eq(&text.hash().0).into()
    }
}

/// The SHA-256 of a key's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyHash([u8; 32]);

impl ApiKeyHash {
    /// Reads what [`ApiKeyHash::to_hex`] gave; `None` when it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// The text to store: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyHash(…)")
    }
}

/// A key as a script sends it. Whoever has it can use it, so it cannot be printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyText {
    /// Whose key it says it is.
    pub account: AccountId,
    /// Which key it says it is.
    pub id: ApiKeyId,
    secret: [u8; SECRET_BYTES],
}

impl ApiKeyText {
    /// Whether a text is meant as a key, whether or not it is one.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Reads a key; `None` unless it is one, letter by letter, with the right checksum. That says nothing about whether
    /// there is such a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // A key in capitals would be found by no scanner.
        let base32 = text.strip_prefix(PREFIX).filter(|base32| !base32.contains(char::is_uppercase))?;
        let bytes = BASE32_NOPAD_NOCASE.decode(base32.as_bytes()).ok()?;
        let (content, checksum_bytes) = bytes.split_last_chunk()?;
        if *checksum_bytes != checksum(content) {
            return None;
        }
        let (account, rest) = content.split_first_chunk::<16>()?;
        let (id, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            account: AccountId::parse(&HEXLOWER.encode(account))?,
            id: ApiKeyId::parse(&HEXLOWER.encode(id))?,
            secret: secret.try_into().ok()?,
        })
    }

    /// The key to show to its owner, once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes =
            [&bytes_of(self.account.as_str())[..], &bytes_of(self.id.as_str()), &self.secret].concat();
        bytes.extend(checksum(&bytes));
        format!("{PREFIX}{}", BASE32_NOPAD_NOCASE.encode(&bytes).to_ascii_lowercase())
    }

    fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(Sha256::digest(self.secret).into())
    }
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyText(…)")
    }
}

/// The bytes that an identifier is the text of.
fn bytes_of(id: &str) -> [u8; 16] {
    u128::from_str_radix(id, 16).expect("an identifier has 32 hexadecimal digits").to_be_bytes()
}

/// The first bytes of the SHA-256: against typing errors, not against anybody.
fn checksum(content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest: [u8; 32] = Sha256::digest(content).into();
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SeededRandom, contract};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn text() -> ApiKeyText {
        ApiKeyText {
            account: AccountId::parse("00112233445566778899aabbccddeeff").expect("valid"),
            id: ApiKeyId::parse("ffeeddccbbaa99887766554433221100").expect("valid"),
            secret: *b"twenty secret bytes!",
        }
    }

    #[test]
    fn a_key_is_the_prefix_and_90_letters_and_digits_that_come_back_to_it() {
        let shown = text().reveal();
        assert_eq!(
            shown,
            "uapi_aaisem2ekvthpcezvk54zxpo77765xomxovjtcdxmzkuimzcceahi53fnz2hsidtmvrxezluebrhs5dfomquqoia4y"
        );
        assert!(shown[5..].bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')) && shown.len() == 95);
        assert_eq!(ApiKeyText::parse(&shown), Some(text()));
    }

    #[test]
    fn a_key_with_any_other_letter_any_letter_less_or_more_is_none() {
        let shown = text().reveal();
        for at in 0..shown.len() {
            assert_eq!(ApiKeyText::parse(&shown[..at]), None, "{at}");
            let other = if &shown[at..=at] == "a" { "b" } else { "a" };
            let mistyped = format!("{}{other}{}", &shown[..at], &shown[at + 1..]);
            assert_eq!(ApiKeyText::parse(&mistyped), None, "{mistyped}");
        }
        let capitals = format!("uapi_{}", shown[5..].to_uppercase());
        for wrong in
            [format!("{shown}a"), format!(" {shown}"), format!("{shown}="), shown.to_uppercase(), capitals]
        {
            assert_eq!(ApiKeyText::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_right_checksum_over_too_few_or_too_many_bytes_makes_no_key() {
        for length in [0, 1, 16, 32, 51, 53] {
            let mut bytes = vec![7; length];
            bytes.extend(checksum(&bytes));
            let shown = format!("uapi_{}", BASE32_NOPAD_NOCASE.encode(&bytes).to_ascii_lowercase());
            assert_eq!(ApiKeyText::parse(&shown), None, "{length}");
        }
    }

    #[test]
    fn a_key_is_proven_by_its_own_text_only_and_lives_in_its_time_and_generation() {
        let random = SeededRandom::new(1);
        let mut ada = contract::account("ada@example.org", &random);
        let (key, text) = contract::api_key(&ada, &random);
        let (other, other_text) = contract::api_key(&ada, &random);
        assert!(key.is_proven_by(&text) && other.is_proven_by(&other_text));
        assert!(!key.is_proven_by(&other_text) && !key.is_proven_by(&ApiKeyText { secret: [7; 20], ..text }));
        assert!(key.is_alive(&ada, key.created));
        assert!(!key.is_alive(&ada, key.expires));
        assert!(!key.is_alive(&contract::account("eve@example.org", &random), key.created));
        ada.key_generation += 1;
        assert!(!key.is_alive(&ada, key.created));
    }

    #[test]
    fn scopes_are_read_in_any_order_and_written_in_one() {
        let scopes = Scopes::parse(" send  files:read send ").expect("valid");
        assert_eq!(scopes.to_string(), "files:read send");
        assert!(scopes.contains(Scope::Send) && !scopes.contains(Scope::FilesWrite));
        assert_eq!(Scopes::parse("files:read send"), Ok(scopes));
        for wrong in ["", " ", "files", "Files:read", "files:read,send", "send *"] {
            assert_eq!(Scopes::parse(wrong), Err(InvalidScopes), "{wrong}");
        }
        let known = "one or more of: files:read, files:write, send, account:read.";
        assert!(InvalidScopes.to_string().ends_with(known));
    }

    #[test]
    fn a_name_is_one_line_that_can_be_shown() {
        assert_eq!(ApiKeyName::parse(" nightly build №1 ").map(|name| name.0), Ok("nightly build №1".into()));
        assert!(ApiKeyName::parse(&"é".repeat(MAX_NAME_CHARACTERS)).is_ok());
        let long = "e".repeat(MAX_NAME_CHARACTERS + 1);
        for wrong in ["", " ", "a\nb", "a\u{7}", "a\u{2028}b", &long] {
            assert_eq!(ApiKeyName::parse(wrong), Err(InvalidApiKeyName), "{wrong}");
        }
    }

    #[test]
    fn a_key_lives_a_year_or_as_long_as_is_asked_for_within_five() {
        assert_eq!(expiry(None, NOW), Ok(NOW.plus_seconds(31_536_000)));
        for wanted in [NOW.plus_seconds(1), NOW.plus_seconds(157_852_800)] {
            assert_eq!(expiry(Some(wanted), NOW), Ok(wanted));
        }
        for wrong in [Timestamp::from_unix_seconds(0), NOW, NOW.plus_seconds(157_852_801)] {
            assert_eq!(expiry(Some(wrong), NOW), Err(InvalidExpiry));
        }
    }

    #[test]
    fn a_key_cannot_be_printed_and_its_hash_is_kept_in_hexadecimal() {
        assert_eq!(format!("{:?} {:?}", text(), text().hash()), "ApiKeyText(…) ApiKeyHash(…)");
        let hex = text().hash().to_hex();
        assert_eq!(hex.len(), 64);
        assert_eq!(ApiKeyHash::parse(&hex), Some(text().hash()));
        assert_eq!(ApiKeyHash::parse(&hex[2..]), None);
    }
}
