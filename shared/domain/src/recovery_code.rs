//! Recovery codes: what stands in for the second factor when the device that shows its codes is lost.

use std::fmt;

use data_encoding::{BASE32_NOPAD_NOCASE, HEXLOWER};
use sha2::{Digest as _, Sha256};

use crate::ports::Random;

/// How many codes a user gets at a time.
pub const RECOVERY_CODES: usize = 10;

/// The bytes of a code: 120 bits, which is 24 letters and digits. From 112 bits on a plain hash may be kept instead of
/// a salted and slow one (OWASP ASVS 5.0 6.5.2).
const CODE_BYTES: usize = 15;

/// How many characters of a code are shown together.
const GROUP_CHARACTERS: usize = 4;

/// A code that is good once. It cannot be printed by accident, and only its digest is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; CODE_BYTES]);

impl RecoveryCode {
    /// A set of new codes, drawn from `random`.
    pub fn random_set(random: &dyn Random) -> [Self; RECOVERY_CODES] {
        std::array::from_fn(|_| {
            let mut bytes = [0; CODE_BYTES];
            random.fill(&mut bytes);
            Self(bytes)
        })
    }

    /// Reads a code as a user types it: letter case, hyphens and white space are ignored. `None` when it is none.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let text: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let bytes = BASE32_NOPAD_NOCASE.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The code to show to its user, once: base32 (RFC 4648 6) in lower case, as `abcd-efgh-ijkl-mnop-qrst-uvwx`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let text = BASE32_NOPAD_NOCASE.encode(&self.0).to_ascii_lowercase();
        let characters: Vec<char> = text.chars().collect();
        let groups: Vec<String> = characters.chunks(GROUP_CHARACTERS).map(String::from_iter).collect();
        groups.join("-")
    }

    /// What is kept of the code: its SHA-256 as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.0))
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::testing::SeededRandom;

    #[test]
    fn a_code_is_shown_as_six_groups_of_four_in_lower_case() {
        let code = RecoveryCode(*b"foobarfoobarfoo");
        assert_eq!(code.reveal(), "mzxw-6ytb-ojtg-633c-mfzg-m33p");
    }

    #[test]
    fn a_code_is_read_in_any_letter_case_with_or_without_hyphens_and_spaces() {
        let code = RecoveryCode(*b"foobarfoobarfoo");
        for typed in
            ["mzxw-6ytb-ojtg-633c-mfzg-m33p", "MZXW6YTBOJTG633CMFZGM33P", " mzxw 6ytb ojtg\t633c mfzg M33P\n"]
        {
            assert_eq!(RecoveryCode::parse(typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_none() {
        for typed in [
            "",
            "mzxw-6ytb-ojtg-633c-mfzg-m33",
            "mzxw-6ytb-ojtg-633c-mfzg-m33pa",
            "mzxw-6ytb-ojtg-633c-mfzg-m33p-mzxw-6ytb",
            "mzxw-6ytb-ojtg-633c-mfzg-m331",
            "mzxw-6ytb-ojtg-633c-mfzg-m33é",
        ] {
            assert_eq!(RecoveryCode::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn the_codes_of_a_set_differ_and_each_comes_back_to_its_digest() {
        let codes = RecoveryCode::random_set(&SeededRandom::new(1));
        let digests: HashSet<String> = codes.iter().map(RecoveryCode::digest).collect();
        assert_eq!(digests.len(), RECOVERY_CODES);
        for code in codes {
            let typed = RecoveryCode::parse(&code.reveal()).expect("a code");
            assert_eq!(typed.digest(), code.digest());
        }
    }

    #[test]
    fn the_digest_is_sha_256_in_lower_case_hexadecimal() {
        let digest = RecoveryCode(*b"foobarfoobarfoo").digest();
        assert_eq!(digest, "0942cdab6ec842c92310d264303503bee371cfda2277e6f0e95f001b0152673c");
    }

    #[test]
    fn a_code_cannot_be_printed() {
        assert_eq!(format!("{:?}", RecoveryCode([7; CODE_BYTES])), "RecoveryCode(…)");
    }
}
