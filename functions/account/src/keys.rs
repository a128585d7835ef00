//! `GET /keys`, `POST /keys`, `DELETE /keys/<id>`: the API keys of the caller's scripts.

use domain::api_key::{MAX_KEYS, expiry};
use domain::{Act, ApiKey, ApiKeyId, ApiKeyName, Effects, Notification, Scopes, Timestamp};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{ApiError, Caller, KeyReport, Request, Response, parse_iso_time, response};

use crate::App;

#[derive(Deserialize)]
struct Order {
    name: String,
    scope: ScopeNames,
    #[serde(default)]
    expires: Option<String>,
}

/// `"files:read send"`, or `["files:read", "send"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum ScopeNames {
    Text(String),
    List(Vec<String>),
}

#[derive(Serialize)]
struct Created<'a> {
    ok: bool,
    status: &'a str,
    key: &'a str,
    id: &'a str,
}

/// The keys that live, the newest first.
pub(crate) async fn list(app: &App, caller: &Caller) -> Result<Response, ApiError> {
    let mut keys = alive(app, caller).await?;
    keys.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
    let objects: Vec<_> = keys.iter().map(KeyReport::new).collect();
    Ok(response::with_data(StatusCode::OK, true, "Keys included.", &objects))
}

/// Makes a key and shows it, this once.
pub(crate) async fn create(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let (name, scopes, expires) = read_order(request)?;
    let now = app.authenticator.clock.now();
    let expires = expiry(expires, now).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    // Of several requests at once each may find the last place free: the limit is for the list, nothing leans on it.
    if alive(app, caller).await?.len() >= MAX_KEYS {
        let full = format!("You have {MAX_KEYS} keys already: delete one with DELETE /users/api/keys/<id>.");
        return Err(ApiError::Conflict(full));
    }
    let (key, text) = ApiKey::issue(&caller.account, name, scopes, expires, now, &*app.random);
    let (name, occasion) = (key.name.as_str().to_owned(), request.occasion(now));
    let notification = Notification::KeyMade(name.clone(), occasion.clone());
    let effects = Effects::told(&caller.account, Act::KeyMade(name), notification, occasion, &*app.random);
    app.authenticator.api_keys.add_key(&key, &effects).await?;
    app.post.deliver(&effects.letters).await;
    let status = "The key is made. It is shown this once: keep it as you keep a password.";
    let created = Created { ok: true, status, key: &text.reveal(), id: key.id.as_str() };
    Ok(response::json(StatusCode::OK, &created))
}

/// Revokes a key: it is refused from the next request on.
pub(crate) async fn revoke(
    app: &App,
    caller: &Caller,
    request: &Request,
    id: &ApiKeyId,
) -> Result<Response, ApiError> {
    let key = alive(app, caller).await?.into_iter().find(|key| key.id == *id).ok_or_else(gone)?;
    let event = app.event(caller, request, Act::KeyRevoked(key.name.as_str().to_owned()));
    app.authenticator.api_keys.revoke_key(&caller.account.id, id, &Effects::of(event)).await?;
    Ok(response::success("The key has been revoked."))
}

/// The 404 for an id that is no key of the caller's.
pub(crate) fn gone() -> ApiError {
    ApiError::NotFound("There is no such key: GET /users/api/keys lists them.".into())
}

/// The name and scopes of a key to be made, and its end if one is asked for.
fn read_order(request: &Request) -> Result<(ApiKeyName, Scopes, Option<Timestamp>), ApiError> {
    let Order { name, scope, expires } = request.json()?;
    let name = ApiKeyName::parse(&name).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let scope = match scope {
        ScopeNames::Text(text) => text,
        ScopeNames::List(names) => names.join(" "),
    };
    let scopes = Scopes::parse(&scope).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let unreadable = || {
        ApiError::BadRequest(
            "`expires` is a day, 2027-06-30, or a time with its zone, 2027-06-30T12:00:00Z.".into(),
        )
    };
    let expires = expires.map(|text| parse_iso_time(&text).ok_or_else(unreadable)).transpose()?;
    Ok((name, scopes, expires))
}

