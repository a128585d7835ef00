//! Answers that do not tell whether an address is known, not by their words and not by their time.

use std::time::Duration;

use domain::throttle::Limit;
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

/// Turns a client away that has asked too often for mails without a session, whatever addresses it names.
pub(crate) async fn check_sender(app: &App, request: &Request) -> Result<(), ApiError> {
    let (count, wait_seconds) = app.verifier.throttle.count(Limit::Sender, "", request.address).await?;
    if count > Limit::Sender.free() { Err(ApiError::TooManyMails { wait_seconds }) } else { Ok(()) }
}

/// Whether one more mail about a matter may go to an address because somebody asks for it who need not be its owner. A
/// mailbox that has had enough gets no more, without a word. One client that asks again and again does not use up what
/// others may ask for, and no matter what another one needs.
pub(crate) async fn may_mail(
    app: &App,
    matter: &str,
    to: &EmailAddress,
    request: &Request,
) -> Result<bool, ApiError> {
    let name = format!("{matter} {}", to.normalised());
    let (from_here, _) = app.verifier.throttle.count(Limit::MailboxOfSender, &name, request.address).await?;
    if from_here > Limit::MailboxOfSender.free() {
        return Ok(false);
    }
    let (all, _) = app.verifier.throttle.count(Limit::Mailbox, &name, request.address).await?;
    Ok(all <= Limit::Mailbox.free())
}
