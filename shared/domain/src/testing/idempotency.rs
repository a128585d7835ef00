//! Requests that have a key, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::account::AccountId;
use crate::idempotency::{AnsweredRequest, IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use crate::ports::{IdempotencyStore, StoreError};
use crate::testing::on_the_way;
use crate::timestamp::Timestamp;

type Requests = HashMap<(AccountId, IdempotencyKey), (KeyedRequest, Option<KeptAnswer>)>;

/// An [`IdempotencyStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryIdempotency(Mutex<Requests>);

impl MemoryIdempotency {
    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, account: &AccountId, answered: &AnsweredRequest) {
        let AnsweredRequest { request, answer } = answered.clone();
        self.requests().insert((account.clone(), request.key.clone()), (request, Some(answer)));
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
        on_the_way().await;
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

    async fn keep(&self, account: &AccountId, answered: &AnsweredRequest) -> Result<(), StoreError> {
        on_the_way().await;
        self.put(account, answered);
        Ok(())
    }

    async fn forget(
        &self,
        account: &AccountId,
        key: &IdempotencyKey,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        on_the_way().await;
        let (mut requests, key) = (self.requests(), (account.clone(), key.clone()));
        let kept = requests.get(&key).and_then(|(_, answer)| answer.clone());
        if kept.is_none() {
            requests.remove(&key);
        }
        Ok(kept)
    }
}
