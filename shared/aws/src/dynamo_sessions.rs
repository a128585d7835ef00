//! Sessions in DynamoDB.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::{Account, AccountId, Session, SessionId, SessionStore, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, AccountItem, Item, PROFILE, key, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::unavailable;

#[derive(Serialize, Deserialize)]
struct SessionItem {
    pk: String,
    sk: String,
    created: Timestamp,
    expires: Timestamp,
    /// When DynamoDB may remove the record. Whether a session lives is decided by `expires`, in code.
    ttl: Timestamp,
}

fn sort_key(id: &SessionId) -> String {
    format!("SESSION#{id}")
}

#[async_trait]
impl SessionStore for DynamoAccounts {
    async fn create(&self, session: &Session) -> Result<(), StoreError> {
        let item = SessionItem {
            pk: user_pk(&session.account),
            sk: sort_key(&session.id),
            created: session.created,
            expires: session.expires,
            ttl: session.expires,
        };
        let put =
            self.client.put_item().table_name(&self.table).set_item(Some(account_item::to_item(&item)?));
        put.send().await.map(drop).map_err(unavailable)
    }

    async fn find(
        &self,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        let (pk, sk) = (user_pk(account), sort_key(id));
        let keys = KeysAndAttributes::builder().keys(key(pk.clone(), PROFILE)).keys(key(pk, &sk));
        let keys = keys.consistent_read(true).build().map_err(unavailable)?;
        let answer = self.client.batch_get_item().request_items(&self.table, keys).send().await;
        let answer = answer.map_err(unavailable)?;
        if answer.unprocessed_keys().is_some_and(|keys| !keys.is_empty()) {
            return Err(StoreError::Unavailable("the table throttles reads".into()));
        }
        let mut items =
            answer.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
        let mut take =
            |sk: &str| items.iter().position(|item| has_sort_key(item, sk)).map(|at| items.remove(at));
        let (Some(profile), Some(session)) = (take(PROFILE), take(&sk)) else { return Ok(None) };
        let SessionItem { created, expires, .. } = account_item::from_item(session)?;
        let session = Session { id: id.clone(), account: account.clone(), created, expires };
        Ok(Some((session, account_item::from_item::<AccountItem>(profile)?.try_into()?)))
    }

    async fn end(&self, account: &AccountId, id: &SessionId) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key(user_pk(account), &sort_key(id))));
        delete.send().await.map(drop).map_err(unavailable)
    }
}

fn has_sort_key(item: &Item, sk: &str) -> bool {
    item.get("sk").and_then(|value| value.as_s().ok()).is_some_and(|value| value == sk)
}
