//! Sessions in DynamoDB.

use async_trait::async_trait;
use domain::{Account, AccountId, Client, Effects, Session, SessionId, SessionStore, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, AccountItem, Item, PROFILE, has_keys, key, number, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::corrupt;
use crate::table::{Query, Write};

const SESSION: &str = "SESSION#";

#[derive(Serialize, Deserialize)]
struct SessionItem {
    pk: String,
    sk: String,
    #[serde(default)]
    generation: u64,
    created: Timestamp,
    #[serde(default)]
    last_used: Option<Timestamp>,
    expires: Timestamp,
    /// When DynamoDB may remove the record. Whether a session lives is decided by `expires`, in code.
    ttl: Timestamp,
    #[serde(flatten)]
    client: Client,
}

impl From<&Session> for SessionItem {
    fn from(session: &Session) -> Self {
        Self {
            pk: user_pk(&session.account),
            sk: session_sk(&session.id),
            generation: session.generation,
            created: session.created,
            last_used: Some(session.last_used),
            expires: session.expires,
            ttl: session.expires,
            client: session.client.clone(),
        }
    }
}

impl SessionItem {
    fn into_session(self, account: &AccountId) -> Result<Session, StoreError> {
        let id = self.sk.strip_prefix(SESSION).and_then(SessionId::parse);
        Ok(Session {
            id: id.ok_or_else(|| corrupt("session", "its id is malformed"))?,
            account: account.clone(),
            generation: self.generation,
            created: self.created,
            last_used: self.last_used.unwrap_or(self.created),
            expires: self.expires,
            client: self.client,
        })
    }
}

/// The sort key of a session.
pub(crate) fn session_sk(id: &SessionId) -> String {
    format!("{SESSION}{id}")
}

#[async_trait]
impl SessionStore for DynamoAccounts {
    async fn create(&self, session: &Session, effects: &Effects) -> Result<(), StoreError> {
        let mut writes = Self::effects(effects)?;
        writes.push(Write::put_new(account_item::to_item(&SessionItem::from(session))?));
        self.table.transact(writes).await
    }

    async fn find(
        &self,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        let Some((session, profile)) = self.with_profile(account, &session_sk(id)).await? else {
            return Ok(None);
        };
        let session = account_item::from_item::<SessionItem>(session)?.into_session(account)?;
        Ok(Some((session, account_item::from_item::<AccountItem>(profile)?.try_into()?)))
    }

    async fn list_sessions(&self, account: &AccountId) -> Result<Vec<Session>, StoreError> {
        let items = self.items_of(account, SESSION).await?.into_iter();
        items.map(|item| account_item::from_item::<SessionItem>(item)?.into_session(account)).collect()
    }

    async fn note_use(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        self.note_last_use(&session.account, &session_sk(&session.id), now).await
    }

    async fn end(&self, account: &AccountId, id: &SessionId, effects: &Effects) -> Result<(), StoreError> {
        let mut writes = Self::effects(effects)?;
        writes.push(Write::delete(key(user_pk(account), &session_sk(id))));
        self.table.transact(writes).await
    }
}

impl DynamoAccounts {
    /// A record of an account and the account's own record, in one strongly consistent read; `None` when either is
    /// gone.
    pub(crate) async fn with_profile(
        &self,
        account: &AccountId,
        sk: &str,
    ) -> Result<Option<(Item, Item)>, StoreError> {
        let pk = user_pk(account);
        let mut items = self.table.get_all(vec![key(pk.clone(), PROFILE), key(pk.clone(), sk)]).await?;
        let mut take =
            |sk: &str| items.iter().position(|item| has_keys(item, &pk, sk)).map(|at| items.remove(at));
        let profile = take(PROFILE);
        Ok(take(sk).zip(profile))
    }

    /// Notes when a session or key was used; one that has ended meanwhile does not come back by it.
    pub(crate) async fn note_last_use(
        &self,
        account: &AccountId,
        sk: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = Write::update(key(user_pk(account), sk), "SET last_used = :now")
            .only_if("attribute_exists(pk)")
            .value(":now", number(now.unix_seconds()));
        self.table.apply_if(update).await.map(drop)
    }

    /// All records of an account whose sort key begins with `prefix`, strongly consistent.
    pub(crate) async fn items_of(&self, account: &AccountId, prefix: &str) -> Result<Vec<Item>, StoreError> {
        self.table.query(Query::partition(user_pk(account)).beginning_with(prefix)).await
    }
}

#[cfg(test)]
mod tests {
    use serde_dynamo::AttributeValue;

    use super::*;

    #[test]
    fn a_session_from_before_devices_were_noted_is_still_one() {
        let text = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
        let count = |name: &str, value: u64| (name.to_owned(), number(value));
        let (account, id) = ("a".repeat(32), "b".repeat(32));
        let item = Item::from([
            text("pk", format!("USER#{account}")),
            text("sk", format!("SESSION#{id}")),
            count("created", 1_790_000_000),
            count("expires", 1_790_086_400),
            count("ttl", 1_790_086_400),
        ]);
        let account = AccountId::parse(&account).unwrap();
        let session = account_item::from_item::<SessionItem>(item).unwrap().into_session(&account).unwrap();
        assert_eq!((session.id.as_str(), session.generation), (id.as_str(), 0));
        assert_eq!((session.last_used, session.client), (session.created, Client::default()));
    }
}
