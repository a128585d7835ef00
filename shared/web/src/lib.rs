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
//! | [`caller`] | a token becomes a [`Caller`] |
//! | [`request`], [`query`], [`multipart`] | the body becomes a typed value |
//! | [`response`], [`error`] | a value or an [`ApiError`] becomes a [`Response`] |
//!
//! [`settings`] and [`environment`] are for start-up: configuration, the clock and randomness are read there and
//! passed in everywhere else.

pub mod caller;
mod content_disposition;
pub mod environment;
pub mod error;
pub mod event;
mod iso_time;
pub mod log;
pub mod multipart;
mod off_thread;
pub mod origins;
pub mod query;
pub mod request;
pub mod response;
pub mod route;
pub mod serve;
pub mod settings;
mod usage_report;

pub use caller::{Authenticator, Caller};
pub use environment::{SystemClock, SystemRandom};
pub use error::ApiError;
pub use iso_time::iso_time;
pub use log::RequestLog;
pub use multipart::UploadedFile;
pub use off_thread::off_thread;
pub use origins::Origins;
pub use query::Query;
pub use request::Request;
pub use response::{Body, Response};
pub use serve::{Answers, Function, serve};
pub use settings::{InvalidConfig, PublicUrl, SessionConfig, Settings};
pub use usage_report::UsageReport;
