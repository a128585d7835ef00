//! The adapters: AWS behind the ports of the domain. The HTTP here is that of AWS; ours is in `web`.
//!
//! | file | port | over |
//! |---|---|---|
//! | [`dynamo_accounts`] | `AccountStore` | DynamoDB |
//! | [`dynamo_sessions`] | `SessionStore` | DynamoDB |
//! | [`dynamo_api_keys`] | `ApiKeyStore` | DynamoDB |
//! | [`s3_files`] | `FileStore` | S3 |
//! | [`ses_mailer`] | `Mailer` | SES v2 |
//! | [`signing_keys`] | – | Parameter Store |
//!
//! `table` says what DynamoDB is asked in its own words, and `bucket` what S3 is asked; `s3_download` reads what a file
//! holds. Both send their calls by way of `service`, which signs them and tries them again. [`clients`] decides how long
//! AWS may take; failed calls become domain errors in `failure` and nowhere else.
//!
//! No SDK is linked. Without them a listing of 10,000 files takes 11 ms of processor time where it took 17, a download of
//! 1 MB comes down from 1.5 to 1.0 times its floor, and a function from 13 to 7 MB (`make bench`, one machine, on one day).
//! In the contract tests they are the oracle: what is written here they read alike, and what they write or sign is alike
//! here.

mod account_item;
mod account_update;
mod bucket;
pub mod clients;
pub mod dynamo_accounts;
pub mod dynamo_api_keys;
mod dynamo_deletions;
mod dynamo_effects;
mod dynamo_idempotency;
mod dynamo_ledger;
mod dynamo_outbox;
pub mod dynamo_sessions;
mod dynamo_throttle;
mod dynamo_uploads;
mod failure;
mod http_client;
mod s3_download;
pub mod s3_files;
mod s3_listing;
mod s3_parts;
mod service;
pub mod ses_mailer;
pub mod signing_keys;
mod table;

pub use clients::{Clients, UnusableEnvironment};
pub use dynamo_accounts::DynamoAccounts;
pub use s3_files::S3Files;
pub use ses_mailer::SesMailer;
pub use signing_keys::{SigningKeyParameter, SigningKeysUnavailable, key_source};
