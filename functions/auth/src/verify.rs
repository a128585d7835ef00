//! `GET /verify`, `POST /verify`: the confirmation of an address.
//!
//! Anybody may have registered the address, with a password of theirs. The page asks whoever reads its mail for the
//! password, and only that one counts: an owner who confirms what a stranger has registered shares no account with them. A
//! program that sends the token alone takes the password of the registration, which it has to know to log on.

use domain::{
    Account, AccountId, Act, AuditEvent, Effects, OneTimeToken, Purpose, Registration, StoreError, TokenId,
    TokenKind,
};
use http::StatusCode;
use serde::Deserialize;
use web::{ApiError, Form, Page, Request, Response, response};

use crate::App;
use crate::mailed_token::{find, in_query, in_the_form_of, void};
use crate::new_password::{NEW_PASSWORD_INPUT, new_password};

const DONE: &str = "Your account is ready. You can log on now.";

/// Not printable: it holds a token and a password.
#[derive(Deserialize)]
struct Confirmation {
    token: String,
    password: Option<String>,
}

/// The page of the button. Nothing changes by looking at it.
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, ApiError> {
    let token = in_query(request)?;
    Ok(match registered(app, token).await? {
        Some((_, registration)) => ask(token, &registration, "", StatusCode::OK),
        None => in_the_form_of(true, &void()),
    })
}

/// What a token confirms, and the token's id.
async fn registered(app: &App, token: &str) -> Result<Option<(TokenId, Registration)>, ApiError> {
    Ok(match find(app, TokenKind::Registration, token).await? {
        Some(OneTimeToken { id, purpose: Purpose::Registration(registration), .. }) => {
            Some((id, *registration))
        }
        _ => None,
    })
}

/// Says who registered the address, and asks for the password that is to count.
fn ask(token: &str, registration: &Registration, trouble: &str, status: StatusCode) -> Response {
    let Registration { email, occasion, .. } = registration;
    let text = format!(
        "{trouble}{email} was registered {occasion}. If it was not you, close this page. If it was, confirm with a password of \
         at least 8 characters. Whatever was chosen then, this one counts."
    );
    let form = Form {
        token: Some(token),
        field: Some(("The password of the account", NEW_PASSWORD_INPUT)),
        button: "Confirm the address",
    };
    Page { title: "Confirm your e-mail address", text: &text, form: Some(form) }.answer(status)
}

/// Makes the account; the answer as a page for people, or as JSON for programs. All other registrations of the address are
/// void from then on.
pub(crate) async fn verify(app: &App, request: &Request) -> Result<Response, ApiError> {
    let page = request.is_form();
    let Confirmation { token, password } = request.form_or_json()?;
    let Some((id, registration)) = registered(app, &token).await? else {
        return Ok(in_the_form_of(page, &void()));
    };
    let registration = match with_password(app, registration.clone(), password).await {
        Ok(registration) => registration,
        // The token is still good: the user may choose another password.
        Err(error @ ApiError::BadRequest(_)) if page => {
            return Ok(ask(&token, &registration, &format!("{error} "), error.status()));
        }
        Err(error) => return Err(error),
    };
    match make(app, request, id, registration).await {
        Ok(()) if page => {
            Ok(Page { title: "Your address is confirmed", text: DONE, form: None }.answer(StatusCode::OK))
        }
        Ok(()) => Ok(response::success(DONE)),
        Err(error @ ApiError::BadRequest(_)) => Ok(in_the_form_of(page, &error)),
        Err(error) => Err(error),
    }
}

/// The registration with the password that counts.
async fn with_password(
    app: &App,
    registration: Registration,
    password: Option<String>,
) -> Result<Registration, ApiError> {
    let Some(password) = password else { return Ok(registration) };
    let password = new_password(password, &registration.email, &registration.profile)?;
    let password_hash = app.verifier.hashing.hash(password, app.random.clone()).await?;
    Ok(Registration { password_hash, ..registration })
}

