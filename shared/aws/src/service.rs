//! One AWS service, called by signed requests.
//!
//! The SDKs do much more than is needed here, which is a signature, which the SDKs' own signer makes, a time limit, and
//! another try when a service is busy.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningError, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use domain::Clock;
use domain::ports::Source;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use serde::Deserialize;

use crate::bucket::root_of;
use crate::http_client::HttpClient;

/// The most of a refusal's message that is kept, in characters. Services may repeat the whole request there when its
/// signature is wrong, with the session's token; what matters is in the first line.
const MESSAGE_CHARACTERS: usize = 200;

/// The root of a document lies within so many bytes, behind its declaration.
const BEGINNING_BYTES: usize = 1_024;

/// Before the second attempt after a service was busy, which passes less quickly than a lost connection.
const BUSY_PAUSE: Duration = Duration::from_millis(300);

/// Before the second attempt; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// A connection that is opened in advance may take so long: the start of a function does not wait for it longer.
const GREETING: Duration = Duration::from_millis(500);

/// Codes of a service that is busy, whatever their status (AWS SDKs and Tools Reference Guide, "Retry behavior").
const BUSY: [&str; 11] = [
    "InternalError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Each attempt, up to the whole answer, or up to its head where the body is streamed.
    pub(crate) attempt: Duration,
    /// All attempts and the pauses between them.
    pub(crate) operation: Duration,
    /// How often the call is made at most.
    pub(crate) attempts: u32,
}

/// Who calls, and in which region.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) region: String,
    pub(crate) identity: Identity,
}

impl Caller {
    pub(crate) fn new(region: String, credentials: Credentials) -> Self {
        Self { region, identity: credentials.into() }
    }
}

/// A service at its address.
#[derive(Clone)]
pub(crate) struct Service {
    /// As signatures name it.
    pub(crate) name: &'static str,
    /// Scheme and host.
    pub(crate) address: String,
    pub(crate) caller: Arc<Caller>,
    pub(crate) settings: SigningSettings,
    pub(crate) patience: Patience,
    pub(crate) http: HttpClient,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Service({} at {})", self.name, self.address)
    }
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("{service} refused the call with {} {}: {}", .refusal.status, .refusal.code, .refusal.message)]
    Refused { service: &'static str, refusal: Box<Refusal> },
    #[error("{0} did not answer in time")]
    Late(&'static str),
    #[error("{0} cannot be reached")]
    Unreachable(&'static str, #[source] hyper_util::client::legacy::Error),
    #[error("the answer of {0} broke off")]
    BrokenOff(&'static str, #[source] hyper::Error),
    #[error("the call cannot be made")]
    Unmade(#[source] Source),
}

/// What a service says when it does not do what it was asked to.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// Names the failure, as the service's reference does; empty when the service does not.
    pub(crate) code: String,
    pub(crate) message: String,
    /// All that it said, a record that stood in the way included.
    pub(crate) body: Bytes,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Refusal({}, {:?}, {:?})", self.status, self.code, self.message)
    }
}

impl CallError {
    pub(crate) fn unmade(error: impl Into<Source>) -> Self {
        Self::Unmade(error.into())
    }

    /// What the service said, if it was the service that failed the call.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// The code of the refusal, if there is one.
    pub(crate) fn code(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.code.as_str())
    }

    fn pause(&self) -> Duration {
        if self.refusal().is_some() { BUSY_PAUSE } else { FIRST_PAUSE }
    }

    /// Whether the same call may succeed in a moment.
    fn may_pass(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => {
                refusal.status.is_server_error()
                    || refusal.status == StatusCode::TOO_MANY_REQUESTS
                    || BUSY.contains(&refusal.code.as_str())
            }
            Self::Late(_) | Self::Unreachable(..) | Self::BrokenOff(..) => true,
            Self::Unmade(_) => false,
        }
    }
}

/// Waits about so long: somewhat less by chance, so that clients who failed together do not come back together.
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
}

impl Service {
    /// The same with other limits of time.
    pub(crate) fn patient(&self, attempt: Duration) -> Self {
        let patience = Patience { attempt, operation: attempt, ..self.patience };
        Self { patience, ..self.clone() }
    }

