//! Requests that have a key, in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `USER#<id>` | `IDEMPOTENCY#<key>` | a request, and its answer once there is one |

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::{
    AccountId, IdempotencyKey, IdempotencyStore, KeptAnswer, KeyedRequest, Known, StoreError, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, key, number, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::unavailable;

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
        let put =
            self.client.put_item().table_name(&self.table).set_item(Some(item(account, request, None)?));
        let put = put
            .condition_expression("attribute_not_exists(pk) OR #until <= :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", number(now.unix_seconds()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(Known::Nothing) };
        let known: RequestItem = account_item::from_item(as_it_is(error)?)?;
        Ok(match known.answer {
            _ if known.fingerprint != request.fingerprint => Known::Other,
            Some(answer) => Known::Answered(answer),
            None => Known::Busy,
        })
    }

    async fn keep(
        &self,
        account: &AccountId,
        request: &KeyedRequest,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(item(account, request, Some(answer))?)).send().await.map(drop).map_err(unavailable)
    }

    async fn forget(&self, account: &AccountId, name: &IdempotencyKey) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key(user_pk(account), &sort_key(name))));
        delete.send().await.map(drop).map_err(unavailable)
    }
}

/// The record that stands in the way of another of its key.
fn as_it_is(error: SdkError<PutItemError>) -> Result<Item, StoreError> {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            Ok(failed.item().cloned().unwrap_or_default())
        }
        _ => Err(unavailable(error)),
    }
}
