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

/// Reads a day, `2027-06-30`, which is its beginning in UTC, or a time with its zone, `2027-06-30T12:00:00Z`
/// (RFC 3339). `None` when it is anything else, or before 1970.
#[must_use]
pub fn parse_iso_time(text: &str) -> Option<Timestamp> {
    let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let time = time(text).or_else(|| time(&format!("{text}T00:00:00Z")))?;
    u64::try_from(time.unix_timestamp()).ok().map(Timestamp::from_unix_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_every_language_reads_it() {
        assert_eq!(iso_time(Timestamp::from_unix_seconds(1_772_443_814)), "2026-03-02T09:30:14Z");
        assert_eq!(iso_time(Timestamp::from_unix_seconds(u64::MAX)), "");
    }

    #[test]
    fn a_day_or_a_time_with_its_zone_is_read() {
        for (text, time) in [
            ("2027-06-30", "2027-06-30T00:00:00Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z"),
            ("2027-06-30T12:00:00Z", "2027-06-30T12:00:00Z"),
            ("2027-06-30T12:00:00.75+02:00", "2027-06-30T10:00:00Z"),
        ] {
            assert_eq!(parse_iso_time(text).map(iso_time).as_deref(), Some(time), "{text}");
        }
        for text in [
            "",
            "2027",
            "2027-02-29",
            "30.06.2027",
            "2027-06-30T12:00:00",
            "2027-06-30 ",
            "tomorrow",
            "1900-01-01",
        ] {
            assert_eq!(parse_iso_time(text), None, "{text}");
        }
    }
}
