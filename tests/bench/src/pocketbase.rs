//! PocketBase, a server that is its own back end: asked over HTTP for what our functions are asked for.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use stack::Error;
use stack::environment::http_client;
use stack::provision::DEMO_ACCOUNTS;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::operation::{FILE_BYTES, Operation, noise};
use crate::process::Process;

/// How long it may take until it answers, in tenths of a second.
const START: u32 = 100;

/// The most records in one page of its listings, and in one batch of ours.
const PAGE: usize = 1_000;

/// Who makes its collections.
const ADMINISTRATOR: (&str, &str) = ("bench@example.org", "bench-password-1");

/// The running server.
pub(crate) struct PocketBase {
    pub(crate) process: Process,
    base: String,
    http: Client,
    /// Of a user who has logged on.
    token: String,
    /// Where the file is that is downloaded.
    file: String,
}

/// Makes its data, with an administrator.
async fn new_data(program: &Path, folder: &Path) -> Result<(), Error> {
    let data = format!("--dir={}", folder.display());
    let (email, password) = ADMINISTRATOR;
    let made = Command::new(program).args(["superuser", "upsert", email, password, &data]).output().await?;
    if made.status.success() {
        return Ok(());
    }
    Err(format!("PocketBase takes no administrator: {}", String::from_utf8_lossy(&made.stderr)).into())
}

fn serve(program: &Path, folder: &Path, port: u16) -> Result<Process, Error> {
    let mut command = Command::new(program);
    command.args(["serve", &format!("--http=127.0.0.1:{port}"), &format!("--dir={}", folder.display())]);
    Process::of(command, &folder.with_extension("log"))
}

impl PocketBase {
    /// Starts it with new data in `folder`, and makes what the operations need.
    pub(crate) async fn start(program: &Path, folder: &Path, port: u16) -> Result<Self, Error> {
        let (email, password) = ADMINISTRATOR;
        new_data(program, folder).await?;
        let process = serve(program, folder, port)?;
        let base = format!("http://127.0.0.1:{port}/api");
        let mut server =
            Self { process, base, http: http_client(), token: String::new(), file: String::new() };
        server.answers(port).await?;
        server.token = server.token_of("_superusers", email, password).await?;
        server.fill().await?;
        let (email, password, _) = DEMO_ACCOUNTS[0];
        server.token = server.token_of("users", email, password).await?;
        Ok(server)
    }

