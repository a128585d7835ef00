//! Which new passwords are too easy to guess (NIST SP 800-63B-4 3.1.1.2, OWASP ASVS 5.0 6.2.4 and 6.2.11).
//!
//! How long a password must be is said in [`crate::password`]. What kinds of characters it holds does not matter.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use crate::email_address::EmailAddress;
use crate::password::Password;

/// The 10,000 most frequent passwords of at least 8 characters, in lower case and in order of their bytes.
///
/// They are the first such entries of `passwords.json`, which is ordered by frequency, in the npm package
/// `@zxcvbn-ts/language-common` 4.1.3 (MIT; its text is in `common_passwords.txt.license`). That list leaves out
/// repetitions and runs, which [`is_repetition`] and [`is_run`] find. ASVS 6.2.4 asks for 3,000.
const COMMON: &str = include_str!("common_passwords.txt");

static COMMON_LINES: LazyLock<Vec<&str>> = LazyLock::new(|| COMMON.lines().collect());

/// What people walk along, there or back: the digits, the alphabet, and the keys of keyboards row after row (US, then
/// German, then French).
const WALKS: [&str; 5] = [
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
];

/// A text of at most so many characters, over and over, is a repetition: `aaaaaaaa`, `19851985`.
const MAX_REPEATED: usize = 4;

/// The shortest own word that counts, in characters: shorter ones are in too many good passwords.
const MIN_OWN_WORD: usize = 4;

/// So many characters beside own words do not make a good password of them: `ada.lovelace1815`.
const MAX_BESIDE_OWN_WORDS: usize = 4;

/// Why a password cannot be set although it is long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is among the most frequent ones, in any letter case.
    #[error("The password is one of the most common ones: use one that others do not use.")]
    Common,
    /// It is a short text over and over, or a run along the digits, the alphabet or the keyboard.
    #[error("The password is a repetition or a plain run such as 12345678: use several unrelated words.")]
    Pattern,
    /// It is made of what others know about its owner.
    #[error(
        "The password is made of your own name or e-mail address: use words that have nothing to do with you."
    )]
    OwnWords,
}

/// The words that whoever knows a user tries first, in lower case, longest first.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnWords(Vec<String>);

impl OwnWords {
    /// The words of an address (whole, the part before the `@`, the domain without its last label) and of names,
    /// and their parts. Other words that are easily guessed, such as the name of the service, can be given as names too.
    pub fn new<'a>(email: &EmailAddress, names: impl IntoIterator<Item = &'a str>) -> Self {
        let (local, domain) = email.as_str().rsplit_once('@').unwrap_or((email.as_str(), ""));
        let domain = idna::domain_to_unicode(domain).0;
        let domain = domain.rsplit_once('.').map_or("", |(name, _)| name);
        let mut words = vec![folded(email.as_str())];
        let mut add = |text: &str| {
            let text = folded(text.trim());
            words.extend(text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
            words.push(text);
        };
        add(local);
        add(domain);
        names.into_iter().for_each(add);
        words.retain(|word| word.chars().count() >= MIN_OWN_WORD);
        words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        Self(words)
    }

    /// How many characters of `password` belong to none of the words.
    fn characters_beside(&self, password: &str) -> usize {
        let mut rest = vec![password];
        for word in &self.0 {
            rest = rest.into_iter().flat_map(|part| part.split(word.as_str())).collect();
        }
        rest.into_iter().map(|part| part.chars().count()).sum()
    }
}

/// Judges a password that is to be set, in any letter case and Unicode form.
pub fn judge(password: &Password, owner: &OwnWords) -> Result<(), WeakPassword> {
    let password = folded(password.reveal());
    if COMMON_LINES.binary_search(&password.as_str()).is_ok() {
        return Err(WeakPassword::Common);
    }
    if is_repetition(&password) || is_run(&password) {
        return Err(WeakPassword::Pattern);
    }
    if owner.characters_beside(&password) <= MAX_BESIDE_OWN_WORDS {
        return Err(WeakPassword::OwnWords);
    }
    Ok(())
}

/// One spelling for all letter cases and Unicode forms.
fn folded(text: &str) -> String {
    text.to_lowercase().nfc().collect()
}

/// Whether a text is a shorter one over and over, the last time perhaps cut off.
fn is_repetition(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (1..=MAX_REPEATED).any(|period| {
        characters.len() >= 2 * period && characters.iter().zip(&characters[period..]).all(|(a, b)| a == b)
    })
}

