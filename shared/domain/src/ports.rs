//! What the rules need from the world.
//!
//! Every store has an implementation over AWS and one in memory ([`crate::testing`]), and one contract suite that
//! both must pass. A lookup gives an `Option`: "not there" is an answer, not a failure.

mod files;

use async_trait::async_trait;

use crate::account::{Account, AccountChange, AccountId, ProfileChange};
use crate::api_key::{ApiKey, ApiKeyId};
use crate::audit::AuditEvent;
use crate::deletion::Deletion;
use crate::effects::Effects;
use crate::email_address::EmailAddress;
use crate::idempotency::{AnsweredRequest, IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use crate::letter::{Letter, LetterId};
use crate::mail::Mail;
use crate::one_time_token::{OneTimeToken, TokenId, TokenKind};
use crate::password::PasswordHash;
use crate::session::{Session, SessionId};
use crate::throttle::{Counter, Tally};
use crate::timestamp::Timestamp;

pub use files::{
    Content, Entry, FileLedger, FileState, FileStore, NewFile, PartStore, Replaces, UploadStore,
};

/// The underlying failure, for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The thing exists already, or changed meanwhile. Nothing was written.
    #[error("it exists already or was changed meanwhile")]
    Conflict,
    /// What is stored cannot be read back as what it should be.
    #[error("a stored record is corrupt: {0}")]
    Corrupt(String),
    /// The store did not answer in time or refused the call. It is not known whether a write happened.
    #[error("the store is not available")]
    Unavailable(#[source] Source),
}

/// Accounts.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Adds an account; [`StoreError::Conflict`] when its address belongs to another one in any spelling, or when the
    /// token that allows it is gone.
    async fn create(&self, account: &Account, effects: &Effects) -> Result<(), StoreError>;

    /// An account.
    async fn find_account(&self, id: &AccountId) -> Result<Option<Account>, StoreError>;

    /// The account that owns an address.
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError>;

    /// Changes the named fields of a profile and no others; [`StoreError::Conflict`] when the account is gone.
    async fn change_profile(&self, account: &AccountId, change: &ProfileChange) -> Result<(), StoreError>;

    /// Puts `new` in the place of `old`; [`StoreError::Conflict`] when the hash is no longer `old`.
    async fn replace_password_hash(
        &self,
        account: &AccountId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;

    /// Changes an account, all of it at once; [`StoreError::Conflict`] when its generation is no longer that of `account`,
    /// when its second factor is no longer what is to be replaced, when a session that is to live on is gone, or the token
    /// that allows it.
    async fn change(
        &self,
        account: &Account,
        change: &AccountChange,
        effects: &Effects,
    ) -> Result<(), StoreError>;

    /// Writes down effects that no change belongs to.
    async fn record(&self, effects: &Effects) -> Result<(), StoreError>;

    /// A one-time token that has not been used. Whether it has expired is for the caller to see.
    async fn find_token(&self, id: &TokenId) -> Result<Option<OneTimeToken>, StoreError>;

    /// The events of an account, newest first, at most `limit` of them.
    async fn events(&self, account: &AccountId, limit: usize) -> Result<Vec<AuditEvent>, StoreError>;
}

/// Accounts that were deleted and have left something.
#[async_trait]
pub trait DeletionStore: Send + Sync {
    /// Deletes an account and lets its address go; what it leaves is to be removed. [`StoreError::Conflict`] when it is
    /// gone or has changed its address meanwhile.
    async fn delete(&self, account: &Account, now: Timestamp, effects: &Effects) -> Result<(), StoreError>;

    /// The deletions that are not finished.
    async fn deletions(&self) -> Result<Vec<Result<Deletion, StoreError>>, StoreError>;

    /// Removes every record of a deleted account: sessions, keys, events, uploads, counts.
    async fn remove_records(&self, account: &AccountId) -> Result<(), StoreError>;

    /// Forgets a deletion: nothing is left.
    async fn finish(&self, account: &AccountId) -> Result<(), StoreError>;
}

/// Sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session.
    async fn create(&self, session: &Session, effects: &Effects) -> Result<(), StoreError>;

    /// A session and its account, in one strongly consistent read. `None` when either is gone: whatever was
    /// acknowledged as ended is not found, in any process.
    async fn find(
        &self,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<Option<(Session, Account)>, StoreError>;

    /// All sessions of an account that the store holds, ended generations included, in no order.
    async fn list_sessions(&self, account: &AccountId) -> Result<Vec<Session>, StoreError>;

    /// Notes when a session was used. Nothing happens if it is gone.
    async fn note_use(&self, session: &Session, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a session. Ending one that is gone is no failure.
    async fn end(&self, account: &AccountId, id: &SessionId, effects: &Effects) -> Result<(), StoreError>;
}

/// API keys.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Adds a key.
    async fn add_key(&self, key: &ApiKey, effects: &Effects) -> Result<(), StoreError>;

    /// A key and its account, in one strongly consistent read. `None` when either is gone: whatever was acknowledged as
    /// revoked is not found, in any process.
    async fn find_key(
        &self,
        account: &AccountId,
        id: &ApiKeyId,
    ) -> Result<Option<(ApiKey, Account)>, StoreError>;

    /// All keys of an account that the store holds, expired ones and ended generations included, in no order.
    async fn list_keys(&self, account: &AccountId) -> Result<Vec<ApiKey>, StoreError>;

    /// Notes when a key was used. Nothing happens if it is gone.
    async fn note_key_use(&self, key: &ApiKey, now: Timestamp) -> Result<(), StoreError>;

    /// Revokes a key. Revoking one that is gone is no failure.
    async fn revoke_key(
        &self,
        account: &AccountId,
        id: &ApiKeyId,
        effects: &Effects,
    ) -> Result<(), StoreError>;
}

/// Requests that have a key, and their answers.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Notes that a request is being worked on, unless one of its key is known. One whose time to be worked on or to be
    /// kept is over at `now` counts for nothing.
    async fn begin(
        &self,
        account: &AccountId,
        request: &KeyedRequest,
        now: Timestamp,
    ) -> Result<Known, StoreError>;

    /// Keeps the answer to a request. That of an operation in the ledger is kept by [`FileLedger::end`].
    async fn keep(&self, account: &AccountId, answered: &AnsweredRequest) -> Result<(), StoreError>;

    /// Forgets a request that came to no answer. An answer that was kept meanwhile stays, and is given.
    async fn forget(
        &self,
        account: &AccountId,
        key: &IdempotencyKey,
    ) -> Result<Option<KeptAnswer>, StoreError>;
}

