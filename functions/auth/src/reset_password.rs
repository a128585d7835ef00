//! `GET /password/reset`, `POST /password/reset`: a new password, for whoever reads the mail of the account.

use domain::{
    Account, AccountChange, Act, Effects, Notification, OneTimeToken, Purpose, SessionsAfter, StoreError,
    TokenId, TokenKind,
};
use http::StatusCode;
use serde::Deserialize;
use web::{ApiError, Form, Page, Request, Response, response};

use crate::App;
use crate::mailed_token::{ATTEMPTS, find, in_query, in_the_form_of, void};
use crate::new_password::{NEW_PASSWORD_INPUT, new_password};

const TITLE: &str = "Set a new password";

/// Not printable: it holds a password and a token.
#[derive(Deserialize)]
struct Reset {
    token: String,
    password: String,
}

/// A page that asks for the new password. Nothing changes by looking at it.
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, ApiError> {
    let token = in_query(request)?;
    let Some((_, account)) = account_of(app, token).await? else {
        return Ok(in_the_form_of(true, &void()));
    };
    let text = format!(
        "For {}. At least 8 characters; several unrelated words are good. All log-ons and API keys of the account end.",
        account.email
    );
    Ok(ask(token, &text).answer(StatusCode::OK))
}

fn ask<'a>(token: &'a str, text: &'a str) -> Page<'a> {
    let form = Form { token: Some(token), field: Some(("New password", NEW_PASSWORD_INPUT)), button: TITLE };
    Page { title: TITLE, text, form: Some(form) }
}

/// Sets the new password, ends all sessions, and tells the owner by mail.
pub(crate) async fn reset_password(app: &App, request: &Request) -> Result<Response, ApiError> {
    let page = request.is_form();
    let Reset { token, password } = request.form_or_json()?;
    let result = match account_of(app, &token).await? {
        None => return Ok(in_the_form_of(page, &void())),
        Some(opened) => reset(app, request, &token, opened, password).await,
    };
    match result {
        Ok(()) if page => {
            let text = "You can log on with it now. All log-ons and API keys from before have ended.";
            Ok(Page { title: "Your password is set", text, form: None }.answer(StatusCode::OK))
        }
        Ok(()) => {
            let text = "Your password is set. All sessions and API keys have ended: log on with the new one.";
            Ok(response::success(text))
        }
        // The token is still good: the user may choose another password.
        Err(error @ ApiError::BadRequest(_)) if page => {
            Ok(ask(&token, &error.to_string()).answer(error.status()))
        }
        Err(error) => Err(error),
    }
}

/// The account that a token opens, and the token's id.
async fn account_of(app: &App, token: &str) -> Result<Option<(TokenId, Account)>, ApiError> {
    let token = find(app, TokenKind::PasswordReset, token).await?;
    let Some(OneTimeToken { id, purpose: Purpose::PasswordReset { account, email, password }, .. }) = token
    else {
        return Ok(None);
    };
    let account = app.accounts.find_account(&account).await?.filter(|account| !account.disabled);
    let is_same = |account: &Account| account.email == email && account.password_hash.digest() == password;
    Ok(account.filter(is_same).map(|account| (id, account)))
}

