//! The second factor of an account: codes that change with the time, and recovery codes in their place.

use serde::{Deserialize, Serialize};

use crate::ports::Random;
use crate::recovery_code::RecoveryCode;
use crate::timestamp::Timestamp;
use crate::totp::TotpSecret;

/// What an account asks for beside the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// What the user's app makes codes of.
    secret: TotpSecret,
    /// Whether the user has shown that the app works. Until then no code is asked for.
    is_on: bool,
    /// The step of the last code that was used: none counts that is not later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_step: Option<u64>,
    /// The digests of the recovery codes that are left.
    recovery: Vec<String>,
}

impl SecondFactor {
    /// A factor that is to be switched on.
    pub fn begin(random: &dyn Random) -> Self {
        Self { secret: TotpSecret::random(random), is_on: false, last_step: None, recovery: Vec::new() }
    }

    /// What the user's app needs.
    #[must_use]
    pub fn secret(&self) -> &TotpSecret {
        &self.secret
    }

    /// Whether codes are asked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// How many recovery codes are left.
    #[must_use]
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery.len()
    }

    /// The factor once a code of the app has shown that it works, and the recovery codes to show to the user, once.
    /// `None` when the code is not right.
    #[must_use]
    pub fn switch_on(&self, code: &str, now: Timestamp, random: &dyn Random) -> Option<(Self, Vec<String>)> {
        let last_step = self.secret.matching_step(code, now, self.last_step)?;
        let codes = RecoveryCode::random_set(random);
        let recovery = codes.iter().map(RecoveryCode::digest).collect();
        let on = Self { is_on: true, last_step: Some(last_step), recovery, secret: self.secret.clone() };
        Some((on, codes.iter().map(RecoveryCode::reveal).collect()))
    }

    /// What is left of the factor when a code is used, of the app or a recovery code: each is good once. `None` when the
    /// code is not right.
    #[must_use]
    pub fn spend(&self, code: &str, now: Timestamp) -> Option<Self> {
        if let Some(step) = self.secret.matching_step(code, now, self.last_step) {
            return Some(Self { last_step: Some(step), ..self.clone() });
        }
        let digest = RecoveryCode::parse(code)?.digest();
        let at = self.recovery.iter().position(|left| *left == digest)?;
        let mut rest = self.clone();
        rest.recovery.remove(at);
        Some(rest)
    }
}

/// Another second factor, or none, in the place of the present one, which must still be as it was: of two requests with one
/// code, one is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorChange {
    /// What it must be.
    pub from: Option<SecondFactor>,
    /// What it is from then on.
    pub to: Option<SecondFactor>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;
    use crate::totp::STEP_SECONDS;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn on() -> (SecondFactor, Vec<String>) {
        let random = SeededRandom::new(1);
        let begun = SecondFactor::begin(&random);
        let code = begun.secret().code(NOW);
        begun.switch_on(&code, NOW, &random).expect("the right code")
    }

    #[test]
    fn a_factor_is_on_once_the_app_has_shown_a_code() {
        let random = SeededRandom::new(1);
        let begun = SecondFactor::begin(&random);
        assert!(!begun.is_on());
        assert!(begun.switch_on("000000", NOW, &random).is_none());
        let (on, codes) = on();
        assert!(on.is_on() && codes.len() == 10 && on.recovery_codes_left() == 10);
    }

    #[test]
    fn every_code_is_good_once() {
        let (factor, recovery) = on();
        let later = NOW.plus_seconds(2 * STEP_SECONDS);
        assert_eq!(factor.spend(&factor.secret().code(NOW), NOW), None, "it was used to switch it on");
        let code = factor.secret().code(later);
        let rest = factor.spend(&code, later).expect("right");
        assert_eq!(rest.spend(&code, later), None);
        let rest = rest.spend(&recovery[3].to_uppercase(), later).expect("right");
        assert_eq!((rest.recovery_codes_left(), rest.spend(&recovery[3], later)), (9, None));
        assert!(rest.spend(&recovery[4], later).is_some());
        for wrong in ["", "000000", "abcd-efgh", &code[1..]] {
            assert_eq!(rest.spend(wrong, later), None, "{wrong}");
        }
    }

    #[test]
    fn it_is_read_back_as_it_was_stored() {
        let json = serde_json::to_string(&on().0).unwrap();
        assert_eq!(serde_json::from_str::<SecondFactor>(&json).unwrap(), on().0);
    }
}
