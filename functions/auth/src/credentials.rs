//! An address and a password, as a client sends them, and what they prove.

use domain::{Account, AccountId, Act, EmailAddress, Password, StoreError, Verdict};
use futures_util::future::try_join;
use serde::Deserialize;
use web::{ApiError, Code, Request};

use crate::App;

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
pub(crate) enum Outcome {
    /// That they are those of this account.
    Right(Box<Account>),
    /// That they are right, but for a code of the second factor.
    CodeNeeded,
    /// That they are right, but for a code that is wrong.
    CodeWrong,
    /// Nothing.
    Wrong,
}

impl Credentials {
    /// What these credentials prove.
    ///
    /// A wrong password, an unknown address and a disabled account cost the same work and cannot be told apart; each
    /// counts as a wrong guess, and so does a wrong code. Only a password that is too long to have been set is refused
    /// without any work.
    pub(crate) async fn prove(self, app: &App, request: &Request) -> Result<Outcome, ApiError> {
        let Ok(password) = Password::attempt(self.password) else { return Ok(Outcome::Wrong) };
        let email = EmailAddress::parse(&self.email).ok();
        let name = email.as_ref().map_or(self.email, EmailAddress::normalised);
        let find = async {
            match &email {
                Some(email) => Ok(app.accounts.find_by_email(email).await?),
                None => Ok(None),
            }
        };
        let (guess, account) = try_join(app.verifier.throttle.guess(&name, request.address), find).await?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let verdict = app.verifier.hashing.verify(password.clone(), hash).await?;
        // Nobody reads what is noted of an unknown address, which must not be told by less work.
        let id = account.as_ref().map(|account| account.id.clone());
        let account = account.filter(|account| verdict != Verdict::Wrong && !account.disabled);
        let Some(account) = account else {
            let id = id.unwrap_or_else(|| AccountId::random(&*app.random));
            app.verifier.refuse(guess, &id, Act::PasswordRefused, request).await?;
            return Ok(Outcome::Wrong);
        };
        let account = match app.verifier.code(&account, request, self.code.as_deref(), guess).await? {
            Code::Right(account) => account,
            Code::Missing => return Ok(Outcome::CodeNeeded),
            Code::Wrong => return Ok(Outcome::CodeWrong),
        };
        if verdict == Verdict::RightButOutdated {
            upgrade(app, &account, password).await?;
        }
        Ok(Outcome::Right(account))
    }
}

/// Stores the password under today's parameters.
async fn upgrade(app: &App, account: &Account, password: Password) -> Result<(), ApiError> {
    let new = app.verifier.hashing.hash(password, app.random.clone()).await?;
    match app.accounts.replace_password_hash(&account.id, &account.password_hash, &new).await {
        // Somebody else changed it meanwhile: theirs counts.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
