//! How cost grows: with the size of a folder, of a file, of a zip, with sessions, and with callers at the same time.

use std::fmt::Write as _;
use std::path::Path;

use futures_util::future::try_join_all;
use plotters::prelude::{
    ChartBuilder, Circle, Color as _, IntoDrawingArea as _, IntoLogRange as _, LineSeries, RGBColor,
    SVGBackend, WHITE,
};
use serde::Serialize;
use stack::Error;
use stack::event::Format;

use crate::contestant::invoke;
use crate::figures::Figure;
use crate::operation::{FORM, Operation, form};
use crate::process::Process;
use crate::setup::Setup;
use crate::sizes::Files;

/// How often each point is measured; the least counts, as other work on the machine can only add to it.
const TIMES: usize = 5;

/// Calls of each caller at one point of the last curve.
const CALLS_EACH: usize = 200;

/// Processor time of one call against the size of something.
#[derive(Debug, Serialize)]
pub(crate) struct Curve {
    title: &'static str,
    /// What grows to the right.
    of: &'static str,
    /// What the exponent of the growth may be at most, and what that is called.
    claim: (f64, &'static str),
    /// Size, and processor time in milliseconds.
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// The exponent of the growth over the upper half of the points: 0 for what stays the same, 1 for what doubles with its size.
    fn exponent(&self) -> f64 {
        let upper = &self.points[self.points.len() / 2..];
        let (Some(first), Some(last)) = (upper.first(), upper.last()) else { return f64::NAN };
        (last.1 / first.1).ln() / (last.0 / first.0).ln()
    }

    fn holds(&self) -> bool {
        self.exponent() <= self.claim.0
    }
}

const LINEAR: (f64, &str) = (1.1, "linear");
const CONSTANT: (f64, &str) = (0.1, "constant");
/// 64 processes drive each other's data from the caches of the processors that they share.
const CONSTANT_BUT_FOR_CACHES: (f64, &str) = (0.25, "constant, but for the caches");

/// Measures all curves.
pub(crate) async fn measure(setup: &Setup) -> Result<Vec<Curve>, Error> {
    let (ours, _) = setup.ours().await?;
    let token = ours.token().to_owned();
    drop(ours);
    let files = Files { setup, token: &token };
    let process = setup.spawn_alone("files").await?;
    let mut curves = vec![
        files
            .curve(&process, "listing", "files in the folder", &[10, 100, 1_000, 10_000, 100_000], listing)
            .await?,
        files
            .curve(&process, "upload", "bytes", &[1_000, 10_000, 100_000, 1_000_000, 4_000_000], upload)
            .await?,
        files.curve(&process, "download", "bytes", &SIZES, download).await?,
        files
            .curve(&process, "zip of files of 1 KB", "files in the zip", &[10, 100, 1_000, 10_000], zip)
            .await?,
    ];
    drop(process);
    curves.push(sessions(setup).await?);
    curves.push(callers(setup, &token).await?);
    Ok(curves)
}

/// Sizes of downloads, in bytes; those of more than 190 MB come from the bucket itself.
const SIZES: [u32; 7] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 150_000_000];

/// A request: method, path, media type, body.
type Asked = (&'static str, String, &'static str, Vec<u8>);

fn listing(files: u32) -> Asked {
    ("GET", format!("files/folder-of-{files}"), "", Vec::new())
}

fn upload(bytes: u32) -> Asked {
    ("POST", "files/bench".into(), FORM, form(bytes as usize))
}

fn download(bytes: u32) -> Asked {
    ("GET", format!("files/of-{bytes}-bytes.bin"), "", Vec::new())
}

fn zip(files: u32) -> Asked {
    ("GET", format!("files/each-of-1000/folder-of-{files}?format=zip"), "", Vec::new())
}

impl Files<'_> {
    async fn curve(
        &self,
        process: &Process,
        title: &'static str,
        of: &'static str,
        sizes: &[u32],
        asked: fn(u32) -> Asked,
    ) -> Result<Curve, Error> {
        let mut points = Vec::new();
        for size in sizes {
            let (method, path, media_type, body) = asked(*size);
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let before = process.cpu_ms()?;
                self.ask(method, &path, media_type, &body).await?;
                times.push(process.cpu_ms()? - before);
            }
            points.push((f64::from(*size), Figure::of(&times).least));
        }
        Ok(Curve { title, of, claim: LINEAR, points })
    }
}

