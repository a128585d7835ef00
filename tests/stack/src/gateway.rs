//! API Gateway and Lambda for tests.
//!
//! The real function binaries run as Lambda runs them, against [`crate::runtime_api`]. One port speaks as a REST API
//! with streamed answers for `files`, another as an HTTP API; both route by the raw path. As on AWS, an event of more
//! than 6 MB never reaches a function, and whatever the gateway itself refuses is JSON with `ok` false.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path as PathSegments, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;

use crate::Error;
use crate::event::{Format, event};
use crate::runtime_api::{Failure, Function, RuntimeApi, command, is_streamed, listen};

/// The functions, and the paths below `/users/api` that each of them serves, with everything under them. The longest
/// one counts.
pub const FUNCTIONS: [(&str, &[&str]); 5] = [
    (
        "auth",
        &[
            "auth",
            "logon",
            "checkin",
            "logout",
            "confirm",
            "password",
            "register",
            "verify",
            "email",
            "totp",
            ".well-known/jwks.json",
        ],
    ),
    ("account", &["user", "sessions", "keys", "audit", "accounts"]),
    ("files", &["files", "uploads", "usage", "user/export", "health"]),
    ("send", &["send"]),
    ("info", &["info", "openapi.json", "docs", "postman.json", "client", "console"]),
];

/// The largest event that Lambda takes, in bytes.
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// The largest request that API Gateway takes, in bytes.
const MAX_REQUEST_BYTES: usize = 10 * 1024 * 1024;

/// The most that may come before the body of a streamed answer, in bytes.
const MAX_PRELUDE_BYTES: usize = 16 * 1024;

/// How many processes each function has: two, so that nothing that only one of them knows can pass a test.
pub const PROCESSES: usize = 2;

/// How long it takes until there is another process in the place of one that has ended by itself.
const RESTART_AFTER: Duration = Duration::from_millis(200);

/// A running gateway.
pub struct Gateway {
    /// Base URL of the API that sends REST events.
    pub rest_url: String,
    /// Base URL of the API that sends HTTP events.
    pub http_url: String,
    /// Where events can be sent to a function as they are: `<this>/<function>`.
    pub invoke_url: String,
    kill: Arc<Notify>,
}

impl Gateway {
    /// Starts the function binaries in `bin_folder` with `environment`. What they print goes to files in `logs`.
    pub async fn start(
        bin_folder: &Path,
        environment: &[(String, String)],
        logs: &Path,
    ) -> Result<Self, Error> {
        Self::start_functions(FUNCTIONS.map(|(name, _)| (name, PROCESSES)), bin_folder, environment, logs)
            .await
    }

    /// Starts only these functions, each with so many processes.
    pub async fn start_functions(
        functions: impl IntoIterator<Item = (&'static str, usize)>,
        bin_folder: &Path,
        environment: &[(String, String)],
        logs: &Path,
    ) -> Result<Self, Error> {
        let functions =
            functions.into_iter().map(|(name, processes)| (name, processes, environment.to_vec()));
        Self::start_each(functions, bin_folder, logs).await
    }

    /// Starts only these functions, each with so many processes and an environment of its own.
    pub async fn start_each(
        functions: impl IntoIterator<Item = (&'static str, usize, Vec<(String, String)>)>,
        bin_folder: &Path,
        logs: &Path,
    ) -> Result<Self, Error> {
        let (shared, runtime) = RuntimeApi::start(FUNCTIONS.map(|(name, _)| name)).await?;
        let kill = Arc::new(Notify::new());
        for (name, processes, environment) in functions {
            for number in 1..=processes {
                let log = std::fs::File::create(logs.join(format!("{name}-{number}.log")))?;
                let process = Process {
                    name,
                    program: bin_folder.join(name),
                    environment: environment.clone(),
                    runtime: runtime.clone(),
                    log,
                };
                process.keep_running(kill.clone())?;
            }
        }
        let rest = listen(client_router(shared.clone(), Format::Rest)).await?;
        let http = listen(client_router(shared.clone(), Format::Http)).await?;
        let invoke = listen(Router::new().route("/{function}", post(invoke)).with_state(shared)).await?;
        let url = |address: String| format!("http://{address}/users/api");
        Ok(Self { rest_url: url(rest), http_url: url(http), invoke_url: format!("http://{invoke}"), kill })
    }

    /// Kills every process of the functions, as `kill -9` does; others take their places.
    pub fn kill(&self) {
        self.kill.notify_waiters();
    }
}

/// One of the processes of a function.
struct Process {
    name: &'static str,
    program: PathBuf,
    environment: Vec<(String, String)>,
    /// The address of the Runtime API.
    runtime: String,
    log: std::fs::File,
}

impl Process {
    /// Starts the process, and again whenever it has ended, as Lambda does. It ends by itself when the Runtime API is
    /// gone.
    fn keep_running(self, kill: Arc<Notify>) -> Result<(), Error> {
        if !self.program.exists() {
            let program = self.program.display();
            return Err(format!("{program} is missing: run `cargo build --workspace`").into());
        }
        tokio::spawn(async move {
            loop {
                let Ok(output) = self.log.try_clone() else { return };
                let mut command = command(&self.program, self.name, &self.runtime, &self.environment);
                let Ok(mut process) = command.stderr(output).spawn() else { return };
                tokio::select! {
                    _ = process.wait() => tokio::time::sleep(RESTART_AFTER).await,
                    () = kill.notified() => drop(process.kill().await),
                }
            }
        });
        Ok(())
    }
}

fn client_router(shared: Arc<RuntimeApi>, format: Format) -> Router {
    let serve = move |State(shared): State<Arc<RuntimeApi>>, request: Request| async move {
        match serve(&shared, format, request).await {
            Ok(response) | Err(response) => response,
        }
    };
    Router::new().fallback(any(serve)).layer(axum::extract::DefaultBodyLimit::disable()).with_state(shared)
}

async fn serve(shared: &RuntimeApi, format: Format, request: Request) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let function =
        function_of(parts.uri.path()).ok_or_else(|| refused(StatusCode::NOT_FOUND, "No such endpoint."))?;
    let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE, "One request carries at most 4194304 bytes.");
    let body =
        http_body_util::Limited::new(body, MAX_REQUEST_BYTES).collect().await.map_err(|_| too_large())?;
    let client = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    let event = event(format, &parts, &body.to_bytes(), client.as_deref()).to_string();
    if event.len() > MAX_EVENT_BYTES {
        return Err(too_large());
    }
    let function = shared.function(function).ok_or_else(|| broken(&Failure::Gone))?;
    ask(function, event).await
}

