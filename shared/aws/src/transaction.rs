//! Several writes that happen together or not at all.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::StoreError;

use crate::account_item::Item;
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::unavailable;

/// How often a transaction that met another one on the same items is tried.
const TRANSACTION_ATTEMPTS: usize = 4;

impl DynamoAccounts {
    /// Writes everything or nothing; [`StoreError::Conflict`] when a condition does not hold.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            let request = self.client.transact_write_items().set_transact_items(Some(writes.clone()));
            match request.send().await {
                Ok(_) => return Ok(()),
                Err(error) if has_reason(&error, "ConditionalCheckFailed") => {
                    return Err(StoreError::Conflict);
                }
                Err(error) if has_reason(&error, "TransactionConflict") && attempt < TRANSACTION_ATTEMPTS => {
                    attempt += 1;
                }
                Err(error) => return Err(unavailable(error)),
            }
        }
    }

    /// Removes a record, whether or not it is there.
    pub(crate) fn remove(&self, key: Item) -> Result<TransactWriteItem, StoreError> {
        delete(Delete::builder().table_name(&self.table).set_key(Some(key)))
    }

    /// Adds a record that is not there yet.
    pub(crate) fn put_new(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let new = Put::builder().table_name(&self.table).set_item(Some(item));
        put(new.condition_expression("attribute_not_exists(pk)"))
    }
}

/// An update as a part of a transaction.
pub(crate) fn update(update: UpdateBuilder) -> Result<TransactWriteItem, StoreError> {
    Ok(TransactWriteItem::builder().update(update.build().map_err(unavailable)?).build())
}

/// A put as a part of a transaction.
pub(crate) fn put(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    Ok(TransactWriteItem::builder().put(put.build().map_err(unavailable)?).build())
}

/// A deletion as a part of a transaction.
pub(crate) fn delete(delete: DeleteBuilder) -> Result<TransactWriteItem, StoreError> {
    Ok(TransactWriteItem::builder().delete(delete.build().map_err(unavailable)?).build())
}

fn has_reason(error: &SdkError<TransactWriteItemsError>, code: &str) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error()
    else {
        return false;
    };
    canceled.cancellation_reasons().iter().any(|reason| reason.code() == Some(code))
}
