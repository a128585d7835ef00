//! What every ledger of files must do.

use crate::account::AccountId;
use crate::file_ledger::{Ledger, Operation, OperationId, Usage, UsageChange, Work};
use crate::file_path::FolderPath;
use crate::idempotency::{AnsweredRequest, IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use crate::ports::{FileLedger, IdempotencyStore, Random, StoreError};
use crate::timestamp::Timestamp;

/// The operations of one account, for the ledger contracts.
struct Operations<'a> {
    ledger: &'a dyn FileLedger,
    account: AccountId,
    random: &'a dyn Random,
}

impl<'a> Operations<'a> {
    fn new(ledger: &'a dyn FileLedger, random: &'a dyn Random) -> Self {
        Self { ledger, account: AccountId::random(random), random }
    }

    fn operation(&self, bytes: u64) -> Operation {
        Operation {
            id: OperationId::random(self.random),
            work: Work::Move { copied: false },
            paths: ["from", "to/é"].map(|path| FolderPath::parse(path).expect("valid")).to_vec(),
            reserved: Usage { bytes, files: 1 },
            expires: Timestamp::from_unix_seconds(1_000),
            done: 0,
            answered: None,
        }
    }

    async fn begin(&self, operation: &Operation) -> (bool, Ledger) {
        let allowance = Usage { bytes: 100, files: 50 };
        self.ledger.begin(&self.account, operation, allowance).await.expect("writable")
    }

    async fn read(&self) -> Ledger {
        self.ledger.read(&self.account).await.expect("readable")
    }
}

/// What is reserved and stored never exceeds the allowance, however many begin at once, and an end settles it.
async fn an_operation_keeps_its_room_until_it_ends(ledger: &dyn FileLedger, random: &dyn Random) {
    let all = Operations::new(ledger, random);
    assert_eq!(all.read().await, Ledger::default());
    let operations: Vec<_> = (0..20).map(|_| all.operation(10)).collect();
    let begun = futures_util::future::join_all(operations.iter().map(|operation| all.begin(operation))).await;
    assert_eq!(begun.iter().filter(|(fits, _)| *fits).count(), 10);
    let after = all.read().await;
    assert_eq!(
        (after.claimed, after.used(), after.tickets),
        (Usage { bytes: 100, files: 10 }, Usage::default(), 10)
    );
    let mut tickets: Vec<_> = after.operations.iter().map(|(ticket, _)| *ticket).collect();
    tickets.sort_unstable();
    assert_eq!(tickets, (1..=10).collect::<Vec<_>>());
    for (_, operation) in &after.operations {
        assert!(operations.contains(operation), "{operation:?}");
        let change = UsageChange { bytes: 4, files: 1 };
        assert!(ledger.end(&all.account, operation, change).await.expect("writable"));
        assert!(!ledger.end(&all.account, operation, change).await.expect("writable"));
    }
    let after = all.read().await;
    assert_eq!((after.claimed, after.operations.len()), (Usage { bytes: 40, files: 10 }, 0));
    assert!(!all.begin(&all.operation(61)).await.0);
    assert!(!all.begin(&all.operation(101)).await.0, "more than the whole allowance");
    assert!(all.begin(&all.operation(60)).await.0);
}

/// An operation is changed and ended by whoever knows its present expiry: one process, or the one that took it over.
async fn an_operation_has_one_owner(ledger: &dyn FileLedger, random: &dyn Random) {
    let all = Operations::new(ledger, random);
    let mine = all.operation(10);
    assert!(all.begin(&mine).await.0);
    let theirs = Operation {
        expires: Timestamp::from_unix_seconds(2_000),
        work: Work::Move { copied: true },
        done: 7,
        ..mine.clone()
    };
    ledger.update(&all.account, &theirs, mine.expires).await.expect("taken over");
    assert_eq!(all.read().await.operations, [(1, theirs.clone())]);
    let again = ledger.update(&all.account, &Operation { done: 8, ..mine.clone() }, mine.expires).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    assert!(!ledger.end(&all.account, &mine, UsageChange::default()).await.expect("writable"));
    assert!(ledger.end(&all.account, &theirs, UsageChange::default()).await.expect("writable"));
    let gone = ledger.update(&all.account, &theirs, theirs.expires).await;
    assert!(matches!(gone, Err(StoreError::Conflict)));
}

