//! How fast secrets may be guessed (OWASP ASVS 5.0 6.1.1 and 6.3.1, NIST SP 800-63B-4 3.2.2).
//!
//! Wrong guesses are counted three times: for the pair of account and client address, for the client address alone, and
//! for the account alone. The first few of each cost nothing. After them there is a wait, which doubles with every
//! further guess up to [`MAX_WAIT_SECONDS`]. Nobody is ever locked out: a right guess makes the wrong ones before it
//! undone, and an address from which an account was lately used is bound by its own guesses only.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::account::Role;
use crate::timestamp::Timestamp;

/// The longest wait, in seconds. With it an account can be guessed at about a hundred times a day, the order of what NIST
/// SP 800-63B-4 3.2.2 lets pass.
pub const MAX_WAIT_SECONDS: u64 = 900;

/// For so long after its last use of an account, in seconds, an address is bound by its own guesses only: as long as a
/// session lives.
pub const KNOWN_SECONDS: u64 = 30 * 86_400;

/// What guesses are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// One account from one client address: a person who mistypes.
    Pair,
    /// One client address, whatever the account: somebody who tries one password with many accounts.
    Client,
    /// One account, wherever the guesses come from: many machines that try one account.
    Account,
    /// Mails about one matter to one address that nobody has to log on for.
    Mailbox,
    /// The same, asked for by one client address.
    MailboxOfSender,
    /// All mails that nobody has to log on for, asked for by one client address.
    Sender,
    /// Mails that the holder of an account sends; how many are free depends on the role.
    Mails,
    /// Zips that are too large for one answer, which lie in the bucket for a while.
    LargeZips,
}

impl Limit {
    /// How many of them cost nothing, if that is the same for all. Behind one client address there may be a whole university.
    #[must_use]
    pub const fn free(self) -> u64 {
        match self {
            Self::Pair | Self::MailboxOfSender => 5,
            Self::Client => 100,
            Self::Account | Self::Mailbox | Self::LargeZips => 20,
            Self::Sender => 30,
            Self::Mails => Role::User.mails_per_day(),
        }
    }

    /// After so many seconds, counted from the beginning of time, all guesses are forgotten.
    const fn window_seconds(self) -> u64 {
        match self {
            Self::Pair | Self::Account | Self::Mails | Self::LargeZips => 86_400,
            Self::Client | Self::Mailbox | Self::MailboxOfSender | Self::Sender => 3_600,
        }
    }

    /// How long to wait after this many wrong guesses, in seconds.
    #[must_use]
    pub fn wait_seconds(self, guesses: u64) -> u64 {
        let Some(beyond) = guesses.checked_sub(self.free()) else { return 0 };
        u32::try_from(beyond)
            .ok()
            .and_then(|beyond| 1_u64.checked_shl(beyond))
            .map_or(MAX_WAIT_SECONDS, |wait| wait.min(MAX_WAIT_SECONDS))
    }
}

/// Names one count. It holds no address: whoever reads the table learns neither who was guessed at nor from where
/// without trying all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Whose guesses these are, for ever.
    pub subject: String,
    /// The window that they are counted in; all but this window's are forgotten.
    pub window: u64,
    /// When the window ends.
    pub ends: Timestamp,
    limit: Limit,
}

impl Counter {
    /// The count of guesses at `account` (as the client names it) that come from `client`.
    #[must_use]
    pub fn new(limit: Limit, account: &str, client: Option<IpAddr>, now: Timestamp) -> Self {
        let client = client.map(subscriber).unwrap_or_default();
        let (kind, account, client) = match limit {
            Limit::Pair => ("pair", account, client.as_str()),
            Limit::Client => ("client", "", client.as_str()),
            Limit::Account => ("account", account, ""),
            Limit::Mailbox => ("mailbox", account, ""),
            Limit::MailboxOfSender => ("mailbox of sender", account, client.as_str()),
            Limit::Sender => ("sender", "", client.as_str()),
            Limit::Mails => ("mails", account, ""),
            Limit::LargeZips => ("large zips", account, ""),
        };
        let digest = Sha256::new().chain_update(account).chain_update([0]).chain_update(client).finalize();
        let window = now.unix_seconds() / limit.window_seconds();
        let ends = Timestamp::from_unix_seconds((window + 1) * limit.window_seconds());
        Self { subject: format!("{kind}#{}", HEXLOWER.encode(&digest)), window, ends, limit }
    }

    /// What it counts for.
    #[must_use]
    pub const fn limit(&self) -> Limit {
        self.limit
    }
}

/// Who pays for one connection: an IPv4 address, or the first 64 bits of an IPv6 address (RFC 6177 2: no site is given
/// less).
fn subscriber(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

/// What a counter has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many wrong guesses.
    pub count: u64,
    /// When the last one was.
    pub last: Timestamp,
}

impl Tally {
    /// How many seconds are left to wait at `now`; 0 when there is nothing to wait for.
    #[must_use]
    pub fn wait_seconds(self, limit: Limit, now: Timestamp) -> u64 {
        let free_again = self.last.plus_seconds(limit.wait_seconds(self.count));
        free_again.unix_seconds().saturating_sub(now.unix_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_guesses_are_free_and_each_further_one_doubles_the_wait() {
        let waits: Vec<_> = (0..=16).map(|guesses| Limit::Pair.wait_seconds(guesses)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(Limit::Pair.wait_seconds(u64::MAX), MAX_WAIT_SECONDS);
        assert_eq!((Limit::Account.wait_seconds(19), Limit::Client.wait_seconds(99)), (0, 0));
    }

    #[test]
    fn a_day_of_guessing_is_about_a_hundred_guesses() {
        let mut guesses = Tally::default();
        for second in 0..86_400 {
            let now = Timestamp::from_unix_seconds(second);
            if guesses.wait_seconds(Limit::Account, now) == 0 {
                guesses = Tally { count: guesses.count + 1, last: now };
            }
        }
        assert!((90..=130).contains(&guesses.count), "{}", guesses.count);
    }

    #[test]
    fn a_count_belongs_to_its_account_its_client_and_its_window() {
        let (now, later) =
            (Timestamp::from_unix_seconds(1_790_000_000), Timestamp::from_unix_seconds(1_790_086_400));
        let client = |text: &str| Some(text.parse().unwrap());
        let pair = |account, address, now| Counter::new(Limit::Pair, account, client(address), now);
        let counter = pair("ada", "203.0.113.7", now);
        assert_eq!(counter, pair("ada", "::ffff:203.0.113.7", now));
        assert_ne!(counter, pair("ada", "203.0.113.8", now));
        assert_ne!(counter, pair("eve", "203.0.113.7", now));
        assert_ne!(counter, pair("ada", "203.0.113.7", later));
        assert_eq!(counter.subject, pair("ada", "203.0.113.7", later).subject);
        assert_eq!(pair("ada", "2001:db8:1:2::5", now), pair("ada", "2001:db8:1:2:3::9", now));
        assert!(!counter.subject.contains("ada") && !counter.subject.contains("203"));
    }
}
