//! What every store of answered requests must do.

use crate::account::AccountId;
use crate::idempotency::{AnsweredRequest, IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use crate::ports::{IdempotencyStore, Random};
use crate::timestamp::Timestamp;

/// A request is done once by its key, and its answer is the same for a while; other requests and accounts are told apart.
pub async fn idempotency(store: &dyn IdempotencyStore, random: &dyn Random) {
    let (account, now) = (AccountId::random(random), Timestamp::from_unix_seconds(1_790_000_000));
    let request = KeyedRequest {
        key: IdempotencyKey::parse("a-key").expect("valid"),
        fingerprint: [7; 32],
        busy_until: now.plus_seconds(10),
        kept_until: now.plus_seconds(100),
    };
    let begin = async |request: &KeyedRequest, seconds: u64| {
        store.begin(&account, request, now.plus_seconds(seconds)).await.expect("writable")
    };
    let racers = futures_util::future::join_all((0..10).map(|_| begin(&request, 0))).await;
    assert_eq!(racers.iter().filter(|known| **known == Known::Nothing).count(), 1);
    assert!(racers.iter().all(|known| matches!(known, Known::Nothing | Known::Busy)));
    let other = KeyedRequest { fingerprint: [8; 32], ..request.clone() };
    assert_eq!(begin(&other, 0).await, Known::Other);
    let stranger = AccountId::random(random);
    assert_eq!(store.begin(&stranger, &request, now).await.expect("writable"), Known::Nothing);
    let later = KeyedRequest { busy_until: now.plus_seconds(20), ..request.clone() };
    assert_eq!(begin(&later, 9).await, Known::Busy);
    assert_eq!(begin(&later, 10).await, Known::Nothing, "whoever worked on it was killed");
    assert_eq!(begin(&later, 11).await, Known::Busy);
    let answer = KeptAnswer { status: 200, body: "{}".into(), etag: Some("\"tag\"".into()) };
    let answered = AnsweredRequest { request: later, answer: answer.clone() };
    store.keep(&account, &answered).await.expect("writable");
    assert_eq!(begin(&request, 99).await, Known::Answered(answer.clone()));
    assert_eq!(begin(&other, 99).await, Known::Other);
    let forget = async || store.forget(&account, &request.key).await.expect("writable");
    assert_eq!(forget().await, Some(answer), "an answer is not forgotten");
    assert_eq!(begin(&request, 100).await, Known::Nothing);
    for _ in 0..2 {
        assert_eq!(forget().await, None);
    }
    assert_eq!(begin(&other, 0).await, Known::Nothing);
}
