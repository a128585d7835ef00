//! Mail that is to be delivered, in DynamoDB. All of it is in one partition, which takes a thousand letters a second.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `OUTBOX` | `LETTER#<letter id>` | a letter |
//! | `EMAIL#<normalised address>` | `UNDELIVERABLE` | until when mail to the address is not sent |

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::letter::LETTER_SECONDS;
use domain::{EmailAddress, Letter, LetterId, Outbox, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, email_pk, key, number};
use crate::dynamo_accounts::{DynamoAccounts, conflict_or_unavailable};
use crate::failure::unavailable;

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
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk").filter_expression("held_until <= :now");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(OUTBOX.to_owned()));
        let query = query.expression_attribute_values(":now", number(now.unix_seconds()));
        let mut items = query.into_paginator().items().send();
        let mut letters = Vec::new();
        while let Some(item) = items.next().await {
            let item = account_item::from_item::<LetterItem>(item.map_err(unavailable)?);
            letters.push(item.map(|item| item.letter));
        }
        Ok(letters)
    }

    async fn hold(&self, letter: &Letter, until: Timestamp) -> Result<bool, StoreError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(letter_key(&letter.id)));
        let update = update.update_expression("SET held_until = :until");
        let update = update.condition_expression("held_until = :before");
        let update = update.expression_attribute_values(":until", number(until.unix_seconds()));
        let update = update.expression_attribute_values(":before", number(letter.held_until.unix_seconds()));
        match update.send().await.map_err(conflict_or_unavailable) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn strike_off(&self, id: &LetterId) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(letter_key(id)));
        delete.send().await.map(drop).map_err(unavailable)
    }

    async fn note_undeliverable(&self, address: &EmailAddress, until: Timestamp) -> Result<(), StoreError> {
        let (pk, sk) = (email_pk(address), UNDELIVERABLE.to_owned());
        let item = UndeliverableItem { pk, sk, until, ttl: until };
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(account_item::to_item(&item)?)).send().await.map(drop).map_err(unavailable)
    }

    async fn is_undeliverable(&self, address: &EmailAddress, now: Timestamp) -> Result<bool, StoreError> {
        let Some(item) = self.get(key(email_pk(address), UNDELIVERABLE)).await? else { return Ok(false) };
        Ok(now < account_item::from_item::<UndeliverableItem>(item)?.until)
    }

    async fn clear_undeliverable(&self, address: &EmailAddress) -> Result<(), StoreError> {
        let key = key(email_pk(address), UNDELIVERABLE);
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        delete.send().await.map(drop).map_err(unavailable)
    }
}
