//! What was measured, as Markdown to read and as JSON to compute with.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::comparison::Series;
use crate::figures::{Figure, percentile};
use crate::operation::Operation;

/// When our own figures of two ends of each turn differ by more than this, the machine was too noisy to tell.
const NOISE: f64 = 0.15;

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) title: String,
    unit: &'static str,
    ours: Vec<f64>,
    /// Ours once more, from the other end of each turn.
    again: Option<Vec<f64>>,
    floor: Option<Vec<f64>>,
    /// How often the floor it may be.
    times_floor: f64,
    pub(crate) peers: Vec<Peer>,
    reach: f64,
}

/// What somebody else needed for the same.
#[derive(Debug, Serialize)]
pub(crate) struct Peer {
    name: String,
    measured: Vec<f64>,
}

impl Peer {
    pub(crate) fn new(name: &str, measured: Vec<f64>) -> Self {
        Self { name: name.to_owned(), measured }
    }
}

/// Whether a row is where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Verdict {
    Reached,
    Above,
    /// The machine was too noisy to tell.
    Noisy,
}

impl Row {
    pub(crate) fn new(title: String, unit: &'static str, ours: Vec<f64>, reach: f64) -> Self {
        Self { title, unit, ours, again: None, floor: None, times_floor: f64::MAX, peers: Vec::new(), reach }
    }

    /// With what is the least that can be, and how often that may be needed.
    pub(crate) fn over(mut self, floor: &[f64], times_floor: f64) -> Self {
        self.floor = Some(floor.to_vec());
        self.times_floor = times_floor;
        self
    }

    /// From the turns of a comparison, whose first series is ours.
    pub(crate) fn of(operation: Operation, series: &[Series]) -> Self {
        let of =
            |name: &str| series.iter().find(|series| series.name == name).map(|series| series.cpu.clone());
        let mut row = Self::new(operation.title(), "ms", series[0].cpu.clone(), operation.reach_ms());
        row.again = of("again");
        row.floor = of("floor");
        let others = series[1..].iter().filter(|series| !["again", "floor"].contains(&series.name));
        row.peers = others.map(|series| Peer::new(series.name, series.cpu.clone())).collect();
        row
    }

    /// How much ours differ from themselves.
    fn noise(&self) -> f64 {
        let again = self.again.as_ref().map_or(1.0, |again| Figure::ratio(again, &self.ours).median);
        (again - 1.0).abs()
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let ours = Figure::of(&self.ours).median;
        let floor = self.floor.as_ref().map_or(0.0, |floor| Figure::ratio(&self.ours, floor).median);
        if self.noise() > NOISE {
            return Verdict::Noisy;
        }
        if ours <= self.reach && floor <= self.times_floor { Verdict::Reached } else { Verdict::Above }
    }

    fn cell(&self, name: &str) -> String {
        let peer = self.peers.iter().find(|peer| peer.name == name).map(|peer| peer.measured.as_slice());
        let measured = if name == "floor" { self.floor.as_deref() } else { peer };
        measured.map_or_else(String::new, |measured| {
            let times = if measured.len() == self.ours.len() {
                Figure::ratio(measured, &self.ours)
            } else {
                let ours = Figure::of(&self.ours).median;
                Figure::of(&measured.iter().map(|measured| measured / ours).collect::<Vec<_>>())
            };
            let value = Figure::of(measured).median;
            if measured.len() == 1 {
                return format!("{}, {}×", number(value), number(times.median));
            }
            format!(
                "{}, {}× [{}, {}]",
                number(value),
                number(times.median),
                number(times.least),
                number(times.most)
            )
        })
    }
}

/// All rows as a table: medians; of everybody else also how many times ours that is, with the least and the most of all turns.
pub(crate) fn markdown(rows: &[Row], peers: &[&str]) -> String {
    let mut text = String::from("| | ours | ours again | floor |");
    for peer in peers {
        let _ = write!(text, " {peer} |");
    }
    text.push_str(" reach | |\n|---|--:|--:|--:|");
    text.push_str(&"--:|".repeat(peers.len() + 1));
    text.push_str("---|\n");
    for row in rows {
        let figure = Figure::of(&row.ours);
        let again = row
            .again
            .as_ref()
            .map_or_else(String::new, |again| format!("{}×", number(Figure::ratio(again, &row.ours).median)));
        let _ = write!(
            text,
            "| {} | {} {} | {again} | {} |",
            row.title,
            number(figure.median),
            row.unit,
            row.cell("floor")
        );
        for peer in peers {
            let _ = write!(text, " {} |", row.cell(peer));
        }
        let _ = writeln!(text, " {} | {} |", reach(row), verdict(row));
    }
    text
}

fn reach(row: &Row) -> String {
    if row.reach < f64::MAX {
        return format!("≤ {}", number(row.reach));
    }
    format!("≤ {}× floor", number(row.times_floor))
}

fn verdict(row: &Row) -> &'static str {
    match row.verdict() {
        Verdict::Reached => "reached",
        Verdict::Above => "**above**",
        Verdict::Noisy => "too noisy to tell",
    }
}

/// How long single calls took, queueing behind other work of the machine included.
pub(crate) fn walls(operations: &[(Operation, Vec<Series>)]) -> String {
    let mut text = String::from("| p50, p99 of a call in ms |");
    let mut columns: Vec<&str> = Vec::new();
    for series in operations.iter().flat_map(|(_, all)| all) {
        if !columns.contains(&series.name) {
            columns.push(series.name);
        }
    }
    for column in &columns {
        let _ = write!(text, " {column} |");
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(columns.len()));
    for (operation, all) in operations {
        let _ = write!(text, "| {} |", operation.title());
        for column in &columns {
            let cell = all.iter().find(|series| series.name == *column).map_or_else(String::new, |series| {
                format!("{}, {}", number(percentile(&series.wall, 50)), number(percentile(&series.wall, 99)))
            });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

/// Everything, turn by turn.
pub(crate) fn document(rows: &[Row], operations: &[(Operation, Vec<Series>)]) -> Value {
    let verdicts: Vec<_> = rows.iter().map(|row| json!({"row": row, "verdict": row.verdict()})).collect();
    let walls = operations.iter().flat_map(|(operation, all)| {
        all.iter().map(move |series| json!({"operation": operation.title(), "name": series.name, "wall_ms": series.wall}))
    });
    json!({"rows": verdicts, "calls": walls.collect::<Vec<_>>()})
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
