//! The least that a function which moves files can be: it puts what it gets with a bare HTTP client, and streams what
//! the SDK reads, without looking at either.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use http_body::Frame;
use http_body_util::StreamBody;
use lambda_http::http::Method;
use lambda_http::{Body, Error, Request, Response, service_fn};
use stack::environment::{self, BUCKET};
use web::environment::variable;

type Pieces = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Error>>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let put_url = variable("BARE_PUT_URL").ok_or("BARE_PUT_URL is not set")?;
    let key = variable("BARE_GET_KEY").ok_or("BARE_GET_KEY is not set")?;
    let config =
        environment::sdk_config(&variable("AWS_ENDPOINT_URL").ok_or("AWS_ENDPOINT_URL is not set")?).await;
    let (http, s3) = (reqwest::Client::new(), aws_sdk_s3::Client::new(&config));
    lambda_http::run_with_streaming_response(service_fn(async |request: Request| {
        if request.method() == Method::GET {
            return get(&s3, &key).await;
        }
        let body = match request.into_body() {
            Body::Binary(body) => body,
            Body::Text(text) => text.into_bytes(),
            _ => Vec::new(),
        };
        http.put(&put_url).body(body).send().await?.error_for_status()?;
        Ok(Response::new(pieces(stream::iter([Ok(Bytes::from_static(br#"{"ok":true}"#))]).boxed())))
    }))
    .await
}

async fn get(s3: &aws_sdk_s3::Client, key: &str) -> Result<Response<Pieces>, Error> {
    let object = s3.get_object().bucket(BUCKET).key(key).send().await?;
    let read = stream::try_unfold(object.body, |mut body| async {
        Ok::<_, Error>(body.try_next().await?.map(|piece| (piece, body)))
    });
    Ok(Response::new(pieces(read.boxed())))
}

fn pieces(stream: BoxStream<'static, Result<Bytes, Error>>) -> Pieces {
    StreamBody::new(stream.map_ok(Frame::data).boxed())
}
