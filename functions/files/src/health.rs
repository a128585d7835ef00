//! `GET /health`: whether what the service needs is there.

use std::sync::PoisonError;
use std::time::Duration;

use domain::{AccountId, FolderKey, FolderPath, StoreError, Timestamp};
use futures_util::future::join3;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use web::{Response, response};

use crate::App;

/// So long a dependency may take, so that the answer is there within a second.
const PATIENCE: Duration = Duration::from_millis(800);

/// Whoever asks more often gets the same answer: the question is public, and must not be a load.
const FRESH_SECONDS: u64 = 5;

/// A letter that has waited so long is not on its way: it is tried every minute.
const LATE_SECONDS: u64 = 600;

/// After so long it is worth asking again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// How a dependency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It answers.
    Ok,
    /// It does not answer, or not in time.
    Unavailable,
    /// It answers, and yet mail waits to be sent.
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Health {
    table: State,
    bucket: State,
    mail: State,
}

/// The state of each dependency; 503 when there is one that is not well.
pub(crate) async fn health(app: &App) -> Response {
    let health = known_or_examined(app, app.now()).await;
    if [health.table, health.bucket, health.mail] == [State::Ok; 3] {
        return response::with_data(StatusCode::OK, true, "Everything is well.", &health);
    }
    let text = "Something that the service needs is not well: data says what.";
    let mut answer = response::with_data(StatusCode::SERVICE_UNAVAILABLE, false, text, &health);
    answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    answer
}

async fn known_or_examined(app: &App, now: Timestamp) -> Health {
    let known = *app.health.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, health)) = known.filter(|(at, _)| now < at.plus_seconds(FRESH_SECONDS)) {
        return health;
    }
    let health = examine(app, now).await;
    *app.health.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, health));
    health
}

async fn examine(app: &App, now: Timestamp) -> Health {
    // Nobody's: what is asked for is small and is not there.
    let nobody = AccountId::random(&*app.random);
    let folder = FolderKey::new(&nobody, FolderPath::root());
    let is_late = |written: Timestamp| written.plus_seconds(LATE_SECONDS) < now;
    let (table, bucket, mail) = join3(
        state(async { app.ledger.read(&nobody).await.map(|_| State::Ok) }),
        state(async { app.files.list_page(&folder, None, 1).await.map(|_| State::Ok) }),
        state(async {
            let letters = app.outbox.waiting(now).await?;
            let late = letters.iter().flatten().any(|letter| is_late(letter.written));
            Ok(if late { State::Late } else { State::Ok })
        }),
    )
    .await;
    Health { table, bucket, mail }
}

async fn state(question: impl Future<Output = Result<State, StoreError>>) -> State {
    let answer = tokio::time::timeout(PATIENCE, question).await;
    answer.ok().and_then(Result::ok).unwrap_or(State::Unavailable)
}

#[cfg(test)]
mod tests {
    use domain::{
        AccountStore as _, Client, Clock as _, Effects, EmailAddress, Letter, Notification, Occasion,
    };

    use super::{FRESH_SECONDS, LATE_SECONDS};
    use crate::testing::World;

    const WELL: &str =
        r#"{"ok":true,"status":"Everything is well.","data":{"table":"ok","bucket":"ok","mail":"ok"}}"#;

    #[tokio::test]
    async fn everybody_may_ask_whether_the_service_is_well() {
        let world = World::new().await;
        assert_eq!(world.get("health").await, (200, WELL.to_owned()));
    }

    #[tokio::test]
    async fn what_does_not_answer_is_named_and_not_asked_all_the_time() {
        let world = World::new().await;
        assert_eq!(world.get("health").await.0, 200);
        world.accounts.go_down();
        assert_eq!(world.get("health").await.0, 200, "asked a moment ago");
        world.clock.advance(FRESH_SECONDS);
        let (status, text) = world.get("health").await;
        assert!(status == 503 && text.contains(r#""ok":false"#), "{text}");
        assert!(text.contains(r#""bucket":"ok","mail":"unavailable""#), "{text}");
    }

    #[tokio::test]
    async fn whoever_asks_every_second_hears_of_a_change_too() {
        let world = World::new().await;
        assert_eq!(world.get("health").await.0, 200);
        world.accounts.go_down();
        let mut answers = Vec::new();
        for _ in 0..FRESH_SECONDS {
            world.clock.advance(1);
            answers.push(world.get("health").await.0);
        }
        assert_eq!(answers, [200, 200, 200, 200, 503]);
    }

    #[tokio::test]
    async fn mail_that_is_not_sent_is_told() {
        let world = World::new().await;
        let (ada, now) = (EmailAddress::parse("ada@example.org").unwrap(), world.clock.now());
        let occasion = Occasion { at: now, client: Client::default() };
        let letter = Letter::new(ada, Notification::PasswordChanged(occasion), now, &*world.random);
        world.accounts.record(&Effects { letters: vec![letter], ..Effects::none() }).await.unwrap();
        assert_eq!(world.get("health").await.0, 200);
        world.clock.advance(LATE_SECONDS + 1);
        let (status, text) = world.get("health").await;
        assert!(status == 503 && text.contains(r#""mail":"late""#), "{text}");
    }
}
