//! DynamoDB inside this process, S3 and SES in a process beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dynoxide::Database;
use tokio::net::TcpListener;

use crate::child::Child;
use crate::environment::http_client;
use crate::{Error, free_port};

/// How often expired records are removed. AWS takes up to two days for it.
const SWEEP_SECONDS: u64 = 5;

/// How long ministack may take to answer for the first time.
const START_SECONDS: u64 = 30;

/// Where data lie.
#[derive(Clone, Debug)]
pub enum Data {
    /// Nowhere: gone with the process.
    Memory,
    /// In a folder: there again after a restart or a kill.
    Folder(PathBuf),
}

/// The running back ends.
pub struct Backends {
    /// Where DynamoDB answers.
    pub dynamodb_url: String,
    /// Where S3, SES and Parameter Store answer.
    pub aws_url: String,
    /// The process of S3, SES and Parameter Store.
    pub ministack: Child,
}

impl Backends {
    /// Starts both. `venv` holds the Python packages; logs go to `logs`.
    pub async fn start(data: &Data, venv: &Path, logs: &Path) -> Result<Self, Error> {
        let dynamodb_url = start_dynamodb(data).await?;
        let (ministack, aws_url) = start_ministack(data, venv, logs).await?;
        Ok(Self { dynamodb_url, aws_url, ministack })
    }
}

/// DynamoDB alone; gives the URL.
pub async fn start_dynamodb(data: &Data) -> Result<String, Error> {
    let database = match data {
        Data::Memory => Database::memory()?,
        Data::Folder(folder) => {
            std::fs::create_dir_all(folder)?;
            let file = folder.join("dynamodb.sqlite");
            Database::new(file.to_str().ok_or("the data folder's name is not UTF-8")?)
                .map_err(|error| format!("the database {} cannot be opened: {error}", file.display()))?
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(SWEEP_SECONDS)).await;
            let database = database.clone();
            // A failed sweep is tried again at the next turn; nothing depends on it.
            let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        }
    });
    Ok(url)
}

/// A free port; of data in a folder the one from before, if it is free: pages that are open, and addresses that were signed, go on
/// after a restart.
fn port(data: &Data) -> Result<u16, Error> {
    let Data::Folder(folder) = data else { return free_port() };
    let note = folder.join("bucket-port");
    let before = std::fs::read_to_string(&note).ok().and_then(|port| port.parse().ok());
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = before.filter(is_free).map_or_else(free_port, Ok)?;
    std::fs::write(note, port.to_string())?;
    Ok(port)
}

async fn start_ministack(data: &Data, venv: &Path, logs: &Path) -> Result<(Child, String), Error> {
    let program = venv.join("bin/ministack");
    if !program.exists() {
        return Err(format!("{} is missing: run `make setup`", program.display()).into());
    }
    let port = port(data)?;
    let url = format!("http://127.0.0.1:{port}");
    let mut environment: Vec<(String, String)> = [
        ("AUTH", "true"),
        // It would listen on all interfaces for a service that nobody here uses.
        ("IOT_MTLS_ENABLED", "false"),
        ("BIND_HOST", "127.0.0.1"),
        ("GATEWAY_PORT", &port.to_string()),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", crate::environment::ACCESS_KEY),
        ("MINISTACK_REGION", crate::environment::REGION),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Data::Folder(folder) = data {
        for (name, value) in [("S3_PERSIST", "1"), ("PERSIST_STATE", "1")] {
            environment.push((name.into(), value.into()));
        }
        for (name, sub) in [("S3_DATA_DIR", "s3"), ("STATE_DIR", "state")] {
            let folder = folder.join(sub);
            std::fs::create_dir_all(&folder)?;
            environment.push((name.into(), folder.display().to_string()));
        }
    }
    let log = logs.join("ministack.log");
    let mut ministack = Child::start("ministack", &program, &[], &environment, &log)?;
    let http = http_client();
    for _ in 0..START_SECONDS * 20 {
        if http.get(format!("{url}/_ministack/health")).send().await.is_ok() {
            return Ok((ministack, url));
        }
        if !ministack.is_running() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("ministack, which stands in for S3 and SES, did not start: see {}", log.display()).into())
}
