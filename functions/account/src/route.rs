//! The endpoints of the function.

use domain::{AccountId, ApiKeyId, SessionId};
use http::Method;
use web::ApiError;
use web::route::{below_base, by_method, unknown_endpoint};

use crate::keys;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /user`.
    Read,
    /// `POST /user`.
    Update,
    /// `DELETE /user`.
    Delete,
    /// `GET /sessions`.
    ListSessions,
    /// `DELETE /sessions/<id>`.
    EndSession(SessionId),
    /// `DELETE /sessions`.
    EndOtherSessions,
    /// `GET /keys`.
    ListKeys,
    /// `POST /keys`.
    CreateKey,
    /// `DELETE /keys/<id>`.
    RevokeKey(ApiKeyId),
    /// `GET /audit`.
    Audit,
    /// `GET /accounts?email=`.
    FindAccount,
    /// `GET /accounts/<id>`.
    ReadAccount(AccountId),
    /// `POST /accounts/<id>`.
    ChangeAccount(AccountId),
    /// `DELETE /accounts/<id>/sessions`.
    EndSessionsOf(AccountId),
    /// `GET /accounts/<id>/audit`.
    AuditOf(AccountId),
}

impl Route {
    /// The route of a request, by method and raw path.
    pub fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let path = below_base(path)?;
        match path.split_once('/') {
            None if path == "user" => by_method(
                method,
                [(Method::GET, Self::Read), (Method::POST, Self::Update), (Method::DELETE, Self::Delete)],
            ),
            None if path == "sessions" => by_method(
                method,
                [(Method::GET, Self::ListSessions), (Method::DELETE, Self::EndOtherSessions)],
            ),
            Some(("sessions", id)) => {
                let id = SessionId::parse(id).ok_or_else(|| {
                    ApiError::NotFound("There is no such session: GET /users/api/sessions lists them.".into())
                })?;
                by_method(method, [(Method::DELETE, Self::EndSession(id))])
            }
            None if path == "keys" => {
                by_method(method, [(Method::GET, Self::ListKeys), (Method::POST, Self::CreateKey)])
            }
            Some(("keys", id)) => {
                let id = ApiKeyId::parse(id).ok_or_else(keys::gone)?;
                by_method(method, [(Method::DELETE, Self::RevokeKey(id))])
            }
            None if path == "audit" => by_method(method, [(Method::GET, Self::Audit)]),
            None if path == "accounts" => by_method(method, [(Method::GET, Self::FindAccount)]),
            Some(("accounts", rest)) => Self::of_account(method, rest),
            _ => Err(unknown_endpoint()),
        }
    }

    /// The routes of one account, for administrators.
    fn of_account(method: &Method, rest: &str) -> Result<Self, ApiError> {
        let (id, part) = rest.split_once('/').unwrap_or((rest, ""));
        let id =
            AccountId::parse(id).ok_or_else(|| ApiError::NotFound("There is no such account.".into()))?;
        match part {
            "" => by_method(
                method,
                [(Method::GET, Self::ReadAccount(id.clone())), (Method::POST, Self::ChangeAccount(id))],
            ),
            "sessions" => by_method(method, [(Method::DELETE, Self::EndSessionsOf(id))]),
            "audit" => by_method(method, [(Method::GET, Self::AuditOf(id))]),
            _ => Err(unknown_endpoint()),
        }
    }

    /// The endpoint's name in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Read => "read_account",
            Self::Update => "update_account",
            Self::Delete => "delete_account",
            Self::ListSessions => "list_sessions",
            Self::EndSession(_) => "end_session",
            Self::EndOtherSessions => "end_other_sessions",
            Self::ListKeys => "list_keys",
            Self::CreateKey => "create_key",
            Self::RevokeKey(_) => "revoke_key",
            Self::Audit => "audit",
            Self::FindAccount => "find_account",
            Self::ReadAccount(_) => "read_account_of",
            Self::ChangeAccount(_) => "change_account_of",
            Self::EndSessionsOf(_) => "end_sessions_of",
            Self::AuditOf(_) => "audit_of",
        }
    }
}
