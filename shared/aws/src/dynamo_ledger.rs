//! Ledgers in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `USER#<id>` | `FILES` | `bytes` and `files` (stored and reserved), `tickets`, and for each operation `operation_<id>` and `ticket_<id>` |
//!
//! Every change is one conditional `UpdateItem`. The SDK may send it twice when an answer is lost; the record as it was
//! then tells whether the first one was it.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{
    AccountId, FileLedger, FolderPath, Ledger, Operation, OperationId, StoreError, Timestamp, Usage,
    UsageChange, Work,
};
use serde::{Deserialize, Serialize};

use crate::account_item::{Item, key, number, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::{corrupt, unavailable};

const SORT_KEY: &str = "FILES";
const OPERATION: &str = "operation_";
const TICKET: &str = "ticket_";

/// An operation as it lies in a ledger.
#[derive(Serialize, Deserialize)]
struct OperationItem {
    work: Work,
    paths: Vec<String>,
    bytes: u64,
    files: u64,
    expires: Timestamp,
    done: u64,
}

impl From<&Operation> for OperationItem {
    fn from(operation: &Operation) -> Self {
        Self {
            work: operation.work.clone(),
            paths: operation.paths.iter().map(FolderPath::to_string).collect(),
            bytes: operation.reserved.bytes,
            files: operation.reserved.files,
            expires: operation.expires,
            done: operation.done,
        }
    }
}

impl OperationItem {
    fn into_operation(self, id: OperationId) -> Result<Operation, StoreError> {
        let paths = self.paths.iter().map(|path| FolderPath::parse(path)).collect::<Result<_, _>>();
        Ok(Operation {
            id,
            work: self.work,
            paths: paths.map_err(|error| corrupt("operation", error))?,
            reserved: Usage { bytes: self.bytes, files: self.files },
            expires: self.expires,
            done: self.done,
        })
    }
}

#[async_trait]
impl FileLedger for DynamoAccounts {
    async fn read(&self, account: &AccountId) -> Result<Ledger, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let item = get.set_key(Some(key(user_pk(account), SORT_KEY))).send().await.map_err(unavailable)?.item;
        item.map_or_else(|| Ok(Ledger::default()), read_ledger)
    }

    async fn begin(
        &self,
        account: &AccountId,
        operation: &Operation,
        allowance: Usage,
    ) -> Result<(bool, Ledger), StoreError> {
        let reserved = operation.reserved;
        let room =
            allowance.bytes.checked_sub(reserved.bytes).zip(allowance.files.checked_sub(reserved.files));
        let Some((bytes, files)) = room else { return Ok((false, self.read(account).await?)) };
        let update = self.update_ledger(account).update_expression(
            "SET #operation = :operation, tickets = if_not_exists(tickets, :zero) + :one, \
             #ticket = if_not_exists(tickets, :zero) + :one, #bytes = if_not_exists(#bytes, :zero) + :bytes, \
             files = if_not_exists(files, :zero) + :files",
        );
        let update = update.condition_expression(
            "attribute_not_exists(#operation) AND (attribute_not_exists(#bytes) OR #bytes <= :room_bytes) \
             AND (attribute_not_exists(files) OR files <= :room_files)",
        );
        let update = update
            .expression_attribute_names("#operation", attribute(OPERATION, operation))
            .expression_attribute_names("#ticket", attribute(TICKET, operation))
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_values(":operation", to_value(operation)?)
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":bytes", number(reserved.bytes))
            .expression_attribute_values(":files", number(reserved.files))
            .expression_attribute_values(":room_bytes", number(bytes))
            .expression_attribute_values(":room_files", number(files))
            .return_values(ReturnValue::AllNew);
        match update.send().await {
            Ok(updated) => Ok((true, read_ledger(updated.attributes.unwrap_or_default())?)),
            Err(error) => {
                let ledger = read_ledger(as_it_was(error)?)?;
                let entered = ledger.operations.iter().any(|(_, entered)| entered.id == operation.id);
                Ok((entered, ledger))
            }
        }
    }

    async fn update(
        &self,
        account: &AccountId,
        operation: &Operation,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self.update_ledger(account).update_expression("SET #operation = :operation");
        let update =
            owned(update, operation, expires).expression_attribute_values(":operation", to_value(operation)?);
        let Err(error) = update.send().await else { return Ok(()) };
        let ledger = read_ledger(as_it_was(error)?)?;
        let done = ledger.operations.iter().any(|(_, stored)| stored == operation);
        if done { Ok(()) } else { Err(StoreError::Conflict) }
    }

    async fn end(
        &self,
        account: &AccountId,
        operation: &Operation,
        change: UsageChange,
    ) -> Result<bool, StoreError> {
        let bytes = change.bytes.saturating_sub_unsigned(operation.reserved.bytes);
        let files = change.files.saturating_sub_unsigned(operation.reserved.files);
        let update = self.update_ledger(account).update_expression(
            "SET #bytes = #bytes + :bytes, files = files + :files REMOVE #operation, #ticket",
        );
        let update = owned(update, operation, operation.expires)
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_names("#ticket", attribute(TICKET, operation))
            .expression_attribute_values(":bytes", number(bytes))
            .expression_attribute_values(":files", number(files));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => as_it_was(error).map(|_| false),
        }
    }

    async fn correct(&self, account: &AccountId, truth: Usage, tickets: u64) -> Result<(), StoreError> {
        let ledger = self.read(account).await?;
        let Some(claimed) = ledger.claimed_if_stored(truth).filter(|_| ledger.tickets == tickets) else {
            return Ok(());
        };
        // Whatever has begun or ended since then has changed one of these.
        let update = self
            .update_ledger(account)
            .update_expression("SET #bytes = :bytes, files = :files, tickets = :tickets")
            .condition_expression(
                "attribute_not_exists(tickets) \
                 OR (tickets = :tickets AND (#bytes = :bytes_before OR #bytes < :zero) \
                 AND (files = :files_before OR files < :zero))",
            );
        let update = update
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_values(":bytes", number(claimed.bytes))
            .expression_attribute_values(":files", number(claimed.files))
            .expression_attribute_values(":bytes_before", number(ledger.claimed.bytes))
            .expression_attribute_values(":files_before", number(ledger.claimed.files))
            .expression_attribute_values(":tickets", number(tickets))
            .expression_attribute_values(":zero", number(0));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) => as_it_was(error).map(drop),
        }
    }
}

