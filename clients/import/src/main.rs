//! Brings accounts and files of another service along: `import --help`.
//!
//! | file | what it is |
//! |---|---|
//! | `options.rs` | the command line |
//! | `roster.rs` | the file of accounts, read into types |
//! | `folder.rs` | what lies in the folder of a user |
//! | `report.rs` | what has been done, which is also where a second run goes on |
//! | `accounts.rs` | accounts into the table |
//! | `upload.rs` | files through the API, as their owner would send them |
//! | `run.rs` | one account after the other, and the sum |

mod accounts;
mod folder;
mod options;
mod report;
mod roster;
mod run;
mod upload;

use std::process::ExitCode;

use clap::Parser as _;

use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    match run::run(&Options::parse()).await {
        Ok(summary) => {
            say(&summary.to_string());
            if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what was asked for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "nothing else could be done")]
fn complain(error: &run::Error) {
    eprintln!("{error}");
}
