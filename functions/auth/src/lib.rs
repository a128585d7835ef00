//! Sign-on: log on, check in, log off, confirm.
//!
//! | endpoint | file |
//! |---|---|
//! | `POST /logon`, `POST /auth` | `log_on.rs` |
//! | `POST /checkin` | `check_in.rs` |
//! | `POST /logout` | `log_off.rs` |
//! | `POST /confirm` | `confirm.rs` |
//! | `POST /password` | `change_password.rs` |
//! | `POST /register` | `register.rs` |
//! | `GET /verify`, `POST /verify` | `verify.rs` |
//! | `GET /totp`, `POST /totp`, `DELETE /totp`, `POST /totp/confirm` | `second_factor.rs` |
//! | `POST /email`, `GET` and `POST /email/confirm`, `GET` and `POST /email/undo` | `change_address.rs` |
//! | `GET /password/forgot`, `POST /password/forgot` | `forgot_password.rs` |
//! | `GET /password/reset`, `POST /password/reset` | `reset_password.rs` |

mod auth_return;
mod change_address;
mod change_password;
mod check_in;
mod confirm;
mod credentials;
mod discretion;
mod forgot_password;
mod jwks;
mod log_off;
mod log_on;
mod mailed_token;
mod new_password;
mod register;
mod reset_password;
mod route;
mod second_factor;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts, SesMailer};
use domain::{AccountStore, Random};
use futures_util::future::join;
use web::error::Source;
use web::{
    ApiError, Authenticator, Function, Hashing, InvalidConfig, MailConfig, Origins, Post, Request,
    RequestLog, Response, SealedLinks, SessionConfig, Settings, SystemClock, SystemRandom, Throttle,
    Verifier,
};

use crate::change_address::{CONFIRM, UNDO};
pub use crate::route::Route;

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Config {
    session: SessionConfig,
    token_ttl_seconds: u64,
    session_ttl_seconds: u64,
    mail: MailConfig,
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS`, `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`,
    /// `TOKEN_TTL_SECONDS`, `SESSION_TTL_SECONDS`, `MAIL_SENDER` and `MAIL_CONFIGURATION_SET`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let session = settings.session_config();
        let token_ttl_seconds = settings.seconds("TOKEN_TTL_SECONDS");
        let session_ttl_seconds = settings.seconds("SESSION_TTL_SECONDS");
        let mail = settings.mail_config();
        settings.finish(|| {
            Some(Self {
                mail: mail?,
                session: session?,
                token_ttl_seconds: token_ttl_seconds?,
                session_ttl_seconds: session_ttl_seconds?,
            })
        })
    }
}

/// Everything that the endpoints need.
pub struct App {
    accounts: Arc<dyn AccountStore>,
    authenticator: Authenticator,
    verifier: Verifier,
    post: Post,
    links: SealedLinks,
    random: Arc<dyn Random>,
    origins: Origins,
    secure_cookies: bool,
    token_ttl_seconds: u64,
    session_ttl_seconds: u64,
    /// How long after their arrival public requests are answered.
    answer_after: Duration,
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
            links: Arc::new(links.clone()),
            clock: Arc::new(SystemClock),
        };
        Ok(Self {
            post,
            links,
            answer_after: discretion::ANSWER_AFTER,
            verifier: Verifier {
                accounts: store.clone(),
                hashing: Hashing::new(),
                throttle: Throttle::new(store.clone(), Arc::new(SystemClock)),
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
            },
            accounts: store,
            authenticator,
            random: Arc::new(SystemRandom),
            origins: config.session.origins,
            secure_cookies: config.session.url.is_https(),
            token_ttl_seconds: config.token_ttl_seconds,
            session_ttl_seconds: config.session_ttl_seconds,
        })
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
        match route {
            Route::LogOn => log_on::log_on(self, &request, log).await,
            Route::CheckIn => {
                check_in::check_in(self, &self.authenticator.caller(&request, log).await?).await
            }
            Route::LogOff => log_off::log_off(self, &request, log).await,
            Route::Confirm => {
                confirm::confirm(self, &self.authenticator.caller(&request, log).await?, &request).await
            }
            Route::ChangePassword => {
                let caller = self.authenticator.caller(&request, log).await?;
                change_password::change_password(self, &caller, &request).await
            }
            Route::Register => register::register(self, &request).await,
            Route::ShowVerification => verify::show(self, &request).await,
            Route::Verify => verify::verify(self, &request).await,
            Route::ShowSecondFactor => {
                Ok(second_factor::show(&self.authenticator.caller(&request, log).await?))
            }
            Route::BeginSecondFactor => {
                second_factor::begin(self, &self.authenticator.caller(&request, log).await?, &request).await
            }
            Route::ConfirmSecondFactor => {
                second_factor::confirm(self, &self.authenticator.caller(&request, log).await?, &request).await
            }
            Route::EndSecondFactor => {
                second_factor::switch_off(self, &self.authenticator.caller(&request, log).await?, &request)
                    .await
            }
            Route::ChangeAddress => {
                let caller = self.authenticator.caller(&request, log).await?;
                change_address::ask(self, &caller, &request).await
            }
            Route::ShowNewAddress => change_address::show(self, &request, &CONFIRM).await,
            Route::ConfirmNewAddress => {
                CONFIRM
                    .press(&request, async |token| change_address::confirm(self, &request, token).await)
                    .await
            }
            Route::ShowAddressUndo => change_address::show(self, &request, &UNDO).await,
            Route::UndoAddress => {
                UNDO.press(&request, async |token| change_address::undo(self, &request, token).await).await
            }
            Route::ShowForgotPassword => Ok(forgot_password::show()),
            Route::ForgotPassword => forgot_password::forgot_password(self, &request).await,
            Route::Jwks => Ok(jwks::jwks(self)),
            Route::ShowReset => reset_password::show(self, &request).await,
            Route::ResetPassword => reset_password::reset_password(self, &request).await,
        }
    }
}

#[cfg(test)]
mod testing;
