//! `POST /password`: a new password, for whoever knows the old one.

use domain::{AccountChange, Act, Effects, Notification, SessionsAfter};
use serde::Deserialize;
use web::{ApiError, Caller, Proof, Request, Response, response};

use crate::App;
use crate::new_password::new_password;

/// Not printable: it holds passwords.
#[derive(Deserialize)]
struct Passwords {
    #[serde(flatten)]
    proof: Proof,
    new_password: String,
}

/// Sets the new password, ends all other sessions, and tells the owner by mail.
pub(crate) async fn change_password(
    app: &App,
    caller: &Caller,
    request: &Request,
) -> Result<Response, ApiError> {
    let Passwords { proof, new_password: wanted } = request.json()?;
    let new = new_password(wanted, &caller.account.email, &caller.account.profile)?;
    let account = app.verifier.reauthenticate(&caller.account, request, proof).await?;
    let change = AccountChange {
        password_hash: Some(app.verifier.hashing.hash(new, app.random.clone()).await?),
        sessions: SessionsAfter::EndOthers(caller.session.id.clone()),
        ..AccountChange::default()
    };
    let occasion = request.occasion(app.authenticator.clock.now());
    let notification = Notification::PasswordChanged(occasion.clone());
    let act = Act::PasswordChanged;
    let effects = Effects::told(&account, act, notification, occasion, &*app.random);
    app.accounts.change(&account, &change, &effects).await?;
    app.post.deliver(&effects.letters).await;
    Ok(response::success("Your password has been changed, and all other sessions have ended."))
}

#[cfg(test)]
mod tests {
    use crate::testing::{World, body, token_of};

    fn passwords(old: &str, new: &str) -> String {
        serde_json::json!({"password": old, "new_password": new}).to_string()
    }

    async fn ada(world: &World) -> String {
        token_of(&world.log_on("ada@example.org", "demo-password-1").await)
    }

    #[tokio::test]
    async fn the_new_password_counts_the_other_sessions_end_and_the_owner_is_told() {
        let world = World::new().await;
        let (mine, other) = (ada(&world).await, ada(&world).await);
        let answer =
            world.post_as("password", &mine, &passwords("demo-password-1", "seven grey herons")).await;
        assert_eq!(answer.status(), 200, "{}", body(&answer));
        assert_eq!(world.post_as("checkin", &other, "").await.status(), 401);
        assert_eq!(world.post_as("checkin", &mine, "").await.status(), 200);
        assert!(body(&world.log_on("ada@example.org", "demo-password-1").await).contains("No matching"));
        assert!(body(&world.log_on("ada@example.org", "seven grey herons").await).contains("Logged in"));
        let mails = world.mailer.sent();
        assert_eq!((mails.len(), mails[0].to().as_str()), (1, "ada@example.org"));
        assert!(mails[0].message().contains("If it was not you") && !mails[0].message().contains("herons"));
    }

    #[tokio::test]
    async fn without_the_old_password_or_with_a_weak_new_one_nothing_changes() {
        let world = World::new().await;
        let token = ada(&world).await;
        let long = "x1 ".repeat(100);
        for (old, new, text) in [
            ("wrong-password", "seven grey herons", "The present password is not right"),
            (&long, "seven grey herons", "The present password is not right"),
            ("demo-password-1", "short", "too short"),
            ("demo-password-1", &long, "too long"),
            ("demo-password-1", "Password123", "most common"),
            ("demo-password-1", "bcdefghijkl", "plain run"),
            ("demo-password-1", "ada@example.org", "your own name"),
        ] {
            let answer = world.post_as("password", &token, &passwords(old, new)).await;
            assert_eq!(answer.status(), 400, "{new}");
            assert!(body(&answer).contains(text), "{}", body(&answer));
        }
        for missing in ["", "{}", r#"{"password":"demo-password-1"}"#] {
            assert_eq!(world.post_as("password", &token, missing).await.status(), 400);
        }
        assert_eq!(world.post_as("password", "forged", "{}").await.status(), 401);
        assert!(body(&world.log_on("ada@example.org", "demo-password-1").await).contains("Logged in"));
        assert!(world.mailer.sent().is_empty());
    }
}
