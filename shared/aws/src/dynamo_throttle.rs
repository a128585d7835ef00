//! Counts of wrong guesses in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `THROTTLE#<subject>` | `WINDOW#<number>` | the guesses of one window |
//! | `THROTTLE#<subject>` | `KNOWN` | until when the subject is known |

use async_trait::async_trait;
use domain::throttle::{Counter, Tally};
use domain::{StoreError, ThrottleStore, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, has_keys, key, number};
use crate::dynamo_accounts::DynamoAccounts;
use crate::table::Write;

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

fn window_key(counter: &Counter) -> Item {
    key(partition(counter), &window(counter))
}

#[async_trait]
impl ThrottleStore for DynamoAccounts {
    async fn tallies(&self, counters: &[Counter; 3]) -> Result<([Tally; 3], Option<Timestamp>), StoreError> {
        let [first, ..] = counters;
        let windows = counters.iter().map(window_key);
        let keys = windows.chain([key(partition(first), KNOWN)]).collect();
        let mut items = self.table.get_all(keys).await?;
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
        let update = Write::update(window_key(counter), "SET #last = :now, #ttl = :ends ADD guesses :one")
            .name("#last", "last")
            .name("#ttl", "ttl")
            .value(":now", number(now.unix_seconds()))
            .value(":ends", number(counter.ends.unix_seconds()))
            .value(":one", number(1));
        let item: TallyItem = account_item::from_item(self.table.write(update.returning_new()).await?)?;
        Ok(item.guesses)
    }

    async fn claim(&self, counter: &Counter, seen: u64, now: Timestamp) -> Result<bool, StoreError> {
        let update = Write::update(window_key(counter), "SET guesses = :next, #last = :now, #ttl = :ends")
            .only_if("guesses = :seen OR (attribute_not_exists(guesses) AND :seen = :none)")
            .name("#last", "last")
            .name("#ttl", "ttl")
            .value(":next", number(seen + 1))
            .value(":seen", number(seen))
            .value(":none", number(0))
            .value(":now", number(now.unix_seconds()))
            .value(":ends", number(counter.ends.unix_seconds()));
        self.table.apply_if(update).await
    }

    async fn undo(&self, counter: &Counter, count: u64) -> Result<bool, StoreError> {
        let update = Write::update(window_key(counter), "SET guesses = guesses - :count")
            .only_if("guesses >= :count")
            .value(":count", number(count));
        self.table.apply_if(update).await
    }

    async fn forget(&self, counter: &Counter) -> Result<u64, StoreError> {
        let before = self.table.write(Write::delete(window_key(counter)).returning_old()).await?;
        if before.is_empty() {
            return Ok(0);
        }
        Ok(account_item::from_item::<TallyItem>(before)?.guesses)
    }

    async fn note_known(&self, counter: &Counter, until: Timestamp) -> Result<(), StoreError> {
        let item = KnownItem { pk: partition(counter), sk: KNOWN.to_owned(), until, ttl: until };
        self.table.apply(Write::put(account_item::to_item(&item)?)).await
    }
}