/// Whether a text is a part of a walk, there or back, begun anew at its end.
fn is_run(text: &str) -> bool {
    let back: String = text.chars().rev().collect();
    WALKS.iter().any(|walk| {
        let walk = walk.repeat(text.len() / walk.len() + 2);
        walk.contains(text) || walk.contains(&back)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::MIN_CHARACTERS;

    fn judged(password: &str) -> Result<(), WeakPassword> {
        let email = EmailAddress::parse("Ada.Lovelace@Engines.Example.org").expect("valid");
        let owner = OwnWords::new(&email, ["Augusta", "Byron-Noël", "Zoe\u{308}y"]);
        judge(&Password::parse(password.to_owned()).expect(password), &owner)
    }

    #[test]
    fn a_famous_password_is_refused_in_any_letter_case() {
        for password in
            ["password", "password1", "Password123", "ILOVEYOU1", "1qaz2wsx", "trustno1", "P@ssw0rd"]
        {
            assert_eq!(judged(password), Err(WeakPassword::Common), "{password}");
        }
    }

    #[test]
    fn a_passphrase_or_anything_else_that_is_nobodys_is_accepted() {
        let good = ["correct horse battery", "demo-password-1", "tiny teal kettle", "ünïcødé ", "8Vq!x2#m"];
        for password in good {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_repetition_of_up_to_four_characters_is_refused() {
        for password in ["zzzzzzzz", "        ", "éÉe\u{301}éééééé", "ababababa", "xyzxyzxyz", "19851985"]
        {
            assert_eq!(judged(password), Err(WeakPassword::Pattern), "{password}");
        }
        assert_eq!(judged("kettlekettle"), Ok(()));
        assert_eq!(judged("zzzzzzzy"), Ok(()));
    }

    #[test]
    fn a_run_along_digits_alphabet_or_keyboard_is_refused_in_both_directions() {
        let runs = [
            "23456789012345678901234567890",
            "987654321",
            "abcdefgh",
            "XyzAbcDef",
            "poiuytre",
            "qwertyuiopasdf",
            "qwertzui",
            "azertyuiopq",
        ];
        for password in runs {
            assert_eq!(judged(password), Err(WeakPassword::Pattern), "{password}");
        }
        for password in ["12345678", "qwertyui"] {
            assert_eq!(judged(password), Err(WeakPassword::Common), "{password}");
        }
        assert_eq!(judged("abcdefgi"), Ok(()));
    }

    #[test]
    fn own_words_with_at_most_four_characters_beside_them_are_refused() {
        let own = [
            "ada.lovelace@engines.example.org",
            "Ada.Lovelace",
            "!LOVELACE1!",
            "lovelace1815",
            "engines.example",
            "Engines2026",
            "AUGUSTA1",
            "noelbyron-noël",
            "NOE\u{308}L1234",
            "zoëy1234",
            "lovelace-Augusta-99",
            "adalovelace1",
        ];
        for password in own {
            assert_eq!(judged(password), Err(WeakPassword::OwnWords), "{password}");
        }
    }

    #[test]
    fn own_words_in_a_longer_password_and_own_words_of_three_letters_are_accepted() {
        for password in ["lovelace12345", "augusta kettle", "ada12345", "org.ada!"] {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_readable_form_of_an_international_domain_is_an_own_word() {
        let email = EmailAddress::parse("me@bücher.example").expect("valid");
        let password = Password::parse("Bücher99".into()).expect("valid");
        assert_eq!(judge(&password, &OwnWords::new(&email, [])), Err(WeakPassword::OwnWords));
    }

    #[test]
    fn the_last_label_of_the_domain_is_nobodys_word() {
        let email = EmailAddress::parse("me@engines.museum").expect("valid");
        let password = Password::parse("museum26".into()).expect("valid");
        assert_eq!(judge(&password, &OwnWords::new(&email, [])), Ok(()));
    }

    #[test]
    fn an_owner_whose_words_are_all_short_forbids_nothing() {
        let email = EmailAddress::parse("a@b.example").expect("valid");
        let password = Password::parse("a@b.exam".into()).expect("valid");
        assert_eq!(judge(&password, &OwnWords::new(&email, ["", " ", "Al"])), Ok(()));
    }

    #[test]
    fn the_list_is_sorted_without_duplicates_and_in_the_spelling_that_is_looked_up() {
        assert_eq!(COMMON_LINES.len(), 10_000);
        assert!(COMMON_LINES.is_sorted_by(|a, b| a < b));
        for line in COMMON_LINES.iter() {
            assert_eq!(*line, folded(line));
            assert!(line.chars().count() >= MIN_CHARACTERS, "{line}");
        }
    }
}
