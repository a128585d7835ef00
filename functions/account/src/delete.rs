//! `DELETE /user`: the end of the caller's account.

use domain::{Effects, Letter, Notification};
use web::{ApiError, Caller, Proof, Request, Response, iso_time, response};

use crate::App;

/// Deletes the account of whoever proves to be its owner. All sessions and keys are dead at once; the files, which nobody can
/// reach any more, are removed within minutes. A mail says so.
pub(crate) async fn delete(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let proof: Proof = request.json()?;
    let account = &caller.account;
    let now = app.authenticator.clock.now();
    if let Some(until) = account.address_kept_until(now) {
        let wait =
            format!("The address was changed lately: the account can be deleted at {}.", iso_time(until));
        return Err(ApiError::Conflict(wait));
    }
    let account = &app.verifier.reauthenticate(account, request, proof).await?;
    let occasion = request.occasion(now);
    let letter =
        Letter::new(account.email.clone(), Notification::AccountDeleted(occasion), now, &*app.random);
    let effects = Effects { letters: vec![letter], ..Effects::none() };
    app.deletions.delete(account, now, &effects).await?;
    app.post.deliver(&effects.letters).await;
    Ok(response::success("Your account has been deleted, with all its log-ons, keys and files."))
}

#[cfg(test)]
mod tests {
    use domain::testing::SeededRandom;
    use domain::{
        AccountChange, AccountStore as _, Clock as _, DeletionStore as _, Effects, FactorChange,
        SecondFactor, SessionStore as _,
    };
    use http::Method;
    use serde_json::json;

    use crate::testing::World;

    #[tokio::test]
    async fn an_account_ends_with_all_its_sessions_and_keys_and_its_owner_is_told() {
        let ada = World::new().await;
        let (phone, eve) = (ada.again().await, ada.other("eve@example.org").await);
        let key = json!({"name": "CI", "scope": "account:read"}).to_string();
        let key = ada.ask(Method::POST, "keys", &key).await.1["key"].as_str().unwrap().to_owned();
        assert_eq!(ada.ask_by_key(&key, Method::GET, "user", "").await.0, 200);
        let farewell = json!({"password": "demo-password-1"}).to_string();
        let (status, answer) = ada.ask(Method::DELETE, "user", &farewell).await;
        assert_eq!((status, &answer["ok"]), (200, &json!(true)), "{answer}");
        for somebody in [&ada, &phone] {
            assert_eq!(somebody.ask(Method::GET, "user", "").await.0, 401);
        }
        assert_eq!(ada.ask_by_key(&key, Method::GET, "user", "").await.0, 401);
        assert_eq!(ada.ask(Method::DELETE, "user", &farewell).await.0, 401);
        assert_eq!(eve.ask(Method::GET, "user", "").await.0, 200);
        assert_eq!(ada.store.deletions().await.unwrap().len(), 1);
        let titles: Vec<_> = ada.mailer.sent().iter().map(|mail| mail.title().to_owned()).collect();
        assert_eq!(titles, ["An API key was made", "Your account was deleted"]);
        assert!(
            !ada.store.list_sessions(&ada.account.id).await.unwrap().is_empty(),
            "they are removed later"
        );
    }

    #[tokio::test]
    async fn whoever_has_a_second_factor_is_asked_for_a_code() {
        let ada = World::new().await;
        let random = SeededRandom::new(9);
        let begun = SecondFactor::begin(&random);
        let now = ada.clock.now();
        let (on, codes) = begun.switch_on(&begun.secret().code(now), now, &random).unwrap();
        let factor = FactorChange { from: None, to: Some(on) };
        let change = AccountChange { second_factor: Some(factor), ..AccountChange::default() };
        ada.store.change(&ada.account, &change, &Effects::none()).await.unwrap();
        let mut farewell = json!({"password": "demo-password-1"});
        let (status, answer) = ada.ask(Method::DELETE, "user", &farewell.to_string()).await;
        assert_eq!((status, answer["status"].as_str().unwrap()), (400, web::CODE_NEEDED));
        farewell["code"] = json!(codes[0]);
        assert_eq!(ada.ask(Method::DELETE, "user", &farewell.to_string()).await.0, 200);
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 401);
    }

    #[tokio::test]
    async fn without_the_password_nothing_is_deleted() {
        let ada = World::new().await;
        for body in [json!({"password": "wrong-password"}), json!({"password": "x".repeat(5_000)}), json!({})]
        {
            assert_eq!(ada.ask(Method::DELETE, "user", &body.to_string()).await.0, 400);
        }
        assert_eq!(ada.ask(Method::DELETE, "user", "").await.0, 400);
        let key = json!({"name": "CI", "scope": "account:read"}).to_string();
        let key = ada.ask(Method::POST, "keys", &key).await.1["key"].as_str().unwrap().to_owned();
        let farewell = json!({"password": "demo-password-1"}).to_string();
        assert_eq!(ada.ask_by_key(&key, Method::DELETE, "user", &farewell).await.0, 403);
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 200);
        assert!(ada.store.deletions().await.unwrap().is_empty());
        assert_eq!(ada.mailer.sent().len(), 1, "about the key");
    }
}
