//! How fast and how lean the functions are, beside what must be done at least and beside what somebody might use instead.
//!
//! The program plays the Lambda Runtime API to the release binaries and reads their processor time from the kernel, in nanoseconds,
//! so that other work on the machine counts as little as possible. What is compared takes turns.

mod canned_bucket;
mod comparison;
mod contestant;
mod curves;
mod figures;
mod instructions;
mod operation;
mod peers;
mod pocketbase;
mod process;
mod raw_argon2;
mod report;
mod setup;
mod sizes;
mod starts;
mod streaming;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use stack::Error;

use crate::contestant::Contestant;
use crate::operation::OPERATIONS;
use crate::report::{Peer, Row, Verdict};
use crate::setup::Setup;
use crate::sizes::Files;

/// Below this the middle of the turns says too little.
const LEAST_TURNS: usize = 5;

/// Measures the functions that `make functions` has made.
#[derive(Parser)]
enum Options {
    /// Compares them with what must be done at least, and with peers.
    Compare(Comparison),
    /// Shows how their cost grows.
    Curves,
    /// Counts their instructions and compares the counts with the record.
    Instructions {
        /// Makes the record anew.
        #[arg(long)]
        record: bool,
    },
}

#[derive(Parser)]
struct Comparison {
    /// How often everybody has a turn at each operation.
    #[arg(long, default_value_t = 9)]
    turns: usize,
    /// Compare with the floors only, not with Python, Node.js and PocketBase.
    #[arg(long)]
    without_peers: bool,
    /// The port of PocketBase, which alone has one; a free one unless it is named.
    #[arg(long)]
    port: Option<u16>,
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "whoever runs it reads it there")]
async fn main() -> ExitCode {
    let done = match Options::parse() {
        Options::Compare(options) => compare(&options).await,
        Options::Curves => grow().await,
        Options::Instructions { record } => count(record).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("The benchmark stopped: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the tables and keeps them in target/bench; whether everything is where it should be.
#[expect(clippy::print_stdout, reason = "the tables are what the program is for")]
async fn compare(options: &Comparison) -> Result<bool, Error> {
    refuse_debug()?;
    if options.turns < LEAST_TURNS {
        return Err(format!("{} turns are too few to tell: {LEAST_TURNS} at least", options.turns).into());
    }
    let setup = Setup::start(options.port).await?;
    let settings = if options.without_peers {
        None
    } else {
        peers::install(&setup.folders).await?;
        Some(setup.peer_settings().await?)
    };
    let mut rows = sizes::packages(&setup, settings.is_some())?;
    rows.extend(starts::rows(&setup, settings.as_ref()).await?);
    let (ours, other_format) = setup.ours().await?;
    let token = ours.token().to_owned();
    let mut contestants = vec![Contestant::functions("ours", ours)];
    contestants.extend(setup.floors().await?);
    contestants.push(Contestant::functions("as HTTP API", other_format));
    if let Some(settings) = &settings {
        contestants.push(Contestant::functions("Python", setup.peer("python", settings).await?));
        contestants.push(Contestant::functions("Node.js", setup.peer("node", settings).await?));
        contestants.push(Contestant::pocketbase(setup.pocketbase().await?));
    }
    let mut operations = Vec::new();
    for operation in OPERATIONS {
        let series = comparison::compare(&mut contestants, operation, options.turns).await?;
        rows.push(Row::of(operation, &series));
        operations.push((operation, series));
    }
    rows.extend(memory(&contestants)?);
    drop(contestants);
    rows.push(streaming::row(&setup, options.turns).await?);
    rows.extend(Files { setup: &setup, token: &token }.rows().await?);
    let columns = ["as HTTP API", "Python", "Node.js", "PocketBase"];
    let tables = format!("{}\n{}", report::markdown(&rows, &columns), report::walls(&operations));
    println!("{tables}");
    keep(&setup.folders.scratch, &tables, &rows, &operations)?;
    Ok(rows.iter().all(|row| row.verdict() != Verdict::Above))
}

/// Prints how cost grows and draws it; whether it does as claimed.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
async fn grow() -> Result<bool, Error> {
    refuse_debug()?;
    let setup = Setup::start(None).await?;
    let curves = curves::measure(&setup).await?;
    let (table, all_hold) = curves::table(&curves);
    println!("{table}");
    std::fs::write(setup.folders.scratch.join("curves.md"), table)?;
    std::fs::write(setup.folders.scratch.join("curves.json"), serde_json::to_string_pretty(&curves)?)?;
    curves::plot(&curves, &setup.folders.scratch.join("curves.svg"))?;
    Ok(all_hold)
}

fn refuse_debug() -> Result<(), Error> {
    if cfg!(debug_assertions) {
        return Err("a debug build says nothing about speed: run `make bench`".into());
    }
    Ok(())
}

/// Prints the counts; whether none has grown.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
async fn count(record: bool) -> Result<bool, Error> {
    let (table, none_has_grown) = instructions::guard(&Setup::start(None).await?, record).await?;
    println!("{table}");
    if !none_has_grown {
        println!(
            "What has grown is made leaner, or recorded with `make instructions ARGS=--record` and a reason."
        );
    }
    Ok(none_has_grown)
}

/// The most memory of everybody, after all operations.
fn memory(contestants: &[Contestant]) -> Result<Vec<Row>, Error> {
    let [_, log_on, .., download] = OPERATIONS;
    let peak =
        |contestant: &Contestant, operation| Ok::<_, Error>(vec![contestant.process(operation)?.peak_mb()?]);
    let without = peak(&contestants[0], download)?;
    let mut with =
        Row::new("peak memory, auth, after all calls".into(), "MB", peak(&contestants[0], log_on)?, 34.0);
    for contestant in &contestants[1..] {
        if ["Python", "Node.js", "PocketBase"].contains(&contestant.name) {
            with.peers.push(Peer::new(contestant.name, peak(contestant, log_on)?));
        }
    }
    Ok(vec![Row::new("peak memory, files, after all calls".into(), "MB", without, 12.0), with])
}

fn keep(
    folder: &Path,
    tables: &str,
    rows: &[Row],
    operations: &[(operation::Operation, Vec<comparison::Series>)],
) -> Result<(), Error> {
    std::fs::write(folder.join("report.md"), tables)?;
    let document = serde_json::to_string_pretty(&report::document(rows, operations))?;
    std::fs::write(folder.join("report.json"), document)?;
    Ok(())
}
