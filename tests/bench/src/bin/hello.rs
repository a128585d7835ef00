//! The least that a Lambda function in Rust can be: the measuring stick for start-up and overhead.

use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::run(service_fn(async |_: Request| {
        Ok::<_, Error>(Response::new(Body::from(r#"{"ok":true}"#)))
    }))
    .await
}
