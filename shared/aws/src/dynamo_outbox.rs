//! Mail that is to be delivered, in DynamoDB. All of it is in one partition, which takes a thousand letters a second.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `OUTBOX` | `LETTER#<letter id>` | a letter |
//! | `EMAIL#<normalised address>` | `UNDELIVERABLE` | until when mail to the address is not sent |

use async_trait::async_trait;
use domain::letter::LETTER_SECONDS;
use domain::{EmailAddress, Letter, LetterId, Outbox, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, email_pk, key, number};
use crate::dynamo_accounts::DynamoAccounts;
use crate::table::{Query, Write};

const OUTBOX: &str = "OUTBOX";

#[derive(Serialize, Deserialize)]
pub(crate) struct LetterItem {
    pk: String,
    sk: String,
    #[serde(flatten)]
    letter: Letter,
    /// When DynamoDB may remove the record: it could not be delivered for days.
    ttl: Timestamp,
}

const UNDELIVERABLE: &str = "UNDELIVERABLE";

#[derive(Serialize, Deserialize)]
struct UndeliverableItem {
    pk: String,
    sk: String,
    #[serde(default)]
    until: Timestamp,
    /// When DynamoDB may remove the record.
    #[serde(default)]
    ttl: Timestamp,
}

impl From<&Letter> for LetterItem {
    fn from(letter: &Letter) -> Self {
        let ttl = letter.written.plus_seconds(LETTER_SECONDS);
        Self { pk: OUTBOX.to_owned(), sk: sort_key(&letter.id), letter: letter.clone(), ttl }
    }
}

fn sort_key(id: &LetterId) -> String {
    format!("LETTER#{id}")
}

fn letter_key(id: &LetterId) -> Item {
    key(OUTBOX.to_owned(), &sort_key(id))
}

#[async_trait]
impl Outbox for DynamoAccounts {
    async fn waiting(&self, now: Timestamp) -> Result<Vec<Result<Letter, StoreError>>, StoreError> {
        let due = Query::partition(OUTBOX.to_owned());
        let due = due.only_if("held_until <= :now", ":now", number(now.unix_seconds()));
        let letters = self.table.query(due).await?.into_iter().map(account_item::from_item::<LetterItem>);
        Ok(letters.map(|item| item.map(|item| item.letter)).collect())
    }

    async fn hold(&self, letter: &Letter, until: Timestamp) -> Result<bool, StoreError> {
        let update = Write::update(letter_key(&letter.id), "SET held_until = :until")
            .only_if("held_until = :before")
            .value(":until", number(until.unix_seconds()))
            .value(":before", number(letter.held_until.unix_seconds()));
        self.table.apply_if(update).await
    }

    async fn strike_off(&self, id: &LetterId) -> Result<(), StoreError> {
        self.table.apply(Write::delete(letter_key(id))).await
    }

    async fn note_undeliverable(&self, address: &EmailAddress, until: Timestamp) -> Result<(), StoreError> {
        let (pk, sk) = (email_pk(address), UNDELIVERABLE.to_owned());
        let item = account_item::to_item(&UndeliverableItem { pk, sk, until, ttl: until })?;
        self.table.apply(Write::put(item)).await
    }

    async fn is_undeliverable(&self, address: &EmailAddress, now: Timestamp) -> Result<bool, StoreError> {
        let item = self.table.get(key(email_pk(address), UNDELIVERABLE)).await?;
        let Some(item) = item else { return Ok(false) };
        Ok(now < account_item::from_item::<UndeliverableItem>(item)?.until)
    }

    async fn clear_undeliverable(&self, address: &EmailAddress) -> Result<(), StoreError> {
        self.table.apply(Write::delete(key(email_pk(address), UNDELIVERABLE))).await
    }
}
