//! Start-up, overhead, log-on and memory of the functions, each beside its floor in the same run.
//!
//! The program plays the Lambda Runtime API to the release binaries and reads their processor time from the kernel,
//! in nanoseconds, so that other work on the machine counts as little as possible. Back ends are those of the local
//! stack; their own time is not in the figures.

mod files;
mod process;
mod raw_argon2;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use aws::DynamoAccounts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{AccountId, AccountStore as _, EmailAddress};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};
use stack::Error;
use stack::backends::{Backends, Data};
use stack::environment::TABLE;
use stack::runtime_api::RuntimeApi;
use stack::{environment, provision};
use web::{SystemClock, SystemRandom};

use crate::files::Files;
use crate::process::Process;

/// Starts of each program; the median counts.
const STARTS: usize = 21;

/// Warm calls in a row, and how often the two programs take turns.
const CALLS: u32 = 300;
const TURNS: usize = 9;

/// Log-ons, in turn with raw hashes.
const LOG_ONS: usize = 61;

/// How long a start or a call may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The programs; those that are measured against the plain one come after it, [`NOT_STARTED`] last.
const PROGRAMS: [&str; 7] = ["hello", "info", "auth", "account", "files", "send", "bare_files"];

/// Those that are no functions of ours.
const FLOORS: [&str; 2] = ["hello", "bare_files"];

/// How many of [`PROGRAMS`] are only a floor of something else.
const NOT_STARTED: usize = 1;

