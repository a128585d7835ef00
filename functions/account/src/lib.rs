//! The account of the caller.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /user` | `read.rs` |
//! | `POST /user` | `update.rs` |
//! | `GET /sessions`, `DELETE /sessions/<id>`, `DELETE /sessions` | `sessions.rs` |

mod read;
mod route;
mod sessions;
mod update;

use std::sync::Arc;

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts};
use domain::AccountStore;
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
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS`, `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let session = settings.session_config();
        settings.finish(|| Some(Self { session: session? }))
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
        let keys = aws::key_source(&clients, config.session.signing_keys);
        let store = Arc::new(DynamoAccounts::new(&clients, config.session.table));
        let authenticator =
            Authenticator::load(keys, &config.session.url, store.clone(), Arc::new(SystemClock)).await?;
        Ok(Self { accounts: store, authenticator, origins: config.session.origins })
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
            Route::ListSessions => sessions::list(self, &caller).await,
            Route::EndSession(id) => sessions::end(self, &caller, &id).await,
            Route::EndOtherSessions => sessions::end_others(self, &caller).await,
        }
    }
}

#[cfg(test)]
mod testing;
