//! The HTTP edge, shared by all functions. It knows no AWS service.
//!
//! One request, in the order of the files:
//!
//! | file | step |
//! |---|---|
//! | [`mod@serve`] | an event comes in; whatever happens, a JSON answer goes out, and one line is logged |
//! | [`event`] | API Gateway's two event formats become one [`Request`] |
//! | [`origins`] | pages of other sites are kept from using a visitor's cookie |
//! | [`route`] | the raw path becomes a function's own `Route` |
//! | [`caller`], [`principal`] | a token becomes a [`Caller`], a token or API key a [`Principal`] |
//! | [`request`], [`query`], [`multipart`] | the body becomes a typed value |
//! | [`page`] | … or as a page, for people who follow a link in a mail |
//! | [`response`], [`error`] | a value or an [`ApiError`] becomes a [`Response`] |
//!
//! The line is written by `request_line`, from what [`RequestLog`] holds and the [`Invocation`] says.
//! [`throttle`] slows down whoever guesses passwords, and [`Hashing`] tries them.
//! [`settings`] and [`environment`] are for start-up: configuration, the clock and randomness are read there and
//! passed in everywhere else.

pub mod caller;
mod content_disposition;
pub mod environment;
pub mod error;
pub mod event;
mod hashing;
pub mod idempotency;
mod invocation;
mod key_report;
mod links;
pub mod log;
pub mod multipart;
mod off_thread;
pub mod origins;
pub mod page;
mod post;
pub mod principal;
pub mod query;
pub mod request;
mod request_line;
pub mod response;
pub mod route;
mod runtime;
pub mod serve;
pub mod settings;
pub mod throttle;
mod usage_report;
mod verifier;

pub use caller::{Authenticator, Caller};
pub use domain::{iso_time, parse_iso_time};
pub use environment::{SystemClock, SystemRandom};
pub use error::ApiError;
pub use event::Notice;
pub use hashing::Hashing;
pub use invocation::Invocation;
pub use key_report::KeyReport;
pub use links::SealedLinks;
pub use log::{Metric, RequestLog};
pub use multipart::UploadedFile;
pub use off_thread::off_thread;
pub use origins::Origins;
pub use page::{Form, Page};
pub use post::Post;
pub use principal::Principal;
pub use query::Query;
pub use request::Request;
pub use response::{Body, Response};
pub use serve::{Answers, Function, serve};
pub use settings::{InvalidConfig, MailConfig, PublicUrl, SessionConfig, Settings};
pub use throttle::Throttle;
pub use usage_report::UsageReport;
pub use verifier::{CODE_NEEDED, CODE_WRONG, Code, Proof, Verifier};
