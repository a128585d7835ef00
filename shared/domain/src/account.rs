//! Accounts: who a user is, what they may do, and what they may change about themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::email_address::EmailAddress;
use crate::file_ledger::Usage;
use crate::hex_id::hex_id;
use crate::one_time_token::TokenKind;
use crate::password::PasswordHash;
use crate::second_factor::{FactorChange, SecondFactor};
use crate::session::SessionId;
use crate::timestamp::Timestamp;

hex_id! {
    /// Names an account. Random, never derived from the address, and the first part of every file's key.
    AccountId
}

/// The longest text in one field of a profile, in bytes: room for a postal address, and all fields together
/// stay far below the 400 KB of one table item.
pub const MAX_FIELD_BYTES: usize = 1_000;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Uses the service.
    User,
    /// Uses the service with larger allowances.
    Pro,
    /// Runs the service.
    Admin,
}

impl Role {
    /// The role as clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Pro => "pro",
            Self::Admin => "admin",
        }
    }
}

impl Role {
    /// How many mails an account of this role may send in a day: what a person reads, or what a service needs.
    #[must_use]
    pub const fn mails_per_day(self) -> u64 {
        match self {
            Self::User => 100,
            Self::Pro => 1_000,
            Self::Admin => 10_000,
        }
    }

    /// How much an account of this role may store: 10 GB in 100,000 files, or tenfold for whoever has larger allowances.
    #[must_use]
    pub const fn allowance(self) -> Usage {
        match self {
            Self::User => Usage { bytes: 10_000_000_000, files: 100_000 },
            Self::Pro | Self::Admin => Usage { bytes: 100_000_000_000, files: 1_000_000 },
        }
    }
}

/// One user of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Names the account for ever.
    pub id: AccountId,
    /// Where mail goes, and what the user logs on with.
    pub email: EmailAddress,
    /// What the account may do.
    pub role: Role,
    /// Proves the password without holding it.
    pub password_hash: PasswordHash,
    /// What is asked for beside the password, if anything.
    pub second_factor: Option<SecondFactor>,
    /// A disabled account keeps its data and cannot log on.
    pub disabled: bool,
    /// How many bytes of files the account may hold, if not what its role allows.
    pub quota_bytes: Option<u64>,
    /// How many files the account may hold, if not what its role allows.
    pub quota_files: Option<u64>,
    /// Counts up whenever all sessions are ended at once. Only those of the present generation live.
    pub generation: u64,
    /// Counts up whenever all API keys are ended at once. Only those of the present generation live.
    pub key_generation: u64,
    /// When the address was changed, if that can still be undone.
    pub email_changed: Option<Timestamp>,
    /// When the account was made.
    pub created: Timestamp,
    /// What the user tells about themselves.
    pub profile: Profile,
}

impl Account {
    /// A new account of a user, who has not changed anything about it yet.
    #[must_use]
    pub fn new(
        id: AccountId,
        email: EmailAddress,
        password_hash: PasswordHash,
        profile: Profile,
        created: Timestamp,
    ) -> Self {
        Self {
            id,
            email,
            role: Role::User,
            password_hash,
            second_factor: None,
            disabled: false,
            quota_bytes: None,
            quota_files: None,
            generation: 0,
            key_generation: 0,
            email_changed: None,
            created,
            profile,
        }
    }

    /// How much the account may store.
    #[must_use]
    pub fn allowance(&self) -> Usage {
        let by_role = self.role.allowance();
        Usage {
            bytes: self.quota_bytes.unwrap_or(by_role.bytes),
            files: self.quota_files.unwrap_or(by_role.files),
        }
    }

    /// Until when the old address is kept for the account, if it still is at `now`: so long its change can be undone.
    #[must_use]
    pub fn address_kept_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.email_changed?.plus_seconds(TokenKind::EmailUndo.ttl_seconds());
        (now < until).then_some(until)
    }

    /// The name a greeting uses: the nickname, else the first name.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.profile.nickname.as_deref().or(self.profile.firstname.as_deref())
    }
}

/// A change of an account that its profile does not show. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Another address.
    pub email: Option<NewAddress>,
    /// The new password.
    pub password_hash: Option<PasswordHash>,
    /// Another second factor.
    pub second_factor: Option<FactorChange>,
    /// The new role.
    pub role: Option<Role>,
    /// Whether the account may be used.
    pub disabled: Option<bool>,
    /// What becomes of [`Account::quota_bytes`].
    pub quota_bytes: QuotaChange,
    /// What becomes of [`Account::quota_files`].
    pub quota_files: QuotaChange,
    /// What becomes of the sessions.
    pub sessions: SessionsAfter,
    /// Whether all API keys end.
    pub end_keys: bool,
}

