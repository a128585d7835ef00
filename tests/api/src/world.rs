//! The local stack that all stories of one test program share.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aws::{DynamoAccounts, S3Files};
use domain::{
    Account, AccountId, AccountStore as _, Effects, EmailAddress, Password, PasswordHash, PasswordHasher,
    Profile, Role,
};
use domain::{Clock as _, Random};
use stack::backends::{Backends, Data};
use stack::environment::{self, BUCKET, TABLE};
use stack::gateway::Gateway;
use stack::mailbox::Mailbox;
use stack::provision;
use tokio::runtime::Runtime;
use web::{SystemClock, SystemRandom};

/// The password of everybody in the stories.
pub const PASSWORD: &str = "correct horse battery";

/// The page that may use the API beside its own, in the stories.
pub const ALLOWED_ORIGIN: &str = "https://app.example.org";

/// The running stack.
pub struct World {
    /// Runs the stack and the stories.
    pub runtime: Runtime,
    /// The APIs.
    pub gateway: Gateway,
    /// The mail that was sent.
    pub mailbox: Arc<Mailbox>,
    /// The accounts, past the API.
    pub accounts: DynamoAccounts,
    /// The files, past the API.
    pub files: S3Files,
    /// The bucket, past everything.
    pub s3: aws_sdk_s3::Client,
    /// The table, past everything.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The settings that the functions were started with.
    pub variables: Vec<(String, String)>,
    /// Where the functions' logs are.
    pub logs: PathBuf,
    /// Where the function binaries are.
    pub bin_folder: PathBuf,
    password_hash: PasswordHash,
    _backends: Backends,
}

impl World {
    /// The world, started at the first call. It ends with the process.
    pub fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            let parts = runtime.block_on(start());
            parts.into_world(runtime)
        })
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

    /// Everything that the functions have printed so far.
    pub fn logs(&self) -> String {
        let files =
            std::fs::read_dir(&self.logs).expect("a log folder").map(|file| file.expect("a log file").path());
        files
            .map(|file| String::from_utf8_lossy(&std::fs::read(file).expect("readable")).into_owned())
            .collect()
    }
}

struct Parts {
    gateway: Gateway,
    mailbox: Arc<Mailbox>,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    accounts: DynamoAccounts,
    files: S3Files,
    variables: Vec<(String, String)>,
    logs: PathBuf,
    bin_folder: PathBuf,
    backends: Backends,
}

impl Parts {
    fn into_world(self, runtime: Runtime) -> World {
        let password = Password::parse(PASSWORD.to_owned()).expect("a valid password");
        let random: &dyn Random = &SystemRandom;
        World {
            runtime,
            gateway: self.gateway,
            mailbox: self.mailbox,
            accounts: self.accounts,
            files: self.files,
            s3: self.s3,
            dynamodb: self.dynamodb,
            variables: self.variables,
            logs: self.logs,
            bin_folder: self.bin_folder,
            password_hash: PasswordHasher::new().hash(&password, random),
            _backends: self.backends,
        }
    }
}

async fn start() -> Parts {
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
    variables.extend(environment::functions("http://localhost:9000/users/api", &keys));
    variables.push(("ALLOWED_ORIGINS".into(), ALLOWED_ORIGIN.into()));
    let gateway = Gateway::start(&target, &variables, &logs).await.expect("a gateway");
    let dynamodb = environment::sdk_config(&backends.dynamodb_url).await;
    let aws = environment::sdk_config(&backends.aws_url).await;
    Parts {
        gateway,
        mailbox: Mailbox::new(&backends.aws_url, None),
        dynamodb: aws_sdk_dynamodb::Client::new(&dynamodb),
        s3: aws_sdk_s3::Client::new(&aws),
        accounts: DynamoAccounts::new(&environment::clients(&backends.dynamodb_url), TABLE.to_owned()),
        files: S3Files::new(&environment::clients(&backends.aws_url), BUCKET.to_owned()),
        variables,
        logs,
        bin_folder: target,
        backends,
    }
}
