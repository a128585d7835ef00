//! The Lambda binary of the `files` function.

use std::process::ExitCode;

use web::Answers;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    web::log::start();
    web::serve(files::App::load(&web::environment::variable).await, Answers::Streamed).await
}
