//! What an account stores, as clients read it.

use domain::Usage;
use serde::Serialize;

/// `{bytes_used, bytes_limit, files_used, files_limit}`, and `bytes_kept` and `files_kept`: the room that is kept for files on
/// their way.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UsageReport {
    bytes_used: u64,
    bytes_limit: u64,
    files_used: u64,
    files_limit: u64,
    bytes_kept: u64,
    files_kept: u64,
}

impl UsageReport {
    /// What is used and kept of what is allowed.
    #[must_use]
    pub const fn new(used: Usage, kept: Usage, limit: Usage) -> Self {
        Self {
            bytes_used: used.bytes,
            bytes_limit: limit.bytes,
            files_used: used.files,
            files_limit: limit.files,
            bytes_kept: kept.bytes,
            files_kept: kept.files,
        }
    }
}
