//! What every store of guesses must do.

use std::net::IpAddr;

use futures_util::future::join_all;

use crate::account::AccountId;
use crate::ports::{Random, ThrottleStore};
use crate::throttle::{Counter, Limit, Tally};
use crate::timestamp::Timestamp;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn counters(random: &dyn Random) -> [Counter; 3] {
    let (account, client) = (AccountId::random(random), Some(IpAddr::from([203, 0, 113, 7])));
    [Limit::Pair, Limit::Client, Limit::Account]
        .map(|limit| Counter::new(limit, account.as_str(), client.filter(|_| limit != Limit::Client), NOW))
}

/// Guesses are counted each for its own counter, exactly, however many come at once, and can be undone.
async fn guesses_are_counted_exactly(store: &dyn ThrottleStore, random: &dyn Random) {
    let all = counters(random);
    let [pair, _, account] = &all;
    let (before, known) = store.tallies(&all).await.expect("readable");
    assert_eq!((before[0], before[2], known), (Tally::default(), Tally::default(), None));
    let counts = join_all((0..10).map(|_| store.add(pair, NOW))).await;
    let mut counts: Vec<_> = counts.into_iter().map(|count| count.expect("counted")).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=10).collect::<Vec<_>>());
    let later = NOW.plus_seconds(7);
    assert_eq!(store.add(account, later).await.expect("counted"), 1);
    let (guesses, _) = store.tallies(&all).await.expect("readable");
    assert_eq!((guesses[0], guesses[2]), (Tally { count: 10, last: NOW }, Tally { count: 1, last: later }));
    assert!(store.undo(pair, 4).await.expect("an answer"));
    assert!(store.undo(account, 1).await.expect("an answer"));
    assert!(!store.undo(pair, 7).await.expect("an answer"), "there are not as many");
    let (guesses, _) = store.tallies(&all).await.expect("readable");
    assert_eq!((guesses[0].count, guesses[2].count), (6, 0));
}

/// Guesses are forgotten once, however many want it at once.
async fn guesses_are_forgotten_once(store: &dyn ThrottleStore, random: &dyn Random) {
    let all = counters(random);
    let [pair, ..] = &all;
    assert_eq!(store.forget(pair).await.expect("an answer"), 0);
    for _ in 0..3 {
        store.add(pair, NOW).await.expect("counted");
    }
    let forgotten = join_all((0..8).map(|_| store.forget(pair))).await;
    let mut counts: Vec<_> = forgotten.into_iter().map(|count| count.expect("an answer")).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 0, 0, 0, 0, 0, 3]);
    assert_eq!(store.tallies(&all).await.expect("readable").0[0], Tally::default());
    assert!(store.claim(pair, 0, NOW).await.expect("an answer"), "it can be counted anew");
}

/// Of several who claim the next guess at once, one gets it.
async fn a_guess_is_claimed_once(store: &dyn ThrottleStore, random: &dyn Random) {
    let [pair, ..] = &counters(random);
    for seen in 0..3 {
        let claims = join_all((0..8).map(|_| store.claim(pair, seen, NOW))).await;
        let won = claims.into_iter().filter(|claim| *claim.as_ref().expect("an answer")).count();
        assert_eq!(won, 1, "with {seen} guesses before");
    }
    assert_eq!(store.add(pair, NOW).await.expect("counted"), 4);
}

/// A subject is known until the time that was noted, whatever the window.
async fn a_subject_is_known_for_a_time(store: &dyn ThrottleStore, random: &dyn Random) {
    let all = counters(random);
    let until = NOW.plus_seconds(60);
    store.note_known(&all[0], until).await.expect("noted");
    assert_eq!(store.tallies(&all).await.expect("readable").1, Some(until));
    let other = counters(random);
    assert_eq!(store.tallies(&other).await.expect("readable").1, None);
}

/// Runs the contracts of stores of guesses.
pub async fn throttle(store: &dyn ThrottleStore, random: &dyn Random) {
    guesses_are_counted_exactly(store, random).await;
    guesses_are_forgotten_once(store, random).await;
    a_guess_is_claimed_once(store, random).await;
    a_subject_is_known_for_a_time(store, random).await;
}
