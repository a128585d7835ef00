//! Mail to the caller, or from an administrator to an address; and what becomes of all mail.
//!
//! | endpoint or notice | file |
//! |---|---|
//! | `POST /send` | `send.rs` |
//! | every minute: letters that others have left are delivered | [`web::Post`] |
//! | SES tells of a bounce or a complaint | `mail_events.rs` |

mod mail_events;
mod route;
mod send;

use std::sync::Arc;

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts, SesMailer};
use domain::{IdempotencyStore, Scope};
use futures_util::future::join;
use web::error::Source;
use web::{
    ApiError, Authenticator, Function, InvalidConfig, MailConfig, Notice, Origins, Post, Principal, Request,
    RequestLog, Response, SealedLinks, SessionConfig, Settings, SystemClock, Throttle,
};

pub use crate::route::Route;

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Config {
    session: SessionConfig,
    mail: MailConfig,
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS`, `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`, `MAIL_SENDER`
    /// and `MAIL_CONFIGURATION_SET`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let session = settings.session_config();
        let mail = settings.mail_config();
        settings.finish(|| Some(Self { session: session?, mail: mail? }))
    }
}

/// Everything that the endpoint needs.
pub struct App {
    post: Post,
    throttle: Throttle,
    idempotency: Arc<dyn IdempotencyStore>,
    authenticator: Authenticator,
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
        let throttle = Throttle::new(store.clone(), Arc::new(SystemClock));
        Ok(Self { post, throttle, idempotency: store, authenticator, origins: config.session.origins })
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
            Route::Send => {
                // A key of an administrator that leaks must not mail everybody.
                let by_key = matches!(principal, Principal::Key(..));
                let account = principal.permitted(Scope::Send)?;
                send::send_once(self, &account, by_key, &request).await
            }
        }
    }

    async fn notice(&self, notice: Notice, log: &mut RequestLog) -> Result<(), Source> {
        let now = self.authenticator.clock.now();
        match notice {
            Notice::Schedule => {
                log.route = Some("sweep");
                self.post.sweep(now).await?;
            }
            Notice::Messages(messages) => {
                log.route = Some("mail_event");
                for message in messages {
                    mail_events::note(&*self.post.outbox, &message, now, log).await?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod testing;
