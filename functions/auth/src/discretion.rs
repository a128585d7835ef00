//! Answers that do not tell whether an address is known, not by their words and not by their time.

use std::time::Duration;

use domain::throttle::{Counter, Limit};
use domain::{EmailAddress, Letter};
use tokio::time::{Instant, sleep_until, timeout_at};
use web::{ApiError, Request, Response};

use crate::App;

/// So long after it came in a request is answered. A second is longer than all that may happen in between, sending a
/// mail included; what takes longer goes on behind the answer.
pub(crate) const ANSWER_AFTER: Duration = Duration::from_secs(1);

/// Does the work, delivers the letters that it comes to, if any, and gives the answer when its time has come.
pub(crate) async fn discreetly(
    app: &App,
    work: impl Future<Output = Result<Vec<Letter>, ApiError>>,
    answer: Response,
) -> Result<Response, ApiError> {
    let due = Instant::now() + app.answer_after;
    let letters = work.await?;
    let post = app.post.clone();
    let delivery = tokio::spawn(async move { post.deliver(&letters).await });
    // If it is not done by then it goes on, or is done again by whoever sweeps the outbox.
    let _ = timeout_at(due, delivery).await;
    sleep_until(due).await;
    Ok(answer)
}

/// Whether one more mail may go to an address because somebody without a session asks for it. A mailbox that has had
/// enough gets no more, without a word; a client that has asked too often is told to wait.
pub(crate) async fn may_mail(app: &App, to: &EmailAddress, request: &Request) -> Result<bool, ApiError> {
    let sender = count(app, Limit::Sender, "", request).await?;
    if sender.0 > Limit::Sender.free() {
        return Err(ApiError::TooManyMails { wait_seconds: sender.1 });
    }
    let mailbox = count(app, Limit::Mailbox, &to.normalised(), request).await?;
    Ok(mailbox.0 <= Limit::Mailbox.free())
}

/// Counts one more; how many there are now, and in how many seconds they are forgotten.
async fn count(app: &App, limit: Limit, account: &str, request: &Request) -> Result<(u64, u64), ApiError> {
    let now = app.authenticator.clock.now();
    let counter = Counter::new(limit, account, request.address, now);
    let forgotten = counter.ends.unix_seconds().saturating_sub(now.unix_seconds());
    Ok((app.throttle.store.add(&counter, now).await?, forgotten))
}