    /// Processor time of starts with data that are there, up to where it takes connections, in milliseconds.
    pub(crate) async fn starts(
        program: &Path,
        folder: &Path,
        port: u16,
        times: usize,
    ) -> Result<Vec<f64>, Error> {
        new_data(program, folder).await?;
        let mut spent = Vec::new();
        for _ in 0..times {
            let mut process = serve(program, folder, port)?;
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                if !process.is_running() {
                    return Err(format!("PocketBase has ended: is port {port} taken?").into());
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            spent.push(process.cpu_ms()?);
            process.kill().await?;
        }
        Ok(spent)
    }

    async fn answers(&mut self, port: u16) -> Result<(), Error> {
        for _ in 0..START {
            if !self.process.is_running() {
                return Err(format!("PocketBase has ended: is port {port} taken?").into());
            }
            if self.http.get(format!("{}/health", self.base)).send().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("PocketBase does not answer".into())
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/{path}", self.base)).header("authorization", &self.token)
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Value, Error> {
        let answer = self.ask(method, path).json(&body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(format!("PocketBase answers {status} to {path}: {text}").into());
        }
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    async fn token_of(&self, collection: &str, email: &str, password: &str) -> Result<String, Error> {
        let path = format!("collections/{collection}/auth-with-password");
        let answer = self.send(Method::POST, &path, json!({"identity": email, "password": password})).await?;
        Ok(answer["token"].as_str().ok_or("a log-on without a token")?.to_owned())
    }

    /// A user, folders of 20 and of 10,000, and a file of 1 MB.
    async fn fill(&mut self) -> Result<(), Error> {
        let batches = json!({"batch": {"enabled": true, "maxRequests": PAGE, "timeout": 60}});
        self.send(Method::PATCH, "settings", batches).await?;
        let (email, password, _) = DEMO_ACCOUNTS[0];
        let user = json!({"email": email, "password": password, "passwordConfirm": password});
        self.send(Method::POST, "collections/users/records", user).await?;
        let rule = "@request.auth.id != ''";
        let collection = |name: &str, fields: Value| {
            json!({
                "name": name, "type": "base", "fields": fields, "listRule": rule, "viewRule": rule, "createRule": rule,
            })
        };
        for files in [20, 10_000] {
            let name = format!("folder_of_{files}");
            let fields = json!([{"name": "name", "type": "text"}, {"name": "size", "type": "number"}]);
            self.send(Method::POST, "collections", collection(&name, fields)).await?;
            for first in (0..files).step_by(PAGE) {
                let records: Vec<_> = (first..files.min(first + PAGE)).map(|n| record(&name, n)).collect();
                self.send(Method::POST, "batch", json!({"requests": records})).await?;
            }
        }
        let file = json!([{"name": "file", "type": "file", "maxSelect": 1, "maxSize": 10_000_000}]);
        self.send(Method::POST, "collections", collection("uploads", file)).await?;
        let made: Value = self.upload().send().await?.error_for_status()?.json().await?;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        self.file = format!("files/uploads/{}/{}", text("id"), text("file"));
        Ok(())
    }

    fn upload(&self) -> RequestBuilder {
        let form = Form::new().part("file", Part::bytes(noise(FILE_BYTES)).file_name("a.bin"));
        self.ask(Method::POST, "collections/uploads/records").multipart(form)
    }

    /// Calls an operation once and checks the answer: how long it took, in milliseconds.
    pub(crate) async fn call(&self, operation: Operation) -> Result<f64, Error> {
        let (email, password, _) = DEMO_ACCOUNTS[0];
        let request = match operation {
            Operation::Info => self.ask(Method::GET, "health"),
            Operation::LogOn => self
                .ask(Method::POST, "collections/users/auth-with-password")
                .json(&json!({"identity": email, "password": password})),
            Operation::CheckIn => self.ask(Method::POST, "collections/users/auth-refresh"),
            Operation::Folder(files) if files > PAGE => return self.pages(files).await,
            Operation::Folder(files) => {
                self.ask(Method::GET, &format!("collections/folder_of_{files}/records?perPage={files}"))
            }
            Operation::Upload => self.upload(),
            Operation::Download => self.ask(Method::GET, &self.file),
        };
        let request = request.build()?;
        let begin = Instant::now();
        let answer = self.http.execute(request).await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        let wall = begin.elapsed().as_secs_f64() * 1e3;
        let right = status.is_success()
            && match operation {
                Operation::Download => body.len() == FILE_BYTES,
                Operation::Folder(_) => rows(&body)? == 20,
                _ => !body.is_empty(),
            };
        if right {
            Ok(wall)
        } else {
            Err(format!("PocketBase answers {status} to {}", operation.title()).into())
        }
    }

    /// A large folder, page by page.
    async fn pages(&self, files: usize) -> Result<f64, Error> {
        let (mut wall, mut found) = (0.0, 0);
        for page in 1..=files.div_ceil(PAGE) {
            let path = format!("collections/folder_of_{files}/records?perPage={PAGE}&page={page}");
            let request = self.ask(Method::GET, &path).build()?;
            let begin = Instant::now();
            let body = self.http.execute(request).await?.error_for_status()?.bytes().await?;
            wall += begin.elapsed().as_secs_f64() * 1e3;
            found += rows(&body)?;
        }
        if found == files {
            Ok(wall)
        } else {
            Err(format!("PocketBase lists {found} of {files} files").into())
        }
    }
}

fn record(collection: &str, n: usize) -> Value {
    let body = json!({"name": format!("run {n:06} of the office.eso"), "size": 100_000});
    json!({"method": "POST", "url": format!("/api/collections/{collection}/records"), "body": body})
}

fn rows(page: &[u8]) -> Result<usize, Error> {
    let page: Value = serde_json::from_slice(page)?;
    Ok(page["items"].as_array().ok_or("a listing without items")?.len())
}
