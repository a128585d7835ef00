//! The Lambda binary of the `info` function.

use std::process::ExitCode;

use web::Answers;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    web::log::start();
    web::serve(info::App::load(&web::environment::variable), Answers::Buffered).await
}
