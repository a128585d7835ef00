//! Ledgers in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::account::AccountId;
use crate::file_ledger::{Ledger, Operation, Usage, UsageChange};
use crate::ports::{FileLedger, StoreError};
use crate::testing::{MemoryIdempotency, on_the_way};
use crate::timestamp::Timestamp;

/// A [`FileLedger`] in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    ledgers: Mutex<HashMap<AccountId, Ledger>>,
    requests: Arc<MemoryIdempotency>,
}

impl MemoryLedger {
    /// Keeps the answers of operations that end among these requests.
    #[must_use]
    pub fn beside(requests: Arc<MemoryIdempotency>) -> Self {
        Self { ledgers: Mutex::default(), requests }
    }

    async fn with<T>(&self, account: &AccountId, change: impl FnOnce(&mut Ledger) -> T) -> T {
        on_the_way().await;
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        change(ledgers.entry(account.clone()).or_default())
    }
}

#[async_trait]
impl FileLedger for MemoryLedger {
    async fn read(&self, account: &AccountId) -> Result<Ledger, StoreError> {
        Ok(self.with(account, |ledger| ledger.clone()).await)
    }

    async fn begin(
        &self,
        account: &AccountId,
        operation: &Operation,
        allowance: Usage,
    ) -> Result<(bool, Ledger), StoreError> {
        Ok(self
            .with(account, |ledger| {
                let bytes = ledger.claimed.bytes.saturating_add(operation.reserved.bytes);
                let files = ledger.claimed.files.saturating_add(operation.reserved.files);
                let fits = bytes <= allowance.bytes && files <= allowance.files;
                if fits {
                    ledger.claimed = Usage { bytes, files };
                    ledger.tickets += 1;
                    ledger.operations.push((ledger.tickets, operation.clone()));
                }
                (fits, ledger.clone())
            })
            .await)
    }

    async fn update(
        &self,
        account: &AccountId,
        operation: &Operation,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(account, |ledger| {
            let mut operations = ledger.operations.iter_mut().map(|(_, operation)| operation);
            let stored = operations.find(|stored| stored.id == operation.id && stored.expires == expires);
            *stored.ok_or(StoreError::Conflict)? = operation.clone();
            Ok(())
        })
        .await
    }

    async fn end(
        &self,
        account: &AccountId,
        operation: &Operation,
        change: UsageChange,
    ) -> Result<bool, StoreError> {
        Ok(self
            .with(account, |ledger| {
                let ours = |(_, stored): &(u64, Operation)| {
                    stored.id == operation.id && stored.expires == operation.expires
                };
                let Some(at) = ledger.operations.iter().position(ours) else { return false };
                let (_, ended) = ledger.operations.remove(at);
                ledger.claimed = Usage {
                    bytes: (ledger.claimed.bytes - ended.reserved.bytes).saturating_add_signed(change.bytes),
                    files: (ledger.claimed.files - ended.reserved.files).saturating_add_signed(change.files),
                };
                if let Some(answered) = &operation.answered {
                    self.requests.put(account, answered);
                }
                true
            })
            .await)
    }

    async fn correct(&self, account: &AccountId, truth: Usage, tickets: u64) -> Result<(), StoreError> {
        self.with(account, |ledger| {
            if let (Some(claimed), true) = (ledger.claimed_if_stored(truth), ledger.tickets == tickets) {
                ledger.claimed = claimed;
            }
        })
        .await;
        Ok(())
    }
}
