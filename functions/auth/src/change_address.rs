//! `POST /email`, `POST /email/confirm`, `POST /email/undo`: another address for an account.
//!
//! The new address counts once whoever reads its mail has confirmed it. The old one is told then, and can take the
//! account back for 7 days; meanwhile it is kept for the account, and the address is not changed again.

use domain::{
    Account, AccountChange, Act, AuditEvent, Effects, EmailAddress, Letter, NewAddress, Notification,
    Occasion, OneTimeToken, Password, PasswordHash, Purpose, SessionsAfter, StoreError, TokenId, TokenKind,
};
use serde::Deserialize;
use web::{ApiError, Caller, Proof, Request, Response, iso_time, response};

use crate::App;
use crate::discretion::{discreetly, may_mail};
use crate::mailed_token::{ATTEMPTS, Button, find, in_query, in_the_form_of, void};

/// The page that confirms a new address.
pub(crate) const CONFIRM: Button = Button {
    kind: TokenKind::EmailChange,
    title: "Confirm your new e-mail address",
    text: "Confirm that this address is yours, and your account has it from now on.",
    label: "Confirm the address",
    done_title: "Your address is changed",
    done: "Your account has this address from now on: log on with it.",
};

/// The page that gives the old address back.
pub(crate) const UNDO: Button = Button {
    kind: TokenKind::EmailUndo,
    title: "Undo the change of your e-mail address",
    text: "Your account gets its old address back, all log-ons and API keys end, and a mail brings you a link to set a new password.",
    label: "Undo the change",
    done_title: "The change is undone",
    done: "Your account has its old address again, and all log-ons have ended. Look into your mailbox and set a new password.",
};

/// Not printable: it holds a password.
#[derive(Deserialize)]
struct Wish {
    email: String,
    #[serde(flatten)]
    proof: Proof,
}

/// Mails a link that confirms the new address. Whether the address has an account is not told.
pub(crate) async fn ask(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let Wish { email, proof } = request.json()?;
    let email = EmailAddress::parse(&email).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let account = &caller.account;
    if email == account.email {
        return Err(ApiError::BadRequest("Your account has this address already.".into()));
    }
    app.verifier.reauthenticate(account, request, proof).await?;
    let now = app.authenticator.clock.now();
    if let Some(again) = account.address_kept_until(now) {
        let wait = format!("The address was changed lately: it can be changed again at {}.", iso_time(again));
        return Err(ApiError::Conflict(wait));
    }
    let work = async {
        if !may_mail(app, "address", &email, request).await? {
            return Ok(Vec::new());
        }
        let owner = app.accounts.find_by_email(&email).await?;
        let effects = match owner.filter(|owner| owner.id != account.id) {
            Some(_) => mailed(app, email, Notification::AlreadyRegistered(request.occasion(now))),
            None => token_is_mailed(app, account, email, request.occasion(now)),
        };
        app.accounts.record(&effects).await?;
        Ok(effects.letters)
    };
    let status = "Look into the mailbox of the new address: a mail with a link to confirm it is on its way. The link is good for 24 hours.";
    discreetly(app, work, response::success(status)).await
}

fn mailed(app: &App, to: EmailAddress, notification: Notification) -> Effects {
    let letter = Letter::new(to, notification, app.authenticator.clock.now(), &*app.random);
    Effects { letters: vec![letter], ..Effects::none() }
}

fn token_is_mailed(app: &App, account: &Account, to: EmailAddress, occasion: Occasion) -> Effects {
    let purpose = Purpose::EmailChange {
        account: account.id.clone(),
        from: account.email.clone(),
        to: to.clone(),
        generation: account.generation,
    };
    let token = OneTimeToken::new(purpose, occasion.at, &*app.random);
    let notification = Notification::ConfirmNewAddress(token.id.clone(), occasion);
    Effects { tokens: vec![token], ..mailed(app, to, notification) }
}

