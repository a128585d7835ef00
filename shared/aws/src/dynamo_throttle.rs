//! Counts of wrong guesses in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `THROTTLE#<subject>` | `WINDOW#<number>` | the guesses of one window |
//! | `THROTTLE#<subject>` | `KNOWN` | until when the subject is known |

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue};
use domain::throttle::{Counter, Tally};
use domain::{StoreError, ThrottleStore, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, has_keys, key, number};
use crate::dynamo_accounts::{DynamoAccounts, conflict_or_unavailable};
use crate::failure::unavailable;

#[derive(Deserialize)]
struct TallyItem {
    guesses: u64,
    last: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct KnownItem {
    pk: String,
    sk: String,
    until: Timestamp,
    /// When DynamoDB may remove the record. Whether the subject is known is decided by `until`, in code.
    ttl: Timestamp,
}

const KNOWN: &str = "KNOWN";

fn partition(counter: &Counter) -> String {
    format!("THROTTLE#{}", counter.subject)
}

fn window(counter: &Counter) -> String {
    format!("WINDOW#{}", counter.window)
}

#[async_trait]
impl ThrottleStore for DynamoAccounts {
    async fn tallies(&self, counters: &[Counter; 3]) -> Result<([Tally; 3], Option<Timestamp>), StoreError> {
        let [first, ..] = counters;
        let mut keys = KeysAndAttributes::builder().keys(key(partition(first), KNOWN)).consistent_read(true);
        for counter in counters {
            keys = keys.keys(key(partition(counter), &window(counter)));
        }
        let mut items = self.get_all(keys).await?;
        let mut take = |pk: &str, sk: &str| -> Option<Item> {
            items.iter().position(|item| has_keys(item, pk, sk)).map(|at| items.remove(at))
        };
        let known = take(&partition(first), KNOWN).map(account_item::from_item::<KnownItem>).transpose()?;
        let mut guesses = [Tally::default(); 3];
        for (counter, guesses) in counters.iter().zip(&mut guesses) {
            if let Some(item) = take(&partition(counter), &window(counter)) {
                let item: TallyItem = account_item::from_item(item)?;
                *guesses = Tally { count: item.guesses, last: item.last };
            }
        }
        Ok((guesses, known.map(|known| known.until)))
    }

    async fn add(&self, counter: &Counter, now: Timestamp) -> Result<u64, StoreError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update.set_key(Some(key(partition(counter), &window(counter))));
        let update = update
            .update_expression("SET #last = :now, #ttl = :ends ADD guesses :one")
            .expression_attribute_names("#last", "last")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now.unix_seconds()))
            .expression_attribute_values(":ends", number(counter.ends.unix_seconds()))
            .expression_attribute_values(":one", number(1));
        let answer = update.return_values(ReturnValue::AllNew).send().await.map_err(unavailable)?;
        let item: TallyItem = account_item::from_item(answer.attributes.unwrap_or_default())?;
        Ok(item.guesses)
    }

    async fn claim(&self, counter: &Counter, seen: u64, now: Timestamp) -> Result<bool, StoreError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update.set_key(Some(key(partition(counter), &window(counter))));
        let update = update
            .update_expression("SET guesses = :next, #last = :now, #ttl = :ends")
            .condition_expression("guesses = :seen OR (attribute_not_exists(guesses) AND :seen = :none)")
            .expression_attribute_names("#last", "last")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":next", number(seen + 1))
            .expression_attribute_values(":seen", number(seen))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":now", number(now.unix_seconds()))
            .expression_attribute_values(":ends", number(counter.ends.unix_seconds()));
        match update.send().await.map_err(conflict_or_unavailable) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn undo(&self, counter: &Counter, count: u64) -> Result<bool, StoreError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update.set_key(Some(key(partition(counter), &window(counter))));
        let update = update
            .update_expression("SET guesses = guesses - :count")
            .condition_expression("guesses >= :count")
            .expression_attribute_values(":count", number(count));
        match update.send().await.map_err(conflict_or_unavailable) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn note_known(&self, counter: &Counter, until: Timestamp) -> Result<(), StoreError> {
        let item = KnownItem { pk: partition(counter), sk: KNOWN.to_owned(), until, ttl: until };
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(account_item::to_item(&item)?)).send().await.map(drop).map_err(unavailable)
    }
}
