//! One operation on an account's files, from its entry in the ledger to its end.

use std::time::Duration;

use domain::{
    Account, Clock, FileKey, FolderKey, FolderPath, KeyedRequest, Known, Ledger, Operation, OperationId,
    StoreError, Usage, UsageChange, Work, take_back,
};
use web::{ApiError, Response, idempotency};

use crate::App;
use crate::recovery::{recount, recover, recover_expired};

/// How long a request waits for its turn.
pub(crate) const WAITING_SECONDS: u64 = 20;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// For so long an operation belongs to its process. It is renewed while the process works on; whoever finds one that has
/// expired knows that its process was killed.
pub(crate) const LEASE_SECONDS: u64 = 120;

/// After so many seconds an upload begins no further put. What is left of the lease is for taking back what it has
/// stored, which for 10,000 files takes some ten seconds.
const STORING_SECONDS: u64 = 60;

/// What was sent to the store and not answered may still arrive for so long; then it can be taken back for good.
const STRAGGLING_SECONDS: u64 = 10;

/// How often a long operation says in the ledger how far it is, and renews its lease.
const PROGRESS_SECONDS: u64 = 10;

/// A request that changes files.
pub(crate) struct Change<'a> {
    pub(crate) app: &'a App,
    /// Whose files.
    pub(crate) owner: &'a Account,
    /// The request, if it has a key under which its answer is to be kept.
    pub(crate) keyed: Option<KeyedRequest>,
}

impl<'a> Change<'a> {
    /// A request that has no key, or does without it.
    pub(crate) fn without_key(app: &'a App, owner: &'a Account) -> Self {
        Self { app, owner, keyed: None }
    }
}

/// The turn of an operation: nothing else changes the same paths until it ends.
pub(crate) struct Turn<'a> {
    pub(crate) app: &'a App,
    pub(crate) owner: &'a Account,
    keyed: Option<&'a KeyedRequest>,
    pub(crate) operation: Operation,
    /// Whether what was in the way had been left half done: what it has changed is counted when this has ended.
    recovered: bool,
}

/// Why an operation did not come to its good end.
pub(crate) struct Failed {
    /// What the client hears.
    pub(crate) error: ApiError,
    /// Whether something half done is left, which is for whoever meets it in the ledger.
    pub(crate) left_over: bool,
}

/// A failure before anything was changed, or after everything was taken back.
impl<E: Into<ApiError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self { error: error.into(), left_over: false }
    }
}

impl<'a> Turn<'a> {
    /// Enters an operation that changes `paths` and stores at most `reserved`, and waits until it is its turn.
    pub(crate) async fn begin(
        change: &'a Change<'_>,
        work: Work,
        paths: Vec<FolderPath>,
        reserved: Usage,
    ) -> Result<Self, ApiError> {
        let Change { app, owner, keyed } = change;
        let expires = app.now().plus_seconds(LEASE_SECONDS);
        let id = OperationId::random(&*app.random);
        let operation = Operation { id, work, paths, reserved, expires, done: 0, answered: None };
        let ledger = enter(app, owner, &operation).await?;
        let mut turn = Self { app, owner, keyed: keyed.as_ref(), operation, recovered: false };
        if let Err(error) = turn.wait(ledger).await {
            let withdrawn: Result<(Self, _), Failed> = Err(error.into());
            return turn.finish(withdrawn).await;
        }
        Ok(turn)
    }

    async fn wait(&mut self, ledger: Ledger) -> Result<(), ApiError> {
        let before = |ledger: &Ledger| ledger.before(&self.operation).cloned();
        (_, self.recovered) = wait(self.app, self.owner, ledger, before).await?;
        self.refuse_if_answered().await
    }

    /// What was waited for may have been the same request, whose process was killed when it was decided.
    async fn refuse_if_answered(&self) -> Result<(), ApiError> {
        let Some(keyed) = self.keyed else { return Ok(()) };
        match self.app.idempotency.begin(&self.owner.id, keyed, self.app.now()).await? {
            Known::Answered(_) => Err(idempotency::busy()),
            _ => Ok(()),
        }
    }

    /// Whether there is still time to begin something.
    pub(crate) fn in_time(&self) -> bool {
        self.app.now().plus_seconds(LEASE_SECONDS - STORING_SECONDS) < self.operation.expires
    }

    /// Notes in the ledger that the operation will happen: whoever brings it to its end keeps this answer.
    pub(crate) async fn decide(&mut self, work: Work, answer: Response) -> Result<(), StoreError> {
        self.note_answer(&answer);
        self.renew(work, self.operation.done).await
    }

    fn note_answer(&mut self, answer: &Response) {
        self.operation.answered = idempotency::answered(self.keyed, answer);
    }

    /// Notes in the ledger what the operation has come to, and renews its lease. A failure means that it was taken away.
    pub(crate) async fn renew(&mut self, work: Work, done: u64) -> Result<(), StoreError> {
        let expires = self.app.now().plus_seconds(LEASE_SECONDS);
        let renewed = Operation { work, done, expires, ..self.operation.clone() };
        self.app.ledger.update(&self.owner.id, &renewed, self.operation.expires).await?;
        self.operation = renewed;
        Ok(())
    }