    /// Opens a connection, so that the first call finds one: a handshake takes longer than a call. That it fails is no
    /// failure, the first call tries again.
    pub(crate) async fn connect(&self) {
        let greeting = async {
            let mut request = Request::new(Full::default());
            *request.uri_mut() = Uri::try_from(&self.address).map_err(CallError::unmade)?;
            let answer = self.http.request(request).await;
            let answer = answer.map_err(|error| CallError::Unreachable(self.name, error))?;
            // The connection can be used again once the answer is read, whatever it says.
            self.collect(answer.into_body()).await
        };
        if let Err(error) = self.within(GREETING, greeting).await {
            tracing::warn!(%error, "no connection was opened in advance");
        }
    }

    /// Makes a call whose URI is a path, until it is answered or time is up: the whole answer.
    pub(crate) async fn call(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        self.persist(|| async {
            let (head, body) = self.attempt(request).await?.into_parts();
            let body = self.collect(body).await?;
            // S3 may answer 200 before it knows, and then tell of a failure.
            let document = body.trim_ascii_start();
            let beginning = String::from_utf8_lossy(&document[..document.len().min(BEGINNING_BYTES)]);
            if root_of(&beginning) == "Error" {
                return Err(self.refused(&head, body));
            }
            Ok(Response::from_parts(head, body))
        })
        .await
    }

    /// The same up to the head of the answer: the body is still to come.
    pub(crate) async fn open(&self, request: &Request<Bytes>) -> Result<Response<Incoming>, CallError> {
        self.persist(|| self.attempt(request)).await
    }

