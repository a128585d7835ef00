//! `GET /totp`, `POST /totp`, `POST /totp/confirm`, `DELETE /totp`: a code that changes with the time, asked for at log-on
//! beside the password (RFC 6238).

use domain::{
    Account, Act, AuditEvent, Effects, Notification, Occasion, SecondFactor, StoreError, Timestamp,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{ApiError, Caller, Request, Response, prove_password, response};

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

/// Not printable: it holds a password.
#[derive(Deserialize)]
struct PasswordOrder {
    password: String,
}

#[derive(Deserialize)]
struct CodeOrder {
    code: String,
}

/// Not printable: it holds a password.
#[derive(Deserialize)]
struct OffOrder {
    password: String,
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
    let PasswordOrder { password } = request.json()?;
    let account = &caller.account;
    prove_password(&app.throttle, &app.hashing, account, request, password).await?;
    if account.second_factor.as_ref().is_some_and(SecondFactor::is_on) {
        let on = "The second factor is on already: switch it off first with DELETE /users/api/totp.";
        return Err(ApiError::Conflict(on.into()));
    }
    let factor = SecondFactor::begin(&*app.random);
    let (old, effects) = (account.second_factor.as_ref(), Effects::none());
    app.accounts.replace_second_factor(&account.id, old, Some(&factor), &effects).await?;
    let uri = factor.secret().provisioning_uri(ISSUER, account.email.as_str());
    let begun = Begun { secret: factor.secret().to_base32(), uri };
    let status =
        "Put the secret into your authenticator app, then send a code of it to POST /users/api/totp/confirm.";
    Ok(response::with_data(StatusCode::OK, true, status, &begun))
}

/// Switches the factor on with a first code, and shows the recovery codes, this once.
pub(crate) async fn confirm(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let CodeOrder { code } = request.json()?;
    let account = &caller.account;
    let begun = account.second_factor.as_ref().filter(|factor| !factor.is_on()).ok_or_else(|| {
        ApiError::Conflict("There is no secret to confirm: begin with POST /users/api/totp.".into())
    })?;
    let now = app.authenticator.clock.now();
    let guess = app.throttle.guess(&account.email.normalised(), request.address).await?;
    let Some((on, recovery_codes)) = begun.switch_on(&code, now, &*app.random) else {
        guess.was_wrong().await?;
        return Err(wrong_code());
    };
    guess.was_right().await?;
    let effects = switched(app, account, request.occasion(now), true);
    app.accounts.replace_second_factor(&account.id, Some(begun), Some(&on), &effects).await?;
    app.post.deliver(&effects.letters).await;
    let status = "From now on a code is asked for at log-on. Keep the recovery codes: each of them is good once in the place of a code.";
    Ok(response::with_data(StatusCode::OK, true, status, &Recovery { recovery_codes }))
}

/// Switches the factor off, for whoever knows the password and a code.
pub(crate) async fn switch_off(app: &App, caller: &Caller, request: &Request) -> Result<Response, ApiError> {
    let OffOrder { password, code } = request.json()?;
    let account = &caller.account;
    let Some(factor) = account.second_factor.as_ref().filter(|factor| factor.is_on()) else {
        return Err(ApiError::Conflict("The second factor is not on.".into()));
    };
    prove_password(&app.throttle, &app.hashing, account, request, password).await?;
    let now = app.authenticator.clock.now();
    let guess = app.throttle.guess(&account.email.normalised(), request.address).await?;
    if factor.spend(&code, now).is_none() {
        guess.was_wrong().await?;
        return Err(wrong_code());
    }
    guess.was_right().await?;
    let effects = switched(app, account, request.occasion(now), false);
    app.accounts.replace_second_factor(&account.id, Some(factor), None, &effects).await?;
    app.post.deliver(&effects.letters).await;
    Ok(response::success("No code is asked for at log-on any more."))
}

fn wrong_code() -> ApiError {
    ApiError::BadRequest(
        "The code is not right: send the six digits that your authenticator app shows now.".into(),
    )
}

fn switched(app: &App, account: &Account, occasion: Occasion, is_on: bool) -> Effects {
    let act = if is_on { Act::SecondFactorOn } else { Act::SecondFactorOff };
    let notification = Notification::SecondFactorSwitched { is_on, occasion: occasion.clone() };
    Effects::told(account, act, notification, occasion, &*app.random)
}

/// Uses a code of an account's second factor; whether it was right. Of several requests with one code, one is.
pub(crate) async fn spend(
    app: &App,
    account: &Account,
    factor: &SecondFactor,
    code: &str,
    request: &Request,
    now: Timestamp,
) -> Result<bool, ApiError> {
    let Some(rest) = factor.spend(code, now) else { return Ok(false) };
    let is_recovery = rest.recovery_codes_left() < factor.recovery_codes_left();
    let event = || AuditEvent::new(&account.id, request.occasion(now), Act::RecoveryCodeUsed, &*app.random);
    let effects = if is_recovery { Effects::of(event()) } else { Effects::none() };
    match app.accounts.replace_second_factor(&account.id, Some(factor), Some(&rest), &effects).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use domain::AccountStore as _;
    use domain::totp::STEP_SECONDS;
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
        assert_eq!(log_on(&world, "000000").await["ok"], false);
        assert_eq!(log_on(&world, &code).await["ok"], true);
        assert_eq!(log_on(&world, &code).await["ok"], false, "once");
        assert_eq!(log_on(&world, &recovery[0]).await["ok"], true);
        assert_eq!(log_on(&world, &recovery[0]).await["ok"], false, "once");
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
