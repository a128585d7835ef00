//! The account of the caller.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /user` | `read.rs` |
//! | `POST /user` | `update.rs` |

mod read;
mod route;
mod update;

use std::sync::Arc;

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts};
use domain::AccountStore;
use session::{SigningKeySource, Tokens};
use web::error::Source;
use web::{
    ApiError, Authenticator, Function, InvalidConfig, Origins, PublicUrl, Request, RequestLog, Response,
    Settings,
};

pub use crate::route::Route;

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Config {
    table: String,
    url: PublicUrl,
    origins: Origins,
    signing_keys: SigningKeySource,
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS` and `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let (table, edge) = (settings.text("TABLE_NAME"), settings.public_url_and_origins());
        let signing_keys = settings.signing_keys();
        settings.finish(|| {
            let (url, origins) = edge?;
            Some(Self { table: table?, url, origins, signing_keys: signing_keys? })
        })
    }
}

/// Everything that the endpoints need.
pub struct App {
    accounts: Arc<dyn AccountStore>,
    authenticator: Authenticator,
    origins: Origins,
}

impl App {
    /// The function over AWS, as its environment describes it.
    pub async fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let config = Config::read(lookup)?;
        let clients = Clients::load().await;
        let keys = aws::load_signing_keys(&clients, &config.signing_keys).await?;
        let store = Arc::new(DynamoAccounts::new(&clients, config.table));
        let tokens = Arc::new(Tokens::new(keys, config.url.as_str().to_owned()));
        let clock = Arc::new(web::SystemClock);
        let authenticator = Authenticator { tokens, sessions: store.clone(), clock };
        Ok(Self { accounts: store, authenticator, origins: config.origins })
    }
}

#[async_trait]
impl Function for App {
    fn origins(&self) -> &Origins {
        &self.origins
    }

    async fn handle(&self, request: Request, log: &mut RequestLog) -> Result<Response, ApiError> {
        let route = Route::parse(&request.method, &request.path)?;
        log.route = Some(route.name());
        let caller = self.authenticator.caller(&request, log).await?;
        match route {
            Route::Read => Ok(read::read(&caller)),
            Route::Update => update::update(self, &caller, &request).await,
        }
    }
}
