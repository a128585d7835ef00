//! Accounts, sessions and API keys in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::account::{Account, AccountChange, AccountId, NewAddress, ProfileChange, SessionsAfter};
use crate::api_key::{ApiKey, ApiKeyId};
use crate::audit::AuditEvent;
use crate::deletion::Deletion;
use crate::effects::Effects;
use crate::email_address::EmailAddress;
use crate::file_ledger::Usage;
use crate::letter::{Letter, LetterId};
use crate::one_time_token::{OneTimeToken, TokenId};
use crate::password::PasswordHash;
use crate::ports::{AccountStore, ApiKeyStore, DeletionStore, Outbox, SessionStore, StoreError};
use crate::session::{Session, SessionId};
use crate::timestamp::Timestamp;

/// An [`AccountStore`], [`SessionStore`] and [`ApiKeyStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    accounts: Vec<Account>,
    /// Addresses that an account had before, and until when they are kept for it.
    reserved: Vec<(String, AccountId, Timestamp)>,
    sessions: Vec<Session>,
    tokens: Vec<OneTimeToken>,
    letters: Vec<Letter>,
    undeliverable: HashMap<String, Timestamp>,
    events: Vec<AuditEvent>,
    deletions: Vec<Deletion>,
    keys: Vec<ApiKey>,
    unavailable: bool,
}

impl MemoryAccounts {
    /// Makes every later call fail as if the store did not answer.
    pub fn go_down(&self) {
        self.lock().unavailable = true;
    }

    /// Gives an account an allowance of its own.
    pub fn set_quota(&self, id: &AccountId, quota: Usage) {
        let mut tables = self.lock();
        let account = tables.account(id).expect("an account of the test");
        (account.quota_bytes, account.quota_files) = (Some(quota.bytes), Some(quota.files));
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.lock();
        if tables.unavailable { Err(StoreError::Unavailable("the store is down".into())) } else { Ok(tables) }
    }
}

impl Tables {
    fn account(&mut self, id: &AccountId) -> Result<&mut Account, StoreError> {
        self.accounts.iter_mut().find(|account| account.id == *id).ok_or(StoreError::Conflict)
    }

    /// Whether an address belongs to another account at `now`.
    fn is_owned_by_another(&self, email: &EmailAddress, account: &AccountId, now: Timestamp) -> bool {
        let address = email.normalised();
        self.accounts.iter().any(|other| other.email.normalised() == address && other.id != *account)
            || self
                .reserved
                .iter()
                .any(|(kept, owner, until)| *kept == address && owner != account && now < *until)
    }

    /// Whether the effects can be written.
    fn check(&self, effects: &Effects) -> Result<(), StoreError> {
        let is_there = |id: &TokenId| self.tokens.iter().any(|token| token.id == *id);
        if effects.spent.as_ref().is_none_or(is_there) { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn write(&mut self, effects: &Effects) {
        self.tokens.retain(|token| Some(&token.id) != effects.spent.as_ref());
        self.tokens.extend(effects.tokens.iter().cloned());
        self.letters.extend(effects.letters.iter().cloned());
        self.events.extend(effects.events.iter().cloned());
    }
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn create(&self, account: &Account, effects: &Effects) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.check(effects)?;
        let is_known = tables.accounts.iter().any(|other| other.id == account.id);
        if is_known || tables.is_owned_by_another(&account.email, &account.id, account.created) {
            return Err(StoreError::Conflict);
        }
        tables.accounts.push(account.clone());
        tables.write(effects);
        Ok(())
    }

    async fn find_account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.tables()?.account(id).ok().cloned())
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        let address = email.normalised();
        Ok(self.tables()?.accounts.iter().find(|account| account.email.normalised() == address).cloned())
    }

    async fn change_profile(&self, account: &AccountId, change: &ProfileChange) -> Result<(), StoreError> {
        change.clone().apply(&mut self.tables()?.account(account)?.profile);
        Ok(())
    }

    async fn replace_password_hash(
        &self,
        account: &AccountId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let stored = &mut tables.account(account)?.password_hash;
        if stored != old {
            return Err(StoreError::Conflict);
        }
        *stored = new.clone();
        Ok(())
    }

    async fn change(
        &self,
        account: &Account,
        change: &AccountChange,
        effects: &Effects,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.check(effects)?;
        let is_taken = |new: &NewAddress| tables.is_owned_by_another(&new.email, &account.id, new.at);
        if change.email.as_ref().is_some_and(is_taken) {
            return Err(StoreError::Conflict);
        }
        let Tables { accounts, sessions, reserved, .. } = &mut *tables;
        let stored = accounts.iter_mut().find(|stored| stored.id == account.id);
        let stored = stored.filter(|stored| stored.generation == account.generation);
        let stored = stored.filter(|stored| change.email.is_none() || stored.email == account.email);
        let is_replaced = |stored: &Account| {
            change.second_factor.as_ref().is_none_or(|factor| stored.second_factor == factor.from)
        };
        let stored = stored.filter(|stored| is_replaced(stored));
        let stored = stored.ok_or(StoreError::Conflict)?;
        if let Some(new) = &change.email {
            reserved.retain(|(address, _, _)| *address != new.email.normalised());
            let kept =
                new.old_reserved_until.map(|until| (account.email.normalised(), account.id.clone(), until));
            reserved.extend(kept);
        }
        let generation = account.generation + 1;
        match &change.sessions {
            SessionsAfter::Live => {}
            SessionsAfter::End => stored.generation = generation,
            SessionsAfter::EndOthers(id) => {
                let kept = sessions.iter_mut().find(|session| session.id == *id);
                kept.ok_or(StoreError::Conflict)?.generation = generation;
                stored.generation = generation;
            }
        }
        stored.key_generation += u64::from(change.end_keys);
        change.clone().apply(stored);
        tables.write(effects);
        Ok(())
    }

    async fn record(&self, effects: &Effects) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.check(effects)?;
        tables.write(effects);
        Ok(())
    }

    async fn find_token(&self, id: &TokenId) -> Result<Option<OneTimeToken>, StoreError> {
        Ok(self.tables()?.tokens.iter().find(|token| token.id == *id).cloned())
    }

    async fn events(&self, account: &AccountId, limit: usize) -> Result<Vec<AuditEvent>, StoreError> {
        let mut events = self.tables()?.events.clone();
        events.retain(|event| event.account == *account);
        events.sort_by_key(|event| event.occasion.at);
        Ok(events.into_iter().rev().take(limit).collect())
    }
}

