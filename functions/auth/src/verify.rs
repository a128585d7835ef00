//! `GET /verify`, `POST /verify`: the confirmation of an address.

use domain::{
    Account, AccountId, Act, AuditEvent, Effects, OneTimeToken, Purpose, Registration, StoreError, TokenKind,
};
use web::{ApiError, Request, Response};

use crate::App;
use crate::mailed_token::{Button, find, in_query, in_the_form_of, void};

/// The page that confirms the address of a registration.
pub(crate) const VERIFY: Button = Button {
    kind: TokenKind::Registration,
    title: "Confirm your e-mail address",
    text: "Confirm that this address is yours, and your account is made.",
    label: "Confirm the address",
    done_title: "Your address is confirmed",
    done: "Your account is ready. You can log on now.",
};

/// The page of the button. It says who registered the address: whoever has not done so should not confirm it, because the
/// password is that of whoever has.
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, ApiError> {
    let token = in_query(request)?;
    match find(app, VERIFY.kind, token).await?.map(|token| token.purpose) {
        Some(Purpose::Registration(registration)) => {
            let (email, occasion) = (&registration.email, &registration.occasion);
            let who = format!(" {email} was registered {occasion}. If it was not you, close this page.");
            Ok(VERIFY.page(token, &who))
        }
        _ => Ok(in_the_form_of(true, &void())),
    }
}

/// Makes the account. All other registrations of the address are void from then on.
pub(crate) async fn verify(app: &App, request: &Request, token: &str) -> Result<(), ApiError> {
    let Some(OneTimeToken { id, purpose: Purpose::Registration(registration), .. }) =
        find(app, TokenKind::Registration, token).await?
    else {
        return Err(void());
    };
    let now = app.authenticator.clock.now();
    let Registration { email, password_hash, profile, .. } = *registration;
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
        let answer = world.submit("verify", &format!("token={token}")).await;
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
}
