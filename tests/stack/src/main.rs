//! The whole API on this machine, for people: `make run`.

mod options;
mod run;

use std::process::ExitCode;

use crate::options::Options;

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "messages for the person at the terminal")]
async fn main() -> ExitCode {
    let result = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => run::run(&options).await,
        Ok(None) => {
            println!("{}", options::USAGE);
            Ok(())
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe local stack stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
