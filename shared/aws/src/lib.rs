//! The adapters: AWS behind the ports of the domain. No HTTP of ours here, and no SDK anywhere else.
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
//! `s3_download` reads what a file holds. [`clients`] decides how long AWS may take; SDK failures become domain errors in `failure` and nowhere else.

mod account_item;
mod account_update;
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
mod s3_download;
pub mod s3_files;
mod s3_listing;
mod s3_parts;
pub mod ses_mailer;
pub mod signing_keys;
mod transaction;

pub use clients::Clients;
pub use dynamo_accounts::DynamoAccounts;
pub use s3_files::S3Files;
pub use ses_mailer::SesMailer;
pub use signing_keys::{SigningKeyParameter, SigningKeysUnavailable, key_source};
