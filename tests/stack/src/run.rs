//! Starts everything, tells how to use it, and ends everything.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::net::TcpListener as StdListener;
use std::path::Path;
use std::time::Duration;

use stack::Error;
use stack::backends::{Backends, Data};
use stack::child::Child;
use stack::environment::http_client;
use stack::event::tick;
use stack::mailbox::Mailbox;
use stack::{environment, provision};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use web::{SystemClock, SystemRandom};

use crate::options::Options;

/// How long the functions may take to compile and answer for the first time.
const START_SECONDS: u64 = 900;

/// How Cargo starts a function: in a loop that outlives it.
const RUNNER: &str = "sh tests/stack/restart.sh";

/// One harmless request for each function.
const FIRST_REQUESTS: [&str; 5] = ["info", "user", "files", "send", "checkin"];

/// Runs until Ctrl-C, SIGTERM, or the end of a process that it needs.
pub(crate) async fn run(options: &Options) -> Result<(), Error> {
    if options.port == options.mail_port {
        return Err(
            format!("port {} cannot serve both the API and the mail: choose two", options.port).into()
        );
    }
    refuse_busy_port(options.port, "--port")?;
    let mail_listener = refuse_busy_port(options.mail_port, "--mail-port")?;
    let logs = options.data.join("log");
    std::fs::create_dir_all(&logs)
        .map_err(|error| format!("the folder {} cannot be made: {error}", logs.display()))?;
    let _lock = lock(&options.data)?;
    // Cargo finds `RUNNER` from here, and the path of the workspace may hold spaces.
    std::env::set_current_dir(&options.workspace)?;
    let venv = options.workspace.join(".venv");
    let data = Data::Folder(options.data.join("data"));
    let mut backends = Backends::start(&data, &venv, &logs).await?;
    let mut functions = start_functions(options, &backends, &venv, &logs).await?;
    let mailbox = Mailbox::new(&backends.aws_url, Some(&options.data.join("data/mail.json")));
    mail_listener.set_nonblocking(true)?;
    mailbox.clone().serve(TcpListener::from_std(mail_listener)?);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let ready = async {
        wait_until_ready(options.port).await?;
        welcome(options, &logs);
        tick_every_minute(options.port).await
    };
    let result = tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        failure = ready => failure,
        failure = ended(&mut functions, &logs) => failure,
        failure = ended(&mut backends.ministack, &logs) => failure,
    };
    functions.stop().await;
    // The service forgets its mail when it ends; what was sent in the last moment is kept here.
    mailbox.mails().await;
    backends.ministack.stop().await;
    if result.is_ok() {
        stopped(options);
    }
    result
}

/// A port that something else uses is named before anything is started.
fn refuse_busy_port(port: u16, option: &str) -> Result<StdListener, Error> {
    StdListener::bind(("127.0.0.1", port)).map_err(|error| {
        let reason = match error.kind() {
            ErrorKind::AddrInUse => {
                "is in use. End the program that uses it, or choose another port".to_owned()
            }
            _ => format!("cannot be used ({error}). Choose another one"),
        };
        format!("port {port} {reason}: make run ARGS=\"{option} N\"").into()
    })
}

/// Keeps every other stack out of the folder of data, until the value is dropped or this process ends in any way.
fn lock(data: &Path) -> Result<File, Error> {
    let path = data.join("lock");
    let file = File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another local stack uses the data in {}. End it, or choose another folder: make run ARGS=\"--data FOLDER\"",
            data.display()
        )
        .into()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

