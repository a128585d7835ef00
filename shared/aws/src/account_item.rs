//! How an account lies in the table.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `USER#<id>` | `PROFILE` | the account |
//! | `USER#<id>` | `SESSION#<session id>` | a session |
//! | `USER#<id>` | `KEY#<key id>` | an API key |
//! | `EMAIL#<normalised address>` | `OWNER` | the id of the account that owns the address, or owned it until lately |

use std::collections::HashMap;

use domain::{
    Account, AccountId, EmailAddress, PasswordHash, Profile, Role, SecondFactor, StoreError, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use crate::failure::corrupt;

/// A stored record.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The primary key of a record.
pub(crate) fn key(pk: String, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), text(sk))])
}

/// Whether a record has this primary key.
pub(crate) fn has_keys(item: &Item, pk: &str, sk: &str) -> bool {
    let is =
        |name: &str, text: &str| matches!(item.get(name), Some(AttributeValue::S(value)) if value == text);
    is("pk", pk) && is("sk", sk)
}

/// A number as it is stored.
pub(crate) fn number(number: impl ToString + Copy) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A text as it is stored.
pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// The partition of everything that belongs to an account.
pub(crate) fn user_pk(account: &AccountId) -> String {
    format!("USER#{account}")
}

/// The partition of an address.
pub(crate) fn email_pk(email: &EmailAddress) -> String {
    format!("EMAIL#{}", email.normalised())
}

/// The sort key of an account.
pub(crate) const PROFILE: &str = "PROFILE";

/// The sort key of an address.
pub(crate) const OWNER: &str = "OWNER";

#[derive(Serialize, Deserialize)]
pub(crate) struct AccountItem {
    pk: String,
    sk: String,
    id: String,
    email: String,
    role: Role,
    password_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_factor: Option<SecondFactor>,
    disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota_files: Option<u64>,
    #[serde(default)]
    generation: u64,
    #[serde(default)]
    key_generation: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email_changed: Option<Timestamp>,
    created: Timestamp,
    #[serde(flatten)]
    profile: Profile,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OwnerItem {
    pk: String,
    sk: String,
    pub(crate) account: String,
}

/// Whether an account is still of the generation `:before`; records from before there were generations have none, and
/// `:none` is 0.
pub(crate) const SAME_GENERATION: &str =
    "(#generation = :before OR (attribute_not_exists(#generation) AND :before = :none))";

/// When a record of an owner counts for nothing: it was kept for an account that had the address before.
pub(crate) const NOT_OWNED: &str = "attribute_not_exists(pk) OR reserved_until <= :now";

impl OwnerItem {
    pub(crate) fn new(email: &EmailAddress, account: &AccountId) -> Self {
        Self { pk: email_pk(email), sk: OWNER.to_owned(), account: account.to_string() }
    }
}

impl From<&Account> for AccountItem {
    fn from(account: &Account) -> Self {
        Self {
            pk: user_pk(&account.id),
            sk: PROFILE.to_owned(),
            id: account.id.to_string(),
            email: account.email.to_string(),
            role: account.role,
            password_hash: account.password_hash.to_text(),
            second_factor: account.second_factor.clone(),
            disabled: account.disabled,
            quota_bytes: account.quota_bytes,
            quota_files: account.quota_files,
            generation: account.generation,
            key_generation: account.key_generation,
            email_changed: account.email_changed,
            created: account.created,
            profile: account.profile.clone(),
        }
    }
}

impl TryFrom<AccountItem> for Account {
    type Error = StoreError;

    fn try_from(item: AccountItem) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId::parse(&item.id).ok_or_else(|| corrupt("account", "its id is malformed"))?,
            email: EmailAddress::kept(&item.email).map_err(|error| corrupt("account", error))?,
            role: item.role,
            password_hash: PasswordHash::parse(&item.password_hash)
                .map_err(|error| corrupt("account", error))?,
            second_factor: item.second_factor,
            disabled: item.disabled,
            quota_bytes: item.quota_bytes,
            quota_files: item.quota_files,
            generation: item.generation,
            key_generation: item.key_generation,
            email_changed: item.email_changed,
            created: item.created,
            profile: item.profile,
        })
    }
}

/// A record as it is written.
pub(crate) fn to_item(record: &impl Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(record).map_err(|error| corrupt("record", error))
}

/// A record as it is read.
pub(crate) fn from_item<T: for<'de> Deserialize<'de>>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| corrupt("record", error))
}