    async fn persist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let attempts = async {
            for made in 0..self.patience.attempts - 1 {
                let time = match self.within(self.patience.attempt, attempt()).await {
                    Err(error) if error.may_pass() => error.pause() * 2_u32.pow(made),
                    result => return result,
                };
                pause(time).await;
            }
            self.within(self.patience.attempt, attempt()).await
        };
        self.within(self.patience.operation, attempts).await
    }

    async fn within<T>(
        &self,
        time: Duration,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let late = |_| Err(CallError::Late(self.name));
        tokio::time::timeout(time, work).await.unwrap_or_else(late)
    }

    async fn attempt(&self, request: &Request<Bytes>) -> Result<Response<Incoming>, CallError> {
        let signed = self.sign(request)?;
        let answer = self.http.request(signed).await;
        let answer = answer.map_err(|error| CallError::Unreachable(self.name, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (head, body) = answer.into_parts();
        Err(self.refused(&head, self.collect(body).await?))
    }

    fn refused(&self, head: &http::response::Parts, body: Bytes) -> CallError {
        CallError::Refused { service: self.name, refusal: Box::new(Refusal::read(head, body)) }
    }

    async fn collect(&self, body: Incoming) -> Result<Bytes, CallError> {
        let body = body.collect().await.map_err(|error| CallError::BrokenOff(self.name, error))?;
        Ok(body.to_bytes())
    }

    fn sign(&self, request: &Request<Bytes>) -> Result<Request<Full<Bytes>>, CallError> {
        let uri = self.uri(request)?;
        let signature = self.signature(request, &uri, self.settings.clone()).map_err(CallError::unmade)?;
        let mut signed = Request::new(Full::new(request.body().clone()));
        *signed.method_mut() = request.method().clone();
        *signed.uri_mut() = uri;
        *signed.headers_mut() = request.headers().clone();
        signature.apply_to_request_http1x(&mut signed);
        signed.headers_mut().insert(header::CONTENT_LENGTH, request.body().len().into());
        Ok(signed)
    }

    /// The whole address of a request whose URI is a path.
    pub(crate) fn uri(&self, request: &Request<Bytes>) -> Result<Uri, CallError> {
        format!("{}{}", self.address, request.uri()).parse().map_err(CallError::unmade)
    }

    /// What has to be added to a request so that it is ours.
    pub(crate) fn signature(
        &self,
        request: &Request<Bytes>,
        uri: &Uri,
        settings: SigningSettings,
    ) -> Result<aws_sigv4::http_request::SigningInstructions, SigningError> {
        let time = UNIX_EPOCH + Duration::from_secs(self.clock.now().unix_seconds());
        let params = v4::SigningParams::builder()
            .identity(&self.caller.identity)
            .region(&self.caller.region)
            .name(self.name)
            .time(time)
            .settings(settings)
            .build()
            .expect("all parameters are given");
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = match self.name {
            // Over TLS the payload is protected as it is; hashing it would double the cost of an upload.
            "s3" => SignableBody::UnsignedPayload,
            _ => SignableBody::Bytes(request.body()),
        };
        let request = SignableRequest::new(request.method().as_str(), uri.to_string(), headers, body)?;
        Ok(sign(request, &params.into())?.into_parts().0)
    }
}

/// A refusal in JSON; which of these a service writes differs.
#[derive(Default, Deserialize)]
struct JsonRefusal {
    #[serde(rename = "__type")]
    kind: Option<String>,
    message: Option<String>,
    #[serde(rename = "Message")]
    capital_message: Option<String>,
}

impl Refusal {
    fn read(head: &http::response::Parts, body: Bytes) -> Self {
        let (code, message) = if body.trim_ascii_start().starts_with(b"<") {
            let text = String::from_utf8_lossy(&body);
            let element = |name: &str| {
                let (_, rest) = text.split_once(&format!("<{name}>"))?;
                Some(rest.split_once('<')?.0.to_owned())
            };
            (element("Code"), element("Message"))
        } else {
            let json: JsonRefusal = serde_json::from_slice(&body).unwrap_or_default();
            (json.kind, json.message.or(json.capital_message))
        };
        let named = head.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let code = named.map(str::to_owned).or(code).unwrap_or_default();
        // `com.amazonaws.dynamodb.v20120810#ThrottlingException`, `NotFoundException:http://…`
        let code = code.rsplit('#').next().and_then(|code| code.split(':').next()).unwrap_or_default();
        let message = message.unwrap_or_default();
        let message = message.lines().next().unwrap_or_default().chars().take(MESSAGE_CHARACTERS).collect();
        Self { status: head.status, code: code.to_owned(), message, body }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::Timestamp;
    use domain::testing::MockClock;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::http_client::http_client;

    /// A service that gives these answers, one for each connection, and keeps what it was sent.
    async fn service(answers: &'static [&'static str]) -> (Service, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = heard.clone();
        tokio::spawn(async move {
            for answer in answers {
                let (mut connection, _) = listener.accept().await.unwrap();
                let mut request = [0; 4_096];
                let bytes = connection.read(&mut request).await.unwrap();
                kept.lock().unwrap().push(String::from_utf8_lossy(&request[..bytes]).into_owned());
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let second = Duration::from_secs(1);
        let credentials =
            Credentials::new("AKIDEXAMPLE", "the secret", Some("the token".into()), None, "test");
        let service = Service {
            name: "dynamodb",
            address,
            caller: Arc::new(Caller::new("eu-west-2".into(), credentials)),
            settings: SigningSettings::default(),
            patience: Patience { attempt: second, operation: 3 * second, attempts: 3 },
            http: http_client(crate::http_client::roots(None).expect("the roots")),
            clock: Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000))),
        };
        (service, heard)
    }

    fn request() -> Request<Bytes> {
        Request::post("/").body(Bytes::from_static(b"{}")).unwrap()
    }

    const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ngood";
    const DOWN: &str = "HTTP/1.1 503 Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const BUSY: &str = "HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\n\
        {\"__type\":\"com.amazonaws.x#ThrottlingException\",\"message\":\"wait\"}";
    const REFUSED: &str = "HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\n\
        {\"__type\":\"com.amazonaws.x#NotFoundException\",\"Message\":\"no\"}";
    const CUT_OFF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ngo";

    #[tokio::test]
    async fn a_call_is_signed_for_its_region_and_moment_without_its_secret() {
        let (service, heard) = service(&[GOOD]).await;
        assert_eq!(service.call(&request()).await.unwrap().body(), "good");
        let heard = heard.lock().unwrap().concat();
        for part in [
            "x-amz-date: 20260921T141320Z",
            "x-amz-security-token: the token",
            "Credential=AKIDEXAMPLE/20260921/eu-west-2/dynamodb/aws4_request",
        ] {
            assert!(heard.contains(part), "{heard}");
        }
        assert!(!heard.contains("the secret"));
    }

    #[tokio::test]
    async fn a_connection_that_was_opened_in_advance_serves_the_first_call() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            // Nobody else is let in.
            drop(listener);
            for answer in ["healthy", "good"] {
                let bytes = connection.read(&mut [0; 4_096]).await.unwrap();
                assert!(bytes > 0);
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let service = Service { address, ..service(&[]).await.0 };
        service.connect().await;
        assert_eq!(service.call(&request()).await.unwrap().body(), "good");
        let nowhere = Service { address: "http://127.0.0.1:1".into(), ..service };
        nowhere.connect().await;
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again_and_nothing_else_is() {
        let (busy, heard) = service(&[BUSY, CUT_OFF, GOOD]).await;
        assert_eq!(busy.call(&request()).await.unwrap().body(), "good");
        assert_eq!(heard.lock().unwrap().len(), 3);
        let (down, heard) = service(&[DOWN, DOWN, DOWN, GOOD]).await;
        let refusal = down.call(&request()).await.unwrap_err();
        assert_eq!(refusal.refusal().map(|refusal| refusal.status.as_u16()), Some(503));
        assert_eq!(heard.lock().unwrap().len(), 3);
        let (refused, heard) = service(&[REFUSED, GOOD]).await;
        let refusal = refused.call(&request()).await.unwrap_err();
        assert_eq!(refusal.code(), Some("NotFoundException"));
        assert_eq!(
            refusal.to_string(),
            "dynamodb refused the call with 400 Bad Request NotFoundException: no"
        );
        assert_eq!(heard.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_error_of_s3_behind_a_good_status_is_an_error_and_is_tried_again_if_it_may_pass() {
        const BROKEN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n \n<?xml version=\"1.0\"?>\n\
            <Error><Code>InternalError</Code><Message>again</Message></Error>";
        const INVALID: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
            <Error><Code>InvalidPart</Code><Message>no</Message><ETag>x</ETag></Error>";
        let (service, heard) = service(&[BROKEN, INVALID, GOOD]).await;
        let bucket = Service { name: "s3", ..service };
        assert_eq!(bucket.call(&request()).await.unwrap_err().code(), Some("InvalidPart"));
        assert_eq!(heard.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_service_that_does_not_answer_is_given_up_in_time() {
        let (silent, _) = service(&[]).await;
        let hurry = Patience {
            attempt: Duration::from_millis(50),
            operation: Duration::from_millis(80),
            attempts: 3,
        };
        let silent = Service { patience: hurry, ..silent };
        assert!(matches!(silent.call(&request()).await, Err(CallError::Late("dynamodb"))));
    }

    #[test]
    fn a_refusal_is_read_in_each_form_that_services_write() {
        let read = |header: Option<&str>, body: &'static str| {
            let mut response = Response::builder().status(404);
            if let Some(header) = header {
                response = response.header("x-amzn-errortype", header);
            }
            Refusal::read(&response.body(()).unwrap().into_parts().0, Bytes::from_static(body.as_bytes()))
        };
        for (header, body, code, message) in [
            (
                None,
                "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>",
                "NoSuchKey",
                "gone",
            ),
            (
                Some("MessageRejected:http://x/"),
                r#"{"message":"not verified"}"#,
                "MessageRejected",
                "not verified",
            ),
            (None, r#"{"__type":"a.b#C"}"#, "C", ""),
            (None, r#"{"__type":"a.b#C","Message":"x","message":"y"}"#, "C", "y"),
            (
                None,
                r#"{"__type":"InvalidSignatureException","message":"It is wrong.\nx-amz-security-token:secret"}"#,
                "InvalidSignatureException",
                "It is wrong.",
            ),
            (None, "", "", ""),
            (None, "<html>", "", ""),
        ] {
            let refusal = read(header, body);
            assert_eq!((refusal.code.as_str(), refusal.message.as_str()), (code, message), "{body}");
        }
    }
}
