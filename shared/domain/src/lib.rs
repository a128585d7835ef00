//! The rules of the service, free of HTTP, of AWS and of any runtime.
//!
//! | file | about |
//! |---|---|
//! | [`account`] | who a user is and what they may change about it |
//! | [`email_address`] | one address, one spelling |
//! | [`password`] | what a password may be; how it is hashed and verified |
//! | [`password_rules`] | which new passwords are too easy to guess |
//! | [`totp`] | the second factor: a code that changes with the time |
//! | [`second_factor`] | what an account asks for beside the password |
//! | [`recovery_code`] | what stands in for the second factor, once |
//! | [`throttle`] | how fast secrets may be guessed |
//! | [`session`] | a log-on, from its start to its end |
//! | [`api_key`] | what a script has in the place of a log-on |
//! | [`client`] | the program and the place that somebody uses the service from |
//! | [`file_path`] | names and paths below a user's root |
//! | [`file_key`] | a path together with its owner: the only way to name a stored file |
//! | [`folder_tree`] | a folder as the tree that clients read |
//! | [`file_batch`] | several files stored as one: all of them or none |
//! | [`one_time_token`] | what a link in a mail is good for, once |
//! | [`mail`] | a message to one address |
//! | [`notification`] | what the service writes to its users |
//! | [`letter`] | mail that was promised, until it is sent |
//! | [`audit`] | what happened to an account |
//! | [`deletion`] | the end of an account |
//! | [`effects`] | what is written together with a change |
//! | [`ports`] | what the rules need from the world: stores, mail, time, randomness |
//!
//! Nothing here reads a clock, draws randomness or looks at the environment: all three are passed in.

pub mod account;
pub mod api_key;
pub mod audit;
pub mod client;
pub mod deletion;
pub mod effects;
pub mod email_address;
pub mod file_batch;
pub mod file_key;
pub mod file_ledger;
pub mod file_path;
pub mod file_upload;
pub mod folder_tree;
mod hex_id;
pub mod idempotency;
pub mod letter;
pub mod mail;
pub mod media_type;
pub mod notification;
pub mod occasion;
pub mod one_time_token;
pub mod password;
pub mod password_rules;
pub mod ports;
pub mod recovery_code;
pub mod second_factor;
pub mod session;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod throttle;
pub mod timestamp;
pub mod totp;

pub use account::{
    Account, AccountChange, AccountId, InvalidProfile, NewAddress, Profile, ProfileChange, QuotaChange, Role,
    SessionsAfter,
};
pub use api_key::{ApiKey, ApiKeyHash, ApiKeyId, ApiKeyName, ApiKeyText, Scope, Scopes};
pub use audit::{Act, Actor, AuditEvent, EventId};
pub use client::{Client, Network};
pub use deletion::Deletion;
pub use effects::Effects;
pub use email_address::{EmailAddress, InvalidEmailAddress};
pub use file_batch::{NotStored, put_all, take_back};
pub use file_key::{FileKey, FolderKey};
pub use file_ledger::{Ledger, Operation, OperationId, Usage, UsageChange, Work};
pub use file_path::{FileName, FilePath, FolderPath, InvalidPath};
pub use file_upload::{
    FileUpload, InvalidSha256, MAX_FILE_BYTES, Part, Sha256Digest, UploadResult, part_bytes,
};
pub use folder_tree::{Details, FolderTree};
pub use idempotency::{
    AnsweredRequest, IdempotencyKey, InvalidIdempotencyKey, KeptAnswer, KeyedRequest, Known,
};
pub use letter::{Letter, LetterId};
pub use mail::{InvalidMail, Mail};
pub use media_type::{InvalidMediaType, MediaType};
pub use notification::Notification;
pub use occasion::Occasion;
pub use one_time_token::{OneTimeToken, Purpose, Registration, TokenId, TokenKind};
pub use password::{InvalidPassword, Password, PasswordHash, PasswordHasher, Verdict};
pub use password_rules::{OwnWords, WeakPassword};
pub use ports::{
    AccountStore, ApiKeyStore, Clock, Content, DeletionStore, Entry, FileLedger, FileState, FileStore,
    IdempotencyStore, Links, MailError, Mailer, NewFile, Outbox, PartStore, Random, Replaces, SessionStore,
    StoreError, ThrottleStore, UploadStore,
};
pub use recovery_code::RecoveryCode;
pub use second_factor::{FactorChange, SecondFactor};
pub use session::{Session, SessionId};
pub use timestamp::{Timestamp, iso_time, parse_iso_time};
pub use totp::TotpSecret;
