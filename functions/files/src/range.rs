//! `Range`: a part of a file (RFC 9110 14).

use std::ops::Range;

/// What a `Range` header asks for of a file of some size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Everything: the header is absent, malformed, of another unit, or lists several ranges.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that the file does not have: 416.
    Nothing,
}

impl Asked {
    /// Reads the header's value.
    pub(crate) fn parse(value: &str, bytes: u64) -> Self {
        let Some(spec) = value.trim().strip_prefix("bytes=") else { return Self::Whole };
        let Some((first, last)) = spec.trim().split_once('-') else { return Self::Whole };
        let range = match (number(first), number(last)) {
            (Some(Position::At(first)), Some(Position::At(last))) if first <= last => {
                first..last.saturating_add(1).min(bytes)
            }
            (Some(Position::At(first)), Some(Position::Open)) => first..bytes,
            (Some(Position::Open), Some(Position::At(count))) => bytes.saturating_sub(count)..bytes,
            _ => return Self::Whole,
        };
        if range.is_empty() { Self::Nothing } else { Self::Part(range) }
    }
}

enum Position {
    At(u64),
    Open,
}

/// Digits, or nothing. A number beyond all sizes is as good as the largest one.
fn number(text: &str) -> Option<Position> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "" => Some(Position::Open),
        _ if digits => Some(Position::At(text.parse().unwrap_or(u64::MAX))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn single_open_and_suffix_ranges_are_parts() {
        for (value, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-9", 0..10),
            ("bytes=2-4", 2..5),
            ("bytes=2-", 2..10),
            ("bytes=9-", 9..10),
            ("bytes=-3", 7..10),
            ("bytes=-30", 0..10),
            ("bytes=5-99999999999999999999999", 5..10),
        ] {
            assert_eq!(Asked::parse(value, 10), Asked::Part(range), "{value}");
        }
    }

    #[test]
    fn what_the_file_does_not_have_is_nothing() {
        for value in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(Asked::parse(value, 10), Asked::Nothing, "{value}");
        }
        assert_eq!(Asked::parse("bytes=0-", 0), Asked::Nothing);
        assert_eq!(Asked::parse("bytes=-1", 0), Asked::Nothing);
    }

    #[test]
    fn what_is_malformed_or_several_counts_for_nothing() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=+1-2",
            "lines=0-1",
            "bytes=0-1,3-4",
            "bytes=1",
        ] {
            assert_eq!(Asked::parse(value, 10), Asked::Whole, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_nor_beyond_the_file(value in "bytes=[0-9]{0,21}-[0-9]{0,21}", bytes in any::<u64>()) {
            if let Asked::Part(range) = Asked::parse(&value, bytes) {
                prop_assert!(range.start < range.end && range.end <= bytes);
            }
        }
    }
}
