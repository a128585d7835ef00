//! The service that all stories of one test program share: the local stack, or one that is deployed.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aws::{DynamoAccounts, S3Files};
use domain::{
    Account, AccountId, AccountStore as _, Effects, EmailAddress, Password, PasswordHash, PasswordHasher,
    Profile, Role,
};
use domain::{Clock as _, Random};
use serde::Deserialize;
use stack::backends::{Backends, Data};
use stack::environment::{self, BUCKET, TABLE};
use stack::gateway::{FUNCTIONS, Gateway, PROCESSES};
use stack::mailbox::Mailbox;
use stack::provision;
use tokio::runtime::Runtime;
use web::{SystemClock, SystemRandom};

use crate::roles::{Roles, Service};

/// The password of everybody in the stories.
pub const PASSWORD: &str = "correct horse battery";

/// Where the local stack says it is.
const PUBLIC_URL: &str = "http://localhost:9000/users/api";

/// The page that may use the API beside its own, in the stories.
pub const ALLOWED_ORIGIN: &str = "https://app.example.org";

/// The variable that leads to a service which runs already, behind a gateway that sends REST events: a JSON object with
/// `api`, the base URL; `public`, the one that it says it has; `aws`, where the stand-ins for AWS are; `table` and `bucket`.
const DEPLOYMENT: &str = "STORIES_DEPLOYMENT";

/// The running service.
pub struct World {
    /// Runs the stack and the stories.
    pub runtime: Runtime,
    /// Base URLs of the service, one for each event format that can be had.
    pub apis: Vec<String>,
    /// The base URL that the service says it has.
    pub public_url: String,
    /// Whether the gateway hands streamed answers on as they leave the function, head and all.
    pub shows_heads: bool,
    /// The mail that was sent.
    pub mailbox: Arc<Mailbox>,
    /// The accounts, past the API.
    pub accounts: DynamoAccounts,
    /// The files, past the API.
    pub files: S3Files,
    /// The bucket, past everything.
    pub s3: aws_sdk_s3::Client,
    /// The bucket's name.
    pub bucket: String,
    /// The table, past everything.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The table's name.
    pub table: String,
    local: Option<Local>,
    password_hash: PasswordHash,
}

/// What there is of a stack that this program has started.
pub struct Local {
    /// The APIs.
    pub gateway: Gateway,
    /// What the functions may do with the table and the bucket, and have done.
    pub roles: Arc<Roles>,
    /// The settings that the functions were started with.
    pub variables: Vec<(String, String)>,
    /// Where the functions' logs are.
    pub logs: PathBuf,
    /// Where the function binaries are.
    pub bin_folder: PathBuf,
    _backends: Backends,
}

impl Local {
    /// Everything that the functions have printed so far.
    pub fn printed(&self) -> String {
        let files =
            std::fs::read_dir(&self.logs).expect("a log folder").map(|file| file.expect("a log file").path());
        files
            .map(|file| String::from_utf8_lossy(&std::fs::read(file).expect("readable")).into_owned())
            .collect()
    }
}

impl World {
    /// The world, started at the first call. It ends with the process.
    pub fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            if let Some(deployment) = web::environment::variable(DEPLOYMENT) {
                let deployment: Deployment = serde_json::from_str(&deployment).expect("a deployment");
                return Places::from(deployment).into_world(runtime, None);
            }
            let (places, local) = runtime.block_on(start());
            places.into_world(runtime, Some(local))
        })
    }

    /// What this program has started.
    #[track_caller]
    pub fn local(&self) -> &Local {
        self.local.as_ref().expect("this story is about functions that it can start and stop")
    }

    /// The origin of the service's own pages.
    pub fn origin(&self) -> &str {
        self.public_url.strip_suffix("/users/api").expect("the base path")
    }

    /// What the service adds to a cookie where it is reached by HTTPS.
    pub fn secure(&self) -> &str {
        if self.public_url.starts_with("https:") { "; Secure" } else { "" }
    }

    /// A new account; its address begins with `name` and is nobody else's.
    pub async fn new_account(&self, name: &str, role: Role) -> Account {
        let id = AccountId::random(&SystemRandom);
        let email = EmailAddress::parse(&format!("{name}.{id}@example.org")).expect("a valid address");
        let profile = Profile { firstname: Some(name.to_owned()), ..Profile::default() };
        let account = Account::new(id, email, self.password_hash.clone(), profile, SystemClock.now());
        let account = Account { role, ..account };
        self.accounts.create(&account, &Effects::none()).await.expect("created");
        account
    }
}

