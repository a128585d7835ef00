//! What happened to an account that its owner may want to know of later.

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::hex_id::hex_id;
use crate::occasion::Occasion;
use crate::ports::Random;

/// How long an event is kept, in seconds: 400 days, so that a year can be looked back on.
pub const AUDIT_SECONDS: u64 = 400 * 86_400;

hex_id! {
    /// Names an event.
    EventId
}

/// One event in the life of an account. It is written once and never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Names it.
    pub id: EventId,
    /// Whose account.
    pub account: AccountId,
    /// When, with what and from where.
    pub occasion: Occasion,
    /// What happened.
    pub act: Act,
}

impl AuditEvent {
    /// Something that happens now.
    pub fn new(account: &AccountId, occasion: Occasion, act: Act, random: &dyn Random) -> Self {
        Self { id: EventId::random(random), account: account.clone(), occasion, act }
    }
}

/// What can happen to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The address was confirmed, and the account made.
    Registered,
    /// Somebody logged on.
    LoggedOn,
    /// The password was changed by whoever knew the old one.
    PasswordChanged,
    /// The password was set by whoever received a mail.
    PasswordReset,
    /// All other sessions were ended.
    OtherSessionsEnded,
}