    /// Renews the lease if that is due.
    pub(crate) async fn progress(&mut self, done: u64) -> Result<(), StoreError> {
        if self.app.now().plus_seconds(LEASE_SECONDS - PROGRESS_SECONDS) < self.operation.expires {
            return Ok(());
        }
        self.renew(self.operation.work.clone(), done).await
    }

    /// Leaves what is half done to whoever meets it next.
    async fn hand_over(&self) {
        let expires = self.app.now().plus_seconds(STRAGGLING_SECONDS).min(self.operation.expires);
        let left = Operation { expires, ..self.operation.clone() };
        // If this fails the lease runs out by itself, only later.
        let _ = self.app.ledger.update(&self.owner.id, &left, self.operation.expires).await;
    }

    /// A failure after which it is not known what of these files and folders was stored: all of it is taken back.
    pub(crate) async fn take_back(
        &self,
        error: ApiError,
        files: &[FileKey],
        folders: &[FolderKey],
    ) -> Failed {
        let left_over = !take_back(&*self.app.files, &self.operation.id, files, folders).await;
        Failed { error, left_over }
    }

    /// Ends the operation as it came out, and with it keeps the answer of its request.
    pub(crate) async fn answer(
        mut self,
        outcome: Result<(Response, UsageChange), Failed>,
    ) -> Result<Response, ApiError> {
        match &outcome {
            Ok((answer, _)) => self.note_answer(answer),
            // What is left over may have been decided, and is answered by whoever brings it to its end.
            Err(failed) if failed.left_over => {}
            Err(_) => self.operation.answered = None,
        }
        self.finish(outcome).await
    }

    /// Ends the operation as it came out: with what it has changed, or without having changed anything.
    pub(crate) async fn finish<T>(self, outcome: Result<(T, UsageChange), Failed>) -> Result<T, ApiError> {
        let (answer, change) = match outcome {
            Ok((answer, change)) => (Ok(answer), change),
            Err(failed) if failed.left_over => {
                self.hand_over().await;
                return Err(failed.error);
            }
            Err(failed) => (Err(failed.error), UsageChange::default()),
        };
        let ended = self.app.ledger.end(&self.owner.id, &self.operation, change).await;
        if self.recovered {
            // Whoever lists the root counts too.
            let _ = recount(self.app, self.owner).await;
        }
        match (answer, ended) {
            (Ok(answer), Ok(still_there)) if still_there || self.app.now() < self.operation.expires => {
                Ok(answer)
            }
            (Ok(_), Ok(_)) => Err(ApiError::Unavailable("the operation took longer than its lease".into())),
            (Ok(_), Err(error)) => Err(error.into()),
            (Err(error), _) => Err(error),
        }
    }
}

/// Enters an operation in the ledger and reserves its room; what killed processes have left may hold it, and is then
/// brought to an end first. What needs no room is never refused for it: who is above a limit that was lowered can delete.
pub(crate) async fn enter(app: &App, owner: &Account, operation: &Operation) -> Result<Ledger, ApiError> {
    let needs_room = operation.reserved != Usage::default();
    let allowance = if needs_room { owner.allowance() } else { Usage { bytes: u64::MAX, files: u64::MAX } };
    let (mut entered, mut ledger) = app.ledger.begin(&owner.id, operation, allowance).await?;
    if !entered {
        recover_expired(app, owner, &ledger).await?;
        (entered, ledger) = app.ledger.begin(&owner.id, operation, allowance).await?;
    }
    if entered {
        Ok(ledger)
    } else {
        Err(ApiError::OverQuota { used: ledger.used(), kept: ledger.kept(), limit: allowance })
    }
}

/// Waits until nothing is in the way any more, according to a ledger that was just read; the ledger then, and whether
/// something in the way had been left by a killed process.
pub(crate) async fn wait(
    app: &App,
    owner: &Account,
    mut ledger: Ledger,
    in_the_way: impl Fn(&Ledger) -> Option<Operation>,
) -> Result<(Ledger, bool), ApiError> {
    let mut recovered = false;
    let until = app.now().plus_seconds(WAITING_SECONDS);
    while let Some(other) = in_the_way(&ledger) {
        if other.expires <= app.now() {
            recover(app, owner, &other).await?;
            recovered = true;
        } else if app.now() >= until {
            return Err(busy(&other));
        } else {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        ledger = app.ledger.read(&owner.id).await?;
    }
    Ok((ledger, recovered))
}

impl App {
    pub(crate) fn now(&self) -> domain::Timestamp {
        Clock::now(&*self.authenticator.clock)
    }
}

/// The failure of whoever met an operation that goes on.
fn busy(other: &Operation) -> ApiError {
    let what = match other.work {
        Work::Put | Work::PutAll | Work::Upload => "An upload",
        Work::Delete { .. } => "A deletion",
        Work::Copy => "A copy",
        Work::Move { .. } => "A move",
    };
    let places: Vec<_> = other.paths.iter().map(|path| format!("/{path}")).take(2).collect();
    let done = other.done;
    let places = places.join(" to ");
    ApiError::Busy(format!(
        "{what} of {places} is under way ({done} files so far): try again when it has ended."
    ))
}
