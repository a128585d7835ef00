//! `GET /totp`, `POST /totp`, `POST /totp/confirm`, `DELETE /totp`: a code that changes with the time, asked for at log-on
//! beside the password (RFC 6238).

use domain::{Account, AccountChange, Act, Effects, FactorChange, Notification, SecondFactor, SessionsAfter};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{ApiError, Caller, Proof, Request, Response, response};

use crate::App;

/// What an app calls the service.
const ISSUER: &str = "Users API";

#[derive(Serialize)]
struct State {
    enabled: bool,
    recovery_codes_left: usize,
}

/// What the user's app needs, shown this once.
#[derive(Serialize)]
struct Begun {
    secret: String,
    uri: String,
}

#[derive(Serialize)]
struct Recovery {
    recovery_codes: Vec<String>,
}

#[derive(Deserialize)]
struct CodeOrder {
    code: String,
}

/// Whether codes are asked for.
pub(crate) fn show(caller: &Caller) -> Response {
    let on = caller.account.second_factor.as_ref().filter(|factor| factor.is_on());
    let left = on.map_or(0, SecondFactor::recovery_codes_left);
    let state = State { enabled: on.is_some(), recovery_codes_left: left };
    response::with_data(StatusCode::OK, true, "Second factor included.", &state)
}

/// Makes a secret for the user's app. No code is asked for until the app has shown that it works.
pub(crate) async fn begin(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let proof: Proof = request.json()?;
    let account = &caller.account;
    if account.second_factor.as_ref().is_some_and(SecondFactor::is_on) {
        let on = "The second factor is on already: switch it off first with DELETE /users/api/totp.";
        return Err(ApiError::Conflict(on.into()));
    }
    app.verifier.reauthenticate(account, request, proof).await?;
    let factor = SecondFactor::begin(&*app.random);
    let change = FactorChange { from: account.second_factor.clone(), to: Some(factor.clone()) };
    let change = AccountChange { second_factor: Some(change), ..AccountChange::default() };
    app.accounts.change(account, &change, &Effects::none()).await?;
    let uri = factor.secret().provisioning_uri(ISSUER, account.email.as_str());
    let begun = Begun { secret: factor.secret().to_base32(), uri };
    let status =
        "Put the secret into your authenticator app, then send a code of it to POST /users/api/totp/confirm.";
    Ok(response::with_data(StatusCode::OK, true, status, &begun))
}

/// There are no recovery codes yet. It begins as every word about a wrong code does.
const FIRST_CODE_WRONG: &str = "The code is not right: send the one that your authenticator app shows now. If it is refused again, look whether the clock of your device is right.";

/// Switches the factor on with a first code, and shows the recovery codes, this once.
pub(crate) async fn confirm(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let CodeOrder { code } = request.json()?;
    let account = &caller.account;
    let begun = account.second_factor.as_ref().filter(|factor| !factor.is_on()).ok_or_else(|| {
        ApiError::Conflict("There is no secret to confirm: begin with POST /users/api/totp.".into())
    })?;
    let now = app.authenticator.clock.now();
    let guess = app.verifier.throttle.guess(&account.email.normalised(), request.address).await?;
    let Some((on, recovery_codes)) = begun.switch_on(&code, now, &*app.random) else {
        guess.was_wrong().await?;
        return Err(ApiError::BadRequest(FIRST_CODE_WRONG.into()));
    };
    guess.was_right().await?;
    switch(app, caller, account, request, Some(on)).await?;
    let status = "From now on a code is asked for at log-on, and all other sessions have ended. Keep the recovery codes: each of them is good once in the place of a code.";
    Ok(response::with_data(StatusCode::OK, true, status, &Recovery { recovery_codes }))
}

/// Switches the factor off, for whoever knows the password and a code.
pub(crate) async fn switch_off(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let proof: Proof = request.json()?;
    if !caller.account.second_factor.as_ref().is_some_and(SecondFactor::is_on) {
        return Err(ApiError::Conflict("The second factor is not on.".into()));
    }
    let account = app.verifier.reauthenticate(&caller.account, request, proof).await?;
    switch(app, caller, &account, request, None).await?;
    Ok(response::success("No code is asked for at log-on any more, and all other sessions have ended."))
}