/// What a function answers to an event, as its gateway passes it on.
async fn ask(function: &Function, event: String) -> Result<Response, Response> {
    let (headers, body) = function.invoke(event).await.map_err(|failure| broken(&failure))?;
    if is_streamed(&headers) { streamed(body).await } else { buffered(body).await }
}

/// Sends an event to a function as it is, as `cargo lambda invoke` does, and gives back what the function answers.
async fn invoke(
    State(shared): State<Arc<RuntimeApi>>,
    PathSegments(function): PathSegments<String>,
    event: String,
) -> Response {
    let Some(function) = shared.function(&function) else { return StatusCode::NOT_FOUND.into_response() };
    match function.invoke(event).await {
        Ok((headers, body)) if is_streamed(&headers) => streamed(body).await,
        Ok((_, body)) => match body.collect().await.map(http_body_util::Collected::to_bytes) {
            // What there is to say about an event that is no request.
            Ok(bytes) if bytes == "null" => Ok(StatusCode::NO_CONTENT.into_response()),
            Ok(bytes) => buffered(Body::from(bytes)).await,
            Err(_) => Err(broken(&Failure::Gone)),
        },
        Err(failure) => Err(broken(&failure)),
    }
    .unwrap_or_else(|failure| failure)
}

/// The function that serves a raw path.
fn function_of(path: &str) -> Option<&'static str> {
    let below = path.strip_prefix("/users/api/")?;
    let serves = |prefix: &str| {
        below.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let all = FUNCTIONS.iter().flat_map(|(name, paths)| paths.iter().map(move |path| (*name, *path)));
    all.filter(|(_, prefix)| serves(prefix)).max_by_key(|(_, prefix)| prefix.len()).map(|(name, _)| name)
}

fn refused(status: StatusCode, text: &str) -> Response {
    let body = serde_json::json!({"ok": false, "status": text}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn broken(failure: &Failure) -> Response {
    refused(StatusCode::BAD_GATEWAY, &format!("The function gave no answer: {failure:?}"))
}

/// A buffered answer, of either format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buffered {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    multi_value_headers: HashMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

async fn buffered(body: Body) -> Result<Response, Response> {
    let bytes =
        body.collect().await.map_err(|_| refused(StatusCode::BAD_GATEWAY, "The answer broke off."))?;
    let malformed = || refused(StatusCode::BAD_GATEWAY, "The answer is malformed.");
    let answer: Buffered = serde_json::from_slice(&bytes.to_bytes()).map_err(|_| malformed())?;
    let body = if answer.is_base64_encoded {
        STANDARD.decode(answer.body).map_err(|_| malformed())?
    } else {
        answer.body.into_bytes()
    };
    let single = answer.headers.into_iter();
    let multiple = answer
        .multi_value_headers
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
    let cookies = answer.cookies.into_iter().map(|cookie| ("set-cookie".to_owned(), cookie));
    respond(answer.status_code, single.chain(multiple).chain(cookies), Body::from(body)).ok_or_else(malformed)
}

/// What stands before the body of a streamed answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prelude {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
}

/// A prelude of JSON, eight NUL bytes, and then the body, passed on while it arrives.
async fn streamed(body: Body) -> Result<Response, Response> {
    let malformed = || refused(StatusCode::BAD_GATEWAY, "The streamed answer is malformed.");
    let (mut body, mut head) = (body, Vec::new());
    let end = loop {
        if let Some(end) = head.windows(8).position(|window| window == [0; 8]) {
            break end;
        }
        let frame = body.frame().await.and_then(Result::ok).ok_or_else(malformed)?;
        head.extend_from_slice(&frame.into_data().map_err(|_| malformed())?);
        if head.len() > MAX_PRELUDE_BYTES && !head.windows(8).any(|window| window == [0; 8]) {
            return Err(malformed());
        }
    };
    let prelude: Prelude = serde_json::from_slice(&head[..end]).map_err(|_| malformed())?;
    let first = futures_util::stream::iter([Ok(Bytes::copy_from_slice(&head[end + 8..]))]);
    let body = Body::from_stream(futures_util::StreamExt::chain(first, body.into_data_stream()));
    let headers = prelude.headers.into_iter().flat_map(|(name, value)| match value {
        Value::Array(values) => values.into_iter().map(|value| (name.clone(), text(&value))).collect(),
        value => vec![(name, text(&value))],
    });
    let cookies = prelude.cookies.into_iter().map(|cookie| ("set-cookie".to_owned(), cookie));
    respond(prelude.status_code, headers.chain(cookies), body).ok_or_else(malformed)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn respond(status: u16, headers: impl Iterator<Item = (String, String)>, body: Body) -> Option<Response> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response.headers_mut().append(name, HeaderValue::from_str(&value).ok()?);
    }
    Some(response)
}