/// Letters that are to be delivered. They are written down as [`Effects`].
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The letters that nobody is delivering at `now`. One that cannot be read does not keep the others.
    async fn waiting(&self, now: Timestamp) -> Result<Vec<Result<Letter, StoreError>>, StoreError>;

    /// Takes a letter to deliver it until then; whether nobody else has taken it or struck it off before.
    async fn hold(&self, letter: &Letter, until: Timestamp) -> Result<bool, StoreError>;

    /// Strikes a letter off. Striking off one that is gone is no failure.
    async fn strike_off(&self, id: &LetterId) -> Result<(), StoreError>;

    /// Notes that an address is not to be mailed until then, because its mail bounced or its owner complained.
    async fn note_undeliverable(&self, address: &EmailAddress, until: Timestamp) -> Result<(), StoreError>;

    /// Whether an address is not to be mailed at `now`.
    async fn is_undeliverable(&self, address: &EmailAddress, now: Timestamp) -> Result<bool, StoreError>;

    /// Lets mail be sent to an address again.
    async fn clear_undeliverable(&self, address: &EmailAddress) -> Result<(), StoreError>;
}

/// Makes the addresses that mails lead to.
pub trait Links: Send + Sync {
    /// Where the service is.
    fn base(&self) -> &str;

    /// The page where a one-time token is used. It holds the token, which only those who receive it may see.
    fn link(&self, kind: TokenKind, id: &TokenId) -> String;

    /// The page where a new password is asked for.
    fn forgotten_password(&self) -> String;
}

/// Counts of wrong guesses.
#[async_trait]
pub trait ThrottleStore: Send + Sync {
    /// What each of the counters has counted, in their order; and until when the subject of the first of them is known,
    /// if it ever was. All in one strongly consistent read.
    async fn tallies(&self, counters: &[Counter; 3]) -> Result<([Tally; 3], Option<Timestamp>), StoreError>;

    /// Counts one more guess; how many there are with it.
    async fn add(&self, counter: &Counter, now: Timestamp) -> Result<u64, StoreError>;

    /// Counts one more guess if there are still `seen` of them; whether that was so. Of several claims at once, one
    /// succeeds.
    async fn claim(&self, counter: &Counter, seen: u64, now: Timestamp) -> Result<bool, StoreError>;

    /// Makes so many guesses undone, if there are as many; whether there were.
    async fn undo(&self, counter: &Counter, count: u64) -> Result<bool, StoreError>;

    /// Forgets all guesses of a counter: how many there were. Of several who ask at once, one hears the number.
    async fn forget(&self, counter: &Counter) -> Result<u64, StoreError>;

    /// Notes that the subject of a counter is known until then.
    async fn note_known(&self, counter: &Counter, until: Timestamp) -> Result<(), StoreError>;
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over for delivery.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Why a mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail service does not take this mail: trying again does not help.
    #[error("the mail service refused the mail")]
    Refused(#[source] Source),
    /// The mail service did not answer or is busy: trying again may help.
    #[error("the mail service is not available")]
    Unavailable(#[source] Source),
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes.
pub trait Random: Send + Sync {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
