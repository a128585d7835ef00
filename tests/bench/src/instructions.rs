//! How many instructions the functions execute, counted by valgrind: exact where clocks are noisy.
//!
//! A call's count is the difference between a process that had many and one that had few, so that what is done once does not
//! count. The record in `instructions.json` is compared by `make test`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use stack::Error;
use stack::event::Format;

use crate::contestant::invoke;
use crate::operation::Operation;
use crate::setup::{FUNCTIONS, Setup};

/// How much more a count may be than the record.
const GROWTH: f64 = 1.05;

/// How many calls a process has: those of the shorter run, and further ones of the longer run. The first calls open connections.
const FEW: u32 = 3;

/// Counts by what was counted.
type Counts = BTreeMap<String, u64>;

/// Counts everything and compares it with the record, or makes the record anew; a table, and whether nothing has grown.
pub(crate) async fn guard(setup: &Setup, record: bool) -> Result<(String, bool), Error> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json");
    let counts = count(setup).await?;
    if record {
        let text = serde_json::to_string_pretty(&counts)? + "\n";
        std::fs::write(&file, text)?;
    }
    let recorded: Counts = serde_json::from_slice(&std::fs::read(&file)?)?;
    let mut table = String::from("| instructions | counted | recorded | |\n|---|--:|--:|---|\n");
    let mut none_has_grown = true;
    for (what, counted) in &counts {
        let recorded = recorded.get(what).copied().unwrap_or_default();
        let grown = exceeds(*counted, recorded);
        none_has_grown &= !grown;
        let verdict = if grown { "**grown**" } else { "" };
        let _ = writeln!(table, "| {what} | {counted} | {recorded} | {verdict} |");
    }
    Ok((table, none_has_grown))
}

/// Whether a count is more than the record allows.
fn exceeds(counted: u64, recorded: u64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let (counted, recorded) = (counted as f64, recorded as f64);
    counted > recorded * GROWTH
}

async fn count(setup: &Setup) -> Result<Counts, Error> {
    let mut counts = Counts::new();
    for function in FUNCTIONS {
        let counted = Run { setup, function, event: None }.instructions(0).await?;
        counts.insert(format!("start of {function}"), counted);
    }
    let (ours, _) = setup.ours().await?;
    let token = ours.token().to_owned();
    drop(ours);
    for (operation, more) in [
        (Operation::Info, 50),
        (Operation::LogOn, 2),
        (Operation::CheckIn, 50),
        (Operation::Folder(20), 20),
        (Operation::Folder(10_000), 2),
        (Operation::Upload, 5),
        (Operation::Download, 5),
    ] {
        let event = operation.event(Format::Rest, &token)?;
        let run = Run { setup, function: operation.function(), event: Some((operation, event)) };
        let (few, many) = (run.instructions(FEW).await?, run.instructions(FEW + more).await?);
        counts.insert(operation.title(), many.saturating_sub(few) / u64::from(more));
    }
    Ok(counts)
}

/// A function that is started and called under valgrind.
struct Run<'a> {
    setup: &'a Setup,
    function: &'static str,
    event: Option<(Operation, String)>,
}

impl Run<'_> {
    /// The instructions of a process with so many calls, from its start to its end.
    async fn instructions(&self, calls: u32) -> Result<u64, Error> {
        let file = self.file();
        self.setup.is_gone(self.function).await?;
        let process = self.setup.counted(self.function, &file).await?;
        for _ in 0..calls {
            let (operation, event) = self.event.as_ref().ok_or("no event")?;
            let (status, body, _) = invoke(&self.setup.apis, self.function, event.clone()).await?;
            operation.check(status, &body)?;
            // What is done behind an answer belongs to it: up to the next poll.
            self.setup.polled(self.function).await?;
        }
        process.end().await?;
        let text = std::fs::read_to_string(&file)?;
        let total =
            text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
        Ok(total.ok_or("valgrind counted nothing")?.trim().parse()?)
    }

    /// Stays for `callgrind_annotate`, which tells where the instructions are.
    fn file(&self) -> PathBuf {
        let title =
            self.event.as_ref().map_or_else(|| "start".to_owned(), |(operation, _)| operation.title());
        self.setup.folders.scratch.join(format!(
            "callgrind.{}.{}",
            self.function,
            title.replace(['/', ' '], "-")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn a_count_may_grow_by_five_percent_and_no_more() {
        assert!(!exceeds(1_000, 1_000));
        assert!(!exceeds(1_050, 1_000));
        assert!(exceeds(1_051, 1_000));
        assert!(exceeds(1, 0), "what was never recorded has grown");
    }
}