async fn alive(app: &App, caller: &Caller) -> Result<Vec<ApiKey>, ApiError> {
    let now = app.authenticator.clock.now();
    let mut keys = app.authenticator.api_keys.list_keys(&caller.account.id).await?;
    keys.retain(|key| key.is_alive(&caller.account, now));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use super::MAX_KEYS;
    use crate::testing::World;

    impl World {
        async fn make(&self, order: &Value) -> (u16, Value) {
            self.ask(Method::POST, "keys", &order.to_string()).await
        }

        /// The text and the id of a new key.
        async fn key(&self, name: &str, scope: &str) -> (String, String) {
            let (status, answer) = self.make(&json!({"name": name, "scope": scope})).await;
            assert_eq!(status, 200, "{answer}");
            let text = |field: &str| answer[field].as_str().unwrap().to_owned();
            (text("key"), text("id"))
        }

        async fn keys(&self) -> Vec<Value> {
            let (status, answer) = self.ask(Method::GET, "keys", "").await;
            assert_eq!((status, &answer["ok"]), (200, &json!(true)), "{answer}");
            answer["data"].as_array().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn a_key_is_shown_once_and_listed_without_its_secret_the_newest_first() {
        let world = World::new().await;
        let (key, id) = world.key(" nightly build ", "send files:read").await;
        assert!(key.starts_with("uapi_") && key.len() == 95, "{key}");
        world.clock.advance(60);
        let (_, newer) = world.key("notebook", "account:read").await;
        let keys = world.keys().await;
        assert_eq!([&keys[0]["id"], &keys[1]["id"]], [newer.as_str(), id.as_str()]);
        let expected = json!({
            "id": id, "name": "nightly build", "scope": "files:read send", "created": "2026-09-21T14:13:20Z",
            "last_used": null, "expires": "2027-09-21T14:13:20Z",
        });
        assert_eq!(keys[1], expected);
    }

    #[tokio::test]
    async fn a_key_reads_the_account_within_its_scope_and_its_owner_sees_when() {
        let world = World::new().await;
        let (key, _) = world.key("notebook", "account:read").await;
        let (status, answer) = world.ask_by_key(&key, Method::GET, "user", "").await;
        assert_eq!((status, &answer["data"]["email"]), (200, &json!("ada@example.org")));
        assert_eq!(world.keys().await[0]["last_used"], "2026-09-21T14:13:20Z");
        let (other, _) = world.key("mailer", "send").await;
        let (status, answer) = world.ask_by_key(&other, Method::GET, "user", "").await;
        assert_eq!(status, 403);
        assert!(answer["status"].as_str().unwrap().contains("account:read"), "{answer}");
    }

    #[tokio::test]
    async fn no_key_changes_the_account_or_sees_sessions_and_keys() {
        let world = World::new().await;
        let (key, id) = world.key("all", "files:read files:write send account:read").await;
        let sessions = ["sessions", &format!("sessions/{id}")].map(|path| (Method::DELETE, path.to_owned()));
        let others = [
            (Method::POST, "user".to_owned()),
            (Method::GET, "sessions".to_owned()),
            (Method::GET, "keys".to_owned()),
            (Method::POST, "keys".to_owned()),
            (Method::DELETE, format!("keys/{id}")),
        ];
        for (method, path) in sessions.into_iter().chain(others) {
            let order = r#"{"name": "x", "scope": "send"}"#;
            let (status, answer) = world.ask_by_key(&key, method, &path, order).await;
            assert_eq!((status, &answer["ok"]), (403, &json!(false)), "{path}");
        }
        assert_eq!(world.keys().await.len(), 1);
    }

    #[tokio::test]
    async fn a_key_that_is_revoked_is_dead_on_the_next_request_and_only_its_owner_can() {
        let world = World::new().await;
        let eve = world.other("eve@example.org").await;
        let (key, id) = world.key("notebook", "account:read").await;
        let path = format!("keys/{id}");
        assert_eq!(eve.ask(Method::DELETE, &path, "").await.0, 404);
        assert!(eve.keys().await.is_empty());
        assert_eq!(world.ask_by_key(&key, Method::GET, "user", "").await.0, 200);
        assert_eq!(world.ask(Method::DELETE, &path, "").await.0, 200);
        assert_eq!(world.ask_by_key(&key, Method::GET, "user", "").await.0, 401);
        assert_eq!(world.ask(Method::DELETE, &path, "").await.0, 404);
        assert_eq!(world.ask(Method::DELETE, "keys/x", "").await.0, 404);
        assert!(world.keys().await.is_empty());
    }

    #[tokio::test]
    async fn a_key_ends_when_it_was_asked_to_and_is_no_longer_listed() {
        let world = World::new().await;
        let order = json!({"name": "x", "scope": ["account:read"], "expires": "2026-09-22"});
        let (_, answer) = world.make(&order).await;
        let key = answer["key"].as_str().unwrap();
        assert_eq!(world.keys().await[0]["expires"], "2026-09-22T00:00:00Z");
        world.clock.advance(35_199);
        assert_eq!(world.ask_by_key(key, Method::GET, "user", "").await.0, 200);
        world.clock.advance(1);
        assert_eq!(world.ask_by_key(key, Method::GET, "user", "").await.0, 401);
        assert!(world.keys().await.is_empty());
    }

    #[tokio::test]
    async fn scopes_come_as_a_text_or_a_list_and_only_known_ones() {
        let world = World::new().await;
        for scope in [json!("files:read send"), json!(["send", "files:read"]), json!(["files:read send"])] {
            assert_eq!(world.make(&json!({"name": "x", "scope": scope})).await.0, 200);
        }
        assert!(world.keys().await.iter().all(|key| key["scope"] == "files:read send"));
        for scope in [json!(""), json!([]), json!("files"), json!(["send", "admin"]), json!("*")] {
            let (status, answer) = world.make(&json!({"name": "x", "scope": scope})).await;
            assert_eq!(status, 400, "{scope}");
            assert!(
                answer["status"].as_str().unwrap().contains("files:read, files:write, send, account:read")
            );
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_key_is_a_400_and_makes_none() {
        let world = World::new().await;
        let expires = |expires: Value| json!({"name": "x", "scope": "send", "expires": expires});
        for order in [
            json!({}),
            json!({"name": "x"}),
            json!({"scope": "send"}),
            json!({"name": "", "scope": "send"}),
            json!({"name": "a\nb", "scope": "send"}),
            json!({"name": "x", "scope": 1}),
            expires(json!(1_800_000_000)),
            expires(json!("tomorrow")),
            expires(json!("2027-06-30T12:00:00")),
            expires(json!("2026-09-21")),
            expires(json!("2031-09-24")),
        ] {
            let (status, answer) = world.make(&order).await;
            assert_eq!((status, &answer["ok"]), (400, &json!(false)), "{order}");
        }
        assert!(world.keys().await.is_empty());
        assert_eq!(world.make(&expires(json!("2031-09-21"))).await.0, 200, "five years");
        assert_eq!(world.make(&expires(Value::Null)).await.0, 200);
    }

    #[tokio::test]
    async fn there_is_room_for_fifty_keys_that_live() {
        let world = World::new().await;
        let short = json!({"name": "x", "scope": "send", "expires": "2026-09-22"});
        assert_eq!(world.make(&short).await.0, 200);
        for _ in 1..MAX_KEYS {
            world.key("x", "send").await;
        }
        let (status, answer) = world.make(&short).await;
        assert_eq!(status, 409);
        assert!(answer["status"].as_str().unwrap().contains("delete one"), "{answer}");
        world.clock.advance(35_200);
        world.key("after the first one has expired", "send").await;
        assert_eq!(world.keys().await.len(), MAX_KEYS);
    }
}
