//! Requests that have a key, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::account::AccountId;
use crate::idempotency::{IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use crate::ports::{IdempotencyStore, StoreError};
use crate::timestamp::Timestamp;

type Requests = HashMap<(AccountId, IdempotencyKey), (KeyedRequest, Option<KeptAnswer>)>;

/// An [`IdempotencyStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryIdempotency(Mutex<Requests>);

impl MemoryIdempotency {
    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl IdempotencyStore for MemoryIdempotency {
    async fn begin(
        &self,
        account: &AccountId,
        request: &KeyedRequest,
        now: Timestamp,
    ) -> Result<Known, StoreError> {
        let (mut requests, key) = (self.requests(), (account.clone(), request.key.clone()));
        let known = requests.get(&key);
        let known = known.filter(|(known, answer)| now < known.counts_until(answer.is_some()));
        let known = match known {
            None => Known::Nothing,
            Some((known, _)) if known.fingerprint != request.fingerprint => Known::Other,
            Some((_, None)) => Known::Busy,
            Some((_, Some(answer))) => Known::Answered(answer.clone()),
        };
        if known == Known::Nothing {
            requests.insert(key, (request.clone(), None));
        }
        Ok(known)
    }

    async fn keep(
        &self,
        account: &AccountId,
        request: &KeyedRequest,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        let key = (account.clone(), request.key.clone());
        self.requests().insert(key, (request.clone(), Some(answer.clone())));
        Ok(())
    }

    async fn forget(&self, account: &AccountId, key: &IdempotencyKey) -> Result<(), StoreError> {
        self.requests().remove(&(account.clone(), key.clone()));
        Ok(())
    }
}
