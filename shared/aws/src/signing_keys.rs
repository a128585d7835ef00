//! The signing keys, wherever they are.

use domain::StoreError;
use session::{InvalidSigningKeys, SigningKeySource, SigningKeys};

use crate::clients::Clients;
use crate::failure::unavailable;

/// Without signing keys a function cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeysUnavailable {
    /// Parameter Store did not give them.
    #[error("the signing keys cannot be read from the parameter {name:?}")]
    Unreadable {
        /// The parameter's name.
        name: String,
        /// What Parameter Store answered.
        #[source]
        source: StoreError,
    },
    /// What is stored are no keys.
    #[error("the configured signing keys are not usable")]
    Invalid(#[source] InvalidSigningKeys),
}

/// Reads the keys, once, at start-up.
pub async fn load_signing_keys(
    clients: &Clients,
    source: &SigningKeySource,
) -> Result<SigningKeys, SigningKeysUnavailable> {
    let json = match source {
        SigningKeySource::Inline(json) => json.clone(),
        SigningKeySource::Parameter(name) => read_parameter(clients, name)
            .await
            .map_err(|source| SigningKeysUnavailable::Unreadable { name: name.clone(), source })?,
    };
    SigningKeys::from_json(&json).map_err(SigningKeysUnavailable::Invalid)
}

async fn read_parameter(clients: &Clients, name: &str) -> Result<String, StoreError> {
    let answer =
        clients.ssm().get_parameter().name(name).with_decryption(true).send().await.map_err(unavailable)?;
    answer
        .parameter
        .and_then(|parameter| parameter.value)
        .ok_or_else(|| StoreError::Corrupt("the parameter has no value".into()))
}
