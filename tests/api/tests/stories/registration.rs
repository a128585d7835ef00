//! From no account to one, and back into one whose password is forgotten.

use std::time::{Duration, Instant};

use api::{App, story, story_with, world::PASSWORD};
use domain::{AccountId, AccountStore as _, EmailAddress, Role};
use futures_util::future::join_all;
use http::{Method, header};
use serde_json::{Value, json};
use web::SystemRandom;

fn new_address(name: &str) -> String {
    format!("{name}.{}@example.org", AccountId::random(&SystemRandom))
}

/// The mails to an address, oldest first.
async fn mails_to(app: &App, email: &str) -> Vec<stack::mailbox::Mail> {
    app.world.mailbox.mails().await.into_iter().filter(|mail| mail.to == [email]).collect()
}

/// The path and query of the one link in the last mail to an address.
async fn link_to(app: &App, email: &str) -> String {
    let mail = mails_to(app, email).await.pop().expect("a mail");
    let base = format!("{}/", app.world.public_url);
    let links: Vec<_> = mail.text.lines().filter_map(|line| line.strip_prefix(&base)).collect();
    let [link] = links[..] else { panic!("one link: {}", mail.text) };
    assert_eq!(mail.html.matches("href=").count(), 1);
    assert!(mail.html.contains(link) && !mail.html.contains("src="));
    link.to_owned()
}

async fn token_to(app: &App, email: &str) -> String {
    link_to(app, email).await.split_once("?token=").expect("a token").1.to_owned()
}

async fn log_on(app: &App, email: &str, password: &str) -> Value {
    app.anonymous().post_json("auth", &json!({"email": email, "password": password})).await.is(200).json()
}

#[test]
pub(crate) fn an_account_is_registered_confirmed_with_a_button_and_used() {
    story(async |app| {
        let app = app.elsewhere();
        let somebody = app.anonymous();
        let email = new_address("grace");
        let wish = json!({"email": email, "password": PASSWORD, "firstname": "Grace", "surname": "Hopper",
            "role": "admin", "is_admin": true, "quota_bytes": 1, "email_verified": true, "id": "x", "password_hash": "x"});
        somebody.post_json("register", &wish).await.is(200);
        assert_eq!(log_on(&app, &email, PASSWORD).await["ok"], false);
        let link = link_to(&app, &email).await;
        for _ in 0..3 {
            let page = somebody.get(&link).await.is(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(
                (page.header("referrer-policy"), page.header("cache-control")),
                ("same-origin", "no-store")
            );
            assert!(page.text().contains("<button>") && !page.text().contains("<script"));
        }
        assert_eq!(log_on(&app, &email, PASSWORD).await["ok"], false, "looking changes nothing");
        let token = token_to(&app, &email).await;
        let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", app.world.origin())];
        let press =
            async || somebody.send(Method::POST, "verify", &form, format!("token={token}").into()).await;
        assert!(press().await.is(200).text().contains("Your address is confirmed"));
        assert_eq!(press().await.is(400).header("content-type"), "text/html; charset=utf-8");
        somebody.post_json("verify", &json!({"token": token})).await.fails(400);
        let answer = log_on(&app, &email.to_uppercase(), PASSWORD).await;
        assert_eq!((&answer["user"], &answer["role"]), (&json!("Grace"), &json!("user")));
    });
}

#[test]
fn fifty_registrations_of_one_address_at_once_in_any_spelling_make_one_account() {
    story(async |app| {
        let email = new_address("Grace").replace("example.org", "b\u{fc}cher.example.org");
        let spellings = [email.clone(), email.to_uppercase(), email.replace("b\u{fc}cher", "xn--bcher-kva")];
        let register = |number: usize| {
            let (somebody, password) = (app.elsewhere().anonymous(), format!("seven grey herons {number}"));
            let wish = json!({"email": spellings[number % spellings.len()], "password": password});
            async move { somebody.post_json("register", &wish).await.is(200) }
        };
        join_all((0..50).map(register)).await;
        let mails = app.world.mailbox.mails().await;
        let ours = mails.iter().filter(|mail| {
            mail.to.iter().any(|to| to.to_lowercase().starts_with(&email.to_lowercase()[..38]))
        });
        let tokens: Vec<_> = ours
            .map(|mail| {
                mail.text.split_once("verify?token=").expect("a link").1.lines().next().expect("a token")
            })
            .collect();
        assert!((1..=20).contains(&tokens.len()), "one mailbox is not filled by others: {}", tokens.len());
        let press = |token: &&str| {
            let (somebody, order) = (app.elsewhere().anonymous(), json!({"token": token}));
            async move { somebody.post_json("verify", &order).await.status }
        };
        let made = join_all(tokens.iter().map(press)).await;
        assert_eq!(made.iter().filter(|status| **status == 200).count(), 1, "{made:?}");
        assert!(made.iter().all(|status| [200, 400].contains(status)), "{made:?}");
        for spelling in &spellings {
            let address = EmailAddress::parse(spelling).expect("valid");
            assert!(app.world.accounts.find_by_email(&address).await.expect("readable").is_some());
        }
    });
}

#[test]
fn a_forgotten_password_is_set_anew_by_whoever_reads_the_mail() {
    story(async |app| {
        let app = app.elsewhere();
        let ada = app.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let somebody = app.anonymous();
        somebody.post_json("password/forgot", &json!({"email": email})).await.is(200);
        let token = token_to(&app, email).await;
        for end in [0, 1, token.len() / 2, token.len() - 1] {
            let reset = json!({"token": token[..end], "password": "seven grey herons"});
            somebody.post_json("password/reset", &reset).await.fails(400);
        }
        somebody.post_json("verify", &json!({"token": token})).await.fails(400);
        somebody
            .post_json("password/reset", &json!({"token": token, "password": "password1"}))
            .await
            .fails(400);
        ada.get("user").await.is(200);
        let reset = json!({"token": token, "password": "seven grey herons"});
        somebody.post_json("password/reset", &reset).await.is(200);
        ada.get("user").await.fails(401);
        somebody.post_json("password/reset", &reset).await.fails(400);
        assert_eq!(log_on(&app, email, PASSWORD).await["ok"], false);
        assert_eq!(log_on(&app, email, "seven grey herons").await["ok"], true);
        let subjects: Vec<_> = mails_to(&app, email).await.into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Set a new password", "Your password was reset"]);
    });
}

#[test]
fn who_registers_or_resets_learns_nothing_about_an_address_but_its_owner_does() {
    story(async |app| {
        let app = app.elsewhere();
        let (known, unknown) = (app.world.new_account("ada", Role::User).await, new_address("nobody"));
        let known = known.email.as_str();
        for endpoint in ["register", "password/forgot"] {
            let ask = async |email: &str| {
                let body = json!({"email": email, "password": "seven grey herons"});
                let answer = app.anonymous().post_json(endpoint, &body).await.is(200);
                let mut headers = answer.headers.clone();
                headers.remove(header::DATE);
                (answer.text(), headers)
            };
            assert_eq!(ask(known).await, ask(&unknown).await, "{endpoint}");
        }
        let subjects = async |email| -> Vec<String> {
            mails_to(&app, email).await.into_iter().map(|mail| mail.subject).collect()
        };
        assert_eq!(subjects(known).await, ["You have an account already", "Set a new password"]);
        assert_eq!(subjects(&unknown).await, ["Confirm your e-mail address"]);
    });
}

/// How far two samples are apart, in standard deviations of what chance brings about (Wilcoxon's rank sum, normal
/// approximation).
fn distance(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<_> =
        one.iter().map(|time| (time, true)).chain(other.iter().map(|time| (time, false))).collect();
    all.sort();
    let ranks = all.iter().zip(1_u32..).filter(|((_, is_one), _)| *is_one).map(|(_, rank)| f64::from(rank));
    let count = |sample: &[Duration]| f64::from(u32::try_from(sample.len()).expect("a small sample"));
    let (n, m) = (count(one), count(other));
    let expected = n * (n + m + 1.0) / 2.0;
    (ranks.sum::<f64>() - expected) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

#[test]
fn the_time_of_an_answer_does_not_tell_whether_an_address_is_known() {
    // By chance alone a distance above this happens once in 15,000 times.
    const LIMIT: f64 = 4.0;
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let app = app.elsewhere();
        for (endpoint, samples) in [("auth", 40), ("password/forgot", 12), ("register", 12)] {
            let (mut known, mut unknown) = (Vec::new(), Vec::new());
            let time = async |app: &App, email: &str| {
                let body = json!({"email": email, "password": "seven grey herons"});
                let begin = Instant::now();
                app.anonymous().post_json(endpoint, &body).await.is(200);
                begin.elapsed()
            };
            for _ in 0..samples {
                let account = app.world.new_account("ada", Role::User).await;
                let app = app.elsewhere();
                known.push(time(&app, account.email.as_str()).await);
                unknown.push(time(&app, &new_address("nobody")).await);
            }
            let distance = distance(&known, &unknown);
            assert!(distance.abs() < LIMIT, "{endpoint}: {distance:.1}: {known:?} {unknown:?}");
            if endpoint != "auth" {
                assert!(known.iter().chain(&unknown).all(|time| *time >= Duration::from_secs(1)));
            }
        }
    });
}

