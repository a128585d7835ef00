//! The signing keys in Parameter Store.

use std::sync::Arc;

use async_trait::async_trait;
use domain::StoreError;
use domain::ports::Source;
use session::{InvalidSigningKeys, KeySource, SigningKeySource, SigningKeys};

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
    #[error("the parameter {name:?} holds no usable signing keys")]
    Invalid {
        /// The parameter's name.
        name: String,
        /// What is wrong.
        #[source]
        source: InvalidSigningKeys,
    },
}

/// Signing keys in a `SecureString` parameter.
#[derive(Clone, Debug)]
pub struct SigningKeyParameter {
    client: aws_sdk_ssm::Client,
    name: String,
}

/// The place that the configuration names.
#[must_use]
pub fn key_source(clients: &Clients, source: SigningKeySource) -> Arc<dyn KeySource> {
    match source {
        SigningKeySource::Inline(json) => Arc::new(json),
        SigningKeySource::Parameter(name) => Arc::new(SigningKeyParameter { client: clients.ssm(), name }),
    }
}

#[async_trait]
impl KeySource for SigningKeyParameter {
    async fn load(&self) -> Result<SigningKeys, Source> {
        let name = || self.name.clone();
        let json = self
            .read()
            .await
            .map_err(|source| SigningKeysUnavailable::Unreadable { name: name(), source })?;
        let keys = SigningKeys::from_json(&json);
        Ok(keys.map_err(|source| SigningKeysUnavailable::Invalid { name: name(), source })?)
    }
}

impl SigningKeyParameter {
    async fn read(&self) -> Result<String, StoreError> {
        let get = self.client.get_parameter().name(&self.name).with_decryption(true);
        let parameter = get.send().await.map_err(unavailable)?.parameter;
        parameter
            .and_then(|parameter| parameter.value)
            .ok_or_else(|| StoreError::Corrupt("the parameter has no value".into()))
    }
}
