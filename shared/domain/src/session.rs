//! A session: everything between a log-on and its end.

use crate::account::{Account, AccountId};
use crate::client::Client;
use crate::hex_id::hex_id;
use crate::ports::Random;
use crate::timestamp::Timestamp;

hex_id! {
    /// Names a session. Every token issued in it carries this.
    SessionId
}

/// One log-on of one account. It lives while the store holds it, its end has not come, and its account has not ended
/// all sessions of its generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names the session.
    pub id: SessionId,
    /// Who logged on.
    pub account: AccountId,
    /// Which sessions of the account it ends with: see [`Account::generation`].
    pub generation: u64,
    /// When they did.
    pub created: Timestamp,
    /// When it was last used, to the hour.
    pub last_used: Timestamp,
    /// When the session ends at the latest, however often it is renewed.
    pub expires: Timestamp,
    /// What it was begun with.
    pub client: Client,
}

impl Session {
    /// A new session of `account`.
    pub fn begin(
        account: &Account,
        client: Client,
        now: Timestamp,
        ttl_seconds: u64,
        random: &dyn Random,
    ) -> Self {
        Self {
            id: SessionId::random(random),
            account: account.id.clone(),
            generation: account.generation,
            created: now,
            last_used: now,
            expires: now.plus_seconds(ttl_seconds),
            client,
        }
    }

    /// Whether it is a session of `account` that has not yet come to its end at `now`.
    #[must_use]
    pub fn is_alive(&self, account: &Account, now: Timestamp) -> bool {
        self.account == account.id && self.generation == account.generation && now < self.expires
    }
}
