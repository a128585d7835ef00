//! What a change brings about beside itself.

use crate::audit::AuditEvent;
use crate::letter::Letter;
use crate::one_time_token::{OneTimeToken, TokenId};

/// What is written together with a change, all of it or nothing: no mail for what did not happen, and none forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The token that allows the change. It must be there, and is gone afterwards.
    pub spent: Option<TokenId>,
    /// New tokens.
    pub tokens: Vec<OneTimeToken>,
    /// Mail to be delivered.
    pub letters: Vec<Letter>,
    /// What the owner may want to know of later.
    pub events: Vec<AuditEvent>,
}

impl Effects {
    /// An event and nothing else.
    #[must_use]
    pub fn of(event: AuditEvent) -> Self {
        Self { events: vec![event], ..Self::default() }
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}
