//! Guesses at passwords, slowed down, and whatever else is counted.

use std::net::IpAddr;
use std::sync::Arc;

use domain::throttle::{Counter, KNOWN_SECONDS, Limit, Tally};
use domain::{Clock, ThrottleStore, Timestamp};
use futures_util::future::try_join_all;

use crate::error::ApiError;

/// That an address is known is noted anew after so long: it is one more write on the way of a log-on.
const NOTED_KNOWN_SECONDS: u64 = 86_400;

/// Lets guesses pass, one by one.
pub struct Throttle {
    store: Arc<dyn ThrottleStore>,
    clock: Arc<dyn Clock>,
}

/// A guess that may be made. What came of it has to be told.
#[must_use = "what came of the guess has to be told"]
pub struct Guess<'a> {
    throttle: &'a Throttle,
    now: Timestamp,
    counters: [Counter; 3],
    before: [Tally; 3],
    /// Which counters have counted this guess already.
    counted: [bool; 3],
    known_until: Option<Timestamp>,
}

impl Throttle {
    /// Counted in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn ThrottleStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Notes that an address is known: whoever uses it has proved to be the owner of the account in another way.
    pub async fn vouch(&self, account: &str, client: Option<IpAddr>) -> Result<(), ApiError> {
        let now = self.clock.now();
        let pair = Counter::new(Limit::Pair, account, client, now);
        Ok(self.store.note_known(&pair, now.plus_seconds(KNOWN_SECONDS)).await?)
    }

    /// Counts one more of something else than guesses; how many there are with it, and in how many seconds they are
    /// forgotten.
    pub async fn count(
        &self,
        limit: Limit,
        account: &str,
        client: Option<IpAddr>,
    ) -> Result<(u64, u64), ApiError> {
        let now = self.clock.now();
        let counter = Counter::new(limit, account, client, now);
        let forgotten_in = counter.ends.unix_seconds().saturating_sub(now.unix_seconds());
        Ok((self.store.add(&counter, now).await?, forgotten_in))
    }

    /// Lets somebody guess at the password of `account`, an address in one spelling, or says how long to wait. Whether
    /// there is such an account makes no difference.
    ///
    /// Where there were wrong guesses before, or the address is not known to use the account, this one counts before it is
    /// made, so that no more can be made at once than one after the other. Otherwise there is only one read, which is all
    /// that right passwords from a known address cost.
    pub async fn guess(&self, account: &str, client: Option<IpAddr>) -> Result<Guess<'_>, ApiError> {
        let now = self.clock.now();
        let counters = [Limit::Pair, Limit::Client, Limit::Account]
            .map(|limit| Counter::new(limit, account, client, now));
        let (before, known_until) = self.store.tallies(&counters).await?;
        let known = known_until.is_some_and(|until| now < until);
        let mut guess = Guess { throttle: self, now, counters, before, counted: [false; 3], known_until };
        let binding = if known { 1 } else { 3 };
        let waits = (0..binding).map(|at| guess.before[at].wait_seconds(guess.counters[at].limit(), now));
        let mut wait_seconds = waits.max().unwrap_or_default();
        for at in 0..binding {
            let is_first_of_stranger = at == 0 && !known;
            if wait_seconds == 0 && (is_first_of_stranger || guess.before[at].count > 0) {
                wait_seconds = guess.count(at).await?;
            }
        }
        if wait_seconds == 0 {
            return Ok(guess);
        }
        guess.take_back().await?;
        Err(ApiError::TooManyGuesses { wait_seconds })
    }
}