/// Sets the password of what `token` has opened.
async fn reset(
    app: &App,
    request: &Request,
    token: &str,
    opened: (TokenId, Account),
    password: String,
) -> Result<(), ApiError> {
    let (mut id, mut account) = opened;
    let password = new_password(password, &account.email, &account.profile)?;
    let occasion = request.occasion(app.authenticator.clock.now());
    let change = AccountChange {
        password_hash: Some(app.verifier.hashing.hash(password, app.random.clone()).await?),
        sessions: SessionsAfter::End,
        end_keys: true,
        ..AccountChange::default()
    };
    let notification = Notification::PasswordWasReset(occasion.clone());
    let told = Effects::told(&account, Act::PasswordReset, notification, occasion, &*app.random);
    for _ in 0..ATTEMPTS {
        let effects = Effects { spent: Some(id), ..told.clone() };
        match app.accounts.change(&account, &change, &effects).await {
            Ok(()) => {
                app.post.deliver(&effects.letters).await;
                // Whoever reads the mail of the account may try the new password from here.
                app.verifier.throttle.vouch(&account.email.normalised(), request.address).await?;
                return Ok(());
            }
            Err(StoreError::Conflict) => (id, account) = account_of(app, token).await?.ok_or_else(void)?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(void())
}

#[cfg(test)]
mod tests {
    use domain::{AccountChange, AccountStore as _, Effects, SessionsAfter};
    use serde_json::json;

    use crate::testing::{World, body, token_of};

    async fn forgotten(world: &World) -> String {
        assert_eq!(world.tell("password/forgot", &json!({"email": "ada@example.org"})).await.status(), 200);
        world.mailed_token()
    }

    #[tokio::test]
    async fn a_known_and_an_unknown_address_get_the_same_answer_and_only_one_a_mail() {
        let world = World::new().await;
        let known = world.tell("password/forgot", &json!({"email": "ada@example.org"})).await;
        let unknown = world.tell("password/forgot", &json!({"email": "nobody@example.org"})).await;
        assert_eq!((known.status(), body(&known)), (unknown.status(), body(&unknown)));
        assert_eq!(known.headers(), unknown.headers());
        assert_eq!(world.mailer.sent().len(), 1);
        let (known, unknown) = (
            world.submit("password/forgot", "email=ada@example.org").await,
            world.submit("password/forgot", "email=x@example.org").await,
        );
        assert_eq!((known.status(), body(&known)), (unknown.status(), body(&unknown)));
        for wrong in [json!({}), json!({"email": "nowhere"}), json!({"email": 7})] {
            assert_eq!(world.tell("password/forgot", &wrong).await.status(), 400);
        }
        assert!(body(&world.page("password/forgot").await).contains("type=\"email\""));
    }

    #[tokio::test]
    async fn the_new_password_counts_all_sessions_end_and_the_owner_is_told() {
        let world = World::new().await;
        let session = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let (earlier, token) = (forgotten(&world).await, forgotten(&world).await);
        let page = world.page(&world.link()).await;
        assert!(body(&page).contains("type=\"password\"") && body(&page).contains(&token));
        assert_eq!(world.post_as("checkin", &session, "").await.status(), 200);
        let weak = world.submit("password/reset", &format!("token={token}&password=password1")).await;
        assert_eq!(weak.status(), 400);
        assert!(
            body(&weak).contains("most common") && body(&weak).contains(&token),
            "the form is shown again"
        );
        let answer =
            world.submit("password/reset", &format!("token={token}&password=seven+grey+herons")).await;
        assert!(body(&answer).contains("Your password is set"), "{}", body(&answer));
        assert_eq!(world.post_as("checkin", &session, "").await.status(), 401);
        assert!(body(&world.log_on("ada@example.org", "demo-password-1").await).contains("No matching"));
        assert!(body(&world.log_on("ada@example.org", "seven grey herons").await).contains("Logged in"));
        assert_eq!(world.mailer.sent().last().unwrap().title(), "Your password was reset");
        for used in [token, earlier] {
            let again = json!({"token": used, "password": "eight grey herons"});
            assert_eq!(world.tell("password/reset", &again).await.status(), 400);
        }
    }

    #[tokio::test]
    async fn whoever_ends_sessions_does_not_make_the_link_void() {
        let world = World::new().await;
        let token = forgotten(&world).await;
        let email = domain::EmailAddress::parse("ada@example.org").unwrap();
        let ada = world.store.find_by_email(&email).await.unwrap().unwrap();
        let end = AccountChange { sessions: SessionsAfter::End, ..AccountChange::default() };
        world.store.change(&ada, &end, &Effects::none()).await.unwrap();
        let reset = json!({"token": token, "password": "seven grey herons"});
        assert_eq!(world.tell("password/reset", &reset).await.status(), 200);
    }

    #[tokio::test]
    async fn a_link_is_good_for_an_hour_and_not_after_the_password_was_changed() {
        let world = World::new().await;
        let token = forgotten(&world).await;
        let reset = json!({"token": token, "password": "seven grey herons"});
        let session = token_of(&world.log_on("ada@example.org", "demo-password-1").await);
        let change = json!({"password": "demo-password-1", "new_password": "eight grey herons"});
        assert_eq!(world.post_as("password", &session, &change.to_string()).await.status(), 200);
        assert_eq!(world.tell("password/reset", &reset).await.status(), 400);
        let token = forgotten(&world).await;
        world.clock.advance(3_600);
        assert_eq!(
            world
                .tell("password/reset", &json!({"token": token, "password": "seven grey herons"}))
                .await
                .status(),
            400
        );
        assert_eq!(world.page(&format!("password/reset?token={token}")).await.status(), 400);
    }
}
