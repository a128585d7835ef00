//! The last step of the Lambda runtime: an invocation is read and answered.
//!
//! The library fetches invocations; its own last step is replaced. It sends a streamed answer piece by piece through a socket that
//! holds small packets back (Nagle's algorithm), so that a short one takes 40 ms, the time for which Linux keeps back an
//! acknowledgement. And it copies an event before it is read.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use http::{HeaderValue, Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime::tower::Layer;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use lambda_runtime_api_client::PooledClient;
use lambda_runtime_api_client::body::Body;

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

/// Hands every invocation to `reply` and sends back what it makes of it, or why it failed, until the Runtime API fails.
pub(crate) async fn run<R>(reply: impl Fn(LambdaInvocation) -> R + Clone) -> Result<(), Error>
where
    R: Future<Output = Result<Reply, Error>>,
{
    let client = Arc::new(client());
    let service = service_fn(move |invocation: LambdaInvocation| {
        let (client, id) = (client.clone(), invocation.context.request_id.clone());
        let invocation_id = invocation.parts.headers.get(INVOCATION_ID).cloned();
        let replied = reply(invocation);
        async move {
            let mut request = match replied.await {
                Ok(reply) => answer(&id, reply)?,
                Err(failure) => report(&id, failure)?,
            };
            if let Some(invocation_id) = invocation_id {
                request.headers_mut().insert(INVOCATION_ID, invocation_id);
            }
            // The body of its answer says nothing, but the connection is free again only behind it.
            client.call(request).await?.into_body().collect().await?;
            Ok::<_, Error>(())
        }
    });
    let replaced = service_fn(async |_: LambdaEvent<()>| Ok::<_, Error>(()));
    Runtime::new(replaced).layer(Instead(service)).run().await
}

/// The client of the Runtime API, which sends at once what it is given.
fn client() -> PooledClient {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    PooledClient::builder().with_connector(http).build()
}

/// One service instead of another.
struct Instead<S>(S);

impl<Inner, S: Clone> Layer<Inner> for Instead<S> {
    type Service = S;

    fn layer(&self, _: Inner) -> S {
        self.0.clone()
    }
}

/// `POST /runtime/invocation/<id>/response`.
fn answer(id: &str, reply: Reply) -> Result<Request<Body>, Error> {
    let pieces = match reply {
        Reply::Document(document) => return post(id, "response", document.into()),
        Reply::Pieces(pieces) => pieces,
    };
    let frames = pieces.map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(piece)));
    let mut request = post(id, "response", Body::new(StreamBody::new(frames)))?;
    let headers = request.headers_mut();
    headers.insert("lambda-runtime-function-response-mode", HeaderValue::from_static("streaming"));
    let media_type = HeaderValue::from_static("application/vnd.awslambda.http-integration-response");
    headers.insert(http::header::CONTENT_TYPE, media_type);
    Ok(request)
}

/// `POST /runtime/invocation/<id>/error`.
fn report(id: &str, failure: Error) -> Result<Request<Body>, Error> {
    let diagnostic = serde_json::to_vec(&Diagnostic::from(failure))?;
    let mut request = post(id, "error", diagnostic.into())?;
    request.headers_mut().insert("lambda-runtime-function-error-type", HeaderValue::from_static("unhandled"));
    Ok(request)
}

fn post(id: &str, what: &str, body: Body) -> Result<Request<Body>, Error> {
    let uri = format!("/2018-06-01/runtime/invocation/{id}/{what}");
    Ok(Request::builder().method(Method::POST).uri(uri).body(body)?)
}
