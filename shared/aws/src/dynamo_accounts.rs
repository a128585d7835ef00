//! Accounts in DynamoDB.

use async_trait::async_trait;
use domain::{
    Account, AccountChange, AccountId, AccountStore, AuditEvent, Effects, EmailAddress, NewAddress,
    OneTimeToken, PasswordHash, ProfileChange, SessionsAfter, StoreError, Timestamp, TokenId,
};
use serde_dynamo::AttributeValue;

use crate::account_item::{
    self, AccountItem, NOT_OWNED, OWNER, OwnerItem, PROFILE, email_pk, key, number, text, user_pk,
};
use crate::account_update::account_update;
use crate::clients::Clients;
use crate::dynamo_sessions::session_sk;
use crate::failure::corrupt;
use crate::table::{Table, Write};

/// The accounts and sessions of one table.
#[derive(Clone, Debug)]
pub struct DynamoAccounts {
    pub(crate) table: Table,
}

impl DynamoAccounts {
    /// The accounts in `table`.
    #[must_use]
    pub fn new(clients: &Clients, table: String) -> Self {
        Self { table: clients.table(table) }
    }

    /// Opens a connection to the table, so that the first request of a process finds one. It never fails.
    pub async fn connect(&self) {
        self.table.service.connect().await;
    }
}

#[async_trait]
impl AccountStore for DynamoAccounts {
    async fn create(&self, account: &Account, effects: &Effects) -> Result<(), StoreError> {
        let mut writes = Self::effects(effects)?;
        writes.push(own(&account.email, &account.id, account.created)?);
        writes.push(Write::put_new(account_item::to_item(&AccountItem::from(account))?));
        self.table.transact(writes).await
    }

    async fn find_account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        let Some(account) = self.table.get(key(user_pk(id), PROFILE)).await? else { return Ok(None) };
        account_item::from_item::<AccountItem>(account)?.try_into().map(Some)
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        let Some(owner) = self.table.get(key(email_pk(email), OWNER)).await? else {
            // A known address takes two reads; an unknown one must not be told by taking one.
            self.table.get(key(email_pk(email), PROFILE)).await?;
            return Ok(None);
        };
        let owner: OwnerItem = account_item::from_item(owner)?;
        let id = AccountId::parse(&owner.account)
            .ok_or_else(|| corrupt("address", "its account id is malformed"))?;
        let account = self.find_account(&id).await?;
        // An address that the account had before is kept for it, but nobody is found by it.
        Ok(account.filter(|account| account.email.normalised() == email.normalised()))
    }

    async fn change_profile(&self, account: &AccountId, change: &ProfileChange) -> Result<(), StoreError> {
        let texts = change.texts().map(|(field, value)| (field, text(value)));
        let use_jess = change.use_jess.map(|value| ("use_jess", AttributeValue::Bool(value)));
        let fields: Vec<_> = texts.chain(use_jess).collect();
        if fields.is_empty() {
            return Ok(());
        }
        let assignments: Vec<_> = fields.iter().map(|(field, _)| format!("#{field} = :{field}")).collect();
        let update = Write::update(key(user_pk(account), PROFILE), format!("SET {}", assignments.join(", ")));
        let update =
            fields.into_iter().fold(update.only_if("attribute_exists(pk)"), |update, (field, value)| {
                update.name(format!("#{field}"), field).value(format!(":{field}"), value)
            });
        self.table.apply(update).await
    }

    async fn replace_password_hash(
        &self,
        account: &AccountId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let update = Write::update(key(user_pk(account), PROFILE), "SET password_hash = :new")
            .only_if("password_hash = :old")
            .value(":old", AttributeValue::S(old.to_text()))
            .value(":new", AttributeValue::S(new.to_text()));
        self.table.apply(update).await
    }

    async fn change(
        &self,
        account: &Account,
        change: &AccountChange,
        effects: &Effects,
    ) -> Result<(), StoreError> {
        let mut writes = Self::effects(effects)?;
        writes.push(account_update(account, change)?);
        if let Some(new) = &change.email {
            writes.extend(change_address(account, new)?);
        }
        if let SessionsAfter::EndOthers(id) = &change.sessions {
            let update = Write::update(key(user_pk(&account.id), &session_sk(id)), "SET generation = :next")
                .only_if("attribute_exists(pk)")
                .value(":next", number(account.generation + 1));
            writes.push(update);
        }
        self.table.transact(writes).await
    }

    async fn record(&self, effects: &Effects) -> Result<(), StoreError> {
        self.table.transact(Self::effects(effects)?).await
    }

    async fn find_token(&self, id: &TokenId) -> Result<Option<OneTimeToken>, StoreError> {
        self.one_time_token(id).await
    }

    async fn events(&self, account: &AccountId, limit: usize) -> Result<Vec<AuditEvent>, StoreError> {
        self.latest_events(account, limit).await
    }
}

/// Gives an address to an account, if it is nobody else's at `now`.
fn own(email: &EmailAddress, account: &AccountId, now: Timestamp) -> Result<Write, StoreError> {
    let item = account_item::to_item(&OwnerItem::new(email, account))?;
    Ok(Write::put(item)
        .only_if(format!("{NOT_OWNED} OR account = :account"))
        .value(":now", number(now.unix_seconds()))
        .value(":account", text(account.as_str())))
}

/// Gives an account another address, and keeps the old one for it or lets it go. Letters in another case are the same
/// address.
fn change_address(account: &Account, new: &NewAddress) -> Result<Vec<Write>, StoreError> {
    if account.email.normalised() == new.email.normalised() {
        return Ok(Vec::new());
    }
    let old = key(email_pk(&account.email), OWNER);
    let own = own(&new.email, &account.id, new.at)?;
    let Some(until) = new.old_reserved_until else { return Ok(vec![own, Write::delete(old)]) };
    let keep = Write::update(old, "SET reserved_until = :until, #ttl = :until")
        .only_if("account = :account")
        .name("#ttl", "ttl")
        .value(":until", number(until.unix_seconds()))
        .value(":account", text(account.id.as_str()));
    Ok(vec![own, keep])
}
