//! An address and a password, as a client sends them, and what they prove.

use domain::{Account, EmailAddress, Password, StoreError, Verdict};
use futures_util::future::try_join;
use serde::Deserialize;
use web::{ApiError, Request};

use crate::App;

/// What log-on and confirm are sent. Not printable: it holds a password.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

impl Credentials {
    /// The account that these credentials belong to.
    ///
    /// A wrong password, an unknown address and a disabled account cost the same work and cannot be told apart; each
    /// counts as a wrong guess. Only a password that is too long to have been set is refused without any work.
    pub(crate) async fn account(self, app: &App, request: &Request) -> Result<Option<Account>, ApiError> {
        let Ok(password) = Password::attempt(self.password) else { return Ok(None) };
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
            return Ok(None);
        };
        guess.was_right().await?;
        if verdict == Verdict::RightButOutdated {
            upgrade(app, &account, password).await?;
        }
        Ok(Some(account))
    }
}

/// Stores the password under today's parameters.
async fn upgrade(app: &App, account: &Account, password: Password) -> Result<(), ApiError> {
    let new = app.hashing.hash(password, app.random.clone()).await?;
    match app.accounts.replace_password_hash(&account.id, &account.password_hash, &new).await {
        // Somebody else changed it meanwhile: theirs counts.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
