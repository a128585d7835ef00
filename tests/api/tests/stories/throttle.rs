//! Passwords that are guessed.

use std::time::Duration;

use api::{Answer, App, story, world::PASSWORD};
use domain::AccountId;
use futures_util::future::join_all;
use serde_json::json;
use web::SystemRandom;

async fn guess(app: &App, email: &str, password: &str) -> Answer {
    app.anonymous().post_json("auth", &json!({"email": email, "password": password})).await
}

/// A refusal that says how long to wait, in seconds.
#[track_caller]
fn wait_of(answer: Answer) -> u64 {
    let answer = answer.fails(429);
    assert!(answer.text().contains("Wait "), "{}", answer.text());
    answer.header("retry-after").parse().expect("seconds")
}

#[test]
fn who_guesses_passwords_has_to_wait_longer_and_longer_whether_or_not_there_is_an_account() {
    story(async |app| {
        let app = app.elsewhere();
        let ada = app.signed_in("ada").await;
        let nobody = format!("nobody.{}@example.org", AccountId::random(&SystemRandom));
        for email in [ada.account().email.as_str(), &nobody] {
            let (mut made, mut wait) = (0, 0);
            while wait < 4 {
                let answer = guess(&app, email, &format!("guess {made}")).await;
                if answer.status == 200 {
                    assert!(answer.fails(200).text().contains("No matching username"));
                    made += 1;
                } else {
                    assert!(made >= 5, "{made} guesses were free");
                    wait = wait_of(answer);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
            assert!(made <= 8, "{made} guesses were made before there was a wait of {wait} s");
            wait_of(guess(&app, &email.to_uppercase(), PASSWORD).await);
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
        for _ in 0..2 {
            assert_eq!(guess(&app, ada.account().email.as_str(), PASSWORD).await.is(200).json()["ok"], true);
        }
    });
}

#[test]
pub(crate) fn log_on_confirm_and_change_of_password_count_together() {
    story(async |app| {
        let app = app.elsewhere();
        let ada = app.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let attempt = async |way: usize, password: &str| match way % 3 {
            0 => guess(&app, email, password).await,
            1 => ada.post_json("confirm", &json!({"email": email, "password": password})).await,
            _ => {
                ada.post_json("password", &json!({"password": password, "new_password": "seven grey herons"}))
                    .await
            }
        };
        let mut made = 0;
        loop {
            let answer = attempt(made, "a guess").await;
            if answer.status == 429 && wait_of(answer.clone()) >= 4 {
                break;
            }
            made += usize::from(answer.status != 429);
        }
        assert!((5..=8).contains(&made), "{made} guesses were made");
        for way in 0..3 {
            wait_of(attempt(way, PASSWORD).await);
        }
        ada.get("user").await.is(200);
    });
}

#[test]
fn a_shared_account_logs_on_before_every_run_and_never_waits() {
    story(async |app| {
        let app = app.elsewhere();
        let account = app.world.new_account("shared", domain::Role::User).await;
        for _ in 0..10 {
            let answers = join_all((0..6).map(|_| guess(&app, account.email.as_str(), PASSWORD))).await;
            assert!(answers.into_iter().all(|answer| answer.status == 200 && answer.json()["ok"] == true));
            guess(&app, account.email.as_str(), "a slip").await.fails(200);
        }
    });
}

#[test]
fn the_owner_gets_in_while_many_machines_guess() {
    story(async |app| {
        let home = app.elsewhere();
        let ada = home.signed_in("ada").await;
        let email = ada.account().email.as_str();
        let mut made = 0;
        for _ in 0..25 {
            made += u64::from(guess(&app.elsewhere(), email, "a guess").await.status == 200);
        }
        assert!((20..=23).contains(&made), "{made} machines could guess");
        wait_of(guess(&app.elsewhere(), email, PASSWORD).await);
        assert_eq!(guess(&home, email, PASSWORD).await.is(200).json()["ok"], true);
    });
}

#[test]
fn guesses_sent_all_at_once_are_not_more_than_one_after_the_other() {
    story(async |app| {
        let app = app.elsewhere();
        let account = app.world.new_account("ada", domain::Role::User).await;
        guess(&app, account.email.as_str(), "a guess").await.fails(200);
        let answers = join_all((0..50).map(|_| guess(&app, account.email.as_str(), "a guess"))).await;
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        let refused = answers.iter().filter(|answer| answer.status == 429).count();
        assert_eq!(made + refused, 50);
        // Four are free, and while they are hashed a second may pass.
        assert!(made <= 6, "{made} guesses were made");
    });
}