async fn start_functions(
    options: &Options,
    backends: &Backends,
    venv: &Path,
    logs: &Path,
) -> Result<Child, Error> {
    let own_origin = format!("http://localhost:{}", options.port);
    let origins: Vec<_> = options.origins.split(',').filter(|origin| !origin.is_empty()).collect();
    let pages = [&[own_origin.as_str()], origins.as_slice()].concat();
    provision::provision(backends, &pages, &SystemClock, &SystemRandom).await?;
    let keys = provision::signing_keys(&options.data.join("signing-keys.json"))?;
    let mut variables = environment::aws(&backends.aws_url, &backends.dynamodb_url);
    let public_url = format!("{own_origin}/users/api");
    std::fs::write(options.data.join("aws.env"), environment::for_a_shell(&variables, &public_url))?;
    variables.extend(environment::functions(&public_url, &keys));
    variables.push(("ALLOWED_ORIGINS".into(), options.origins.clone()));
    let runner = env!("TARGET").replace(['-', '.'], "_").to_uppercase();
    variables.push((format!("CARGO_TARGET_{runner}_RUNNER"), RUNNER.to_owned()));
    let program = venv.join("bin/cargo-lambda");
    let port = options.port.to_string();
    let manifest = options.workspace.join("Cargo.toml");
    let manifest = manifest.to_str().ok_or("the workspace's path is not UTF-8")?;
    let arguments =
        ["lambda", "watch", "--manifest-path", manifest, "-A", "127.0.0.1", "-P", &port, "--ignore-changes"];
    Child::start("cargo lambda watch", &program, &arguments, &variables, &logs.join("functions.log"))
}

async fn wait_until_ready(port: u16) -> Result<(), Error> {
    for path in FIRST_REQUESTS {
        let url = format!("http://127.0.0.1:{port}/users/api/{path}");
        for waited in 0.. {
            match first_answer(&url).await {
                Ok(()) => break,
                Err(error) if waited > START_SECONDS => {
                    return Err(format!("{url} does not answer: {error}").into());
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }
    Ok(())
}

/// Stands in for the schedules of a deployment.
async fn tick_every_minute(port: u16) -> Result<(), Error> {
    let client = http_client();
    loop {
        for function in ["send", "files"] {
            let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/{function}/invocations");
            // What fails now is tried again at the next turn, as it is in a deployment.
            let _ = client.post(url).body(tick().to_string()).send().await;
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
}

/// Any answer but a server's failure comes from the function itself. It is read to its end: the emulator takes it ill
/// when a client leaves before.
async fn first_answer(url: &str) -> Result<(), Error> {
    let answer = http_client().get(url).send().await?;
    let status = answer.status();
    answer.bytes().await?;
    if status.is_server_error() { Err(format!("status {status}").into()) } else { Ok(()) }
}

async fn ended(child: &mut Child, logs: &Path) -> Result<(), Error> {
    let name = child.name();
    let status = child.ended().await?;
    Err(format!("{name} has ended ({status}). The logs are in {}", logs.display()).into())
}

#[expect(clippy::print_stdout, reason = "whoever pressed Ctrl-C wants to see that it worked")]
fn stopped(options: &Options) {
    println!("\nStopped. The data stay in {}.", options.data.display());
}

#[expect(clippy::print_stdout, reason = "this is what `make run` is for")]
fn welcome(options: &Options, logs: &Path) {
    let (port, mail_port) = (options.port, options.mail_port);
    println!(
        r#"
The API is ready at http://localhost:{port}/users/api. Ctrl-C ends it; the data stay in {data}.
People use it at http://localhost:{port}/users/api/console/.
Mail that is sent can be read at http://localhost:{mail_port}/. Logs: {logs}

Accounts: demo@example.org / demo-password-1, pro@example.org / pro-password-1,
          admin@example.org / admin-password-1

Try it:

API=http://localhost:{port}/users/api
curl "$API/info"
curl -c cookies.txt -H 'Content-Type: application/json' \
     -d '{{"email": "demo@example.org", "password": "demo-password-1"}}' "$API/auth"
echo 'Version,9.6;' > model.idf
curl -b cookies.txt -F file=@model.idf "$API/files/test/today"
curl -b cookies.txt "$API/files"
curl -b cookies.txt -o copy.idf "$API/files/test/today/model.idf"
curl -b cookies.txt -X DELETE "$API/files/test"
curl -b cookies.txt -H 'Content-Type: application/json' \
     -d '{{"title": "Hello", "message": "It works."}}' "$API/send"
curl -b cookies.txt -c cookies.txt -X POST "$API/logout"
"#,
        data = options.data.display(),
        logs = logs.display(),
    );
}
