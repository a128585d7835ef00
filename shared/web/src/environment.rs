//! The one place that touches the process's environment, its clock and its randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Clock, Random, Timestamp};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_seconds(since_epoch.as_secs())
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is where randomness enters")]
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness no identifier is safe: the request ends in a JSON 500.
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

/// An environment variable; `None` when it is not set or not Unicode.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where configuration enters")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