#[test]
fn an_address_is_changed_by_its_new_mailbox_and_taken_back_by_its_old_one() {
    story(async |app| {
        let app = app.elsewhere();
        let ada = app.signed_in("ada").await;
        let (old, new) = (ada.account().email.as_str(), new_address("countess"));
        ada.post_json("email", &json!({"email": new, "password": "a guess"})).await.fails(400);
        ada.post_json("email", &json!({"email": new, "password": PASSWORD})).await.is(200);
        let link = link_to(&app, &new).await;
        assert!(app.anonymous().get(&link).await.is(200).text().contains("<button>"));
        assert_eq!(log_on(&app, old, PASSWORD).await["ok"], true, "looking changes nothing");
        let token = token_to(&app, &new).await;
        app.anonymous().post_json("email/confirm", &json!({"token": token})).await.is(200);
        assert_eq!(log_on(&app, old, PASSWORD).await["ok"], false);
        assert_eq!(log_on(&app, &new, PASSWORD).await["email"], new);
        let stranger = json!({"email": old, "password": "seven grey herons"});
        app.anonymous().post_json("register", &stranger).await.is(200);
        let wish = token_to(&app, old).await;
        app.anonymous().post_json("verify", &json!({"token": wish})).await.fails(400);
        let changed =
            mails_to(&app, old).await.into_iter().find(|mail| mail.subject.ends_with("was changed"));
        let undo = changed
            .expect("a mail")
            .text
            .split_once("email/undo?token=")
            .expect("a link")
            .1
            .lines()
            .next()
            .expect("a token")
            .to_owned();
        app.anonymous().post_json("email/undo", &json!({"token": undo})).await.is(200);
        ada.get("user").await.fails(401);
        assert_eq!(log_on(&app, &new, PASSWORD).await["ok"], false);
        let reset = json!({"token": token_to(&app, old).await, "password": "seven grey herons"});
        app.anonymous().post_json("password/reset", &reset).await.is(200);
        assert_eq!(log_on(&app, old, "seven grey herons").await["ok"], true);
    });
}
