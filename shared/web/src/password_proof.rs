//! The password once more, before something that matters.

use domain::{Account, Password, SecondFactor, Verdict};

use crate::error::ApiError;
use crate::hashing::Hashing;
use crate::request::Request;
use crate::throttle::Throttle;

/// Lets only whoever knows the password of an account go on; everybody else hears that nothing was done, and each wrong
/// password counts as a guess.
pub async fn prove_password(
    throttle: &Throttle,
    hashing: &Hashing,
    account: &Account,
    request: &Request,
    password: String,
) -> Result<(), ApiError> {
    let wrong = || ApiError::BadRequest("The present password is not right. Nothing was changed.".into());
    let password = Password::attempt(password).map_err(|_| wrong())?;
    let guess = throttle.guess(&account.email.normalised(), request.address).await?;
    if hashing.verify(password, Some(account.password_hash.clone())).await? == Verdict::Wrong {
        guess.was_wrong().await?;
        return Err(wrong());
    }
    if account.second_factor.as_ref().is_some_and(SecondFactor::is_on) {
        // The password alone proves nothing that would make wrong codes undone.
        return guess.take_back().await;
    }
    guess.was_right().await
}
