//! From event to answer: whatever happens in between, a JSON answer goes out and one line is logged.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use http::header::ORIGIN;
use http::{Method, StatusCode};

use crate::environment;
use crate::error::{ApiError, Source};
use crate::event::{self, Event, Notice};
use crate::invocation::Invocation;
use crate::log::RequestLog;
use crate::origins::Origins;
use crate::request::Request;
use crate::request_line::{self, Outcome};
use crate::response::{self, Body, Response};
use crate::runtime::{self, RUNTIME_API, Reply};

/// What a function does with a request.
#[async_trait]
pub trait Function: Send + Sync + 'static {
    /// Which web pages may use the function.
    fn origins(&self) -> &Origins;

    /// Answers one request. What becomes known about it is noted in `log`.
    async fn handle(&self, request: Request, log: &mut RequestLog) -> Result<Response, ApiError>;

    /// Does what another AWS service asks for. After a failure it asks again. What becomes known is noted in `log`.
    async fn notice(&self, _: Notice, _: &mut RequestLog) -> Result<(), Source> {
        Err("this function is told nothing by other services".into())
    }
}

/// How a function's answers reach the gateway. Its routes in `template.yaml` must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// As one JSON document of at most 6 MB of text.
    Buffered,
    /// As a stream of up to 200 MB of any bytes.
    Streamed,
}

/// Serves events until the process ends. A function that could not be built is a failure that the log explains.
pub async fn serve(function: Result<impl Function, Source>, answers: Answers) -> ExitCode {
    let function = match function {
        Ok(function) => Arc::new(function),
        Err(error) => {
            tracing::error!(error = response::chain(&*error), "the function cannot start");
            return ExitCode::FAILURE;
        }
    };
    let served = Arc::new(AtomicU64::new(0));
    loop {
        let before = served.load(Ordering::Relaxed);
        let error = match run(function.clone(), answers, served.clone()).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => error,
        };
        tracing::error!(error = response::chain(&*error), "the runtime ended");
        // An answer that could not be delivered, because the client has left, is no reason to end. A Runtime API
        // that gives no further event is.
        if served.load(Ordering::Relaxed) == before {
            return ExitCode::FAILURE;
        }
    }
}

/// Serves events until the Runtime API fails.
async fn run(
    function: Arc<impl Function>,
    answers: Answers,
    served: Arc<AtomicU64>,
) -> Result<(), lambda_runtime::Error> {
    let api =
        environment::variable(RUNTIME_API).ok_or("AWS_LAMBDA_RUNTIME_API is not set: Lambda sets it")?;
    runtime::run(&api, lambda_runtime::Config::from_env(), |event, context| {
        let (function, served) = (Arc::clone(&function), Arc::clone(&served));
        async move {
            let is_first = served.fetch_add(1, Ordering::Relaxed) == 0;
            let invocation = Invocation::new(&context, is_first);
            let (format, request) = match Event::read(event) {
                Event::Request(format, request) => (format, *request),
                Event::Notice(notice) => {
                    see_to(&*function, notice, &invocation).await?;
                    return Ok(Reply::Document(b"null".to_vec()));
                }
            };
            let response = answer(&*function, request, &invocation).await;
            Ok(match answers {
                Answers::Streamed => Reply::pieces(event::streamed(response)?),
                Answers::Buffered => {
                    Reply::Document(serde_json::to_vec(&event::buffered(format, &response))?)
                }
            })
        }
    })
    .await
}

/// Tells the function what another service has to say.
async fn see_to(function: &impl Function, notice: Notice, invocation: &Invocation) -> Result<(), Source> {
    let begin = Instant::now();
    let mut log = RequestLog::default();
    let result = function.notice(notice, &mut log).await;
    let outcome = Outcome {
        message: "notice",
        method: None,
        status: None,
        duration_ms: milliseconds_since(begin),
        bytes_in: 0,
        bytes_out: 0,
        fault: result.as_ref().err().map(|error| response::chain(&**error)),
    };
    request_line::write(&log, invocation, &outcome);
    result
}

