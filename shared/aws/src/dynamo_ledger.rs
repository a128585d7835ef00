//! Ledgers in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `USER#<id>` | `FILES` | `bytes` and `files` (stored and reserved), `tickets`, and for each operation `operation_<id>` and `ticket_<id>` |
//!
//! Every change is one conditional `UpdateItem`. It may be sent twice when an answer is lost; the record as it was
//! then tells whether the first one was it. The end of an operation that has an answer to keep is one transaction of the
//! two.

use async_trait::async_trait;
use domain::{
    AccountId, AnsweredRequest, FileLedger, FolderPath, Ledger, Operation, OperationId, StoreError,
    Timestamp, Usage, UsageChange, Work,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use crate::account_item::{Item, key, number, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::dynamo_idempotency;
use crate::failure::corrupt;
use crate::table::{Write, WriteError};

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<AnsweredRequest>,
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
            answered: operation.answered.clone(),
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
            answered: self.answered,
        })
    }
}

#[async_trait]
impl FileLedger for DynamoAccounts {
    async fn read(&self, account: &AccountId) -> Result<Ledger, StoreError> {
        let item = self.table.get(key(user_pk(account), SORT_KEY)).await?;
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
        let update = update_ledger(
            account,
            "SET #operation = :operation, tickets = if_not_exists(tickets, :zero) + :one, \
             #ticket = if_not_exists(tickets, :zero) + :one, #bytes = if_not_exists(#bytes, :zero) + :bytes, \
             files = if_not_exists(files, :zero) + :files",
        );
        let update = update.only_if(
            "attribute_not_exists(#operation) AND (attribute_not_exists(#bytes) OR #bytes <= :room_bytes) \
             AND (attribute_not_exists(files) OR files <= :room_files)",
        );
        let update = update
            .name("#operation", attribute(OPERATION, operation))
            .name("#ticket", attribute(TICKET, operation))
            .name("#bytes", "bytes")
            .value(":operation", to_value(operation)?)
            .value(":zero", number(0))
            .value(":one", number(1))
            .value(":bytes", number(reserved.bytes))
            .value(":files", number(reserved.files))
            .value(":room_bytes", number(bytes))
            .value(":room_files", number(files))
            .returning_new();
        match self.table.write(update).await {
            Ok(updated) => Ok((true, read_ledger(updated)?)),
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
        let update = update_ledger(account, "SET #operation = :operation");
        let update = owned(update, operation, expires).value(":operation", to_value(operation)?);
        let Err(error) = self.table.write(update).await else { return Ok(()) };
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
        let update = update_ledger(
            account,
            "SET #bytes = #bytes + :bytes, files = files + :files REMOVE #operation, #ticket",
        );
        let update = owned(update, operation, operation.expires)
            .name("#bytes", "bytes")
            .name("#ticket", attribute(TICKET, operation))
            .value(":bytes", number(bytes))
            .value(":files", number(files));
        let ended = match &operation.answered {
            None => self.table.apply(update).await,
            Some(answered) => {
                self.table.transact(vec![update, dynamo_idempotency::keep(account, answered)?]).await
            }
        };
        match ended {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn correct(&self, account: &AccountId, truth: Usage, tickets: u64) -> Result<(), StoreError> {
        let ledger = self.read(account).await?;
        let Some(claimed) = ledger.claimed_if_stored(truth).filter(|_| ledger.tickets == tickets) else {
            return Ok(());
        };
        // Whatever has begun or ended since then has changed one of these.
        let update = update_ledger(account, "SET #bytes = :bytes, files = :files, tickets = :tickets")
            .only_if(
                "attribute_not_exists(tickets) \
                 OR (tickets = :tickets AND (#bytes = :bytes_before OR #bytes < :zero) \
                 AND (files = :files_before OR files < :zero))",
            );
        let update = update
            .name("#bytes", "bytes")
            .value(":bytes", number(claimed.bytes))
            .value(":files", number(claimed.files))
            .value(":bytes_before", number(ledger.claimed.bytes))
            .value(":files_before", number(ledger.claimed.files))
            .value(":tickets", number(tickets))
            .value(":zero", number(0));
        match self.table.write(update).await {
            Ok(_) => Ok(()),
            Err(error) => as_it_was(error).map(drop),
        }
    }
}

fn update_ledger(account: &AccountId, expression: &'static str) -> Write {
    Write::update(key(user_pk(account), SORT_KEY), expression).telling_what_is_there()
}

/// Only if the operation is there as it expires at `expires`.
fn owned(update: Write, operation: &Operation, expires: Timestamp) -> Write {
    update
        .only_if("#operation.expires = :expires")
        .name("#operation", attribute(OPERATION, operation))
        .value(":expires", number(expires.unix_seconds()))
}

/// The record that did not meet the condition of an update; empty when there is none.
fn as_it_was(error: WriteError) -> Result<Item, StoreError> {
    match error {
        WriteError::Condition(there) => Ok(there),
        WriteError::Failed(error) => Err(error),
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
        let Some(AttributeValue::N(text)) = item.get(name) else { return 0 };
        text.parse().unwrap_or(0)
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
