//! Tokens in mails that are good once: to confirm an address, to set a new password.
//!
//! The store holds a token's id and what it is for. What goes out by mail is the id under a seal (see [`Links`]), so that
//! whoever reads the store cannot make a token of what is there.
//!
//! [`Links`]: crate::ports::Links

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Profile};
use crate::email_address::EmailAddress;
use crate::hex_id::hex_id;
use crate::occasion::Occasion;
use crate::password::PasswordHash;
use crate::ports::Random;
use crate::timestamp::Timestamp;

hex_id! {
    /// Names a one-time token in the store.
    TokenId
}

/// What a token is good for. A token of one kind is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Confirms the address of a registration.
    Registration,
    /// Sets a new password.
    PasswordReset,
    /// Confirms the new address of an account.
    EmailChange,
    /// Gives an account its old address back.
    EmailUndo,
}

impl TokenKind {
    /// The kind's name, under which its tokens are sealed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::PasswordReset => "password reset",
            Self::EmailChange => "email change",
            Self::EmailUndo => "email undo",
        }
    }

    /// How long a token of the kind is good, in seconds: a day to find a mail, an hour for what takes over an account
    /// (OWASP Forgot Password Cheat Sheet), a week to find out that it was taken over.
    #[must_use]
    pub const fn ttl_seconds(self) -> u64 {
        match self {
            Self::Registration | Self::EmailChange => 86_400,
            Self::PasswordReset => 3_600,
            Self::EmailUndo => 7 * 86_400,
        }
    }
}

/// An account that becomes one once its address is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The address.
    pub email: EmailAddress,
    /// Proves the password.
    pub password_hash: PasswordHash,
    /// What the user tells about themselves.
    pub profile: Profile,
    /// When, with what and from where it was asked for: whoever confirms it should know.
    pub occasion: Occasion,
}

/// What a token does when it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Makes an account.
    Registration(Box<Registration>),
    /// Sets a new password.
    PasswordReset {
        /// Whose.
        account: AccountId,
        /// The address that it was mailed to. The token is void once the account has another one.
        email: EmailAddress,
        /// The digest of the password that is to be replaced ([`PasswordHash::digest`]). The token is void once the
        /// account has another one, but not when sessions are ended: whoever holds one could make every token void.
        password: String,
    },
    /// Gives an account another address.
    EmailChange {
        /// Which.
        account: AccountId,
        /// The address that it has. The token is void once it has another one.
        from: EmailAddress,
        /// The address that it gets.
        to: EmailAddress,
        /// The token is void once the account has left this generation: after any change of password, for one.
        generation: u64,
    },
    /// Gives an account its old address back.
    EmailUndo {
        /// Which.
        account: AccountId,
        /// The address that it has. The token is void once it has another one.
        from: EmailAddress,
        /// The address that it had.
        to: EmailAddress,
    },
}

impl Purpose {
    /// The kind of token that it belongs to.
    #[must_use]
    pub const fn kind(&self) -> TokenKind {
        match self {
            Self::Registration(_) => TokenKind::Registration,
            Self::PasswordReset { .. } => TokenKind::PasswordReset,
            Self::EmailChange { .. } => TokenKind::EmailChange,
            Self::EmailUndo { .. } => TokenKind::EmailUndo,
        }
    }
}

/// A token that has not been used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeToken {
    /// Names it.
    pub id: TokenId,
    /// What it does.
    pub purpose: Purpose,
    /// From then on it is void.
    pub expires: Timestamp,
}

impl OneTimeToken {
    /// A new token, good from `now` on.
    pub fn new(purpose: Purpose, now: Timestamp, random: &dyn Random) -> Self {
        let expires = now.plus_seconds(purpose.kind().ttl_seconds());
        Self { id: TokenId::random(random), purpose, expires }
    }
}
