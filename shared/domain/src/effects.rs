//! What a change brings about beside itself.

use crate::account::Account;
use crate::audit::{Act, AuditEvent};
use crate::letter::Letter;
use crate::notification::Notification;
use crate::occasion::Occasion;
use crate::one_time_token::{OneTimeToken, TokenId};
use crate::ports::Random;

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

    /// What the owner of an account does to it: in the audit trail, and told by mail.
    #[must_use]
    pub fn told(
        account: &Account,
        act: Act,
        notification: Notification,
        occasion: Occasion,
        random: &dyn Random,
    ) -> Self {
        let letter = Letter::new(account.email.clone(), notification, occasion.at, random);
        let event = AuditEvent::new(&account.id, occasion, act, random);
        Self { letters: vec![letter], ..Self::of(event) }
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}
