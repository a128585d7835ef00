//! What happened to an account that its owner may want to know of later.

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Role};
use crate::client::Client;
use crate::hex_id::hex_id;
use crate::occasion::Occasion;
use crate::ports::Random;

/// How long an event is kept, in seconds: 400 days, so that a year can be looked back on.
const KEPT_SECONDS: u64 = 400 * 86_400;

/// How long what others failed to do is kept, in seconds: 90 days. Of it there may be much.
const REFUSALS_KEPT_SECONDS: u64 = 90 * 86_400;

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
    /// Who did it.
    pub by: Actor,
    /// When, with what and from where.
    pub occasion: Occasion,
    /// What happened.
    pub act: Act,
}

/// Who does something to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Whoever proves to be its owner.
    Owner,
    /// An administrator.
    Administrator(AccountId),
    /// Whoever runs the service, with a program of theirs.
    Operator,
}

impl Actor {
    /// What it is, as users read it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Administrator(_) => "administrator",
            Self::Operator => "operator",
        }
    }
}

impl AuditEvent {
    /// Something that is done now, by its owner.
    pub fn new(account: &AccountId, occasion: Occasion, act: Act, random: &dyn Random) -> Self {
        Self { id: EventId::random(random), account: account.clone(), by: Actor::Owner, occasion, act }
    }

    /// With what program and from where the owner did it; nothing where somebody else did, whose affair that is.
    #[must_use]
    pub fn own_client(&self) -> Option<&Client> {
        (self.by == Actor::Owner).then_some(&self.occasion.client)
    }

    /// The same, done by whoever runs the service.
    #[must_use]
    pub fn by_operator(self) -> Self {
        Self { by: Actor::Operator, ..self }
    }

    /// The same, done by an administrator.
    #[must_use]
    pub fn by_administrator(self, administrator: &AccountId) -> Self {
        Self { by: Actor::Administrator(administrator.clone()), ..self }
    }
}

impl Act {
    /// How long it is kept, in seconds.
    #[must_use]
    pub const fn kept_seconds(&self) -> u64 {
        match self {
            Self::PasswordRefused | Self::CodeRefused => REFUSALS_KEPT_SECONDS,
            _ => KEPT_SECONDS,
        }
    }
}

/// What can happen to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event", content = "detail")]
pub enum Act {
    /// The address was confirmed, and the account made.
    Registered,
    /// The account was brought along from another service.
    Imported,
    /// Somebody logged on.
    LoggedOn,
    /// A wrong password was sent, to log on or before something that asks for it.
    PasswordRefused,
    /// The password was right, and the code was wrong.
    CodeRefused,
    /// Somebody logged off.
    LoggedOff,
    /// A session was ended from another one.
    SessionEnded,
    /// All other sessions were ended.
    OtherSessionsEnded,
    /// All sessions were ended.
    AllSessionsEnded,
    /// The password was changed by whoever knew the old one.
    PasswordChanged,
    /// The password was set by whoever received a mail.
    PasswordReset,
    /// The account got this address.
    AddressChanged(String),
    /// The account got this address, which it had before, back.
    AddressRestored(String),
    /// A code is asked for at log-on from now on.
    SecondFactorOn,
    /// No code is asked for any more.
    SecondFactorOff,
    /// A recovery code was used in the place of a code.
    RecoveryCodeUsed,
    /// An API key of this name was made.
    KeyMade(String),
    /// An API key of this name was revoked.
    KeyRevoked(String),
    /// Everything that is held on the user was downloaded.
    Exported,
    /// The account was looked at.
    Looked,
    /// The account got this role.
    RoleChanged(Role),
    /// The account was disabled.
    Disabled,
    /// The account was enabled again.
    Enabled,
    /// The account may store another amount.
    QuotaChanged,
    /// Mail is sent to the address again, which had bounced or was complained about.
    MailableAgain,
}
