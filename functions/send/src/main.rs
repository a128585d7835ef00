//! The Lambda binary of the `send` function.

use std::process::ExitCode;

use web::Answers;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    web::log::start();
    web::serve(send::App::load(&web::environment::variable).await, Answers::Buffered).await
}
