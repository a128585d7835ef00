//! Passwords that are to be set.

use domain::password_rules::judge;
use domain::{EmailAddress, OwnWords, Password, Profile};
use web::ApiError;

/// How a page asks for one.
pub(crate) const NEW_PASSWORD_INPUT: &str =
    "type=\"password\" name=\"password\" autocomplete=\"new-password\" minlength=\"8\" required autofocus";

/// Reads a password that the user of this address and profile wants to have; 400 when it is too easy to guess.
pub(crate) fn new_password(
    text: String,
    email: &EmailAddress,
    profile: &Profile,
) -> Result<Password, ApiError> {
    let password = Password::parse(text).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let names = [&profile.firstname, &profile.middlename, &profile.surname, &profile.nickname];
    let own_words = OwnWords::new(email, names.into_iter().filter_map(Option::as_deref));
    judge(&password, &own_words).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    Ok(password)
}
