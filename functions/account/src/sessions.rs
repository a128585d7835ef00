//! `GET /sessions`, `DELETE /sessions/<id>`, `DELETE /sessions`: where the user is logged on, and the end of it.

use domain::{AccountChange, Act, Effects, Network, Session, SessionId, SessionsAfter};
use http::StatusCode;
use serde::Serialize;
use web::{ApiError, Caller, Request, Response, iso_time, response};

use crate::App;

#[derive(Serialize)]
struct SessionObject<'a> {
    id: &'a str,
    /// Whether it is the one that the request was sent in.
    current: bool,
    created: String,
    last_used: String,
    device: &'a str,
    network: Option<&'a Network>,
}

/// The sessions that live, the one used last first.
pub(crate) async fn list(app: &App, caller: &Caller) -> Result<Response, ApiError> {
    let mut sessions = alive(app, caller).await?;
    sessions.sort_by(|one, other| (other.last_used, &other.id).cmp(&(one.last_used, &one.id)));
    let objects: Vec<_> = sessions
        .iter()
        .map(|session| SessionObject {
            id: session.id.as_str(),
            current: session.id == caller.session.id,
            created: iso_time(session.created),
            last_used: iso_time(session.last_used),
            device: &session.client.device,
            network: session.client.network.as_ref(),
        })
        .collect();
    Ok(response::with_data(StatusCode::OK, true, "Sessions included.", &objects))
}

/// Ends one session, which may be the caller's own.
pub(crate) async fn end(
    app: &App,
    caller: &Caller,
    request: &Request,
    id: &SessionId,
) -> Result<Response, ApiError> {
    if !alive(app, caller).await?.iter().any(|session| session.id == *id) {
        return Err(ApiError::NotFound("There is no such session, or it has ended.".into()));
    }
    let event = app.event(caller, request, Act::SessionEnded);
    app.authenticator.sessions.end(&caller.account.id, id, &Effects::of(event)).await?;
    Ok(response::success("The session has ended."))
}

/// Ends all sessions but the caller's own.
pub(crate) async fn end_others(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let sessions = SessionsAfter::EndOthers(caller.session.id.clone());
    let change = AccountChange { sessions, ..AccountChange::default() };
    let event = app.event(caller, request, Act::OtherSessionsEnded);
    app.accounts.change(&caller.account, &change, &Effects::of(event)).await?;
    Ok(response::success("All other sessions have ended."))
}

async fn alive(app: &App, caller: &Caller) -> Result<Vec<Session>, ApiError> {
    let now = app.authenticator.clock.now();
    let mut sessions = app.authenticator.sessions.list_sessions(&caller.account.id).await?;
    sessions.retain(|session| session.is_alive(&caller.account, now));
    Ok(sessions)
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::Value;

    use crate::testing::World;

    async fn listed(world: &World) -> Vec<Value> {
        let (status, answer) = world.ask(Method::GET, "sessions", "").await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].as_array().unwrap().clone()
    }

    #[tokio::test]
    async fn a_user_sees_where_they_are_logged_on() {
        let world = World::new().await;
        let phone = world.again().await;
        world.clock.advance(7_200);
        assert_eq!(phone.ask(Method::GET, "user", "").await.0, 200);
        let sessions = listed(&world).await;
        let current: Vec<_> = sessions.iter().map(|session| session["current"] == true).collect();
        assert_eq!(sessions.len(), 2);
        assert!(current.contains(&true) && current.contains(&false));
        let own = sessions.iter().find(|session| session["current"] == true).unwrap();
        assert_eq!((&own["device"], &own["network"]), (&"curl/8.5".into(), &"203.0.113.0/24".into()));
        assert_eq!(
            (&own["created"], &own["last_used"]),
            (&"2026-09-21T14:13:20Z".into(), &"2026-09-21T16:13:20Z".into())
        );
        let ids: Vec<_> = sessions.iter().map(|session| session["id"].as_str().unwrap().len()).collect();
        assert_eq!(ids, [32, 32]);
    }

    #[tokio::test]
    async fn one_session_is_ended_and_only_a_session_of_ones_own() {
        let world = World::new().await;
        let (phone, eve) = (world.again().await, world.other("eve@example.org").await);
        let id = listed(&phone).await.iter().find(|s| s["current"] == true).unwrap()["id"].clone();
        let path = format!("sessions/{}", id.as_str().unwrap());
        assert_eq!(eve.ask(Method::DELETE, &path, "").await.0, 404);
        assert_eq!(phone.ask(Method::GET, "user", "").await.0, 200);
        assert_eq!(world.ask(Method::DELETE, &path, "").await.0, 200);
        assert_eq!(phone.ask(Method::GET, "user", "").await.0, 401);
        assert_eq!(world.ask(Method::DELETE, &path, "").await.0, 404);
        assert_eq!(world.ask(Method::DELETE, "sessions/x", "").await.0, 404);
        assert_eq!(listed(&world).await.len(), 1);
    }

    #[tokio::test]
    async fn all_other_sessions_end_and_this_one_goes_on() {
        let world = World::new().await;
        let (phone, laptop) = (world.again().await, world.again().await);
        assert_eq!(world.ask(Method::DELETE, "sessions", "").await.0, 200);
        assert_eq!(phone.ask(Method::GET, "user", "").await.0, 401);
        assert_eq!(laptop.ask(Method::GET, "user", "").await.0, 401);
        assert_eq!(listed(&world).await.len(), 1);
    }
}