#[async_trait]
impl DeletionStore for MemoryAccounts {
    async fn delete(&self, account: &Account, now: Timestamp, effects: &Effects) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.check(effects)?;
        let stored = tables.account(&account.id)?;
        if stored.email != account.email || stored.generation != account.generation {
            return Err(StoreError::Conflict);
        }
        tables.accounts.retain(|other| other.id != account.id);
        tables.deletions.push(Deletion { account: account.id.clone(), at: now });
        tables.write(effects);
        Ok(())
    }

    async fn deletions(&self) -> Result<Vec<Result<Deletion, StoreError>>, StoreError> {
        Ok(self.tables()?.deletions.iter().cloned().map(Ok).collect())
    }

    async fn remove_records(&self, account: &AccountId) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.sessions.retain(|session| session.account != *account);
        tables.keys.retain(|key| key.account != *account);
        tables.events.retain(|event| event.account != *account);
        Ok(())
    }

    async fn finish(&self, account: &AccountId) -> Result<(), StoreError> {
        self.tables()?.deletions.retain(|deletion| deletion.account != *account);
        Ok(())
    }
}

#[async_trait]
impl Outbox for MemoryAccounts {
    async fn waiting(&self, now: Timestamp) -> Result<Vec<Result<Letter, StoreError>>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.letters.iter().filter(|letter| letter.held_until <= now).cloned().map(Ok).collect())
    }

    async fn hold(&self, letter: &Letter, until: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let stored = tables.letters.iter_mut().find(|stored| *stored == letter);
        Ok(stored.map(|stored| stored.held_until = until).is_some())
    }

    async fn strike_off(&self, id: &LetterId) -> Result<(), StoreError> {
        self.tables()?.letters.retain(|letter| letter.id != *id);
        Ok(())
    }

    async fn note_undeliverable(&self, address: &EmailAddress, until: Timestamp) -> Result<(), StoreError> {
        self.tables()?.undeliverable.insert(address.normalised(), until);
        Ok(())
    }

    async fn is_undeliverable(&self, address: &EmailAddress, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.tables()?.undeliverable.get(&address.normalised()).is_some_and(|until| now < *until))
    }

    async fn clear_undeliverable(&self, address: &EmailAddress) -> Result<(), StoreError> {
        self.tables()?.undeliverable.remove(&address.normalised());
        Ok(())
    }
}

#[async_trait]
impl SessionStore for MemoryAccounts {
    async fn create(&self, session: &Session, effects: &Effects) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.check(effects)?;
        tables.sessions.push(session.clone());
        tables.write(effects);
        Ok(())
    }

    async fn find(
        &self,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        let mut tables = self.tables()?;
        let found = tables.sessions.iter().find(|s| s.id == *id && s.account == *account).cloned();
        let account = tables.account(account).ok().cloned();
        Ok(found.zip(account))
    }

    async fn list_sessions(&self, account: &AccountId) -> Result<Vec<Session>, StoreError> {
        Ok(self.tables()?.sessions.iter().filter(|session| session.account == *account).cloned().collect())
    }

    async fn note_use(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let mut stored = tables.sessions.iter_mut().filter(|stored| stored.id == session.id);
        stored.by_ref().for_each(|stored| stored.last_used = now);
        Ok(())
    }

    async fn end(&self, account: &AccountId, id: &SessionId, effects: &Effects) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.sessions.retain(|s| s.id != *id || s.account != *account);
        tables.write(effects);
        Ok(())
    }
}

#[async_trait]
impl ApiKeyStore for MemoryAccounts {
    async fn add_key(&self, key: &ApiKey, effects: &Effects) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.keys.push(key.clone());
        tables.write(effects);
        Ok(())
    }

    async fn find_key(
        &self,
        account: &AccountId,
        id: &ApiKeyId,
    ) -> Result<Option<(ApiKey, Account)>, StoreError> {
        let mut tables = self.tables()?;
        let found = tables.keys.iter().find(|key| key.id == *id && key.account == *account).cloned();
        let account = tables.account(account).ok().cloned();
        Ok(found.zip(account))
    }

    async fn list_keys(&self, account: &AccountId) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self.tables()?.keys.iter().filter(|key| key.account == *account).cloned().collect())
    }

    async fn note_key_use(&self, key: &ApiKey, now: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let mut stored = tables.keys.iter_mut().filter(|stored| stored.id == key.id);
        stored.by_ref().for_each(|stored| stored.last_used = Some(now));
        Ok(())
    }

    async fn revoke_key(
        &self,
        account: &AccountId,
        id: &ApiKeyId,
        effects: &Effects,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.keys.retain(|key| key.id != *id || key.account != *account);
        tables.write(effects);
        Ok(())
    }
}
