//! Stand-ins for the world, for tests: stores in memory, a clock that is set by hand, repeatable randomness, and
//! the contract suite that keeps the stores in memory and those over AWS alike.

#![expect(clippy::missing_panics_doc, reason = "a failed expectation is how a contract speaks")]

use std::task::Poll;

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

/// Where a call to a store waits for the first time, as one over a network does: whoever is dropped there was killed
/// before the call had arrived.
async fn on_the_way() {
    let mut arrived = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut arrived, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