/// One line of the table.
struct Line {
    what: String,
    measured: f64,
    floor: f64,
    limit: f64,
    unit: &'static str,
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what the program is for")]
async fn main() -> ExitCode {
    match measure().await {
        Ok(lines) => {
            println!("| | measured | floor | limit | |\n|---|--:|--:|--:|---|");
            let mut exit = ExitCode::SUCCESS;
            for Line { what, measured, floor, limit, unit } in lines {
                let verdict = if measured <= limit { "within" } else { "ABOVE" };
                println!(
                    "| {what} | {measured:.2} {unit} | {floor:.2} {unit} | {limit:.2} {unit} | {verdict} |"
                );
                if measured > limit {
                    exit = ExitCode::FAILURE;
                }
            }
            exit
        }
        Err(error) => {
            eprintln!("The benchmark stopped: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What all measurements need.
struct Bench {
    apis: std::sync::Arc<RuntimeApi>,
    address: String,
    bin_folder: PathBuf,
    variables: Vec<(String, String)>,
    backends: Backends,
}

async fn measure() -> Result<Vec<Line>, Error> {
    if cfg!(debug_assertions) {
        return Err("a debug build says nothing about speed: run `make bench`".into());
    }
    let bench = Bench::start().await?;
    let mut lines = bench.packages()?;
    lines.extend(bench.starts().await?);
    lines.push(bench.info().await?);
    let (line, cookie) = bench.log_on().await?;
    lines.push(line);
    lines.push(bench.upload_memory(&cookie).await?);
    lines.extend(Files::new(&bench, &cookie, bench.account().await?).await.lines().await?);
    Ok(lines)
}

impl Bench {
    async fn start() -> Result<Self, Error> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let bin_folder = workspace.join("target/release");
        let logs = bin_folder.join("bench-logs");
        std::fs::create_dir_all(&logs)?;
        let backends = Backends::start(&Data::Memory, &workspace.join(".venv"), &logs).await?;
        provision::provision(&backends, &["http://localhost:9000"], &SystemClock, &SystemRandom).await?;
        let keys = session::SigningKeys::generate("bench").ok_or("no signing key could be made")?;
        let mut variables = environment::aws(&backends);
        variables.extend(environment::functions("http://localhost:9000/users/api", &keys));
        let (apis, address) = RuntimeApi::start(PROGRAMS).await?;
        Ok(Self { apis, address, bin_folder, variables, backends })
    }

    fn aws_url(&self) -> &str {
        &self.backends.aws_url
    }

    /// Whose files are measured.
    async fn account(&self) -> Result<AccountId, Error> {
        let clients = environment::clients(&self.backends.dynamodb_url);
        let accounts = DynamoAccounts::new(&clients, TABLE.to_owned());
        let email = EmailAddress::parse(provision::DEMO_ACCOUNTS[0].0)?;
        Ok(accounts.find_by_email(&email).await?.ok_or("no account")?.id)
    }

    async fn spawn(&self, name: &str) -> Result<Process, Error> {
        self.spawn_with(name, &[]).await
    }

    /// Starts a program with further settings.
    async fn spawn_with(&self, name: &str, more: &[(String, String)]) -> Result<Process, Error> {
        let variables = [&self.variables, more].concat();
        let process = Process::spawn(&self.program(name)?, name, &self.address, &variables)?;
        let function = self.apis.function(name).ok_or("an unknown program")?;
        tokio::time::timeout(PATIENCE, function.polled()).await?;
        Ok(process)
    }

    /// The functions as they are deployed, and the floors that were built with the benchmark.
    fn program(&self, name: &str) -> Result<PathBuf, Error> {
        if FLOORS.contains(&name) {
            return Ok(std::env::current_exe()?.with_file_name(name));
        }
        Ok(self.bin_folder.join(name))
    }

    /// What each function takes in a package, as zip deflates it.
    fn packages(&self) -> Result<Vec<Line>, Error> {
        let functions = PROGRAMS.iter().filter(|name| !FLOORS.contains(name));
        functions
            .map(|name| {
                let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
                deflated.write_all(&std::fs::read(self.program(name)?)?)?;
                let measured = f64::from(u32::try_from(deflated.finish()?.len())?) / 1e6;
                Ok(Line {
                    what: format!("package, {name}, deflated"),
                    measured,
                    floor: 0.0,
                    limit: 2.5,
                    unit: "MB",
                })
            })
            .collect()
    }

    /// Processor time from the start to the first poll, of every function against the plain one.
    async fn starts(&self) -> Result<Vec<Line>, Error> {
        let programs = &PROGRAMS[..PROGRAMS.len() - NOT_STARTED];
        let mut times: Vec<_> = programs.iter().map(|name| (*name, Vec::new())).collect();
        for _ in 0..STARTS {
            for (name, times) in &mut times {
                times.push(self.spawn(name).await?.cpu_ms()?);
            }
        }
        let medians: Vec<_> = times.into_iter().map(|(name, times)| (name, median(times))).collect();
        let floor = medians[0].1;
        let line = |(name, measured): (&str, f64)| Line {
            what: format!("start to first poll, {name}, CPU"),
            measured,
            floor,
            limit: floor + 6.0,
            unit: "ms",
        };
        Ok(medians[1..].iter().copied().map(line).collect())
    }

    /// A warm `GET /info` against a warm call of the plain function.
    async fn info(&self) -> Result<Line, Error> {
        let (hello, info) = (self.spawn("hello").await?, self.spawn("info").await?);
        let event = event("GET", "/users/api/info", &[], b"");
        let (mut floor, mut measured) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            for (name, process, times) in [("hello", &hello, &mut floor), ("info", &info, &mut measured)] {
                let before = process.cpu_ms()?;
                for _ in 0..CALLS {
                    self.invoke(name, &event, 200).await?;
                }
                times.push((process.cpu_ms()? - before) * 1e3 / f64::from(CALLS));
            }
        }
        let (floor, measured) = (median(floor), median(measured));
        Ok(Line { what: "GET /info, warm, CPU".into(), measured, floor, limit: floor * 1.5, unit: "µs" })
    }

    /// A warm log-on against one argon2id hash in memory that is kept; and the cookie of the session.
    async fn log_on(&self) -> Result<(Line, String), Error> {
        let auth = self.spawn("auth").await?;
        let (email, password, _) = provision::DEMO_ACCOUNTS[0];
        let body = json!({"email": email, "password": password}).to_string();
        let event =
            event("POST", "/users/api/auth", &[("content-type", "application/json")], body.as_bytes());
        let mut memory = raw_argon2::memory();
        let (mut floor, mut measured) = (Vec::new(), Vec::new());
        let answer: Value = serde_json::from_slice(&self.invoke("auth", &event, 200).await?)?;
        let cookie = answer["multiValueHeaders"]["set-cookie"][0].as_str().ok_or("no cookie")?.to_owned();
        raw_argon2::hash(&mut memory)?;
        for _ in 0..LOG_ONS {
            let before = auth.cpu_ms()?;
            self.invoke("auth", &event, 200).await?;
            measured.push(auth.cpu_ms()? - before);
            floor.push(raw_argon2::hash(&mut memory)?);
        }
        // Each log-on is compared with the hash right after it: on a shared machine whole seconds are slow or fast.
        let ratio = median(measured.iter().zip(&floor).map(|(measured, floor)| measured / floor).collect());
        let floor = median(floor);
        let measured = floor * ratio;
        Ok((
            Line { what: "log-on, warm, CPU".into(), measured, floor, limit: floor * 1.2, unit: "ms" },
            cookie,
        ))
    }

    /// The most memory that `files` ever held, after uploads of 4 MiB.
    async fn upload_memory(&self, cookie: &str) -> Result<Line, Error> {
        let files = self.spawn("files").await?;
        let floor = files.peak_mib()?;
        let mut form =
            b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n".to_vec();
        form.resize(4 * 1024 * 1024 - 9, b'x');
        form.extend_from_slice(b"\r\n--B--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=B"), ("cookie", cookie)];
        let upload = event("POST", "/users/api/files/bench", &headers, &form);
        for _ in 0..3 {
            self.invoke("files", &upload, 200).await?;
        }
        let measured = files.peak_mib()?;
        let what = "peak memory of files after uploads of 4 MiB (floor: after its start)".into();
        Ok(Line { what, measured, floor, limit: 40.0, unit: "MiB" })
    }

    /// Sends an event and insists on the status of the answer.
    async fn invoke(&self, name: &str, event: &Value, status: u64) -> Result<Vec<u8>, Error> {
        use http_body_util::BodyExt as _;
        let function = self.apis.function(name).ok_or("an unknown program")?;
        let answer = tokio::time::timeout(PATIENCE, function.invoke(event.to_string())).await?;
        let (_, body) = answer.map_err(|failure| format!("{name}: {failure:?}"))?;
        let bytes = body.collect().await?.to_bytes().to_vec();
        let json = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let answer: Value = serde_json::from_slice(json)?;
        if answer["statusCode"] != status {
            let text = String::from_utf8_lossy(bytes.rsplit(|byte| *byte == 0).next().unwrap_or_default());
            return Err(
                format!("{name} answered {} to {}: {text}", answer["statusCode"], event["path"]).into()
            );
        }
        Ok(bytes)
    }
}

/// A REST event.
fn event(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
    let all: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).into(), json!([value]))).collect();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query: serde_json::Map<_, _> = pairs.map(|(name, value)| (name.into(), json!([value]))).collect();
    json!({
        "resource": path, "path": path, "multiValueQueryStringParameters": query, "httpMethod": method, "headers": {}, "multiValueHeaders": all,
        "requestContext": {"stage": "live", "httpMethod": method, "identity": {"sourceIp": "127.0.0.1"}},
        "body": STANDARD.encode(body), "isBase64Encoded": true,
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
