//! Failures, and the only place that knows their HTTP statuses.
//!
//! `Display` is the sentence for the client: what happened and what to do. `source()` is for the log.

use domain::{MailError, Scope, StoreError, Usage};
use http::{HeaderValue, StatusCode, header};

use crate::log::Metric;
use crate::request::MAX_BODY_BYTES;
use crate::response::{self, Response};
use crate::usage_report::UsageReport;

/// When to try again after a 503, in seconds.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// The underlying failure, for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the request cannot be understood or is against a rule.
    #[error("{0}")]
    BadRequest(String),
    /// 401: no token, or none that is valid.
    #[error("You are not logged on, or your session has ended: log on with POST /users/api/auth.")]
    Unauthenticated,
    /// 401: an API key that is not known, or no longer.
    #[error(
        "This API key is not valid: it was mistyped or revoked, or has expired. Make a new one, in the console or with POST /users/api/keys."
    )]
    UnknownKey,
    /// 401: the request says whose it is, and comes from somebody else.
    #[error(
        "Somebody else is logged on here by now, and nothing was done: log on again with POST /users/api/auth."
    )]
    OtherAccount,
    /// 403: a page of another site tries to use a visitor's cookie.
    #[error("This request comes from a web page of another site, which may not use this API.")]
    ForeignOrigin,
    /// 403: an API key that lives, without the scope that the endpoint needs.
    #[error("This API key may not do that: it does not have the scope {0}. Make a key that has it.")]
    InsufficientScope(Scope),
    /// 403: an API key that lives, where only a session counts.
    #[error("This endpoint takes no API key: log on with POST /users/api/auth.")]
    SessionNeeded,
    /// 403: only administrators may do this.
    #[error("Only administrators may do this.")]
    AdministratorNeeded,
    /// 404: no such endpoint, file or folder.
    #[error("{0}")]
    NotFound(String),
    /// 405: the path exists, but not with this method.
    #[error("This path does not take that method; it takes {allow}.")]
    MethodNotAllowed {
        /// The methods it takes, separated by commas.
        allow: String,
    },
    /// 409: something else is in the place, or changed meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// 409: another request is changing the same; a little later it may be done.
    #[error("{0}")]
    Busy(String),
    /// 412: a condition of the request does not hold.
    #[error("{0}")]
    PreconditionFailed(String),
    /// 413: the body is larger than one request can carry.
    #[error(
        "The request is too large: one request carries at most {MAX_BODY_BYTES} bytes. A larger file is sent in parts: see POST /users/api/uploads."
    )]
    TooLarge,
    /// 413: a zip would unpack to more than is allowed.
    #[error("{0}")]
    TooMuchContent(String),
    /// 413: the account has no room for it.
    #[error(
        "There is no room for this: {} of {} bytes and {} of {} files are in use{}. Delete something, or ask for more room.",
        used.bytes, limit.bytes, used.files, limit.files, on_their_way(*kept)
    )]
    OverQuota {
        /// What the account stores.
        used: Usage,
        /// What is kept for files on their way.
        kept: Usage,
        /// What it may store.
        limit: Usage,
    },
    /// 415: the body is of a type that the endpoint does not read.
    #[error("The request's content type is not understood here: send it as {expected}.")]
    UnsupportedMediaType {
        /// The type that the endpoint reads.
        expected: &'static str,
    },
    /// 416: a range that the file does not have.
    #[error("The file has {bytes} bytes, and none in the range that was asked for.")]
    RangeNotSatisfiable {
        /// The size of the file.
        bytes: u64,
    },
    /// 429: too many wrong passwords.
    #[error("There were too many wrong passwords. Wait {}, then try again.", seconds(*wait_seconds))]
    TooManyGuesses {
        /// How long to wait, in seconds.
        wait_seconds: u64,
    },
    /// 429: too many mails.
    #[error("Too many mails were asked for. Wait {}, then try again.", seconds(*wait_seconds))]
    TooManyMails {
        /// How long to wait, in seconds.
        wait_seconds: u64,
    },
    /// 429: too many zips that are too large for one answer.
    #[error(
        "Too many large zips were asked for today. Wait {}, or get the files one by one.",
        seconds(*wait_seconds)
    )]
    TooManyZips {
        /// How long to wait, in seconds.
        wait_seconds: u64,
    },
    /// 500: a mail could not be sent.
    #[error("The email cannot be sent: the mail service refused it.")]
    MailRefused(#[source] Source),
    /// 500: a defect of the service.
    #[error("The request failed because of a defect in the service. Its operators find it in the log.")]
    Internal(#[source] Source),
    /// 503: something that the service needs does not answer.
    #[error("The service is not available at the moment. Try again in a few seconds.")]
    Unavailable(#[source] Source),
}

/// What else takes room, and how to get it back.
fn on_their_way(kept: Usage) -> String {
    if kept == Usage::default() {
        return String::new();
    }
    format!(
        ", and room for {} bytes and {} files is kept for uploads that have not ended (GET /users/api/uploads lists them)",
        kept.bytes, kept.files
    )
}

impl ApiError {
    /// What the failure is counted as.
    pub(crate) const fn metric(&self) -> Option<Metric> {
        match self {
            Self::TooManyGuesses { .. } | Self::TooManyMails { .. } | Self::TooManyZips { .. } => {
                Some(Metric::Throttles)
            }
            Self::OverQuota { .. } => Some(Metric::QuotaRefusals),
            _ => None,
        }
    }

    /// The status that the failure has on the wire.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::UnknownKey | Self::OtherAccount => StatusCode::UNAUTHORIZED,
            Self::ForeignOrigin
            | Self::AdministratorNeeded
            | Self::InsufficientScope(_)
            | Self::SessionNeeded => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) | Self::Busy(_) => StatusCode::CONFLICT,
            Self::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooLarge | Self::TooMuchContent(_) | Self::OverQuota { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyGuesses { .. } | Self::TooManyMails { .. } | Self::TooManyZips { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::MailRefused(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer: `{"ok": false, "status": …}` with the right status and headers.
    #[must_use]
    pub fn to_response(&self) -> Response {
        let mut answer = match self {
            Self::OverQuota { used, kept, limit } => response::with_data(
                self.status(),
                false,
                &self.to_string(),
                &UsageReport::new(*used, *kept, *limit),
            ),
            _ => response::failure(self.status(), &self.to_string()),
        };
        match self {
            Self::MethodNotAllowed { allow } => {
                if let Ok(allow) = HeaderValue::from_str(allow) {
                    answer.headers_mut().insert(header::ALLOW, allow);
                }
            }
            Self::Unauthenticated | Self::UnknownKey | Self::OtherAccount => {
                // RFC 9110 15.5.2 asks for it; no browser shows a dialogue for this scheme.
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::InsufficientScope(_) | Self::SessionNeeded => {
                // RFC 6750 3.1.
                let challenge = HeaderValue::from_static(r#"Bearer error="insufficient_scope""#);
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::RangeNotSatisfiable { bytes } => {
                if let Ok(range) = HeaderValue::from_str(&format!("bytes */{bytes}")) {
                    answer.headers_mut().insert(header::CONTENT_RANGE, range);
                }
            }
            Self::TooManyGuesses { wait_seconds }
            | Self::TooManyMails { wait_seconds }
            | Self::TooManyZips { wait_seconds } => {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*wait_seconds));
            }
            Self::Unavailable(_) | Self::Busy(_) => {
                answer.headers_mut().insert(header::RETRY_AFTER, RETRY_SECONDS);
            }
            _ => {}
        }
        answer
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict(
                "The data changed while the request was under way: read it again and retry.".into(),
            ),
            StoreError::Corrupt(_) => Self::Internal(error.into()),
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
        }
    }
}

impl From<MailError> for ApiError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Refused(_) => Self::MailRefused(error.into()),
            MailError::Unavailable(_) => Self::Unavailable(error.into()),
        }
    }
}

/// A time to wait, as people say it.
fn seconds(number: u64) -> String {
    if number == 1 { "1 second".to_owned() } else { format!("{number} seconds") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_sees_what_to_do_and_never_the_cause() {
        let error = ApiError::from(StoreError::Unavailable("dispatch failure: secret-host:8000".into()));
        assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
        let answer = error.to_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
        assert!(!String::from_utf8_lossy(answer.body().as_whole().unwrap()).contains("secret-host"));
    }

    #[test]
    fn a_wrong_method_names_the_right_ones() {
        let answer = ApiError::MethodNotAllowed { allow: "GET, POST".into() }.to_response();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[header::ALLOW]),
            (405, &HeaderValue::from_static("GET, POST"))
        );
    }
}
