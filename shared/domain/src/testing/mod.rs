//! Stand-ins for the world, for tests: stores in memory, a clock that is set by hand, repeatable randomness, and
//! the contract suite that keeps the stores in memory and those over AWS alike.

#![expect(clippy::missing_panics_doc, reason = "a failed expectation is how a contract speaks")]

mod accounts;
pub mod contract;
mod environment;
mod files;
mod idempotency;
mod ledger;
mod mailer;
mod throttle;
mod uploads;

pub use accounts::MemoryAccounts;
pub use environment::{MockClock, SeededRandom};
pub use files::MemoryFiles;
pub use idempotency::MemoryIdempotency;
pub use ledger::MemoryLedger;
pub use mailer::{FakeLinks, MemoryMailer};
pub use throttle::MemoryThrottle;
pub use uploads::MemoryUploads;
