//! The signing keys in Parameter Store.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::StoreError;
use domain::ports::Source;
use http::{Request, header};
use serde::{Deserialize, Serialize};
use session::{InvalidSigningKeys, KeySource, SigningKeySource, SigningKeys};

use crate::clients::Clients;
use crate::failure::{corrupt, unavailable};
use crate::service::Service;

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
    service: Service,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter<'a> {
    name: &'a str,
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GotParameter {
    parameter: Parameter,
}

/// Not printable: it holds the keys.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: String,
}

/// The place that the configuration names.
#[must_use]
pub fn key_source(clients: &Clients, source: SigningKeySource) -> Arc<dyn KeySource> {
    match source {
        SigningKeySource::Inline(json) => Arc::new(json),
        SigningKeySource::Parameter(name) => {
            Arc::new(SigningKeyParameter { service: clients.parameters(), name })
        }
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
        let get = GetParameter { name: &self.name, with_decryption: true };
        let body = serde_json::to_vec(&get).map_err(unavailable)?;
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", "AmazonSSM.GetParameter")
            .body(Bytes::from(body));
        let answer = self.service.call(&request.map_err(unavailable)?).await.map_err(unavailable)?;
        // What is wrong with it is not said: it may hold a piece of a key.
        let got: GotParameter =
            serde_json::from_slice(answer.body()).map_err(|_| corrupt("parameter", "it cannot be read"))?;
        Ok(got.parameter.value)
    }
}
