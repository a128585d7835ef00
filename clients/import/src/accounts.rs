//! Accounts into the table.

use aws::DynamoAccounts;
use domain::{
    Account, AccountId, AccountStore as _, Act, ApiKey, ApiKeyName, ApiKeyStore as _, AuditEvent, Client,
    Clock as _, Effects, Letter, Notification, Occasion, Password, PasswordHasher, Scope, Scopes, StoreError,
};
use web::{SystemClock, SystemRandom};

use crate::roster::Entry;

/// How long a key lives that files are sent under, in seconds: a day. It is revoked before, unless the program is killed.
const KEY_SECONDS: u64 = 86_400;

/// The table, and what it takes to make an account.
pub(crate) struct Accounts {
    pub(crate) table: DynamoAccounts,
    hasher: PasswordHasher,
}

impl Accounts {
    pub(crate) fn new(table: DynamoAccounts) -> Self {
        Self { table, hasher: PasswordHasher::new() }
    }

    /// The account of an address.
    pub(crate) async fn find(&self, entry: &Entry) -> Result<Option<Account>, StoreError> {
        self.table.find_by_email(&entry.email).await
    }

    /// The account that an entry becomes. Without a password it has one that nobody knows.
    pub(crate) fn account(&self, entry: &Entry, id: AccountId) -> Account {
        let random = &SystemRandom;
        let hash = entry.password_hash.clone();
        let hash = hash.unwrap_or_else(|| self.hasher.hash(&Password::random(random), random));
        entry.account(id, hash, SystemClock.now())
    }

    /// Makes an account. Without a password a mail asks its owner to set one, unless it is disabled. `None` if somebody else
    /// has the address.
    pub(crate) async fn make(&self, entry: &Entry, id: AccountId) -> Result<Option<Account>, StoreError> {
        let (random, now) = (&SystemRandom, SystemClock.now());
        let account = self.account(entry, id);
        let mut effects = Effects::of(event(&account, Act::Imported));
        if entry.password_hash.is_none() && !entry.disabled {
            let letter = Letter::new(account.email.clone(), Notification::AccountImported, now, random);
            // Nobody here delivers it: the service does, within a minute.
            effects.letters.push(Letter { held_until: now, ..letter });
        }
        match self.table.create(&account, &effects).await {
            Ok(()) => Ok(Some(account)),
            Err(StoreError::Conflict) => {
                // It may have been this program, whose report ended before it said so.
                Ok(self.find(entry).await?.filter(|there| there.id == account.id))
            }
            Err(error) => Err(error),
        }
    }

    /// A key to send files of the account, and its text.
    pub(crate) async fn open(&self, account: &Account) -> Result<(ApiKey, String), StoreError> {
        let now = SystemClock.now();
        let name = ApiKeyName::parse("import").map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let scopes = Scopes::parse(Scope::FilesWrite.as_str())
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let expires = now.plus_seconds(KEY_SECONDS);
        let (key, text) = ApiKey::issue(account, name, scopes, expires, now, &SystemRandom);
        let made = event(account, Act::KeyMade(key.name.as_str().to_owned()));
        self.table.add_key(&key, &Effects::of(made)).await?;
        Ok((key, text.reveal()))
    }

    /// Revokes the key.
    pub(crate) async fn close(&self, account: &Account, key: &ApiKey) -> Result<(), StoreError> {
        let revoked = event(account, Act::KeyRevoked(key.name.as_str().to_owned()));
        self.table.revoke_key(&account.id, &key.id, &Effects::of(revoked)).await
    }
}

fn event(account: &Account, act: Act) -> AuditEvent {
    let client = Client { device: concat!("import/", env!("CARGO_PKG_VERSION")).to_owned(), network: None };
    let occasion = Occasion { at: SystemClock.now(), client };
    AuditEvent::new(&account.id, occasion, act, &SystemRandom).by_operator()
}