impl DynamoAccounts {
    fn update_ledger(&self, account: &AccountId) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table);
        update
            .set_key(Some(key(user_pk(account), SORT_KEY)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Only if the operation is there as it expires at `expires`.
fn owned(
    update: UpdateItemFluentBuilder,
    operation: &Operation,
    expires: Timestamp,
) -> UpdateItemFluentBuilder {
    update
        .condition_expression("#operation.expires = :expires")
        .expression_attribute_names("#operation", attribute(OPERATION, operation))
        .expression_attribute_values(":expires", number(expires.unix_seconds()))
}

/// The record that did not meet the condition of an update; empty when there is none.
fn as_it_was(error: SdkError<UpdateItemError>) -> Result<Item, StoreError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            Ok(failed.item().cloned().unwrap_or_default())
        }
        _ => Err(unavailable(error)),
    }
}

fn attribute(prefix: &str, operation: &Operation) -> String {
    format!("{prefix}{}", operation.id)
}

fn to_value(operation: &Operation) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(OperationItem::from(operation))
        .map_err(|error| corrupt("operation", error))
}

fn read_ledger(mut item: Item) -> Result<Ledger, StoreError> {
    // A count that fell below zero is wrong by as much; the next correction mends it.
    let count = |item: &Item, name: &str| {
        let text = item.get(name).and_then(|value| value.as_n().ok());
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let claimed = Usage { bytes: count(&item, "bytes"), files: count(&item, "files") };
    let tickets = count(&item, "tickets");
    let names: Vec<_> =
        item.keys().filter_map(|name| name.strip_prefix(OPERATION)).map(str::to_owned).collect();
    let mut operations = Vec::with_capacity(names.len());
    for name in names {
        let id = OperationId::parse(&name).ok_or_else(|| corrupt("operation", "its id is malformed"))?;
        let ticket = count(&item, &format!("{TICKET}{name}"));
        let value = item.remove(&format!("{OPERATION}{name}")).unwrap_or(AttributeValue::Null(true));
        let stored: OperationItem =
            serde_dynamo::from_attribute_value(value).map_err(|error| corrupt("operation", error))?;
        operations.push((ticket, stored.into_operation(id)?));
    }
    operations.sort_by_key(|(ticket, _)| *ticket);
    Ok(Ledger { claimed, tickets, operations })
}
