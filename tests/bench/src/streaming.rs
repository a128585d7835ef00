//! What it costs to stream an answer: one function, asked for the same with streamed and with buffered answers.

use stack::Error;
use stack::event::Format;

use crate::contestant::invoke;
use crate::operation::Operation;
use crate::process::Process;
use crate::report::Row;
use crate::setup::Setup;

/// Calls of one turn.
const CALLS: u32 = 200;

/// As for the function that is deployed, in milliseconds.
const REACH_MS: f64 = 0.085;

/// Calls before the first turn, after which everything is in its place.
const WARM_UP: u32 = 50;

/// The row of the table, in which the buffered answers are the floor.
pub(crate) async fn row(setup: &Setup, turns: usize) -> Result<Row, Error> {
    let streams = [("STREAMED".to_owned(), "yes".to_owned())];
    let process = [setup.spawn("buffered", &[]).await?, setup.spawn("streamed", &streams).await?];
    let mut times = [Vec::new(), Vec::new()];
    for (name, process) in ["buffered", "streamed"].into_iter().zip(&process) {
        calls(setup, name, process, WARM_UP).await?;
    }
    for turn in 0..turns {
        for at in [turn % 2, (turn + 1) % 2] {
            times[at].push(calls(setup, ["buffered", "streamed"][at], &process[at], CALLS).await?);
        }
    }
    let [buffered, streamed] = times;
    let title = "GET /info, streamed (floor: the same, buffered)".into();
    Ok(Row::new(title, "ms", streamed, REACH_MS).over(&buffered, f64::MAX))
}

/// Processor time of one call on average, in milliseconds.
async fn calls(setup: &Setup, name: &str, process: &Process, calls: u32) -> Result<f64, Error> {
    let event = Operation::Info.event(Format::Rest, "")?;
    let before = process.cpu_ms()?;
    for _ in 0..calls {
        let (status, body, _) = invoke(&setup.apis, name, event.clone()).await?;
        Operation::Info.check(status, &body)?;
    }
    Ok((process.cpu_ms()? - before) / f64::from(calls))
}
