//! An address and a password, as a client sends them, and what they prove.

use domain::{Account, EmailAddress, Password, StoreError, Verdict};
use futures_util::future::try_join;
use serde::Deserialize;
use web::{ApiError, Request};

use crate::App;
use crate::second_factor;

/// What log-on and confirm are sent. Not printable: it holds a password.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
    /// Of the second factor, where the account has one.
    #[serde(default)]
    code: Option<String>,
}

/// What credentials prove.
pub(crate) enum Proof {
    /// That they are those of this account.
    Right(Box<Account>),
    /// That they are right, but for a code of the second factor.
    CodeNeeded,
    /// Nothing.
    Wrong,
}

impl Credentials {
    /// What these credentials prove.
    ///
    /// A wrong password, an unknown address and a disabled account cost the same work and cannot be told apart; each
    /// counts as a wrong guess, and so does a wrong code. Only a password that is too long to have been set is refused
    /// without any work.
    pub(crate) async fn prove(self, app: &App, request: &Request) -> Result<Proof, ApiError> {
        let Ok(password) = Password::attempt(self.password) else { return Ok(Proof::Wrong) };
        let email = EmailAddress::parse(&self.email).ok();
        let name = email.as_ref().map_or(self.email, EmailAddress::normalised);
        let find = async {
            match &email {
                Some(email) => Ok(app.accounts.find_by_email(email).await?),
                None => Ok(None),
            }
        };
        let (guess, account) = try_join(app.throttle.guess(&name, request.address), find).await?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let verdict = app.hashing.verify(password.clone(), hash).await?;
        let account = account.filter(|account| verdict != Verdict::Wrong && !account.disabled);
        let Some(account) = account else {
            guess.was_wrong().await?;
            return Ok(Proof::Wrong);
        };
        if let Some(factor) = account.second_factor.as_ref().filter(|factor| factor.is_on()) {
            let Some(code) = self.code.filter(|code| !code.trim().is_empty()) else {
                guess.take_back().await?;
                return Ok(Proof::CodeNeeded);
            };
            let now = app.authenticator.clock.now();
            if !second_factor::spend(app, &account, factor, &code, request, now).await? {
                guess.was_wrong().await?;
                return Ok(Proof::CodeNeeded);
            }
        }
        guess.was_right().await?;
        if verdict == Verdict::RightButOutdated {
            upgrade(app, &account, password).await?;
        }
        Ok(Proof::Right(Box::new(account)))
    }
}

/// What who has not proved enough is told, with HTTP 200: clients read `ok` and `status`.
pub(crate) const CODE_NEEDED: &str = "A code is needed: send the six digits that your authenticator app shows, or a recovery code, as \"code\".";

/// Stores the password under today's parameters.
async fn upgrade(app: &App, account: &Account, password: Password) -> Result<(), ApiError> {
    let new = app.hashing.hash(password, app.random.clone()).await?;
    match app.accounts.replace_password_hash(&account.id, &account.password_hash, &new).await {
        // Somebody else changed it meanwhile: theirs counts.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
