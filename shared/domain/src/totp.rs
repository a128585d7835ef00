//! The second factor: a code of six digits that changes with the time (RFC 6238, on RFC 4226).
//!
//! Authenticator apps know one form of it well, so nothing can be chosen: HMAC-SHA-1, 6 digits, steps of 30 seconds.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use serde::{Deserialize, Serialize};

use crate::ports::Random;
use crate::timestamp::Timestamp;

/// How long a code is shown, in seconds (RFC 6238 5.2).
pub const STEP_SECONDS: u64 = 30;

/// The digits of a code: as few as RFC 4226 R4 allows.
const DIGITS: usize = 6;

/// All codes are below this: ten to the power of [`DIGITS`].
const CODES: u32 = 1_000_000;

/// So many steps before and after the current one are accepted, for slow typing and clocks that differ
/// (RFC 6238 5.2 recommends one).
const WINDOW: u64 = 1;

/// Bytes of a secret: 160 bits, as RFC 4226 R6 recommends.
const SECRET_BYTES: usize = 20;

/// What stays as it is in a URI (RFC 3986 2.3, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an authenticator app and the service share. It cannot be printed.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq)]
#[serde(try_from = "String", into = "String")]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TryFrom<String> for TotpSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_stored(&text).ok_or("a malformed secret")
    }
}

impl From<TotpSecret> for String {
    fn from(secret: TotpSecret) -> Self {
        secret.to_stored()
    }
}

impl TotpSecret {
    /// A new secret, drawn from `random`.
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`TotpSecret::to_stored`] gave; `None` when it is anything else.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The text to store: the secret itself, so it must be kept as one.
    #[must_use]
    pub fn to_stored(&self) -> String {
        self.to_base32()
    }

    /// The secret as a user types it into an app: 32 characters of base32 without padding (RFC 4648 6).
    #[must_use]
    pub fn to_base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The secret as the URI that an app reads from a QR code, in the Key Uri Format of Google Authenticator. The format
    /// keeps colons for itself: those in either name become spaces.
    #[must_use]
    pub fn provisioning_uri(&self, issuer: &str, account_name: &str) -> String {
        let encoded = |name: &str| utf8_percent_encode(&name.replace(':', " "), ENCODED).to_string();
        let (issuer, account_name) = (encoded(issuer), encoded(account_name));
        let secret = self.to_base32();
        format!(
            "otpauth://totp/{issuer}:{account_name}?secret={secret}&issuer={issuer}\
             &algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The step (whole [`STEP_SECONDS`] since the epoch) that a code belongs to: the one at `now` or one beside it.
    /// White space in the code is ignored.
    ///
    /// A code is good once (RFC 6238 5.2): no step counts that is not later than the last one of which a code was used.
    /// The caller keeps the answer as the next `last_used_step`.
    #[must_use]
    pub fn matching_step(&self, code: &str, now: Timestamp, last_used_step: Option<u64>) -> Option<u64> {
        let code = read_code(code)?;
        let current = now.unix_seconds() / STEP_SECONDS;
        // The latest of several, so that the same code does not count again for a later step.
        (current.saturating_sub(WINDOW)..=current + WINDOW)
            .filter(|step| last_used_step.is_none_or(|last| *step > last))
            .filter(|step| self.code_at(*step).ct_eq(&code).into())
            .max()
    }

    /// The code that the user's app shows at `now`.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> String {
        format!("{:0width$}", self.code_at(now.unix_seconds() / STEP_SECONDS), width = DIGITS)
    }

    /// The code of a step (RFC 4226 5.3).
    fn code_at(&self, step: u64) -> u32 {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&step.to_be_bytes());
        let hash: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(hash[19] & 0xf);
        let word = [hash[offset], hash[offset + 1], hash[offset + 2], hash[offset + 3]];
        (u32::from_be_bytes(word) & 0x7fff_ffff) % CODES
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// The number that a code is; `None` unless it has exactly [`DIGITS`] digits, with white space anywhere.
fn read_code(text: &str) -> Option<u32> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    is_code.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    /// The secret of both appendices of test values.
    fn secret() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn codes_are_those_of_rfc_4226_appendix_d() {
        let codes =
            [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(secret().code_at(step), code, "step {step}");
        }
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        let rows = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (seconds, code) in rows {
            // The appendix gives 8 digits: the last 6 of them are the code of 6 digits.
            assert_eq!(secret().matching_step(&code[2..], at(seconds), None), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_counts_from_one_step_before_its_own_to_one_step_after() {
        // The code of step 1, which is 30 to 59.
        let step = |seconds| secret().matching_step("287082", at(seconds), None);
        for seconds in [0, 29, 30, 59, 60, 89] {
            assert_eq!(step(seconds), Some(1), "{seconds}");
        }
        for seconds in [90, 120, u64::MAX] {
            assert_eq!(step(seconds), None, "{seconds}");
        }
        assert_eq!(secret().matching_step("359152", at(29), None), None);
    }

    #[test]
    fn a_code_counts_once_and_none_of_an_earlier_step_after_it() {
        let step = |code, last| secret().matching_step(code, at(59), last);
        assert_eq!(step("287082", Some(0)), Some(1));
        assert_eq!(step("287082", Some(1)), None);
        assert_eq!(step("755224", Some(1)), None);
        assert_eq!(step("359152", Some(1)), Some(2));
        assert_eq!(step("287082", Some(u64::MAX)), None);
    }

    #[test]
    fn spaces_in_a_code_are_ignored_and_anything_but_six_digits_is_no_code() {
        for code in ["287 082", " 287082\n", "2 8 7 0 8 2", "287\u{a0}082"] {
            assert_eq!(secret().matching_step(code, at(59), None), Some(1), "{code:?}");
        }
        for code in ["", "28708", "2870820", "0287082", "+87082", "-287082", "28708a", "287-082", "٢٨٧٠٨٢"]
        {
            assert_eq!(secret().matching_step(code, at(59), None), None, "{code:?}");
        }
    }

    #[test]
    fn a_leading_zero_is_part_of_the_code() {
        assert_eq!(secret().matching_step("081804", at(1_111_111_109), None), Some(37_037_036));
        assert_eq!(secret().matching_step("81804", at(1_111_111_109), None), None);
    }

    #[test]
    fn a_secret_comes_back_from_the_store_and_two_are_not_the_same() {
        let random = SeededRandom::new(1);
        let (one, two) = (TotpSecret::random(&random), TotpSecret::random(&random));
        assert_eq!(TotpSecret::from_stored(&one.to_stored()), Some(one.clone()));
        assert_ne!(one, two);
        for text in
            ["", "GEZDGNBV", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBV"]
        {
            assert_eq!(TotpSecret::from_stored(text), None, "{text}");
        }
    }

    #[test]
    fn the_uri_names_issuer_and_account_percent_encoded() {
        assert_eq!(
            secret().provisioning_uri("Acme & Söhne: Co", "ada+x@example.org"),
            "otpauth://totp/Acme%20%26%20S%C3%B6hne%20%20Co:ada%2Bx%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20S%C3%B6hne%20%20Co\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        assert_eq!(format!("{:?}", secret()), "TotpSecret(…)");
    }
}