/// A service that runs already.
#[derive(Deserialize)]
struct Deployment {
    api: String,
    public: String,
    aws: String,
    table: String,
    bucket: String,
}

impl From<Deployment> for Places {
    fn from(Deployment { api, public, aws, table, bucket }: Deployment) -> Self {
        Self {
            apis: vec![api],
            public_url: public,
            shows_heads: true,
            dynamodb_url: aws.clone(),
            aws_url: aws,
            table,
            bucket,
        }
    }
}

/// Where everything is.
struct Places {
    apis: Vec<String>,
    public_url: String,
    shows_heads: bool,
    dynamodb_url: String,
    aws_url: String,
    table: String,
    bucket: String,
}

impl Places {
    fn into_world(self, runtime: Runtime, local: Option<Local>) -> World {
        let Self { apis, public_url, shows_heads, dynamodb_url, aws_url, table, bucket } = self;
        let password = Password::parse(PASSWORD.to_owned()).expect("a valid password");
        let random: &dyn Random = &SystemRandom;
        let sdk = |url: &str| runtime.block_on(environment::sdk_config(url));
        World {
            mailbox: Mailbox::new(&aws_url, None),
            accounts: DynamoAccounts::new(&environment::clients(&dynamodb_url), table.clone()),
            files: S3Files::new(&environment::clients(&aws_url), bucket.clone()),
            s3: aws_sdk_s3::Client::new(&sdk(&aws_url)),
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk(&dynamodb_url)),
            password_hash: PasswordHasher::new().hash(&password, random),
            runtime,
            apis,
            public_url,
            shows_heads,
            bucket,
            table,
            local,
        }
    }
}

async fn start() -> (Places, Local) {
    let workspace = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let target =
        std::env::current_exe().expect("a path").ancestors().nth(2).expect("a target folder").to_owned();
    let folder = target.join("stories");
    let logs = folder.join("functions");
    // What an earlier run has left; there is nothing at the first run.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&logs).expect("a log folder");
    let backends =
        Backends::start(&Data::Memory, &workspace.join(".venv"), &folder).await.expect("back ends");
    let pages = ["http://localhost:9000", ALLOWED_ORIGIN];
    provision::provision(&backends, &pages, &SystemClock, &SystemRandom).await.expect("provisioned");
    let keys = session::SigningKeys::generate("stories").expect("a key");
    let mut variables = environment::aws(&backends.aws_url, &backends.dynamodb_url);
    variables.extend(environment::functions(PUBLIC_URL, &keys));
    variables.push(("ALLOWED_ORIGINS".into(), ALLOWED_ORIGIN.into()));
    let roles = Roles::of_the_template();
    let mut functions = Vec::new();
    for (name, _) in FUNCTIONS {
        let table = roles.in_front_of(Service::Table, &backends.dynamodb_url, name).await;
        let bucket = roles.in_front_of(Service::Bucket, &backends.aws_url, name).await;
        let own = [("AWS_ENDPOINT_URL_DYNAMODB", table), ("AWS_ENDPOINT_URL_S3", bucket)];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        functions.push((name, PROCESSES, variables.iter().cloned().chain(own).collect()));
    }
    let gateway = Gateway::start_each(functions, &target, &logs).await.expect("a gateway");
    let places = Places {
        apis: vec![gateway.rest_url.clone(), gateway.http_url.clone()],
        public_url: PUBLIC_URL.to_owned(),
        shows_heads: false,
        dynamodb_url: backends.dynamodb_url.clone(),
        aws_url: backends.aws_url.clone(),
        table: TABLE.to_owned(),
        bucket: BUCKET.to_owned(),
    };
    (places, Local { gateway, roles, variables, logs, bin_folder: target, _backends: backends })
}
