//! The `info` function, whose answers are buffered, or streamed when `STREAMED` is set: what streaming itself costs.

use std::process::ExitCode;

use web::{Answers, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    web::log::start();
    let answers =
        if environment::variable("STREAMED").is_some() { Answers::Streamed } else { Answers::Buffered };
    web::serve(info::App::load(&environment::variable), answers).await
}
