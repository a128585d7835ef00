//! The Lambda Runtime API, as far as a function uses it: a queue of events, and the way back for the answers.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::Error;

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

/// Whether a function's call to the Runtime API brings a streamed answer.
#[must_use]
pub fn is_streamed(headers: &HeaderMap) -> bool {
    headers.contains_key("lambda-runtime-function-response-mode")
}

/// Serves `router` on a free port of the loopback interface; gives the address.
pub async fn listen(router: Router) -> Result<String, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?.to_string();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

/// The command that starts a function's program as Lambda does, against the Runtime API at `address`: with the variables that
/// it is given and none of this process.
#[must_use]
pub fn command(
    program: &std::path::Path,
    name: &str,
    address: &str,
    variables: &[(String, String)],
) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs(variables.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", format!("http://{address}/{name}"))
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The Runtime APIs of several functions, on one port: `http://<address>/<function>`.
pub struct RuntimeApi {
    functions: HashMap<&'static str, Function>,
}

impl RuntimeApi {
    /// Starts the Runtime APIs of `functions`; gives their common address.
    pub async fn start(
        functions: impl IntoIterator<Item = &'static str>,
    ) -> Result<(Arc<Self>, String), Error> {
        let functions = functions.into_iter().map(|name| (name, Function::new())).collect();
        let apis = Arc::new(Self { functions });
        let address = listen(router(apis.clone())).await?;
        Ok((apis, address))
    }

    /// One function.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }
}

fn router(apis: Arc<RuntimeApi>) -> Router {
    Router::new()
        .route("/{function}/2018-06-01/runtime/invocation/next", get(next))
        .route("/{function}/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/{function}/2018-06-01/runtime/invocation/{id}/error", post(failed))
        .route("/{function}/2018-06-01/runtime/init/error", post(|| async { StatusCode::ACCEPTED }))
        .layer(DefaultBodyLimit::disable())
        .with_state(apis)
}

async fn next(State(apis): State<Arc<RuntimeApi>>, Path(function): Path<String>) -> Response {
    match apis.function(&function) {
        Some(function) => function.next().await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn answered(
    State(apis): State<Arc<RuntimeApi>>,
    Path((function, id)): Path<(String, String)>,
    request: Request,
) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Some(function) = apis.function(&function) else { return StatusCode::NOT_FOUND };
    if !is_streamed(&parts.headers) {
        // A buffered answer is taken whole, so that the function is free for its next event.
        let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST };
        return function.answered(&id, parts.headers, Body::from(body.to_bytes()));
    }
    // A streamed one is passed on while it arrives; this call lasts until the client has all of it.
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, axum::Error>>(4);
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let status = function.answered(&id, parts.headers, Body::from_stream(stream));
    let mut body = body;
    while let Some(frame) = body.frame().await {
        let piece = frame.map(|frame| frame.into_data().unwrap_or_default());
        let broken = piece.is_err();
        if sender.send(piece).await.is_err() || broken {
            break;
        }
    }
    status
}

async fn failed(
    State(apis): State<Arc<RuntimeApi>>,
    Path((function, id)): Path<(String, String)>,
    report: String,
) -> StatusCode {
    let function = apis.function(&function);
    function.map_or(StatusCode::NOT_FOUND, |function| function.failed(&id, report))
}

/// One function's events on their way to its processes.
pub struct Function {
    sender: mpsc::UnboundedSender<(u64, String)>,
    receiver: tokio::sync::Mutex<mpsc::UnboundedReceiver<(u64, String)>>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Answer, Failure>>>>,
    counter: AtomicU64,
    polled: Notify,
    polls: AtomicUsize,
}

/// A process that waits for an event, until it has one or is gone.
struct Poll<'a>(&'a AtomicUsize);

impl<'a> Poll<'a> {
    fn begin(polls: &'a AtomicUsize) -> Self {
        polls.fetch_add(1, Ordering::Relaxed);
        Self(polls)
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Function {
    /// A function without events.
    #[must_use]
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let receiver = tokio::sync::Mutex::new(receiver);
        Self {
            sender,
            receiver,
            waiting: Mutex::default(),
            counter: AtomicU64::new(1),
            polled: Notify::new(),
            polls: AtomicUsize::new(0),
        }
    }

    /// Hands an event to the next free process and waits for its answer.
    pub async fn invoke(&self, event: String) -> Result<Answer, Failure> {
        let id = self.counter.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id, answer);
        self.sender.send((id, event)).map_err(|_| Failure::Gone)?;
        answered.await.map_err(|_| Failure::Gone)?
    }

    /// Waits until a process asks for an event.
    pub async fn polled(&self) {
        self.polled.notified().await;
    }

    /// How many processes wait for an event. One that has just ended still counts for a moment.
    #[must_use]
    pub fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }

    /// `GET /runtime/invocation/next`: the next event, as soon as there is one.
    async fn next(&self) -> Response {
        let _poll = Poll::begin(&self.polls);
        self.polled.notify_one();
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
    fn answered(&self, id: &str, headers: HeaderMap, body: Body) -> StatusCode {
        self.settle(id, Ok((headers, body)))
    }

    /// `POST /runtime/invocation/<id>/error`.
    fn failed(&self, id: &str, report: String) -> StatusCode {
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
