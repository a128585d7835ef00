//! Who somebody is, by what they know and what they have. NIST SP 800-63-4 calls who decides that the verifier.

use std::sync::Arc;

use domain::{
    Account, AccountChange, AccountId, AccountStore, Act, AuditEvent, Clock, Effects, FactorChange, Password,
    Random, SecondFactor, StoreError, Verdict,
};
use futures_util::future::try_join;
use serde::Deserialize;

use crate::error::ApiError;
use crate::hashing::Hashing;
use crate::request::Request;
use crate::throttle::{Guess, Throttle};

/// What a missing code of the second factor is answered with.
pub const CODE_NEEDED: &str = "A code is needed: send the six digits that your authenticator app shows, or a recovery code, as \"code\".";

/// What a code of the second factor that proves nothing is answered with.
pub const CODE_WRONG: &str = "The code is not right, or was used already: wait until your authenticator app shows the next one, or use a recovery code.";

/// What whoever is logged on proves to be the owner of the account with, before something that matters. Not printable:
/// it holds a password.
#[derive(Deserialize)]
pub struct Proof {
    password: String,
    /// Of the second factor, where the account has one.
    #[serde(default)]
    code: Option<String>,
}

/// Verifies passwords and codes, and counts the wrong ones.
pub struct Verifier {
    /// Where codes that were used are noted.
    pub accounts: Arc<dyn AccountStore>,
    /// Hashes the passwords.
    pub hashing: Hashing,
    /// Slows guesses down.
    pub throttle: Throttle,
    /// Tells which codes are right now.
    pub clock: Arc<dyn Clock>,
    /// Names what is noted.
    pub random: Arc<dyn Random>,
}

impl Verifier {
    /// Lets only the owner of an account go on: the account as it is once the code is used. Everybody else hears that
    /// nothing was done; each wrong password and each wrong code counts as a guess.
    pub async fn reauthenticate(
        &self,
        account: &Account,
        request: &Request,
        proof: Proof,
    ) -> Result<Account, ApiError> {
        let wrong = || ApiError::BadRequest("The present password is not right. Nothing was changed.".into());
        let password = Password::attempt(proof.password).map_err(|_| wrong())?;
        let guess = self.throttle.guess(&account.email.normalised(), request.address).await?;
        if self.hashing.verify(password, Some(account.password_hash.clone())).await? == Verdict::Wrong {
            self.refuse(guess, &account.id, Act::PasswordRefused, request).await?;
            return Err(wrong());
        }
        match self.code(account, request, proof.code.as_deref(), guess).await? {
            Code::Right(account) => Ok(*account),
            Code::Missing => Err(ApiError::BadRequest(CODE_NEEDED.into())),
            Code::Wrong => Err(ApiError::BadRequest(CODE_WRONG.into())),
        }
    }

    /// What a code proves beside a right password, which is what `guess` was about. The password alone proves nothing that
    /// would make wrong codes undone.
    pub async fn code(
        &self,
        account: &Account,
        request: &Request,
        code: Option<&str>,
        guess: Guess<'_>,
    ) -> Result<Code, ApiError> {
        let Some(factor) = account.second_factor.as_ref().filter(|factor| factor.is_on()) else {
            guess.was_right().await?;
            return Ok(Code::Right(Box::new(account.clone())));
        };
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            guess.take_back().await?;
            return Ok(Code::Missing);
        };
        let Some(rest) = self.spend(account, factor, code, request).await? else {
            self.refuse(guess, &account.id, Act::CodeRefused, request).await?;
            return Ok(Code::Wrong);
        };
        guess.was_right().await?;
        Ok(Code::Right(Box::new(Account { second_factor: Some(rest), ..account.clone() })))
    }

    /// Counts a wrong guess, and notes it for the owner of the account.
    pub async fn refuse(
        &self,
        guess: Guess<'_>,
        account: &AccountId,
        act: Act,
        request: &Request,
    ) -> Result<(), ApiError> {
        let event = AuditEvent::new(account, request.occasion(self.clock.now()), act, &*self.random);
        let effects = Effects::of(event);
        let noted = async { Ok(self.accounts.record(&effects).await?) };
        try_join(guess.was_wrong(), noted).await.map(drop)
    }

    /// Uses a code: what is left of the factor, or nothing if the code is wrong. Of several requests with one code, one is
    /// right.
    async fn spend(
        &self,
        account: &Account,
        factor: &SecondFactor,
        code: &str,
        request: &Request,
    ) -> Result<Option<SecondFactor>, ApiError> {
        let now = self.clock.now();
        let Some(rest) = factor.spend(code, now) else { return Ok(None) };
        let is_recovery = rest.recovery_codes_left() < factor.recovery_codes_left();
        let event =
            || AuditEvent::new(&account.id, request.occasion(now), Act::RecoveryCodeUsed, &*self.random);
        let effects = if is_recovery { Effects::of(event()) } else { Effects::none() };
        let factor = FactorChange { from: Some(factor.clone()), to: Some(rest.clone()) };
        let change = AccountChange { second_factor: Some(factor), ..AccountChange::default() };
        match self.accounts.change(account, &change, &effects).await {
            Ok(()) => Ok(Some(rest)),
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a code proves.
pub enum Code {
    /// That this is the owner of the account, which is so from now on.
    Right(Box<Account>),
    /// Nothing: there is none, and one is needed.
    Missing,
    /// Nothing: it is wrong.
    Wrong,
}
