//! Accounts and sessions in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::account::{Account, AccountChange, AccountId, ProfileChange, SessionsAfter};
use crate::email_address::EmailAddress;
use crate::file_ledger::Usage;
use crate::password::PasswordHash;
use crate::ports::{AccountStore, SessionStore, StoreError};
use crate::session::{Session, SessionId};
use crate::timestamp::Timestamp;

/// An [`AccountStore`] and [`SessionStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    accounts: Vec<Account>,
    sessions: Vec<Session>,
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
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn create(&self, account: &Account) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let address = account.email.normalised();
        if tables.accounts.iter().any(|other| other.email.normalised() == address || other.id == account.id) {
            return Err(StoreError::Conflict);
        }
        tables.accounts.push(account.clone());
        Ok(())
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

    async fn change(&self, account: &Account, change: &AccountChange) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let Tables { accounts, sessions, .. } = &mut *tables;
        let stored = accounts.iter_mut().find(|stored| stored.id == account.id);
        let stored = stored.filter(|stored| stored.generation == account.generation);
        let stored = stored.ok_or(StoreError::Conflict)?;
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
        change.clone().apply(stored);
        Ok(())
    }
}

#[async_trait]
impl SessionStore for MemoryAccounts {
    async fn create(&self, session: &Session) -> Result<(), StoreError> {
        self.tables()?.sessions.push(session.clone());
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

    async fn end(&self, account: &AccountId, id: &SessionId) -> Result<(), StoreError> {
        self.tables()?.sessions.retain(|s| s.id != *id || s.account != *account);
        Ok(())
    }
}
