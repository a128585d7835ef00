//! What an account's API keys are, as their owner reads it.

use domain::{ApiKey, iso_time};
use serde::Serialize;

/// `{id, name, scope, created, last_used, expires}`: all but the key itself.
#[derive(Clone, Debug, Serialize)]
pub struct KeyReport<'a> {
    id: &'a str,
    name: &'a str,
    scope: String,
    created: String,
    last_used: Option<String>,
    expires: String,
}

impl<'a> KeyReport<'a> {
    /// What there is to say of a key.
    #[must_use]
    pub fn new(key: &'a ApiKey) -> Self {
        Self {
            id: key.id.as_str(),
            name: key.name.as_str(),
            scope: key.scopes.to_string(),
            created: iso_time(key.created),
            last_used: key.last_used.map(iso_time),
            expires: iso_time(key.expires),
        }
    }
}