/// The account that a token is about, with the address that it gets.
async fn subject(
    app: &App,
    kind: TokenKind,
    token: &str,
) -> Result<(TokenId, Account, EmailAddress), ApiError> {
    let token = find(app, kind, token).await?.ok_or_else(void)?;
    let (account, from, to, generation) = match token.purpose {
        Purpose::EmailChange { account, from, to, generation } => (account, from, to, Some(generation)),
        Purpose::EmailUndo { account, from, to } => (account, from, to, None),
        Purpose::Registration(_) | Purpose::PasswordReset { .. } => return Err(void()),
    };
    let now = app.authenticator.clock.now();
    let is_subject = |account: &Account| {
        // A change that was asked for before a new password was set, or before the one that can still be undone, is void.
        let may_change =
            |generation| account.generation == generation && account.address_kept_until(now).is_none();
        account.email == from && generation.is_none_or(may_change)
    };
    let account = app.accounts.find_account(&account).await?.filter(is_subject).ok_or_else(void)?;
    Ok((token.id, account, to))
}

/// The page of a button.
pub(crate) async fn show(app: &App, request: &Request, button: &Button) -> Result<Response, ApiError> {
    let token = in_query(request)?;
    match subject(app, button.kind, token).await {
        Ok(_) => Ok(button.page(token, "")),
        Err(error @ ApiError::BadRequest(_)) => Ok(in_the_form_of(true, &error)),
        Err(error) => Err(error),
    }
}