/// A log-on of an account that has more and more sessions.
async fn sessions(setup: &Setup) -> Result<Curve, Error> {
    let process = setup.spawn_alone("auth").await?;
    let event = Operation::LogOn.event(Format::Rest, "")?;
    let (mut made, mut points) = (0, Vec::new());
    for sessions in [1, 4, 16, 64, 256] {
        let mut times = Vec::new();
        while made < sessions || times.len() < TIMES {
            let before = process.cpu_ms()?;
            let (status, body, _) = invoke(&setup.apis, "auth", event.clone()).await?;
            Operation::LogOn.check(status, &body)?;
            times.push(process.cpu_ms()? - before);
            made += 1;
        }
        points.push((f64::from(sessions), Figure::of(&times[times.len() - TIMES..]).least));
    }
    Ok(Curve { title: "log-on", of: "sessions of the account", claim: CONSTANT, points })
}

/// A check-in while others check in, each in a process of its own as on Lambda.
async fn callers(setup: &Setup, token: &str) -> Result<Curve, Error> {
    let event = Operation::CheckIn.event(Format::Rest, token)?;
    setup.is_gone("auth").await?;
    let (mut processes, mut points) = (Vec::new(), Vec::new());
    for callers in [1_u32, 2, 4, 8, 16, 32, 64] {
        while processes.len() < callers as usize {
            processes.push(setup.spawn("auth", &[]).await?);
        }
        let spent = || processes.iter().map(Process::cpu_ms).sum::<Result<f64, _>>();
        let each = || async {
            for _ in 0..CALLS_EACH {
                let (status, body, _) = invoke(&setup.apis, "auth", event.clone()).await?;
                Operation::CheckIn.check(status, &body)?;
            }
            Ok::<_, Error>(())
        };
        // Those that are new take their first call, which opens connections.
        try_join_all((0..callers).map(|_| each())).await?;
        let before = spent()?;
        try_join_all((0..callers).map(|_| each())).await?;
        let calls = f64::from(callers) * f64::from(u32::try_from(CALLS_EACH)?);
        points.push((f64::from(callers), (spent()? - before) / calls));
    }
    Ok(Curve { title: "check-in", of: "callers at the same time", claim: CONSTANT_BUT_FOR_CACHES, points })
}

/// The curves as a table; and whether every claim holds.
pub(crate) fn table(curves: &[Curve]) -> (String, bool) {
    let mut text =
        String::from("| CPU ms of one call | by | claimed | exponent | |\n|---|---|---|--:|---|\n");
    for curve in curves {
        let points = curve.points.iter().map(|(size, time)| format!("{size}: {time:.3}"));
        let row = [
            format!("{} ({})", curve.title, points.collect::<Vec<_>>().join(", ")),
            curve.of.to_owned(),
            format!("{}, at most {}", curve.claim.1, curve.claim.0),
            format!("{:.2}", curve.exponent()),
            if curve.holds() { "holds" } else { "**does not hold**" }.to_owned(),
        ];
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    (text, curves.iter().all(Curve::holds))
}

/// The colour of the lines.
const BLUE: RGBColor = RGBColor(0x1f, 0x5f, 0xa8);

/// How large one chart is, in pixels.
const CHART: (u32, u32) = (460, 300);

/// Draws all curves, both axes logarithmic, three in a row.
pub(crate) fn plot(curves: &[Curve], file: &Path) -> Result<(), Error> {
    let rows = u32::try_from(curves.len().div_ceil(3))?;
    let root = SVGBackend::new(file, (3 * CHART.0, rows * CHART.1)).into_drawing_area();
    root.fill(&WHITE)?;
    for (curve, area) in curves.iter().zip(root.split_evenly((rows as usize, 3))) {
        let (sizes, times): (Vec<_>, Vec<_>) = curve.points.iter().copied().unzip();
        let (sizes, times) = (Figure::of(&sizes), Figure::of(&times));
        let mut chart = ChartBuilder::on(&area)
            .caption(format!("{}, CPU ms by {}", curve.title, curve.of), ("sans-serif", 15))
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(52)
            .build_cartesian_2d(
                (sizes.least..sizes.most).log_scale(),
                (times.least / 2.0..times.most * 2.0).log_scale(),
            )?;
        chart.configure_mesh().x_labels(6).y_labels(6).light_line_style(WHITE).draw()?;
        chart.draw_series(LineSeries::new(curve.points.iter().copied(), BLUE.stroke_width(2)))?;
        chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 3, BLUE.filled())))?;
    }
    root.present()?;
    Ok(())
}
