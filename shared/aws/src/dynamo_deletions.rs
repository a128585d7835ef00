//! Accounts that were deleted, in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `DELETION` | `<account id>` | when the account was deleted |

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Delete};
use domain::{Account, AccountId, Deletion, DeletionStore, Effects, StoreError, Timestamp};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, OWNER, PROFILE, SAME_GENERATION, email_pk, key, number, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::{corrupt, unavailable};
use crate::transaction;

const DELETION: &str = "DELETION";

/// How many records are removed at the same time.
const PARALLEL: usize = 16;

#[derive(Serialize, Deserialize)]
struct DeletionItem {
    pk: String,
    sk: String,
    at: Timestamp,
}

#[async_trait]
impl DeletionStore for DynamoAccounts {
    async fn delete(&self, account: &Account, now: Timestamp, effects: &Effects) -> Result<(), StoreError> {
        let item = DeletionItem { pk: DELETION.to_owned(), sk: account.id.to_string(), at: now };
        let mut writes = self.effects(effects)?;
        writes.push(self.put_new(account_item::to_item(&item)?)?);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let profile =
            Delete::builder().table_name(&self.table).set_key(Some(key(user_pk(&account.id), PROFILE)));
        let profile = profile
            .condition_expression(format!("email = :email AND {SAME_GENERATION}"))
            .expression_attribute_names("#generation", "generation")
            .expression_attribute_values(":email", text(account.email.as_str()))
            .expression_attribute_values(":before", number(account.generation))
            .expression_attribute_values(":none", number(0));
        let owner =
            Delete::builder().table_name(&self.table).set_key(Some(key(email_pk(&account.email), OWNER)));
        let owner = owner
            .condition_expression("account = :account")
            .expression_attribute_values(":account", text(account.id.as_str()));
        writes.extend([transaction::delete(profile)?, transaction::delete(owner)?]);
        self.transact(writes).await
    }

    async fn deletions(&self) -> Result<Vec<Result<Deletion, StoreError>>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(DELETION.to_owned()));
        let mut items = query.into_paginator().items().send();
        let mut deletions = Vec::new();
        while let Some(item) = items.next().await {
            deletions.push(deletion(item.map_err(unavailable)?));
        }
        Ok(deletions)
    }

    async fn remove_records(&self, account: &AccountId) -> Result<(), StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk").projection_expression("pk, sk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(user_pk(account)));
        let mut pages = query.into_paginator().items().send();
        let mut keys: Vec<Item> = Vec::new();
        while let Some(key) = pages.next().await {
            keys.push(key.map_err(unavailable)?);
        }
        let removals = stream::iter(keys).map(|key| async {
            let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
            delete.send().await.map(drop).map_err(unavailable)
        });
        removals.buffer_unordered(PARALLEL).try_collect().await
    }

    async fn finish(&self, account: &AccountId) -> Result<(), StoreError> {
        let key = key(DELETION.to_owned(), account.as_str());
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        delete.send().await.map(drop).map_err(unavailable)
    }
}

fn deletion(item: Item) -> Result<Deletion, StoreError> {
    let item: DeletionItem = account_item::from_item(item)?;
    let account = AccountId::parse(&item.sk).ok_or_else(|| corrupt("deletion", "its id is malformed"))?;
    Ok(Deletion { account, at: item.at })
}