impl Guess<'_> {
    /// Counts the guess at one counter. How long to wait instead, if others came first.
    async fn count(&mut self, at: usize) -> Result<u64, ApiError> {
        let (counter, before) = (&self.counters[at], self.before[at].count);
        let limit = counter.limit();
        if before >= limit.free() {
            self.counted[at] = self.throttle.store.claim(counter, before, self.now).await?;
            return Ok(if self.counted[at] { 0 } else { limit.wait_seconds(before + 1) });
        }
        let count = self.throttle.store.add(counter, self.now).await?;
        self.counted[at] = true;
        Ok(if count > limit.free() { limit.wait_seconds(count) } else { 0 })
    }

    /// Undoes what was counted of a guess that is not made, or that was right as far as it went: slips before it stay.
    pub async fn take_back(self) -> Result<(), ApiError> {
        let counted = self.counters.iter().zip(self.counted).filter(|(_, counted)| *counted);
        try_join_all(counted.map(|(counter, _)| self.throttle.store.undo(counter, 1))).await?;
        Ok(())
    }

    /// Counts the guess wherever it has not been counted yet.
    pub async fn was_wrong(self) -> Result<(), ApiError> {
        let rest = self.counters.iter().zip(self.counted).filter(|(_, counted)| !counted);
        try_join_all(rest.map(|(counter, _)| self.throttle.store.add(counter, self.now))).await?;
        Ok(())
    }

    /// Makes the wrong guesses of the same pair undone, everywhere: they were slips. From now on the pair is known.
    pub async fn was_right(self) -> Result<(), ApiError> {
        let [pair, others @ ..] = &self.counters;
        let [pair_counted, others_counted @ ..] = self.counted;
        let [slips_before, others_before @ ..] = &self.before;
        let store = &self.throttle.store;
        if slips_before.count > 0 || pair_counted {
            // Those of the pair are forgotten once, also by several right guesses at once, and elsewhere no more are made
            // undone than were counted there.
            let slips = store.forget(pair).await?.saturating_sub(pair_counted.into());
            let undone = others.iter().zip(others_before).map(|(counter, before)| {
                let count = slips.min(before.count);
                async move { if count > 0 { store.undo(counter, count).await } else { Ok(false) } }
            });
            try_join_all(undone).await?;
        }
        let counted = others.iter().zip(others_counted).filter(|(_, counted)| *counted);
        try_join_all(counted.map(|(counter, _)| store.undo(counter, 1))).await?;
        let until = self.now.plus_seconds(KNOWN_SECONDS);
        if self.known_until.is_none_or(|known| known.plus_seconds(NOTED_KNOWN_SECONDS) <= until) {
            store.note_known(pair, until).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::{MemoryThrottle, MockClock};

    use super::*;

    const HOME: [u8; 4] = [203, 0, 113, 7];

    struct World {
        throttle: Throttle,
        clock: Arc<MockClock>,
    }

    impl World {
        fn new() -> Self {
            let clock = Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000)));
            Self { throttle: Throttle::new(Arc::new(MemoryThrottle::default()), clock.clone()), clock }
        }

        /// Makes a guess from an address; how long to wait instead, if it may not be made.
        async fn guess(&self, account: &str, client: impl Into<IpAddr>, right: bool) -> u64 {
            match self.throttle.guess(account, Some(client.into())).await {
                Ok(guess) if right => guess.was_right().await.map(|()| 0).unwrap(),
                Ok(guess) => guess.was_wrong().await.map(|()| 0).unwrap(),
                Err(ApiError::TooManyGuesses { wait_seconds }) => wait_seconds,
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[tokio::test]
    async fn five_slips_are_free_and_then_each_guess_has_to_be_waited_for() {
        let world = World::new();
        for _ in 0..5 {
            assert_eq!(world.guess("ada", HOME, false).await, 0);
        }
        for wait in [1, 2, 4, 8] {
            assert_eq!(world.guess("ada", HOME, false).await, wait);
            assert_eq!(world.guess("ada", HOME, true).await, wait, "a right one would tell too");
            world.clock.advance(wait);
            assert_eq!(world.guess("ada", HOME, false).await, 0);
        }
        world.clock.advance(86_400);
        assert_eq!(world.guess("ada", HOME, false).await, 0);
    }

    #[tokio::test]
    async fn right_passwords_stay_free_however_many() {
        let world = World::new();
        for _ in 0..1_000 {
            assert_eq!(world.guess("shared", HOME, true).await, 0);
        }
        for _ in 0..200 {
            for _ in 0..4 {
                assert_eq!(world.guess("shared", HOME, false).await, 0);
            }
            assert_eq!(world.guess("shared", HOME, true).await, 0, "slips are forgiven everywhere");
        }
    }

    #[tokio::test]
    async fn the_owner_is_not_kept_out_by_somebody_who_guesses_from_elsewhere() {
        let world = World::new();
        assert_eq!(world.guess("ada", HOME, true).await, 0);
        let mut made = 0;
        for machine in 0..100_u8 {
            made += u64::from(world.guess("ada", [198, 51, 100, machine], false).await == 0);
        }
        assert_eq!(made, 20, "many machines are bound by the account's own count");
        assert_eq!(world.guess("ada", HOME, true).await, 0);
        world.clock.advance(KNOWN_SECONDS - 1);
        assert_eq!(world.guess("ada", HOME, true).await, 0);
    }

    #[tokio::test]
    async fn one_password_cannot_be_tried_with_all_accounts() {
        let world = World::new();
        let mut made = 0;
        for account in 0..300 {
            made += u64::from(world.guess(&format!("user {account}"), HOME, false).await == 0);
        }
        assert_eq!(made, 100);
        assert_eq!(world.guess("user 7", [203, 0, 113, 8], true).await, 0, "from elsewhere");
    }

    #[tokio::test]
    async fn ones_own_account_does_not_pay_for_guesses_at_others() {
        let world = World::new();
        for account in 0..100 {
            assert_eq!(world.guess(&format!("user {account}"), HOME, false).await, 0);
        }
        world.clock.advance(1);
        assert_eq!(world.guess("mallory", HOME, true).await, 0);
        for _ in 0..5 {
            assert_eq!(world.guess("mallory", HOME, true).await, 0);
        }
        assert!(world.guess("user 7", HOME, false).await > 0 || world.guess("user 8", HOME, false).await > 0);
    }

    #[tokio::test]
    async fn guesses_at_once_from_an_unknown_address_count_before_they_are_made() {
        let world = World::new();
        let ask = async || world.throttle.guess("ada", Some(HOME.into())).await;
        let begun: Vec<_> = try_join_all((0..5).map(|_| ask())).await.unwrap();
        assert!(ask().await.is_err(), "while the others are being hashed");
        for guess in begun {
            guess.was_right().await.unwrap();
        }
        // From now on the address is known.
        let begun: Vec<_> = try_join_all((0..50).map(|_| ask())).await.unwrap();
        for guess in begun {
            guess.was_right().await.unwrap();
        }
        assert_eq!(world.guess("ada", HOME, true).await, 0);
    }

    #[tokio::test]
    async fn guesses_at_once_are_not_more_than_one_after_the_other() {
        let world = World::new();
        assert_eq!(world.guess("ada", HOME, false).await, 0);
        let begun: Vec<_> =
            try_join_all((0..4).map(|_| world.throttle.guess("ada", Some(HOME.into())))).await.unwrap();
        assert!(
            world.throttle.guess("ada", Some(HOME.into())).await.is_err(),
            "while the others are being hashed"
        );
        for guess in begun {
            guess.was_wrong().await.unwrap();
        }
        assert_eq!(world.guess("ada", HOME, false).await, 1);
        world.clock.advance(1);
        let claim = world.throttle.guess("ada", Some(HOME.into())).await.unwrap();
        assert!(world.guess("ada", HOME, false).await > 0);
        claim.was_right().await.unwrap();
        assert_eq!(world.guess("ada", HOME, false).await, 0);
    }
}