/// Switches the factor on or off, ends all other sessions (OWASP ASVS 5.0 7.4.3), and tells the owner by mail.
async fn switch(
    app: &App,
    caller: &Caller,
    account: &Account,
    request: &Request,
    to: Option<SecondFactor>,
) -> Result<(), ApiError> {
    let occasion = request.occasion(app.authenticator.clock.now());
    let is_on = to.is_some();
    let act = if is_on { Act::SecondFactorOn } else { Act::SecondFactorOff };
    let notification = Notification::SecondFactorSwitched { is_on, occasion: occasion.clone() };
    let effects = Effects::told(account, act, notification, occasion, &*app.random);
    let change = AccountChange {
        second_factor: Some(FactorChange { from: account.second_factor.clone(), to }),
        sessions: SessionsAfter::EndOthers(caller.session.id.clone()),
        ..AccountChange::default()
    };
    app.accounts.change(account, &change, &effects).await?;
    app.post.deliver(&effects.letters).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::totp::STEP_SECONDS;
    use domain::{AccountStore as _, Act};
    use http::Method;
    use serde_json::{Value, json};

    use crate::testing::{World, body, token_of};

    const PASSWORD: &str = "demo-password-1";

    async fn ask(
        world: &World,
        method: Method,
        path: &str,
        session: &str,
        body_sent: &Value,
    ) -> (u16, Value) {
        let cookie = format!("session_token={session}");
        let answer = world.send(method, path, &[("cookie", &cookie)], &body_sent.to_string()).await;
        (answer.status().as_u16(), serde_json::from_str(&body(&answer)).unwrap())
    }

    /// The code that Ada's app shows.
    async fn code(world: &World) -> String {
        let email = domain::EmailAddress::parse("ada@example.org").unwrap();
        let account = world.store.find_by_email(&email).await.unwrap().unwrap();
        account.second_factor.unwrap().secret().code(domain::Clock::now(&*world.clock))
    }

    /// Ada's session and recovery codes, with the factor on.
    async fn on(world: &World) -> (String, Vec<String>) {
        let session = token_of(&world.log_on("ada@example.org", PASSWORD).await);
        let (status, begun) =
            ask(world, Method::POST, "totp", &session, &json!({"password": PASSWORD})).await;
        assert_eq!(status, 200, "{begun}");
        assert!(begun["data"]["uri"].as_str().unwrap().starts_with("otpauth://totp/Users%20API:ada"));
        assert!(body(&world.log_on("ada@example.org", PASSWORD).await).contains("Logged in"), "not yet");
        assert_eq!(
            ask(world, Method::POST, "totp/confirm", &session, &json!({"code": "000000"})).await.0,
            400
        );
        let order = json!({"code": code(world).await});
        let (status, confirmed) = ask(world, Method::POST, "totp/confirm", &session, &order).await;
        assert_eq!(status, 200, "{confirmed}");
        let codes = serde_json::from_value(confirmed["data"]["recovery_codes"].clone()).unwrap();
        world.clock.advance(2 * STEP_SECONDS);
        (session, codes)
    }

    async fn log_on(world: &World, code: &str) -> Value {
        let triple = json!({"email": "ada@example.org", "password": PASSWORD, "code": code});
        serde_json::from_str(&body(&world.tell("auth", &triple).await)).unwrap()
    }

    #[tokio::test]
    async fn a_code_is_asked_for_beside_the_password_and_each_is_good_once() {
        let world = World::new().await;
        let (_, recovery) = on(&world).await;
        let answer = world.log_on("ada@example.org", PASSWORD).await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (200, None));
        assert!(body(&answer).starts_with(r#"{"ok":false,"status":"A code is needed"#), "{}", body(&answer));
        assert!(body(&world.log_on("ada@example.org", "wrong-password").await).contains("No matching"));
        let code = code(&world).await;
        let refused = json!({"ok": false, "status": web::CODE_WRONG});
        assert_eq!(log_on(&world, "000000").await, refused);
        assert_eq!(log_on(&world, &code).await["ok"], true);
        assert_eq!(log_on(&world, &code).await, refused, "once");
        assert_eq!(log_on(&world, &recovery[0]).await["ok"], true);
        assert_eq!(log_on(&world, &recovery[0]).await["ok"], false, "once");
    }

    #[tokio::test]
    async fn what_asks_for_the_password_asks_for_a_code_too() {
        let world = World::new().await;
        let (session, recovery) = on(&world).await;
        let email = json!({"email": "countess@example.org", "password": PASSWORD});
        let password = json!({"password": PASSWORD, "new_password": "seven grey herons"});
        for (at, (endpoint, order)) in [("email", email), ("password", password)].into_iter().enumerate() {
            let mut order = order;
            let (status, answer) = ask(&world, Method::POST, endpoint, &session, &order).await;
            assert_eq!((status, answer["status"].as_str().unwrap()), (400, web::CODE_NEEDED));
            order["code"] = json!("000000");
            let (status, answer) = ask(&world, Method::POST, endpoint, &session, &order).await;
            assert!(status == 400 && answer.to_string().contains("The code is not right"), "{answer}");
            order["code"] = json!(recovery[at]);
            assert_eq!(ask(&world, Method::POST, endpoint, &session, &order).await.0, 200);
        }
    }

    #[tokio::test]
    async fn whoever_was_logged_on_elsewhere_has_to_log_on_with_a_code() {
        let world = World::new().await;
        let other = token_of(&world.log_on("ada@example.org", PASSWORD).await);
        let (session, recovery) = on(&world).await;
        assert_eq!(world.post_as("checkin", &other, "").await.status(), 401);
        assert_eq!(world.post_as("checkin", &session, "").await.status(), 200);
        let triple = json!({"email": "ada@example.org", "password": PASSWORD, "code": recovery[0]});
        let other = token_of(&world.tell("auth", &triple).await);
        let off = json!({"password": PASSWORD, "code": recovery[1]});
        assert_eq!(ask(&world, Method::DELETE, "totp", &session, &off).await.0, 200);
        assert_eq!(world.post_as("checkin", &other, "").await.status(), 401);
        assert_eq!(world.post_as("checkin", &session, "").await.status(), 200);
    }

    #[tokio::test]
    async fn a_wrong_code_is_noted_for_the_owner() {
        let world = World::new().await;
        on(&world).await;
        assert_eq!(log_on(&world, "000000").await["ok"], false);
        assert_eq!(world.log_on("ada@example.org", "wrong-password").await.status(), 200);
        let ada = domain::EmailAddress::parse("ada@example.org").unwrap();
        let ada = world.store.find_by_email(&ada).await.unwrap().unwrap();
        let acts: Vec<_> = world.store.events(&ada.id, 2).await.unwrap().into_iter().map(|e| e.act).collect();
        assert_eq!(acts, [Act::PasswordRefused, Act::CodeRefused]);
    }

    #[tokio::test]
    async fn codes_cannot_be_guessed_even_with_the_password() {
        let world = World::new().await;
        on(&world).await;
        let mut made = 0;
        for number in 0..20 {
            world.log_on("ada@example.org", PASSWORD).await;
            let triple =
                json!({"email": "ada@example.org", "password": PASSWORD, "code": format!("{number:06}")});
            made += u32::from(world.tell("auth", &triple).await.status() == 200);
        }
        assert_eq!(made, 5, "the password alone does not make slips undone");
    }

    #[tokio::test]
    async fn a_session_and_the_password_do_not_let_anybody_guess_codes_freely() {
        let world = World::new().await;
        let (session, _) = on(&world).await;
        let mut made = 0;
        for number in 0..20 {
            let off = json!({"password": PASSWORD, "code": format!("{number:06}")});
            made += u32::from(ask(&world, Method::DELETE, "totp", &session, &off).await.0 == 400);
            ask(&world, Method::POST, "totp", &session, &json!({"password": PASSWORD})).await;
        }
        assert_eq!(made, 5);
    }

    #[tokio::test]
    async fn confirm_asks_for_a_code_too_and_switching_off_needs_everything() {
        let world = World::new().await;
        let (session, recovery) = on(&world).await;
        let pair = json!({"email": "ada@example.org", "password": PASSWORD});
        assert_eq!(ask(&world, Method::POST, "confirm", &session, &pair).await.1["ok"], false);
        let triple = json!({"email": "ada@example.org", "password": PASSWORD, "code": code(&world).await});
        assert_eq!(ask(&world, Method::POST, "confirm", &session, &triple).await.1["ok"], true);
        let (_, state) = ask(&world, Method::GET, "totp", &session, &json!({})).await;
        assert_eq!(state["data"], json!({"enabled": true, "recovery_codes_left": 10}));
        assert_eq!(ask(&world, Method::POST, "totp", &session, &json!({"password": PASSWORD})).await.0, 409);
        for wrong in [
            json!({"password": "wrong-password", "code": recovery[0]}),
            json!({"password": PASSWORD, "code": "000000"}),
            json!({"password": PASSWORD}),
        ] {
            assert_eq!(ask(&world, Method::DELETE, "totp", &session, &wrong).await.0, 400, "{wrong}");
        }
        let off = json!({"password": PASSWORD, "code": recovery[0]});
        assert_eq!(ask(&world, Method::DELETE, "totp", &session, &off).await.0, 200);
        assert!(body(&world.log_on("ada@example.org", PASSWORD).await).contains("Logged in"));
        let titles: Vec<_> = world.mailer.sent().iter().map(|mail| mail.title().to_owned()).collect();
        assert_eq!(titles, ["A second factor was switched on", "The second factor was switched off"]);
        assert_eq!(ask(&world, Method::DELETE, "totp", &session, &off).await.0, 409);
        assert_eq!(
            ask(&world, Method::POST, "totp/confirm", &session, &json!({"code": "000000"})).await.0,
            409
        );
    }
}
