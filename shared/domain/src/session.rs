//! A session: everything between a log-on and its end.

use crate::account::AccountId;
use crate::hex_id::hex_id;
use crate::timestamp::Timestamp;

hex_id! {
    /// Names a session. Every token issued in it carries this.
    SessionId
}

/// One log-on of one account. It lives while the store holds it and its end has not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names the session.
    pub id: SessionId,
    /// Who logged on.
    pub account: AccountId,
    /// When they did.
    pub created: Timestamp,
    /// When the session ends at the latest, however often it is renewed.
    pub expires: Timestamp,
}

impl Session {
    /// Whether the session has not yet come to its end at `now`.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}
