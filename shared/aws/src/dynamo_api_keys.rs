//! API keys in DynamoDB.

use async_trait::async_trait;
use domain::{
    Account, AccountId, ApiKey, ApiKeyHash, ApiKeyId, ApiKeyName, ApiKeyStore, Effects, Scopes, StoreError,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, AccountItem, key, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::corrupt;
use crate::table::Write;

const KEY: &str = "KEY#";

#[derive(Serialize, Deserialize)]
struct ApiKeyItem {
    pk: String,
    sk: String,
    generation: u64,
    name: String,
    /// Separated by spaces.
    scope: String,
    hash: String,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<Timestamp>,
    expires: Timestamp,
    /// When DynamoDB may remove the record. Whether a key lives is decided by `expires`, in code.
    ttl: Timestamp,
}

impl From<&ApiKey> for ApiKeyItem {
    fn from(key: &ApiKey) -> Self {
        Self {
            pk: user_pk(&key.account),
            sk: sort_key(&key.id),
            generation: key.generation,
            name: key.name.as_str().to_owned(),
            scope: key.scopes.to_string(),
            hash: key.hash.to_hex(),
            created: key.created,
            last_used: key.last_used,
            expires: key.expires,
            ttl: key.expires,
        }
    }
}

impl ApiKeyItem {
    fn into_key(self, account: &AccountId) -> Result<ApiKey, StoreError> {
        let id = self.sk.strip_prefix(KEY).and_then(ApiKeyId::parse);
        Ok(ApiKey {
            id: id.ok_or_else(|| corrupt("key", "its id is malformed"))?,
            account: account.clone(),
            generation: self.generation,
            name: ApiKeyName::parse(&self.name).map_err(|error| corrupt("key", error))?,
            scopes: Scopes::parse(&self.scope).map_err(|error| corrupt("key", error))?,
            hash: ApiKeyHash::parse(&self.hash).ok_or_else(|| corrupt("key", "its hash is malformed"))?,
            created: self.created,
            last_used: self.last_used,
            expires: self.expires,
        })
    }
}

fn sort_key(id: &ApiKeyId) -> String {
    format!("{KEY}{id}")
}

#[async_trait]
impl ApiKeyStore for DynamoAccounts {
    async fn add_key(&self, key: &ApiKey, effects: &Effects) -> Result<(), StoreError> {
        let mut writes = Self::effects(effects)?;
        writes.push(Write::put_new(account_item::to_item(&ApiKeyItem::from(key))?));
        self.table.transact(writes).await
    }

    async fn find_key(
        &self,
        account: &AccountId,
        id: &ApiKeyId,
    ) -> Result<Option<(ApiKey, Account)>, StoreError> {
        let Some((key, profile)) = self.with_profile(account, &sort_key(id)).await? else { return Ok(None) };
        let key = account_item::from_item::<ApiKeyItem>(key)?.into_key(account)?;
        Ok(Some((key, account_item::from_item::<AccountItem>(profile)?.try_into()?)))
    }

    async fn list_keys(&self, account: &AccountId) -> Result<Vec<ApiKey>, StoreError> {
        let items = self.items_of(account, KEY).await?.into_iter();
        items.map(|item| account_item::from_item::<ApiKeyItem>(item)?.into_key(account)).collect()
    }

    async fn note_key_use(&self, key: &ApiKey, now: Timestamp) -> Result<(), StoreError> {
        self.note_last_use(&key.account, &sort_key(&key.id), now).await
    }

    async fn revoke_key(
        &self,
        account: &AccountId,
        id: &ApiKeyId,
        effects: &Effects,
    ) -> Result<(), StoreError> {
        let mut writes = Self::effects(effects)?;
        writes.push(Write::delete(key(user_pk(account), &sort_key(id))));
        self.table.transact(writes).await
    }
}