/// Answers a request as [`serve`] does, without a Lambda runtime around it.
pub async fn answer(
    function: &impl Function,
    request: Result<Request, ApiError>,
    invocation: &Invocation,
) -> Response {
    let begin = Instant::now();
    let mut log = RequestLog::default();
    let (method, origin, bytes_in) = match &request {
        Ok(Request { method, headers, body, .. }) => {
            (method.clone(), headers.get(ORIGIN).cloned(), body.len() as u64)
        }
        Err(_) => Default::default(),
    };
    let result = match request {
        Ok(request) => {
            let handled = tokio::time::timeout(invocation.time, handle(function, request, &mut log)).await;
            handled.unwrap_or_else(|_| Err(ApiError::Unavailable("out of time".into())))
        }
        Err(error) => Err(error),
    };
    let (mut response, error) = match result {
        Ok(response) => (response, None),
        Err(error) => (error.to_response(), Some(error)),
    };
    let origins = function.origins();
    origins.allow(origin.as_ref(), response.headers_mut());
    response::secure(response.headers_mut(), origins.is_https());
    log.counts.extend(error.as_ref().and_then(ApiError::metric).map(|metric| (metric, 1)));
    let outcome = Outcome {
        message: "request",
        method: Some(method.as_str()),
        status: Some(response.status().as_u16()),
        duration_ms: milliseconds_since(begin),
        bytes_in,
        bytes_out: response::length(&response).unwrap_or_default(),
        fault: error.filter(|error| error.status().is_server_error()).map(|error| response::chain(&error)),
    };
    request_line::write(&log, invocation, &outcome);
    response
}

/// Up to the answer's first byte: what follows is as fast as the client takes it.
fn milliseconds_since(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}

/// Origin first, then the function; a panic on the way is a defect like any other.
async fn handle(
    function: &impl Function,
    request: Request,
    log: &mut RequestLog,
) -> Result<Response, ApiError> {
    if request.method == Method::OPTIONS {
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Origins::preflight(response.headers_mut());
        return Ok(response);
    }
    function.origins().check(&request.method, &request.headers)?;
    let handled = AssertUnwindSafe(function.handle(request, log)).catch_unwind().await;
    handled.unwrap_or_else(|_| Err(ApiError::Internal("a panic, logged where it happened".into())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::settings::PublicUrl;

    struct Moody(Origins);

    #[async_trait]
    impl Function for Moody {
        fn origins(&self) -> &Origins {
            &self.0
        }

        async fn handle(&self, request: Request, _: &mut RequestLog) -> Result<Response, ApiError> {
            match request.path.as_str() {
                "/panic" => panic!("secret in the message"),
                "/slow" => std::future::pending().await,
                "/error" => Err(ApiError::Unauthenticated),
                _ => Ok(response::success("Fine.")),
            }
        }
    }

    async fn ask(method: Method, path: &str, origin: Option<&'static str>) -> Response {
        let url = PublicUrl::parse("https://api.example.org/users/api").unwrap();
        let function = Moody(Origins::new(&url, "https://app.example.org").unwrap());
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_static(origin));
        }
        let request = Request { headers, ..Request::new(method, path) };
        answer(&function, Ok(request), &Invocation { time: Duration::from_secs(1), ..Invocation::default() })
            .await
    }

    #[tokio::test]
    async fn a_panic_is_a_json_500_and_the_next_request_is_answered() {
        let answer = ask(Method::GET, "/panic", None).await;
        assert_eq!(answer.status(), 500);
        let json: serde_json::Value = serde_json::from_slice(answer.body().as_whole().unwrap()).unwrap();
        assert_eq!(json["ok"], false);
        assert!(!json["status"].as_str().unwrap().contains("secret"));
        assert_eq!(ask(Method::GET, "/", None).await.status(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_outlasts_its_time_is_a_503() {
        let answer = ask(Method::GET, "/slow", None).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"5".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn every_answer_carries_the_security_headers() {
        for path in ["/", "/error", "/panic"] {
            let answer = ask(Method::GET, path, None).await;
            let headers = answer.headers();
            assert_eq!(
                (&headers["x-content-type-options"], &headers["cache-control"]),
                (&"nosniff".parse().unwrap(), &"no-store".parse().unwrap())
            );
            assert!(
                headers.contains_key("referrer-policy") && headers.contains_key("strict-transport-security")
            );
            assert!(headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
        }
    }

    #[tokio::test]
    async fn a_foreign_page_is_refused_in_json_and_a_listed_one_may_ask_first() {
        let refused = ask(Method::POST, "/", Some("https://evil.example")).await;
        assert_eq!(
            (refused.status().as_u16(), refused.headers().get("access-control-allow-origin")),
            (403, None)
        );
        let preflight = ask(Method::OPTIONS, "/", Some("https://app.example.org")).await;
        assert_eq!(preflight.status(), 204);
        assert_eq!(preflight.headers()["access-control-allow-origin"], "https://app.example.org");
        assert_eq!(preflight.headers()["access-control-allow-credentials"], "true");
    }
}
