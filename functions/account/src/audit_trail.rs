//! `GET /audit`: what happened to the caller's account.

use domain::{Account, Act, AuditEvent, Network};
use http::StatusCode;
use serde::Serialize;
use web::{ApiError, Request, Response, iso_time, response};

use crate::App;

/// How many events are shown if nobody asks for more or fewer.
const DEFAULT_EVENTS: usize = 100;

/// The most events that are shown at once.
const MAX_EVENTS: usize = 1_000;

#[derive(Serialize)]
struct EventObject<'a> {
    at: String,
    /// `event`, and `detail` where there is one.
    #[serde(flatten)]
    act: &'a Act,
    by: &'static str,
    device: &'a str,
    network: Option<&'a Network>,
}

/// The latest events of an account, newest first; `?limit=N` of them.
pub(crate) async fn list(app: &App, account: &Account, request: &Request) -> Result<Response, ApiError> {
    let events = app.accounts.events(&account.id, limit(request)?).await?;
    let objects: Vec<_> = events.iter().map(object).collect();
    Ok(response::with_data(StatusCode::OK, true, "Events included.", &objects))
}

/// How many events are asked for.
fn limit(request: &Request) -> Result<usize, ApiError> {
    let Some(text) = request.query.get("limit")? else { return Ok(DEFAULT_EVENTS) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_EVENTS).contains(limit));
    limit.ok_or_else(|| ApiError::BadRequest(format!("limit is a number from 1 to {MAX_EVENTS}.")))
}

fn object(event: &AuditEvent) -> EventObject<'_> {
    let client = event.own_client();
    EventObject {
        at: iso_time(event.occasion.at),
        act: &event.act,
        by: event.by.as_str(),
        device: client.map_or("", |client| &client.device),
        network: client.and_then(|client| client.network.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use crate::testing::World;

    #[tokio::test]
    async fn a_user_reads_what_happened_newest_first_and_nothing_of_others() {
        let world = World::new().await;
        let eve = world.other("eve@example.org").await;
        let key = json!({"name": "CI", "scope": "files:read"}).to_string();
        let (_, made) = world.ask(Method::POST, "keys", &key).await;
        world.clock.advance(1);
        assert_eq!(world.ask(Method::DELETE, "sessions", "").await.0, 200);
        world.clock.advance(1);
        let id = made["id"].as_str().unwrap();
        assert_eq!(world.ask(Method::DELETE, &format!("keys/{id}"), "").await.0, 200);
        let (status, answer) = world.ask(Method::GET, "audit", "").await;
        assert_eq!(status, 200);
        let events: Vec<_> =
            answer["data"].as_array().unwrap().iter().map(|e| (&e["event"], &e["detail"])).collect();
        let (revoked, ended, made) = (json!("key_revoked"), json!("other_sessions_ended"), json!("key_made"));
        assert_eq!(events, [(&revoked, &json!("CI")), (&ended, &json!(null)), (&made, &json!("CI"))]);
        let first = &answer["data"][0];
        assert_eq!(
            (&first["by"], &first["device"], &first["network"]),
            (&json!("owner"), &json!("curl/8.5"), &json!("203.0.113.0/24"))
        );
        assert_eq!(eve.ask(Method::GET, "audit", "").await.1["data"], json!([]));
        assert_eq!(world.ask(Method::GET, "audit?limit=1", "").await.1["data"].as_array().unwrap().len(), 1);
        for bad in ["0", "-1", "1001", "x", ""] {
            assert_eq!(world.ask(Method::GET, &format!("audit?limit={bad}"), "").await.0, 400, "{bad}");
        }
    }
}
