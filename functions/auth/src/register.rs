//! `POST /register`: the wish for an account.
//!
//! There is no account until whoever reads the mail of the address has confirmed it. Until then what was sent is kept
//! with the token of the confirmation, so that several people can wish for one address and the one who reads its mail
//! decides; whoever registers an address that is not theirs has nothing.

use domain::{
    Effects, EmailAddress, Letter, Notification, OneTimeToken, Profile, ProfileChange, Purpose, Registration,
};
use serde::Deserialize;
use web::{ApiError, Request, Response, response};

use crate::App;
use crate::discretion::{check_sender, discreetly, may_mail};
use crate::new_password::new_password;

/// Not printable: it holds a password.
#[derive(Deserialize)]
struct Wish {
    email: String,
    password: String,
    #[serde(flatten)]
    profile: ProfileChange,
}

/// Mails a link that confirms the address; the owner of a known one is told that somebody tried. The answer is the same.
pub(crate) async fn register(app: &App, request: &Request) -> Result<Response, ApiError> {
    let Wish { email, password, profile: change } = request.json()?;
    let bad_request = |error: &dyn std::error::Error| ApiError::BadRequest(error.to_string());
    let email = EmailAddress::parse(&email).map_err(|error| bad_request(&error))?;
    change.validate().map_err(|error| bad_request(&error))?;
    let mut profile = Profile::default();
    change.apply(&mut profile);
    let password = new_password(password, &email, &profile)?;
    check_sender(app, request).await?;
    let work = async {
        // Also for a known address, which must not be told by the time of the work.
        let password_hash = app.verifier.hashing.hash(password, app.random.clone()).await?;
        if !may_mail(app, "registration", &email, request).await? {
            return Ok(Vec::new());
        }
        let now = app.authenticator.clock.now();
        let known = app.accounts.find_by_email(&email).await?.is_some();
        let effects = if known {
            owner_is_told(app, email, request)
        } else {
            token_is_mailed(
                app,
                Registration { email, password_hash, profile, occasion: request.occasion(now) },
            )
        };
        app.accounts.record(&effects).await?;
        Ok(effects.letters)
    };
    let status = "Look into your mailbox: a mail with a link to confirm the address is on its way. The link is good for 24 hours.";
    discreetly(app, work, response::success(status)).await
}

fn owner_is_told(app: &App, email: EmailAddress, request: &Request) -> Effects {
    let now = app.authenticator.clock.now();
    let notification = Notification::AlreadyRegistered(request.occasion(now));
    Effects { letters: vec![Letter::new(email, notification, now, &*app.random)], ..Effects::none() }
}

fn token_is_mailed(app: &App, registration: Registration) -> Effects {
    let (email, occasion) = (registration.email.clone(), registration.occasion.clone());
    let now = occasion.at;
    let token = OneTimeToken::new(Purpose::Registration(Box::new(registration)), now, &*app.random);
    let notification = Notification::ConfirmAddress(token.id.clone(), occasion);
    let letter = Letter::new(email, notification, now, &*app.random);
    Effects { tokens: vec![token], letters: vec![letter], ..Effects::none() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{World, body};

    fn wish(email: &str, password: &str) -> Value {
        json!({"email": email, "password": password, "firstname": "Grace"})
    }

    #[tokio::test]
    async fn a_known_and_an_unknown_address_get_the_same_answer_and_each_its_mail() {
        let world = World::new().await;
        let new = world.tell("register", &wish("grace@example.org", "seven grey herons")).await;
        let known = world.tell("register", &wish("ADA@example.org", "seven grey herons")).await;
        assert_eq!((new.status(), body(&new)), (known.status(), body(&known)));
        assert_eq!(new.headers(), known.headers());
        let titles: Vec<_> = world.mailer.sent().iter().map(|mail| mail.title().to_owned()).collect();
        assert_eq!(titles, ["Confirm your e-mail address", "You have an account already"]);
        for password in ["seven grey herons", "demo-password-1"] {
            assert!(body(&world.log_on("grace@example.org", password).await).contains("No matching"));
        }
        assert!(body(&world.log_on("ada@example.org", "demo-password-1").await).contains("Logged in"));
    }

    #[tokio::test]
    async fn what_cannot_become_an_account_is_refused_with_a_reason_and_without_a_mail() {
        let world = World::new().await;
        for (wish, reason) in [
            (wish("grace", "seven grey herons"), "e-mail address is not valid"),
            (wish("grace@example.org", "short"), "too short"),
            (wish("grace@example.org", "Password123"), "most common"),
            (wish("grace.hopper@example.org", "gracehopper1"), "your own name"),
            (json!({"email": "grace@example.org"}), "no field"),
            (
                json!({"email": "g@example.org", "password": "seven grey herons", "tel": "\u{1}"}),
                "control character",
            ),
        ] {
            let answer = world.tell("register", &wish).await;
            assert_eq!(answer.status(), 400);
            assert!(body(&answer).contains(reason), "{}", body(&answer));
        }
        assert!(world.mailer.sent().is_empty());
    }

    #[tokio::test]
    async fn nobody_can_fill_the_mailbox_of_somebody_else() {
        let world = World::new().await;
        for _ in 0..10 {
            assert_eq!(
                world.tell("register", &wish("ada@example.org", "seven grey herons")).await.status(),
                200
            );
        }
        assert_eq!(world.mailer.sent().len(), 5);
        for number in 0..20 {
            let email = format!("grace{number}@example.org");
            assert_eq!(world.tell("register", &wish(&email, "seven grey herons")).await.status(), 200);
        }
        let answer = world.tell("register", &wish("late@example.org", "seven grey herons")).await;
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (429, true));
        world.clock.advance(3_600);
        assert_eq!(world.tell("register", &wish("ada@example.org", "seven grey herons")).await.status(), 200);
        assert_eq!(world.mailer.sent().len(), 26);
    }
}
