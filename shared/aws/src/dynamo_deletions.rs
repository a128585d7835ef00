//! Accounts that were deleted, in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `DELETION` | `<account id>` | when the account was deleted |

use async_trait::async_trait;
use domain::{Account, AccountId, Deletion, DeletionStore, Effects, StoreError, Timestamp};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use crate::account_item::{
    self, Item, OWNER, PROFILE, SAME_GENERATION, email_pk, key, number, text, user_pk,
};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::corrupt;
use crate::table::{Query, Write};

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
        let mut writes = Self::effects(effects)?;
        writes.push(Write::put_new(account_item::to_item(&item)?));
        let profile = Write::delete(key(user_pk(&account.id), PROFILE))
            .only_if(format!("email = :email AND {SAME_GENERATION}"))
            .name("#generation", "generation")
            .value(":email", text(account.email.as_str()))
            .value(":before", number(account.generation))
            .value(":none", number(0));
        let owner = Write::delete(key(email_pk(&account.email), OWNER))
            .only_if("account = :account")
            .value(":account", text(account.id.as_str()));
        writes.extend([profile, owner]);
        self.table.transact(writes).await
    }

    async fn deletions(&self) -> Result<Vec<Result<Deletion, StoreError>>, StoreError> {
        let items = self.table.query(Query::partition(DELETION.to_owned())).await?;
        Ok(items.into_iter().map(deletion).collect())
    }

    async fn remove_records(&self, account: &AccountId) -> Result<(), StoreError> {
        let keys = self.table.query(Query::partition(user_pk(account)).keys_only()).await?;
        let removals = stream::iter(keys).map(|key| self.table.apply(Write::delete(key)));
        removals.buffer_unordered(PARALLEL).try_collect().await
    }

    async fn finish(&self, account: &AccountId) -> Result<(), StoreError> {
        let key = key(DELETION.to_owned(), account.as_str());
        self.table.apply(Write::delete(key)).await
    }
}

fn deletion(item: Item) -> Result<Deletion, StoreError> {
    let item: DeletionItem = account_item::from_item(item)?;
    let account = AccountId::parse(&item.sk).ok_or_else(|| corrupt("deletion", "its id is malformed"))?;
    Ok(Deletion { account, at: item.at })
}
