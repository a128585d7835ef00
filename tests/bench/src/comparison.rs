//! Programs in turns: A B A B, each turn in another order, ours twice.

use stack::Error;

use crate::contestant::Contestant;
use crate::operation::Operation;

/// What one contestant needed for one operation.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// Processor time of one call, in milliseconds: the average of each turn.
    pub(crate) cpu: Vec<f64>,
    /// The time of each call, in milliseconds.
    pub(crate) wall: Vec<f64>,
}

/// Everybody's series for one operation. The first contestant is ours; the last series is ours again, from the other end of each
/// turn: what tells them apart is noise.
pub(crate) async fn compare(
    contestants: &mut [Contestant],
    operation: Operation,
    turns: usize,
) -> Result<Vec<Series>, Error> {
    let able: Vec<_> = (0..contestants.len()).filter(|n| contestants[*n].can(operation)).collect();
    let names = able.iter().map(|n| contestants[*n].name).chain(["again"]);
    let mut all: Vec<_> = names.map(|name| Series { name, cpu: vec![], wall: vec![] }).collect();
    for turn in 0..=turns {
        let mut order: Vec<_> = able.iter().copied().enumerate().chain([(able.len(), able[0])]).collect();
        order.rotate_left(turn % (able.len() + 1));
        for (place, n) in order {
            let (cpu, wall) = contestants[n].calls(operation, operation.calls()).await?;
            // In the first turn connections are opened and memory is taken.
            if turn > 0 {
                all[place].cpu.push(cpu);
                all[place].wall.extend(wall);
            }
        }
    }
    Ok(all)
}
