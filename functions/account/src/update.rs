//! `POST /user`: any subset of the account object.

use domain::ProfileChange;
use http::StatusCode;
use serde::Serialize;
use web::{ApiError, Caller, Request, Response, response};

use crate::App;

#[derive(Serialize)]
struct Answer {
    ok: bool,
    status: &'static str,
    session: Option<()>,
}

/// Changes what is named and not null. `email`, `role`, ids, `jess_user`, `jess_pwd` and whatever else is sent is
/// ignored: clients post back the whole object that they have read.
pub(crate) async fn update(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let change: ProfileChange = request.json()?;
    change.validate().map_err(|error| ApiError::BadRequest(error.to_string()))?;
    if !change.is_empty() {
        app.accounts.change_profile(&caller.account.id, &change).await?;
    }
    let status = "Account details updated successfully!";
    Ok(response::json(StatusCode::OK, &Answer { ok: true, status, session: None }))
}

#[cfg(test)]
mod tests {
    use domain::{Account, AccountStore as _};
    use http::Method;
    use serde_json::{Value, json};

    use crate::testing::World;

    impl World {
        async fn update(&self, body: &str) -> (u16, Value) {
            self.ask(Method::POST, "user", body).await
        }

        async fn stored(&self) -> Account {
            self.store.find_by_email(&self.account.email).await.unwrap().unwrap()
        }
    }

    #[tokio::test]
    async fn named_fields_change_and_all_others_stay() {
        let world = World::new().await;
        let answer =
            world.update(r#"{"company": "ENSIMS", "tel": "", "firstname": null, "use_jess": false}"#).await;
        let expected =
            json!({"ok": true, "status": "Account details updated successfully!", "session": null});
        assert_eq!(answer, (200, expected));
        let mut expected = world.account.clone();
        expected.profile.company = Some("ENSIMS".into());
        expected.profile.tel = Some(String::new());
        expected.profile.use_jess = false;
        assert_eq!(world.stored().await, expected);
        let (_, read) = world.ask(Method::GET, "user", "").await;
        assert_eq!((&read["data"]["company"], &read["data"]["firstname"]), (&json!("ENSIMS"), &json!("Ada")));
    }

    #[tokio::test]
    async fn the_whole_object_can_be_posted_back() {
        let world = World::new().await;
        let (_, read) = world.ask(Method::GET, "user", "").await;
        assert_eq!(read["status"], "User's account detailes included.");
        assert_eq!(world.update(&read["data"].to_string()).await.0, 200);
        assert_eq!(world.stored().await, world.account);
    }

    #[tokio::test]
    async fn nobody_can_promote_themselves_or_touch_what_is_not_theirs_to_change() {
        let world = World::new().await;
        let body = json!({
            "role": "admin", "roles": ["admin"], "is_admin": true, "quota": 1, "id": "x", "pk": "x", "sk": "x",
            "email": "eve@example.org", "email_verified": true, "password_hash": "x", "disabled": true, "created": 0,
            "jess_user": "x", "jess_pwd": "x", "anything": {"deep": [1, 2, 3]},
        });
        assert_eq!(world.update(&body.to_string()).await.0, 200);
        assert_eq!(world.stored().await, world.account);
    }

    #[tokio::test]
    async fn what_cannot_be_a_profile_is_a_400_and_changes_nothing() {
        let world = World::new().await;
        let long = json!({"company": "x".repeat(1_001)}).to_string();
        for body in
            ["", "[]", "null", r#"{"tel": 5}"#, r#"{"use_jess": "yes"}"#, r#"{"tel": "\u0000"}"#, &long]
        {
            let (status, answer) = world.update(body).await;
            assert_eq!((status, &answer["ok"]), (400, &json!(false)), "{body}");
        }
        assert_eq!(world.stored().await, world.account);
    }

    #[tokio::test]
    async fn without_a_session_it_is_a_401() {
        let world = World::new().await;
        for method in [Method::GET, Method::POST] {
            assert_eq!(world.with_token("forged").ask(method, "user", "{}").await.0, 401);
        }
        assert_eq!(world.ask(Method::PUT, "user", "").await.0, 405);
    }
}
