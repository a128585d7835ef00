//! A point in time.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time `seconds` after the epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }

    /// This time, `seconds` later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// A time in ISO 8601 (RFC 3339), UTC, to the second: `2026-03-02T09:30:14Z`.
#[must_use]
pub fn iso_time(time: Timestamp) -> String {
    let seconds = i64::try_from(time.unix_seconds()).unwrap_or(i64::MAX);
    // Beyond the year 9999 there is nothing to show.
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_every_language_reads_it() {
        assert_eq!(iso_time(Timestamp::from_unix_seconds(1_772_443_814)), "2026-03-02T09:30:14Z");
        assert_eq!(iso_time(Timestamp::from_unix_seconds(u64::MAX)), "");
    }
}
