//! The loop of the Lambda runtime: an event is fetched, and what becomes of it is sent back
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).
//!
//! That of `lambda_runtime` sends a streamed answer piece by piece through a socket that holds small packets back (Nagle's
//! algorithm), so that a short one takes 40 ms, the time for which Linux keeps back an acknowledgement. And it copies an event before it
//! is read. This one uses its context and its documents.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_runtime::{Config, Context, Diagnostic, Error};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::build_request;

/// Names the variable that says where the Runtime API is: a host and a port (AWS Lambda, "Defined runtime environment
/// variables"). The local emulator writes a scheme before them and a path behind.
pub(crate) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// So many bytes of an event are read at once. Two or three such pieces are in memory at a time; with what Lambda's own
/// client allows itself, pieces of 1 MiB, they are more than most events.
const PIECE_BYTES: usize = 64 * 1024;

/// Names the request that an event belongs to (AWS Lambda Runtime API).
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";

/// Names an invocation beside its request (AWS Lambda Runtime API); it goes back with the answer.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// What becomes of an invocation.
pub(crate) enum Reply {
    /// One JSON document.
    Document(Vec<u8>),
    /// Pieces that go out as they come.
    Pieces(stream::BoxStream<'static, Bytes>),
}

impl Reply {
    /// Pieces that never fail.
    pub(crate) fn pieces(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self::Pieces(pieces.boxed())
    }
}

/// Hands every event of the Runtime API, with what that says about it, to `reply`, and sends back what becomes of it, or why it
/// failed, until the Runtime API fails.
pub(crate) async fn run<R>(
    api: &str,
    config: Config,
    reply: impl Fn(Vec<u8>, Context) -> R,
) -> Result<(), Error>
where
    R: Future<Output = Result<Reply, Error>>,
{
    let api = api.strip_prefix("http://").unwrap_or(api);
    let invocations = format!("http://{api}/2018-06-01/runtime/invocation");
    let (client, config) = (client(), Arc::new(config));
    loop {
        let next = build_request().uri(format!("{invocations}/next")).body(Body::empty())?;
        let (parts, event) = client.request(next).await?.into_parts();
        let event = whole(event).await?;
        // The local emulator has nothing to do for it at the moment.
        if parts.status == StatusCode::NO_CONTENT {
            continue;
        }
        let id = parts.headers.get(REQUEST_ID).ok_or("an event without a request id")?.to_str()?.to_owned();
        let context = Context::new(&id, config.clone(), &parts.headers)?;
        let invocation = format!("{invocations}/{id}");
        let mut request = match AssertUnwindSafe(reply(event, context)).catch_unwind().await {
            Ok(Ok(reply)) => answer(&invocation, reply)?,
            Ok(Err(failure)) => report(&invocation, failure)?,
            Err(_) => report(&invocation, "a panic, logged where it happened".into())?,
        };
        if let Some(invocation_id) = parts.headers.get(INVOCATION_ID) {
            request.headers_mut().insert(INVOCATION_ID, invocation_id.clone());
        }
        // What it says to an answer is of no use, but the connection is free again only behind it.
        client.request(request).await?.into_body().collect().await?;
    }
}

/// An event, whose pieces are let go as they come: one of 6 MB need not lie in memory twice.
async fn whole<B: http_body::Body<Data = Bytes> + Unpin>(mut event: B) -> Result<Vec<u8>, B::Error> {
    let length = event.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let mut whole = Vec::with_capacity(length.unwrap_or_default());
    while let Some(frame) = event.frame().await {
        if let Ok(piece) = frame?.into_data() {
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole)
}

/// The client of the Runtime API, which sends at once what it is given. It keeps one connection, since the local emulator goes on
/// reading a large answer only when the next event is asked for on the same.
fn client() -> Client<HttpConnector, Body> {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_max_idle_per_host(1).http1_read_buf_exact_size(PIECE_BYTES).build(http)
}

/// `POST <invocation>/response`.
fn answer(invocation: &str, reply: Reply) -> Result<Request<Body>, Error> {
    let pieces = match reply {
        Reply::Document(document) => return post(invocation, "response", document.into()),
        Reply::Pieces(pieces) => pieces,
    };
    let frames = pieces.map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(piece)));
    let mut request = post(invocation, "response", Body::new(StreamBody::new(frames)))?;
    let headers = request.headers_mut();
    headers.insert("lambda-runtime-function-response-mode", HeaderValue::from_static("streaming"));
    let media_type = HeaderValue::from_static("application/vnd.awslambda.http-integration-response");
    headers.insert(http::header::CONTENT_TYPE, media_type);
    Ok(request)
}

