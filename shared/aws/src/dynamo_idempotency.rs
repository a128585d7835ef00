//! Requests that have a key, in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `USER#<id>` | `IDEMPOTENCY#<key>` | a request, and its answer once there is one |

use async_trait::async_trait;
use domain::{
    AccountId, AnsweredRequest, IdempotencyKey, IdempotencyStore, KeptAnswer, KeyedRequest, Known,
    StoreError, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, key, number, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::table::{Write, WriteError};

#[derive(Serialize, Deserialize)]
struct RequestItem {
    pk: String,
    sk: String,
    fingerprint: [u8; 32],
    /// Until then it is as it is: being worked on, or answered.
    until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<KeptAnswer>,
    /// When DynamoDB may remove the record. Whether it counts is decided by `until`.
    ttl: Timestamp,
}

fn sort_key(key: &IdempotencyKey) -> String {
    format!("IDEMPOTENCY#{}", key.as_str())
}

/// Keeps an answer in the place of the request that was worked on.
pub(crate) fn keep(account: &AccountId, answered: &AnsweredRequest) -> Result<Write, StoreError> {
    Ok(Write::put(item(account, &answered.request, Some(&answered.answer))?))
}

fn item(
    account: &AccountId,
    request: &KeyedRequest,
    answer: Option<&KeptAnswer>,
) -> Result<Item, StoreError> {
    account_item::to_item(&RequestItem {
        pk: user_pk(account),
        sk: sort_key(&request.key),
        fingerprint: request.fingerprint,
        until: request.counts_until(answer.is_some()),
        answer: answer.cloned(),
        ttl: request.kept_until,
    })
}

#[async_trait]
impl IdempotencyStore for DynamoAccounts {
    async fn begin(
        &self,
        account: &AccountId,
        request: &KeyedRequest,
        now: Timestamp,
    ) -> Result<Known, StoreError> {
        let put = Write::put(item(account, request, None)?)
            .only_if("attribute_not_exists(pk) OR #until <= :now")
            .name("#until", "until")
            .value(":now", number(now.unix_seconds()))
            .telling_what_is_there();
        let known: RequestItem = match self.table.write(put).await {
            Ok(_) => return Ok(Known::Nothing),
            Err(WriteError::Condition(there)) => account_item::from_item(there)?,
            Err(WriteError::Failed(error)) => return Err(error),
        };
        Ok(match known.answer {
            _ if known.fingerprint != request.fingerprint => Known::Other,
            Some(answer) => Known::Answered(answer),
            None => Known::Busy,
        })
    }

    async fn keep(&self, account: &AccountId, answered: &AnsweredRequest) -> Result<(), StoreError> {
        self.table.apply(keep(account, answered)?).await
    }

    async fn forget(
        &self,
        account: &AccountId,
        name: &IdempotencyKey,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let delete = Write::delete(key(user_pk(account), &sort_key(name)))
            .only_if("attribute_not_exists(answer)")
            .telling_what_is_there();
        match self.table.write(delete).await {
            Ok(_) => Ok(None),
            Err(WriteError::Condition(there)) => Ok(account_item::from_item::<RequestItem>(there)?.answer),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }
}