impl AccountChange {
    /// Applies the change to `account`, but for its sessions and keys.
    pub fn apply(self, account: &mut Account) {
        if let Some(new) = self.email {
            account.email = new.email;
            account.email_changed = new.old_reserved_until.map(|_| new.at);
        }
        if let Some(hash) = self.password_hash {
            account.password_hash = hash;
        }
        if let Some(factor) = self.second_factor {
            account.second_factor = factor.to;
        }
        account.role = self.role.unwrap_or(account.role);
        account.disabled = self.disabled.unwrap_or(account.disabled);
        account.quota_bytes = self.quota_bytes.after(account.quota_bytes);
        account.quota_files = self.quota_files.after(account.quota_files);
    }
}

/// Another address of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddress {
    /// The address.
    pub email: EmailAddress,
    /// Since when.
    pub at: Timestamp,
    /// Until when nobody else can have the old one; nothing to let it go at once.
    pub old_reserved_until: Option<Timestamp>,
}

/// What becomes of a quota. Read from JSON, null leaves it to the role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<u64>")]
pub enum QuotaChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is what the role allows.
    ByRole,
    /// It is this number.
    Set(u64),
}

impl QuotaChange {
    /// The quota after the change.
    #[must_use]
    pub const fn after(self, quota: Option<u64>) -> Option<u64> {
        match self {
            Self::Keep => quota,
            Self::ByRole => None,
            Self::Set(number) => Some(number),
        }
    }
}

impl From<Option<u64>> for QuotaChange {
    fn from(quota: Option<u64>) -> Self {
        quota.map_or(Self::ByRole, Self::Set)
    }
}

/// What becomes of an account's sessions when the account is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SessionsAfter {
    /// They live on.
    #[default]
    Live,
    /// All end.
    End,
    /// All but this one end.
    EndOthers(SessionId),
}

/// Declares the profile's text fields once: the stored profile, the change to it, and the walk over both.
macro_rules! profile_fields {
    ($($field:ident),*) => {
        /// What a user tells about themselves. Every text may be absent.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Profile {
            $(#[doc = concat!("The `", stringify!($field), "` field of the account object.")]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<String>,)*
            /// Whether the user runs simulations with JESS.
            #[serde(default)]
            pub use_jess: bool,
        }

        /// A change to a profile: fields that are absent or null stay as they are, unknown ones are ignored.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        pub struct ProfileChange {
            $(#[doc = concat!("The new `", stringify!($field), "`.")]
            #[serde(default)]
            pub $field: Option<String>,)*
            /// The new `use_jess`.
            #[serde(default)]
            pub use_jess: Option<bool>,
        }

        impl ProfileChange {
            /// The texts that change, with their field names.
            pub fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$((stringify!($field), self.$field.as_deref())),*]
                    .into_iter()
                    .filter_map(|(field, text)| Some((field, text?)))
            }

            /// Applies the change to `profile`.
            pub fn apply(self, profile: &mut Profile) {
                $(if self.$field.is_some() { profile.$field = self.$field; })*
                if let Some(use_jess) = self.use_jess { profile.use_jess = use_jess; }
            }
        }
    };
}

profile_fields!(
    title, firstname, middlename, surname, nickname, position, company, tel, address, postcode, country,
    website, twitter, linkedin
);

impl ProfileChange {
    /// Refuses texts that are too long or hold characters that no field can show.
    pub fn validate(&self) -> Result<(), InvalidProfile> {
        for (field, text) in self.texts() {
            if text.len() > MAX_FIELD_BYTES {
                return Err(InvalidProfile::TooLong { field });
            }
            if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                return Err(InvalidProfile::ControlCharacter { field });
            }
        }
        Ok(())
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a profile cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfile {
    /// A text is longer than [`MAX_FIELD_BYTES`].
    #[error("The field {field:?} is too long: at most {MAX_FIELD_BYTES} bytes are kept.")]
    TooLong {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A text holds a control character other than a line break or a tabulator.
    #[error("The field {field:?} holds a control character: send plain text.")]
    ControlCharacter {
        /// The field's name on the wire.
        field: &'static str,
    },
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_field_stays_as_it_is() {
        let mut profile = Profile {
            firstname: Some("Ada".into()),
            tel: Some("1".into()),
            use_jess: true,
            ..Profile::default()
        };
        let change = ProfileChange { tel: Some("2".into()), ..ProfileChange::default() };
        change.apply(&mut profile);
        assert_eq!((profile.firstname.as_deref(), profile.tel.as_deref()), (Some("Ada"), Some("2")));
        assert!(profile.use_jess);
    }

    #[test]
    fn a_multi_line_address_is_fine_and_a_bell_is_not() {
        let address = |text: &str| ProfileChange { address: Some(text.into()), ..ProfileChange::default() };
        assert_eq!(address("12 High St\r\nBath").validate(), Ok(()));
        assert_eq!(address("\u{7}").validate(), Err(InvalidProfile::ControlCharacter { field: "address" }));
        assert_eq!(address(&"a".repeat(1001)).validate(), Err(InvalidProfile::TooLong { field: "address" }));
    }
}