/// `POST <invocation>/error`.
fn report(invocation: &str, failure: Error) -> Result<Request<Body>, Error> {
    let diagnostic = serde_json::to_vec(&Diagnostic::from(failure))?;
    let mut request = post(invocation, "error", diagnostic.into())?;
    request.headers_mut().insert("lambda-runtime-function-error-type", HeaderValue::from_static("unhandled"));
    Ok(request)
}

fn post(invocation: &str, what: &str, body: Body) -> Result<Request<Body>, Error> {
    Ok(build_request().method(Method::POST).uri(format!("{invocation}/{what}")).body(body)?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use super::*;

    const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

    /// Reads until a request has come to this end.
    fn read_to(connection: &mut TcpStream, end: &[u8]) -> Vec<u8> {
        let (mut read, mut piece) = (Vec::new(), [0; 4096]);
        while !read.ends_with(end) {
            let bytes = connection.read(&mut piece).expect("readable");
            assert!(bytes > 0, "the function has left");
            read.extend_from_slice(&piece[..bytes]);
        }
        read
    }

    /// Plays the Runtime API to one function: `rounds` of the same event. What came back, and after what time.
    fn runtime_api(listener: &TcpListener, event: &str, rounds: usize) -> Vec<(String, Duration)> {
        let (mut connection, _) = listener.accept().expect("a function");
        connection.set_nodelay(true).expect("settable");
        let head = "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 1\r\nlambda-runtime-deadline-ms: 9";
        let event = format!("{head}\r\ncontent-length: {}\r\n\r\n{event}", event.len());
        let round = |_| {
            read_to(&mut connection, b"\r\n\r\n");
            let begin = Instant::now();
            connection.write_all(event.as_bytes()).expect("written");
            let answer = String::from_utf8(read_to(&mut connection, b"\r\n0\r\n\r\n")).expect("text");
            let time = begin.elapsed();
            connection.write_all(ACCEPTED.as_bytes()).expect("written");
            (answer, time)
        };
        (0..rounds).map(round).collect()
    }

    /// Answers of three pieces, the first of which is the length of the event.
    async fn in_pieces(event: Vec<u8>, _: Context) -> Result<Reply, Error> {
        let pieces = [event.len().to_string(), "two".to_owned(), "three".to_owned()];
        Ok(Reply::pieces(stream::iter(pieces).then(async |piece| {
            tokio::task::yield_now().await;
            Bytes::from(piece)
        })))
    }

    async fn rounds(event: String, rounds: usize) -> Vec<(String, Duration)> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let api = listener.local_addr().expect("its address").to_string();
        let answers = std::thread::spawn(move || runtime_api(&listener, &event, rounds));
        run(&api, Config::default(), in_pieces).await.expect_err("the Runtime API has ended");
        answers.join().expect("answers")
    }

    #[tokio::test]
    async fn a_short_streamed_answer_is_not_held_back() {
        let mut times: Vec<_> = rounds("{}".to_owned(), 41).await.into_iter().map(|(_, time)| time).collect();
        times.sort();
        // Linux keeps an acknowledgement back for 40 ms, and Nagle's algorithm waits for it.
        assert!(times[20] < Duration::from_millis(30), "{times:?}");
    }

    #[tokio::test]
    async fn an_event_of_6_mb_arrives_whole() {
        let [(answer, _)] = &rounds("x".repeat(6_000_000), 1).await[..] else { panic!("one answer") };
        assert!(answer.starts_with("POST /2018-06-01/runtime/invocation/1/response "), "{answer}");
        assert!(answer.ends_with("7\r\n6000000\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"), "{answer}");
    }
}
