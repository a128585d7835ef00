//! From event to answer: whatever happens in between, a JSON answer goes out and one line is logged.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::{AccountId, Clock as _};
use futures_util::FutureExt as _;
use http::header::ORIGIN;
use http::{Method, StatusCode};
use lambda_runtime::{FunctionResponse, LambdaEvent, service_fn};

use crate::environment::SystemClock;
use crate::error::{ApiError, Source};
use crate::event::{self, Event, Notice};
use crate::log::RequestLog;
use crate::origins::Origins;
use crate::request::Request;
use crate::response::{self, Body, Response};

/// Kept back from a function's time for the answer that says that it ran out.
const RESERVE: Duration = Duration::from_secs(1);

/// The longest that a function may take (AWS Lambda quotas).
pub const MAX_DURATION: Duration = Duration::from_mins(15);

/// What a function does with a request.
#[async_trait]
pub trait Function: Send + Sync + 'static {
    /// Which web pages may use the function.
    fn origins(&self) -> &Origins;

    /// Answers one request. What becomes known about it is noted in `log`.
    async fn handle(&self, request: Request, log: &mut RequestLog) -> Result<Response, ApiError>;

    /// Does what another AWS service asks for. After a failure it asks again.
    async fn notice(&self, _: Notice) -> Result<(), Source> {
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
    let handle = |event: LambdaEvent<Event>| {
        let (function, served) = (Arc::clone(&function), Arc::clone(&served));
        async move {
            served.fetch_add(1, Ordering::Relaxed);
            let time = time_until(event.context.deadline);
            let (format, request) = match event.payload {
                Event::Request(format, request) => (format, *request),
                Event::Notice(notice) => {
                    function.notice(notice).await.inspect_err(|error| {
                        tracing::error!(error = response::chain(&**error), "a notice was not seen to");
                    })?;
                    return Ok(FunctionResponse::BufferedResponse(None));
                }
            };
            let response = answer(&*function, request, &event.context.request_id, time).await;
            Ok::<_, lambda_runtime::Error>(match answers {
                Answers::Streamed => FunctionResponse::StreamingResponse(event::streamed(response)),
                Answers::Buffered => FunctionResponse::BufferedResponse(event::buffered(format, &response)),
            })
        }
    };
    lambda_runtime::run(service_fn(handle)).await
}

/// How long a request may take so that its answer still goes out before the function is killed, which is at `deadline`
/// (Unix time in milliseconds). The local emulator sends one long past, which stands for none.
fn time_until(deadline: u64) -> Duration {
    let now_ms = SystemClock.now().unix_seconds().saturating_mul(1_000);
    let left = deadline.checked_sub(now_ms).map(Duration::from_millis);
    left.map_or(MAX_DURATION, |left| left.saturating_sub(RESERVE).min(MAX_DURATION))
}

/// Answers a request as [`serve`] does, without a Lambda runtime around it. After `time` it is given up.
pub async fn answer(
    function: &impl Function,
    request: Result<Request, ApiError>,
    request_id: &str,
    time: Duration,
) -> Response {
    let begin = Instant::now();
    let mut log = RequestLog::default();
    let (method, origin) = match &request {
        Ok(request) => (request.method.clone(), request.headers.get(ORIGIN).cloned()),
        Err(_) => Default::default(),
    };
    let result = match request {
        Ok(request) => {
            let handled = tokio::time::timeout(time, handle(function, request, &mut log)).await;
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
    write_line(&log, &method, &response, error.as_ref(), begin, request_id);
    response
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

fn write_line(
    log: &RequestLog,
    method: &Method,
    response: &Response,
    error: Option<&ApiError>,
    begin: Instant,
    request_id: &str,
) {
    let status = response.status().as_u16();
    let route = log.route.unwrap_or("none");
    let account = log.account.as_ref().map(AccountId::as_str);
    let duration_ms = begin.elapsed().as_secs_f64() * 1e3;
    let error = error.filter(|error| error.status().is_server_error()).map(|error| response::chain(error));
    match error {
        None => {
            tracing::info!(request_id, %method, route, status, duration_ms, account.id = account, "request");
        }
        Some(error) => {
            tracing::error!(request_id, %method, route, status, duration_ms, account.id = account, error, "request");
        }
    }
}

#[cfg(test)]
mod tests {
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
        answer(&function, Ok(request), "id", Duration::from_secs(1)).await
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

    #[test]
    fn the_time_for_a_request_ends_before_the_function_is_killed() {
        let now_ms = SystemClock.now().unix_seconds() * 1_000;
        let time = time_until(now_ms + 15_000);
        assert!(time > Duration::from_secs(12) && time <= Duration::from_secs(14), "{time:?}");
        for none in [0, 600_000, u64::MAX] {
            assert_eq!(time_until(none), MAX_DURATION);
        }
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