/// Gives the account its new address, and tells the old one.
pub(crate) async fn confirm(app: &App, request: &Request, token: &str) -> Result<(), ApiError> {
    let (spent, account, to) = subject(app, TokenKind::EmailChange, token).await?;
    if account.disabled {
        return Err(void());
    }
    let occasion = request.occasion(app.authenticator.clock.now());
    let purpose =
        Purpose::EmailUndo { account: account.id.clone(), from: to.clone(), to: account.email.clone() };
    let undo = OneTimeToken::new(purpose, occasion.at, &*app.random);
    let notification = Notification::AddressChanged(undo.id.clone(), to.clone(), occasion.clone());
    let new = NewAddress { email: to.clone(), at: occasion.at, old_reserved_until: Some(undo.expires) };
    let change = AccountChange { email: Some(new), ..AccountChange::default() };
    let act = Act::AddressChanged(to.to_string());
    let told = Effects::told(&account, act, notification, occasion, &*app.random);
    let effects = Effects { spent: Some(spent), tokens: vec![undo], ..told };
    match app.accounts.change(&account, &change, &effects).await {
        Ok(()) => app.post.deliver(&effects.letters).await,
        // Used a moment ago, or the address has become somebody else's.
        Err(StoreError::Conflict) => return Err(void()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Gives the account its old address back, ends all sessions and keys, and lets only whoever reads its mail set a new
/// password: whoever had changed the address knew the one before, which is good for nothing from now on.
pub(crate) async fn undo(app: &App, request: &Request, token: &str) -> Result<(), ApiError> {
    let password_hash = app.verifier.hashing.hash(Password::random(&*app.random), app.random.clone()).await?;
    for _ in 0..ATTEMPTS {
        let (spent, account, to) = subject(app, TokenKind::EmailUndo, token).await?;
        let (change, effects) = restoration(app, request, spent, &account, to, &password_hash);
        match app.accounts.change(&account, &change, &effects).await {
            Ok(()) => {
                app.post.deliver(&effects.letters).await;
                return Ok(());
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(void())
}

/// What an undo consists of.
fn restoration(
    app: &App,
    request: &Request,
    spent: TokenId,
    account: &Account,
    to: EmailAddress,
    password_hash: &PasswordHash,
) -> (AccountChange, Effects) {
    let occasion = request.occasion(app.authenticator.clock.now());
    let change = AccountChange {
        email: Some(NewAddress { email: to.clone(), at: occasion.at, old_reserved_until: None }),
        password_hash: Some(password_hash.clone()),
        sessions: SessionsAfter::End,
        end_keys: true,
        ..AccountChange::default()
    };
    let password = password_hash.digest();
    let purpose = Purpose::PasswordReset { account: account.id.clone(), email: to.clone(), password };
    let reset = OneTimeToken::new(purpose, occasion.at, &*app.random);
    let notification = Notification::ResetPassword(reset.id.clone(), occasion.clone());
    let event = AuditEvent::new(&account.id, occasion, Act::AddressRestored(to.to_string()), &*app.random);
    let effects = Effects {
        spent: Some(spent),
        tokens: vec![reset],
        events: vec![event],
        ..mailed(app, to, notification)
    };
    (change, effects)
}

#[cfg(test)]
mod tests {
    use domain::Effects;
    use domain::testing::contract;
    use domain::{AccountStore as _, EmailAddress};
    use serde_json::{Value, json};

    use crate::testing::{World, body, token_of};

    async fn ada(world: &World) -> String {
        token_of(&world.log_on("ada@example.org", "demo-password-1").await)
    }

    async fn ask(world: &World, session: &str, email: &str, password: &str) -> (u16, Value) {
        let wish = json!({"email": email, "password": password}).to_string();
        let answer = world.post_as("email", session, &wish).await;
        (answer.status().as_u16(), serde_json::from_str(&body(&answer)).unwrap())
    }

    fn titles(world: &World, to: &str) -> Vec<String> {
        let to = EmailAddress::parse(to).unwrap();
        world
            .mailer
            .sent()
            .iter()
            .filter(|mail| *mail.to() == to)
            .map(|mail| mail.title().to_owned())
            .collect()
    }

    async fn moved(world: &World) -> String {
        let session = ada(world).await;
        assert_eq!(ask(world, &session, "countess@example.org", "demo-password-1").await.0, 200);
        let token = world.mailed_token();
        assert!(body(&world.page(&world.link()).await).contains("<button>"));
        assert!(
            body(&world.log_on("ada@example.org", "demo-password-1").await).contains("Logged in"),
            "not yet"
        );
        assert_eq!(world.tell("email/confirm", &json!({"token": token})).await.status(), 200);
        assert_eq!(world.tell("email/confirm", &json!({"token": token})).await.status(), 400, "once");
        session
    }

    #[tokio::test]
    async fn the_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told() {
        let world = World::new().await;
        let session = moved(&world).await;
        assert!(body(&world.log_on("ada@example.org", "demo-password-1").await).contains("No matching"));
        let answer = body(&world.log_on("countess@example.org", "demo-password-1").await);
        assert!(answer.contains("Logged in") && answer.contains("countess@example.org"), "{answer}");
        assert_eq!(world.post_as("checkin", &session, "").await.status(), 200);
        assert_eq!(titles(&world, "countess@example.org"), ["Confirm your new e-mail address"]);
        assert_eq!(titles(&world, "ada@example.org"), ["Your e-mail address was changed"]);
        assert_eq!(
            ask(&world, &session, "third@example.org", "demo-password-1").await.0,
            409,
            "not again so soon"
        );
        world.clock.advance(7 * 86_400);
        let session = token_of(&world.log_on("countess@example.org", "demo-password-1").await);
        assert_eq!(ask(&world, &session, "third@example.org", "demo-password-1").await.0, 200);
    }

    #[tokio::test]
    async fn the_old_address_takes_the_account_back() {
        let world = World::new().await;
        let session = moved(&world).await;
        let undo = world.mailed_token();
        assert!(body(&world.page(&world.link()).await).contains("Undo the change"));
        assert_eq!(world.tell("email/confirm", &json!({"token": undo})).await.status(), 400);
        let answer = world.submit("email/undo", &format!("token={undo}")).await;
        assert!(body(&answer).contains("old address again"), "{}", body(&answer));
        assert_eq!(world.post_as("checkin", &session, "").await.status(), 401);
        assert!(body(&world.log_on("countess@example.org", "demo-password-1").await).contains("No matching"));
        assert_eq!(
            titles(&world, "ada@example.org"),
            ["Your e-mail address was changed", "Set a new password"]
        );
        let answer = body(&world.log_on("ada@example.org", "demo-password-1").await);
        assert!(
            answer.contains("No matching"),
            "the password that somebody else knew is good for nothing: {answer}"
        );
        let reset = json!({"token": world.mailed_token(), "password": "seven grey herons"});
        assert_eq!(world.tell("password/reset", &reset).await.status(), 200);
        assert!(body(&world.log_on("ada@example.org", "seven grey herons").await).contains("Logged in"));
        assert_eq!(world.tell("email/undo", &json!({"token": undo})).await.status(), 400);
    }

    #[tokio::test]
    async fn a_link_that_was_kept_back_is_void_after_a_new_password_and_after_another_change() {
        let world = World::new().await;
        let session = ada(&world).await;
        let mut kept_back = Vec::new();
        for email in ["one@example.org", "two@example.org"] {
            assert_eq!(ask(&world, &session, email, "demo-password-1").await.0, 200);
            kept_back.push(world.mailed_token());
        }
        assert_eq!(world.tell("email/confirm", &json!({"token": kept_back[0]})).await.status(), 200);
        let undo = world.mailed_token();
        assert_eq!(world.tell("email/confirm", &json!({"token": kept_back[1]})).await.status(), 400);
        assert_eq!(world.tell("email/undo", &json!({"token": undo})).await.status(), 200);
        assert_eq!(world.tell("email/confirm", &json!({"token": kept_back[1]})).await.status(), 400);
        let reset = json!({"token": world.mailed_token(), "password": "seven grey herons"});
        assert_eq!(world.tell("password/reset", &reset).await.status(), 200);
        let session = token_of(&world.log_on("ada@example.org", "seven grey herons").await);
        assert_eq!(ask(&world, &session, "three@example.org", "seven grey herons").await.0, 200);
        let token = world.mailed_token();
        let change = json!({"password": "seven grey herons", "new_password": "eight grey herons"});
        assert_eq!(world.post_as("password", &session, &change.to_string()).await.status(), 200);
        assert_eq!(world.tell("email/confirm", &json!({"token": token})).await.status(), 400);
    }

    #[tokio::test]
    async fn a_link_to_undo_is_good_for_seven_days() {
        let world = World::new().await;
        moved(&world).await;
        let undo = world.mailed_token();
        world.clock.advance(7 * 86_400);
        assert_eq!(world.tell("email/undo", &json!({"token": undo})).await.status(), 400);
    }

    #[tokio::test]
    async fn a_taken_address_is_not_told_but_its_owner_is() {
        let world = World::new().await;
        let eve = contract::account("eve@example.org", &*world.random);
        world.store.create(&eve, &Effects::none()).await.unwrap();
        let session = ada(&world).await;
        let known = ask(&world, &session, "EVE@example.org", "demo-password-1").await;
        assert_eq!(known, ask(&world, &session, "free@example.org", "demo-password-1").await);
        assert_eq!(titles(&world, "EVE@example.org"), ["You have an account already"]);
        assert_eq!(titles(&world, "free@example.org"), ["Confirm your new e-mail address"]);
        let token = world.mailed_token();
        let free = contract::account("free@example.org", &*world.random);
        world.store.create(&free, &Effects::none()).await.unwrap();
        assert_eq!(
            world.tell("email/confirm", &json!({"token": token})).await.status(),
            400,
            "taken meanwhile"
        );
    }

    #[tokio::test]
    async fn without_the_password_or_a_session_nothing_happens() {
        let world = World::new().await;
        let session = ada(&world).await;
        for (email, password) in [
            ("new@example.org", "wrong-password"),
            ("nowhere", "demo-password-1"),
            ("ada@example.org", "demo-password-1"),
        ] {
            assert_eq!(ask(&world, &session, email, password).await.0, 400, "{email}");
        }
        assert_eq!(ask(&world, "forged", "new@example.org", "demo-password-1").await.0, 401);
        assert!(world.mailer.sent().is_empty());
    }
}
