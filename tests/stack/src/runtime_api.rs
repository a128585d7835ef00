//! The Lambda Runtime API, as far as a function uses it: a queue of events, and the way back for the answers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// An answer as the function sent it: the headers of its call to the Runtime API, and the body of that call.
pub type Answer = (HeaderMap, Body);

/// How a function failed without an answer.
#[derive(Debug)]
pub enum Failure {
    /// The function reported an error for this event.
    Reported(String),
    /// The function ended, or is not there.
    Gone,
}

/// One function's events on their way to its processes.
pub struct Function {
    sender: mpsc::UnboundedSender<(u64, String)>,
    receiver: tokio::sync::Mutex<mpsc::UnboundedReceiver<(u64, String)>>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Answer, Failure>>>>,
    counter: AtomicU64,
}

impl Function {
    /// A function without events.
    #[must_use]
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let receiver = tokio::sync::Mutex::new(receiver);
        Self { sender, receiver, waiting: Mutex::default(), counter: AtomicU64::new(1) }
    }

    /// Hands an event to the next free process and waits for its answer.
    pub async fn invoke(&self, event: &Value) -> Result<Answer, Failure> {
        let id = self.counter.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id, answer);
        self.sender.send((id, event.to_string())).map_err(|_| Failure::Gone)?;
        answered.await.map_err(|_| Failure::Gone)?
    }

    /// `GET /runtime/invocation/next`: the next event, as soon as there is one.
    pub async fn next(&self) -> Response {
        let Some((id, event)) = self.receiver.lock().await.recv().await else {
            return StatusCode::GONE.into_response();
        };
        let headers = [
            ("lambda-runtime-aws-request-id", format!("00000000-0000-0000-0000-{id:012}")),
            ("lambda-runtime-deadline-ms", "4102444800000".to_owned()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-west-2:123456789012:function:local".to_owned(),
            ),
            ("content-type", "application/json".to_owned()),
        ];
        (headers, event).into_response()
    }

    /// `POST /runtime/invocation/<id>/response`. The call ends when the client has taken the whole body, as on AWS.
    pub fn answered(&self, id: &str, headers: HeaderMap, body: Body) -> StatusCode {
        self.settle(id, Ok((headers, body)))
    }

    /// `POST /runtime/invocation/<id>/error`.
    pub fn failed(&self, id: &str, report: String) -> StatusCode {
        self.settle(id, Err(Failure::Reported(report)))
    }

    fn settle(&self, id: &str, result: Result<Answer, Failure>) -> StatusCode {
        let id = id.rsplit('-').next().and_then(|id| id.parse().ok());
        let waiting = id.and_then(|id: u64| self.waiting().remove(&id));
        // A client that has gone away does not wait any more.
        match waiting.map(|waiting| waiting.send(result)) {
            Some(_) => StatusCode::ACCEPTED,
            None => StatusCode::BAD_REQUEST,
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Result<Answer, Failure>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Function {
    fn default() -> Self {
        Self::new()
    }
}
