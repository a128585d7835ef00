//! Accounts in DynamoDB.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::{
    Account, AccountChange, AccountId, AccountStore, AuditEvent, Effects, EmailAddress, NewAddress,
    OneTimeToken, PasswordHash, ProfileChange, SessionsAfter, StoreError, Timestamp, TokenId,
};

use crate::account_item::{
    self, AccountItem, Item, NOT_OWNED, OWNER, OwnerItem, PROFILE, email_pk, key, number, user_pk,
};
use crate::account_update::account_update;
use crate::clients::Clients;
use crate::dynamo_sessions::session_sk;
use crate::failure::{corrupt, unavailable};
use crate::transaction;

/// The accounts and sessions of one table.
#[derive(Clone, Debug)]
pub struct DynamoAccounts {
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
}

impl DynamoAccounts {
    /// The accounts in `table`.
    #[must_use]
    pub fn new(clients: &Clients, table: String) -> Self {
        Self { client: clients.dynamodb(), table }
    }

    pub(crate) async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        Ok(request.send().await.map_err(unavailable)?.item)
    }
}

#[async_trait]
impl AccountStore for DynamoAccounts {
    async fn create(&self, account: &Account, effects: &Effects) -> Result<(), StoreError> {
        let mut writes = self.effects(effects)?;
        writes.push(self.own(&account.email, &account.id, account.created)?);
        writes.push(self.put_new(account_item::to_item(&AccountItem::from(account))?)?);
        self.transact(writes).await
    }

    async fn find_account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        let Some(account) = self.get(key(user_pk(id), PROFILE)).await? else { return Ok(None) };
        account_item::from_item::<AccountItem>(account)?.try_into().map(Some)
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        let Some(owner) = self.get(key(email_pk(email), OWNER)).await? else {
            // A known address takes two reads; an unknown one must not be told by taking one.
            self.get(key(email_pk(email), PROFILE)).await?;
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
        let texts = change.texts().map(|(field, text)| (field, AttributeValue::S(text.to_owned())));
        let use_jess = change.use_jess.map(|value| ("use_jess", AttributeValue::Bool(value)));
        let mut update = self.client.update_item().table_name(&self.table);
        update =
            update.set_key(Some(key(user_pk(account), PROFILE))).condition_expression("attribute_exists(pk)");
        let mut assignments = Vec::new();
        for (field, value) in texts.chain(use_jess) {
            assignments.push(format!("#{field} = :{field}"));
            update = update.expression_attribute_names(format!("#{field}"), field);
            update = update.expression_attribute_values(format!(":{field}"), value);
        }
        if assignments.is_empty() {
            return Ok(());
        }
        let update = update.update_expression(format!("SET {}", assignments.join(", ")));
        update.send().await.map(drop).map_err(conflict_or_unavailable)
    }

    async fn replace_password_hash(
        &self,
        account: &AccountId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update.set_key(Some(key(user_pk(account), PROFILE)));
        let update = update.update_expression("SET password_hash = :new");
        let update = update.condition_expression("password_hash = :old");
        let update = update.expression_attribute_values(":old", AttributeValue::S(old.to_phc_string()));
        let update = update.expression_attribute_values(":new", AttributeValue::S(new.to_phc_string()));
        update.send().await.map(drop).map_err(conflict_or_unavailable)
    }

    async fn change(
        &self,
        account: &Account,
        change: &AccountChange,
        effects: &Effects,
    ) -> Result<(), StoreError> {
        let mut writes = self.effects(effects)?;
        writes.push(account_update(&self.table, account, change)?);
        if let Some(new) = &change.email {
            writes.extend(self.change_address(account, new)?);
        }
        if let SessionsAfter::EndOthers(id) = &change.sessions {
            let update = Update::builder().table_name(&self.table);
            let update = update.set_key(Some(key(user_pk(&account.id), &session_sk(id))));
            let update = update
                .update_expression("SET generation = :next")
                .condition_expression("attribute_exists(pk)");
            let update = update.expression_attribute_values(":next", number(account.generation + 1));
            writes.push(transaction::update(update)?);
        }
        self.transact(writes).await
    }

    async fn record(&self, effects: &Effects) -> Result<(), StoreError> {
        self.transact(self.effects(effects)?).await
    }

    async fn find_token(&self, id: &TokenId) -> Result<Option<OneTimeToken>, StoreError> {
        self.one_time_token(id).await
    }

    async fn events(&self, account: &AccountId, limit: usize) -> Result<Vec<AuditEvent>, StoreError> {
        self.latest_events(account, limit).await
    }
}

impl DynamoAccounts {
    /// Gives an address to an account, if it is nobody else's at `now`.
    fn own(
        &self,
        email: &EmailAddress,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = account_item::to_item(&OwnerItem::new(email, account))?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put
            .condition_expression(format!("{NOT_OWNED} OR account = :account"))
            .expression_attribute_values(":now", number(now.unix_seconds()))
            .expression_attribute_values(":account", AttributeValue::S(account.to_string()));
        transaction::put(put)
    }

    /// Gives an account another address, and keeps the old one for it or lets it go. Letters in another case are the
    /// same address.
    fn change_address(
        &self,
        account: &Account,
        new: &NewAddress,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        if account.email.normalised() == new.email.normalised() {
            return Ok(Vec::new());
        }
        let old = key(email_pk(&account.email), OWNER);
        let Some(until) = new.old_reserved_until else {
            return Ok(vec![self.own(&new.email, &account.id, new.at)?, self.remove(old)?]);
        };
        let update = Update::builder().table_name(&self.table).set_key(Some(old));
        let update = update
            .update_expression("SET reserved_until = :until, #ttl = :until")
            .condition_expression("account = :account")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":until", number(until.unix_seconds()))
            .expression_attribute_values(":account", AttributeValue::S(account.id.to_string()));
        let keep = transaction::update(update)?;
        Ok(vec![self.own(&new.email, &account.id, new.at)?, keep])
    }
}

pub(crate) fn conflict_or_unavailable(error: SdkError<UpdateItemError>) -> StoreError {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => StoreError::Conflict,
        _ => unavailable(error),
    }
}
