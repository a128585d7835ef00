//! The account of the caller.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /user` | `read.rs` |
//! | `POST /user` | `update.rs` |
//! | `DELETE /user` | `delete.rs` |
//! | `GET /keys`, `POST /keys`, `DELETE /keys/<id>` | `keys.rs` |
//! | `GET /audit` | `audit_trail.rs` |
//! | `GET /accounts?email=`, `GET /accounts/<id>`, `POST /accounts/<id>`, `GET /accounts/<id>/audit`, `DELETE /accounts/<id>/sessions` | `administration.rs` |
//! | `GET /sessions`, `DELETE /sessions/<id>`, `DELETE /sessions` | `sessions.rs` |

mod administration;
mod audit_trail;
mod delete;
mod keys;
mod read;
mod route;
mod sessions;
mod update;

use std::sync::Arc;

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts, SesMailer};
use domain::{AccountStore, Act, AuditEvent, DeletionStore, Random, Scope};
use futures_util::future::join;
use web::error::Source;
use web::{
    ApiError, Authenticator, Caller, Function, Hashing, InvalidConfig, MailConfig, Origins, Post, Request,
    RequestLog, Response, SealedLinks, SessionConfig, Settings, SystemClock, SystemRandom, Throttle,
    Verifier,
};

use crate::administration::Admin;
pub use crate::route::Route;

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Config {
    session: SessionConfig,
    mail: MailConfig,
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS`, `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`,
    /// `MAIL_SENDER` and `MAIL_CONFIGURATION_SET`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let session = settings.session_config();
        let mail = settings.mail_config();
        settings.finish(|| Some(Self { session: session?, mail: mail? }))
    }
}

/// Everything that the endpoints need.
pub struct App {
    accounts: Arc<dyn AccountStore>,
    deletions: Arc<dyn DeletionStore>,
    verifier: Verifier,
    post: Post,
    authenticator: Authenticator,
    random: Arc<dyn Random>,
    origins: Origins,
}

impl App {
    /// The function over AWS, as its environment describes it.
    pub async fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let config = Config::read(lookup)?;
        let clients = Clients::load(lookup, Arc::new(SystemClock))?;
        let keys = aws::key_source(&clients, config.session.signing_keys);
        let store = Arc::new(DynamoAccounts::new(&clients, config.session.table));
        let authenticator =
            Authenticator::load(keys, &config.session.url, store.clone(), Arc::new(SystemClock));
        let (authenticator, ()) = join(authenticator, store.connect()).await;
        let authenticator = authenticator?;
        let links = SealedLinks::new(&config.session.url, authenticator.tokens.clone());
        let post = Post {
            outbox: store.clone(),
            mailer: Arc::new(SesMailer::new(
                &clients,
                config.mail.sender.to_string(),
                config.mail.configuration_set,
            )),
            links: Arc::new(links),
            clock: Arc::new(SystemClock),
        };
        Ok(Self {
            verifier: Verifier {
                accounts: store.clone(),
                hashing: Hashing::new(),
                throttle: Throttle::new(store.clone(), Arc::new(SystemClock)),
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
            },
            deletions: store.clone(),
            accounts: store,
            post,
            authenticator,
            random: Arc::new(SystemRandom),
            origins: config.session.origins,
        })
    }
}

impl App {
    /// What the caller does to their own account.
    fn event(&self, caller: &Caller, request: &Request, act: Act) -> AuditEvent {
        let occasion = request.occasion(self.authenticator.clock.now());
        AuditEvent::new(&caller.account.id, occasion, act, &*self.random)
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
        let principal = self.authenticator.principal(&request, log).await?;
        match route {
            Route::Read => Ok(read::read(&principal.permitted(Scope::AccountRead)?)),
            Route::Delete => delete::delete(self, &principal.logged_on()?, &request).await,
            Route::Update => update::update(self, &principal.logged_on()?, &request).await,
            Route::ListSessions => sessions::list(self, &principal.logged_on()?).await,
            Route::EndSession(id) => sessions::end(self, &principal.logged_on()?, &request, &id).await,
            Route::EndOtherSessions => sessions::end_others(self, &principal.logged_on()?, &request).await,
            Route::ListKeys => keys::list(self, &principal.logged_on()?).await,
            Route::CreateKey => keys::create(self, &principal.logged_on()?, &request).await,
            Route::RevokeKey(id) => keys::revoke(self, &principal.logged_on()?, &request, &id).await,
            Route::Audit => {
                audit_trail::list(self, &principal.permitted(Scope::AccountRead)?, &request).await
            }
            Route::FindAccount => administration::find(self, &Admin::new(principal)?, &request).await,
            Route::ReadAccount(id) => {
                administration::read(self, &Admin::new(principal)?, &request, &id).await
            }
            Route::ChangeAccount(id) => {
                administration::change(self, &Admin::new(principal)?, &request, &id).await
            }
            Route::AuditOf(id) => administration::audit(self, &Admin::new(principal)?, &request, &id).await,
            Route::EndSessionsOf(id) => {
                administration::end_sessions(self, &Admin::new(principal)?, &request, &id).await
            }
        }
    }
}

#[cfg(test)]
mod testing;