/// The truth replaces the count only while nothing happens.
async fn a_count_is_corrected_only_in_peace(ledger: &dyn FileLedger, random: &dyn Random) {
    let all = Operations::new(ledger, random);
    let truth = Usage { bytes: 77, files: 7 };
    ledger.correct(&all.account, truth, 0).await.expect("writable");
    assert_eq!(all.read().await.claimed, truth);
    let operation = all.operation(10);
    all.begin(&operation).await;
    ledger.correct(&all.account, Usage::default(), 1).await.expect("writable");
    assert_eq!(all.read().await.used(), truth, "one is under way");
    assert!(
        ledger.end(&all.account, &operation, UsageChange { bytes: -100, files: -1 }).await.expect("writable")
    );
    assert_eq!(all.read().await.claimed.files, 6);
    ledger.correct(&all.account, Usage::default(), 0).await.expect("writable");
    assert_eq!(all.read().await.claimed.files, 6, "one came after");
    ledger.correct(&all.account, truth, 1).await.expect("writable");
    assert_eq!(all.read().await.claimed, truth);
    let upload = Operation { work: Work::Upload, ..all.operation(10) };
    assert!(all.begin(&upload).await.0);
    let truth = Usage { bytes: 7, files: 7 };
    ledger.correct(&all.account, truth, 2).await.expect("writable");
    assert_eq!((all.read().await.used(), all.read().await.claimed.bytes), (truth, 17));
}

/// The answer of an operation is kept with its end, by whoever ends it, and only then.
pub async fn an_answer_is_kept_with_the_end_of_its_operation(
    ledger: &dyn FileLedger,
    store: &dyn IdempotencyStore,
    random: &dyn Random,
) {
    let (all, now) = (Operations::new(ledger, random), Timestamp::from_unix_seconds(500));
    let request = KeyedRequest {
        key: IdempotencyKey::parse("a-key").expect("valid"),
        fingerprint: [7; 32],
        busy_until: now.plus_seconds(10),
        kept_until: now.plus_seconds(100),
    };
    let known = async || store.begin(&all.account, &request, now).await.expect("writable");
    assert_eq!(known().await, Known::Nothing);
    let begun = all.operation(10);
    assert!(all.begin(&begun).await.0);
    let answer = KeptAnswer { status: 200, body: "{\"\u{e9}\":1}".into(), etag: Some("\"tag\"".into()) };
    let answered = AnsweredRequest { request: request.clone(), answer: answer.clone() };
    let decided = Operation { answered: Some(answered), ..begun.clone() };
    ledger.update(&all.account, &decided, begun.expires).await.expect("ours");
    assert_eq!(all.read().await.operations, [(1, decided.clone())]);
    assert_eq!(known().await, Known::Busy);
    let taken_over = Operation { expires: begun.expires.plus_seconds(1), ..decided.clone() };
    ledger.update(&all.account, &taken_over, begun.expires).await.expect("taken over");
    let change = UsageChange { bytes: 4, files: 1 };
    assert!(!ledger.end(&all.account, &decided, change).await.expect("writable"));
    assert_eq!(known().await, Known::Busy, "who no longer owns it ends nothing");
    assert!(ledger.end(&all.account, &taken_over, change).await.expect("writable"));
    assert_eq!(known().await, Known::Answered(answer));
    let after = all.read().await;
    assert_eq!((after.claimed, after.operations.len()), (Usage { bytes: 4, files: 1 }, 0));
}

/// Runs the contracts of ledgers.
pub async fn ledger(ledger: &dyn FileLedger, random: &dyn Random) {
    an_operation_keeps_its_room_until_it_ends(ledger, random).await;
    an_operation_has_one_owner(ledger, random).await;
    a_count_is_corrected_only_in_peace(ledger, random).await;
}