async fn make(app: &App, request: &Request, id: TokenId, registration: Registration) -> Result<(), ApiError> {
    let now = app.authenticator.clock.now();
    let Registration { email, password_hash, profile, .. } = registration;
    let account = Account::new(AccountId::random(&*app.random), email, password_hash, profile, now);
    let event = AuditEvent::new(&account.id, request.occasion(now), Act::Registered, &*app.random);
    let effects = Effects { spent: Some(id), events: vec![event], ..Effects::none() };
    match app.accounts.create(&account, &effects).await {
        Ok(()) => Ok(()),
        // Used a moment ago, or the address was confirmed by another mail.
        Err(StoreError::Conflict) => Err(void()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use http::header;
    use serde_json::json;

    use crate::testing::{World, body};

    async fn registered(world: &World, email: &str, password: &str) -> String {
        let wish = json!({"email": email, "password": password, "firstname": "Grace", "role": "admin",
            "email_verified": true, "id": "x", "quota": 1});
        assert_eq!(world.tell("register", &wish).await.status(), 200);
        world.mailed_token()
    }

    #[tokio::test]
    async fn the_button_makes_the_account_and_looking_at_the_page_does_not() {
        let world = World::new().await;
        let token = registered(&world, "grace@example.org", "seven grey herons").await;
        for _ in 0..3 {
            let page = world.page(&world.link()).await;
            assert_eq!(
                (page.status().as_u16(), &page.headers()[header::CONTENT_TYPE]),
                (200, &"text/html; charset=utf-8".parse().unwrap())
            );
            assert!(body(&page).contains("<button>") && body(&page).contains(&token));
            assert!(body(&page).contains("grace@example.org was registered at 2026-09-21T14:13:20Z"));
        }
        assert!(body(&world.log_on("grace@example.org", "seven grey herons").await).contains("No matching"));
        let answer = world.submit("verify", &format!("token={token}&password=seven+grey+herons")).await;
        assert!(body(&answer).contains("Your address is confirmed"), "{}", body(&answer));
        let answer = body(&world.log_on("grace@example.org", "seven grey herons").await);
        assert!(answer.contains(r#""user":"Grace","role":"user""#), "{answer}");
        assert_eq!(world.tell("verify", &json!({"token": token})).await.status(), 400, "once");
        assert_eq!(world.page(&format!("verify?token={token}")).await.status(), 400);
    }

    #[tokio::test]
    async fn a_token_that_is_old_forged_cut_off_or_of_another_kind_is_good_for_nothing() {
        let world = World::new().await;
        assert_eq!(world.tell("password/forgot", &json!({"email": "ada@example.org"})).await.status(), 200);
        let reset = world.mailed_token();
        let token = registered(&world, "grace@example.org", "seven grey herons").await;
        for bad in ["", "x", &reset, &token[1..], &token[..token.len() - 1], &token.to_uppercase()] {
            let answer = world.tell("verify", &json!({"token": bad})).await;
            assert_eq!(answer.status(), 400, "{bad}");
            assert!(body(&answer).starts_with(r#"{"ok":false"#));
        }
        world.clock.advance(86_400);
        assert_eq!(world.tell("verify", &json!({"token": token})).await.status(), 400);
    }

    #[tokio::test]
    async fn who_registers_the_address_of_somebody_else_gets_nothing_from_it() {
        let world = World::new().await;
        let strangers = registered(&world, "grace@example.org", "the stranger's own").await;
        let owners = registered(&world, "Grace@Example.org", "seven grey herons").await;
        assert_eq!(world.tell("verify", &json!({"token": owners})).await.status(), 200);
        assert_eq!(world.tell("verify", &json!({"token": strangers})).await.status(), 400);
        assert!(body(&world.log_on("grace@example.org", "the stranger's own").await).contains("No matching"));
        assert!(body(&world.log_on("grace@example.org", "seven grey herons").await).contains("Logged in"));
    }

    #[tokio::test]
    async fn an_owner_who_confirms_what_a_stranger_has_registered_shares_no_account_with_them() {
        let world = World::new().await;
        let token = registered(&world, "grace@example.org", "the stranger's own").await;
        let page = world.page(&world.link()).await;
        assert!(body(&page).contains(r#"name="password""#) && body(&page).contains("required"));
        let answer = world.submit("verify", &format!("token={token}&password=seven+grey+herons")).await;
        assert_eq!(answer.status(), 200);
        assert!(body(&world.log_on("grace@example.org", "the stranger's own").await).contains("No matching"));
        assert!(body(&world.log_on("grace@example.org", "seven grey herons").await).contains("Logged in"));
    }

    #[tokio::test]
    async fn a_password_that_cannot_be_had_is_asked_for_again_and_the_link_stays_good() {
        let world = World::new().await;
        let token = registered(&world, "grace@example.org", "seven grey herons").await;
        for bad in ["", "short", "password1", "grace1234"] {
            let answer = world.submit("verify", &format!("token={token}&password={bad}")).await;
            assert_eq!(answer.status(), 400, "{bad}");
            assert!(body(&answer).contains("<button>") && body(&answer).contains(&token), "{bad}");
            let answer = world.tell("verify", &json!({"token": token, "password": bad})).await;
            assert!(answer.status() == 400 && body(&answer).starts_with(r#"{"ok":false"#), "{bad}");
        }
        let wish = json!({"token": token, "password": "four green owls"});
        assert_eq!(world.tell("verify", &wish).await.status(), 200);
        assert!(body(&world.log_on("grace@example.org", "four green owls").await).contains("Logged in"));
    }

    #[tokio::test]
    async fn a_program_that_has_registered_confirms_with_the_token_alone() {
        let world = World::new().await;
        let token = registered(&world, "grace@example.org", "seven grey herons").await;
        assert_eq!(world.tell("verify", &json!({"token": token})).await.status(), 200);
        assert!(body(&world.log_on("grace@example.org", "seven grey herons").await).contains("Logged in"));
    }
}
