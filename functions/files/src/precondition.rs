//! Conditions that a request puts on the present state of a file (RFC 9110 13.1).

use std::time::{Duration, UNIX_EPOCH};

use domain::{FileState, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use web::ApiError;

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// There are none, or they hold.
    Holds,
    /// A reader already has what is there: 304.
    NotModified,
    /// The request was meant for another state: 412.
    Failed,
}

/// Whether a request has any condition, so that the state has to be looked at before anything else is done.
pub(crate) fn is_conditional(headers: &HeaderMap) -> bool {
    let conditions =
        [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE];
    conditions.iter().any(|name| headers.contains_key(name))
}

impl Precondition {
    /// Evaluates the conditions in the order of RFC 9110 13.2.2 against the file that is there.
    pub(crate) fn evaluate(headers: &HeaderMap, state: Option<&FileState>, reading: bool) -> Self {
        if headers.contains_key(header::IF_MATCH) {
            if !matches(headers, &header::IF_MATCH, state, |listed, etag| listed == etag) {
                return Self::Failed;
            }
        } else if date(headers, &header::IF_UNMODIFIED_SINCE)
            .zip(state)
            .is_some_and(|(date, state)| state.modified > date)
        {
            return Self::Failed;
        }
        let same = |listed: &str, etag: &str| listed.strip_prefix("W/").unwrap_or(listed) == etag;
        if headers.contains_key(header::IF_NONE_MATCH) {
            return match matches(headers, &header::IF_NONE_MATCH, state, same) {
                true if reading => Self::NotModified,
                true => Self::Failed,
                false => Self::Holds,
            };
        }
        let since = date(headers, &header::IF_MODIFIED_SINCE).filter(|_| reading);
        match since.zip(state) {
            Some((date, state)) if state.modified <= date => Self::NotModified,
            _ => Self::Holds,
        }
    }
}

/// The failure of a condition.
pub(crate) fn failed(state: Option<&FileState>) -> ApiError {
    let present =
        state.map_or_else(|| "there is no such file".into(), |state| format!("it is {}", state.etag));
    ApiError::PreconditionFailed(format!(
        "The file is not in the state that the request was meant for: {present}. Read it again before you change it."
    ))
}

/// Whether a list of entity tags names the present file; `*` names any file.
fn matches(
    headers: &HeaderMap,
    name: &HeaderName,
    state: Option<&FileState>,
    same: impl Fn(&str, &str) -> bool,
) -> bool {
    let Some(state) = state else { return false };
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    // No tag of ours holds a comma, so a tag that is torn at its comma matches none of them.
    lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| tag == "*" || same(tag, &state.etag))
}

/// An `If-Range` that does not name the present state makes a range count for nothing (RFC 9110 13.1.5).
pub(crate) fn range_applies(headers: &HeaderMap, state: &FileState) -> bool {
    let Some(condition) = headers.get(header::IF_RANGE) else { return true };
    condition.to_str().is_ok_and(|condition| condition.trim() == state.etag)
        || date(headers, &header::IF_RANGE) == Some(state.modified)
}

/// A date header; one that is malformed counts for nothing.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
    Some(Timestamp::from_unix_seconds(time.duration_since(UNIX_EPOCH).ok()?.as_secs()))
}

/// RFC 9110 5.6.7.
pub(crate) fn http_date(time: Timestamp) -> Result<HeaderValue, ApiError> {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.unix_seconds()));
    HeaderValue::from_str(&date).map_err(|error| ApiError::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: &str = "Tue, 24 Nov 2026 10:00:00 GMT";
    const BEFORE: &str = "Tue, 24 Nov 2026 09:59:59 GMT";

    fn state() -> FileState {
        let modified = date(&headers(&[(header::DATE, MODIFIED)]), &header::DATE).unwrap();
        FileState { bytes: 3, modified, etag: "\"abc\"".into(), media_type: None }
    }

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn read(lines: &[(HeaderName, &str)]) -> Precondition {
        Precondition::evaluate(&headers(lines), Some(&state()), true)
    }

    #[test]
    fn a_reader_who_has_the_present_state_gets_nothing_new() {
        for value in ["\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\""] {
            assert_eq!(read(&[(header::IF_NONE_MATCH, value)]), Precondition::NotModified, "{value}");
        }
        for value in ["\"abd\"", "abc", "", "\"x\", \"y\""] {
            assert_eq!(read(&[(header::IF_NONE_MATCH, value)]), Precondition::Holds, "{value}");
        }
        assert_eq!(read(&[(header::IF_MODIFIED_SINCE, MODIFIED)]), Precondition::NotModified);
        assert_eq!(read(&[(header::IF_MODIFIED_SINCE, BEFORE)]), Precondition::Holds);
        assert_eq!(read(&[(header::IF_MODIFIED_SINCE, "yesterday")]), Precondition::Holds);
        let both = [(header::IF_NONE_MATCH, "\"x\""), (header::IF_MODIFIED_SINCE, MODIFIED)];
        assert_eq!(read(&both), Precondition::Holds, "the tag counts, not the date");
    }

    #[test]
    fn what_is_meant_for_another_state_fails() {
        assert_eq!(read(&[(header::IF_MATCH, "\"abc\"")]), Precondition::Holds);
        assert_eq!(read(&[(header::IF_MATCH, "*")]), Precondition::Holds);
        for value in ["\"x\"", "W/\"abc\"", ""] {
            assert_eq!(read(&[(header::IF_MATCH, value)]), Precondition::Failed, "{value}");
        }
        assert_eq!(read(&[(header::IF_UNMODIFIED_SINCE, BEFORE)]), Precondition::Failed);
        assert_eq!(read(&[(header::IF_UNMODIFIED_SINCE, MODIFIED)]), Precondition::Holds);
        let write =
            |name, state: Option<&FileState>| Precondition::evaluate(&headers(&[(name, "*")]), state, false);
        assert_eq!(write(header::IF_NONE_MATCH, Some(&state())), Precondition::Failed);
        assert_eq!(write(header::IF_NONE_MATCH, None), Precondition::Holds);
        assert_eq!(write(header::IF_MATCH, None), Precondition::Failed);
    }

    #[test]
    fn a_range_counts_only_for_the_state_that_it_names() {
        for (value, applies) in
            [("\"abc\"", true), ("\"x\"", false), ("W/\"abc\"", false), (MODIFIED, true), (BEFORE, false)]
        {
            assert_eq!(range_applies(&headers(&[(header::IF_RANGE, value)]), &state()), applies, "{value}");
        }
        assert!(range_applies(&HeaderMap::new(), &state()));
    }
}
