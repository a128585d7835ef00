//! Mail to the caller, or from an administrator to an address.
//!
//! | endpoint | file |
//! |---|---|
//! | `POST /send` | `send.rs` |

mod route;
mod send;

use std::sync::Arc;

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts, SesMailer};
use domain::{EmailAddress, Mailer};
use web::error::Source;
use web::{
    ApiError, Authenticator, Function, InvalidConfig, Origins, Request, RequestLog, Response, SessionConfig,
    Settings, SystemClock,
};

pub use crate::route::Route;

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Config {
    session: SessionConfig,
    sender: EmailAddress,
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS`, `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`, and `MAIL_SENDER`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let session = settings.session_config();
        let sender = settings.parse("MAIL_SENDER", EmailAddress::parse);
        settings.finish(|| Some(Self { session: session?, sender: sender? }))
    }
}

/// Everything that the endpoint needs.
pub struct App {
    mailer: Arc<dyn Mailer>,
    authenticator: Authenticator,
    origins: Origins,
}

impl App {
    /// The function over AWS, as its environment describes it.
    pub async fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let config = Config::read(lookup)?;
        let clients = Clients::load().await;
        let keys = aws::key_source(&clients, config.session.signing_keys);
        let sessions = Arc::new(DynamoAccounts::new(&clients, config.session.table));
        let authenticator =
            Authenticator::load(keys, &config.session.url, sessions, Arc::new(SystemClock)).await?;
        let mailer = Arc::new(SesMailer::new(&clients, config.sender.to_string()));
        Ok(Self { mailer, authenticator, origins: config.session.origins })
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
            Route::Send => send::send(&*self.mailer, &caller, &request).await,
        }
    }
}
