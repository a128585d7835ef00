//! Counts of wrong guesses in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::ports::{StoreError, ThrottleStore};
use crate::throttle::{Counter, Tally};
use crate::timestamp::Timestamp;

/// A [`ThrottleStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryThrottle(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    /// By subject and window.
    guesses: HashMap<(String, u64), Tally>,
    known: HashMap<String, Timestamp>,
}

impl MemoryThrottle {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(counter: &Counter) -> (String, u64) {
    (counter.subject.clone(), counter.window)
}

#[async_trait]
impl ThrottleStore for MemoryThrottle {
    async fn tallies(&self, counters: &[Counter; 3]) -> Result<([Tally; 3], Option<Timestamp>), StoreError> {
        let tables = self.tables();
        let guesses =
            counters.each_ref().map(|counter| tables.guesses.get(&key(counter)).copied().unwrap_or_default());
        let [first, ..] = counters;
        Ok((guesses, tables.known.get(&first.subject).copied()))
    }

    async fn add(&self, counter: &Counter, now: Timestamp) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let guesses = tables.guesses.entry(key(counter)).or_default();
        *guesses = Tally { count: guesses.count + 1, last: now };
        Ok(guesses.count)
    }

    async fn claim(&self, counter: &Counter, seen: u64, now: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let guesses = tables.guesses.entry(key(counter)).or_default();
        let is_as_seen = guesses.count == seen;
        if is_as_seen {
            *guesses = Tally { count: seen + 1, last: now };
        }
        Ok(is_as_seen)
    }

    async fn undo(&self, counter: &Counter, count: u64) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let guesses = tables.guesses.get_mut(&key(counter)).filter(|guesses| guesses.count >= count);
        Ok(guesses.map(|guesses| guesses.count -= count).is_some())
    }

    async fn forget(&self, counter: &Counter) -> Result<u64, StoreError> {
        Ok(self.tables().guesses.remove(&key(counter)).map_or(0, |guesses| guesses.count))
    }

    async fn note_known(&self, counter: &Counter, until: Timestamp) -> Result<(), StoreError> {
        self.tables().known.insert(counter.subject.clone(), until);
        Ok(())
    }
}
