//! Times as clients read them.

use domain::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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
