//! What every store must do with what belongs to a change: tokens, letters, events.

use futures_util::future::join_all;

use super::{account, unique_address};
use crate::account::{Account, AccountChange, AccountId, NewAddress, Role};
use crate::audit::{Act, AuditEvent};
use crate::client::Client;
use crate::effects::Effects;
use crate::email_address::EmailAddress;
use crate::letter::{HELD_SECONDS, Letter};
use crate::notification::Notification;
use crate::occasion::Occasion;
use crate::one_time_token::{OneTimeToken, Purpose, Registration};
use crate::ports::{AccountStore, Outbox, Random, StoreError};
use crate::second_factor::{FactorChange, SecondFactor};
use crate::timestamp::Timestamp;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn occasion(seconds: u64) -> Occasion {
    let client = Client::new("curl/8.5", Some([203, 0, 113, 7].into()));
    Occasion { at: NOW.plus_seconds(seconds), client }
}

/// A token that makes an account of `ada`, the letter that brings it, and an event.
fn registration(ada: &Account, random: &dyn Random) -> Effects {
    let registration = Registration {
        email: ada.email.clone(),
        password_hash: ada.password_hash.clone(),
        profile: ada.profile.clone(),
        occasion: occasion(0),
    };
    let token = OneTimeToken::new(Purpose::Registration(Box::new(registration)), NOW, random);
    let notification = Notification::ConfirmAddress(token.id.clone(), occasion(0));
    Effects {
        spent: None,
        letters: vec![Letter::new(ada.email.clone(), notification, NOW, random)],
        events: vec![AuditEvent::new(&ada.id, occasion(0), Act::Registered, random)],
        tokens: vec![token],
    }
}

/// A token makes one account, once, and only together with everything that belongs to it.
async fn a_token_is_spent_once<S: AccountStore + Outbox>(store: &S, random: &dyn Random) {
    let address = unique_address(random);
    let ada = account(&address, random);
    let begun = registration(&ada, random);
    store.record(&begun).await.expect("recorded");
    let token = &begun.tokens[0];
    assert_eq!(store.find_token(&token.id).await.expect("readable").as_ref(), Some(token));
    let rivals: Vec<_> = (0..8).map(|_| account(&address, random)).collect();
    let spends = Effects { spent: Some(token.id.clone()), ..Effects::none() };
    let results = join_all(rivals.iter().map(|rival| store.create(rival, &spends))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(StoreError::Conflict))));
    assert_eq!(store.find_token(&token.id).await.expect("readable"), None);
    let made = store.find_by_email(&ada.email).await.expect("readable").expect("one account");
    assert_eq!(store.find_account(&made.id).await.expect("readable").as_ref(), Some(&made));
    assert_eq!(store.find_account(&AccountId::random(random)).await.expect("readable"), None);

    // A change whose token is spent does not happen, nor what belongs to it.
    let promoted = AccountChange { role: Some(Role::Pro), ..AccountChange::default() };
    let late = Effects { spent: spends.spent, ..registration(&ada, random) };
    assert!(matches!(store.change(&made, &promoted, &late).await, Err(StoreError::Conflict)));
    assert_eq!(store.find_account(&made.id).await.expect("readable"), Some(made));
    assert_eq!(store.find_token(&late.tokens[0].id).await.expect("readable"), None);
}

/// A letter waits from the time on that nobody delivers it, one takes it, and then it is struck off.
async fn a_letter_is_taken_by_one<S: AccountStore + Outbox>(store: &S, random: &dyn Random) {
    let ada = account(&unique_address(random), random);
    let effects = registration(&ada, random);
    store.record(&effects).await.expect("recorded");
    let letter = &effects.letters[0];
    let waits = async |at: Timestamp| {
        let waiting = store.waiting(at).await.expect("readable");
        waiting.into_iter().map(|waiting| waiting.expect("readable")).find(|waiting| waiting.id == letter.id)
    };
    let free = NOW.plus_seconds(HELD_SECONDS);
    assert_eq!(waits(NOW.plus_seconds(HELD_SECONDS - 1)).await, None);
    assert_eq!(waits(free).await.as_ref(), Some(letter));
    let until = free.plus_seconds(HELD_SECONDS);
    let holds = join_all((0..8).map(|_| store.hold(letter, until))).await;
    assert_eq!(holds.into_iter().filter(|held| *held.as_ref().expect("an answer")).count(), 1);
    assert_eq!(waits(free).await, None);
    assert!(waits(until).await.is_some());
    store.strike_off(&letter.id).await.expect("struck off");
    store.strike_off(&letter.id).await.expect("struck off, though gone");
    assert_eq!(waits(until).await, None);
    assert!(!store.hold(letter, until).await.expect("an answer"));
    let shouted = EmailAddress::parse(&letter.to.as_str().to_uppercase()).expect("valid");
    let is_undeliverable =
        async |seconds| store.is_undeliverable(&shouted, NOW.plus_seconds(seconds)).await.expect("an answer");
    assert!(!is_undeliverable(0).await);
    store.note_undeliverable(&letter.to, NOW.plus_seconds(60)).await.expect("noted");
    store.note_undeliverable(&letter.to, NOW.plus_seconds(90)).await.expect("noted again");
    assert!(is_undeliverable(89).await && !is_undeliverable(90).await);
    store.clear_undeliverable(&letter.to).await.expect("cleared");
    store.clear_undeliverable(&letter.to).await.expect("cleared, though gone");
    assert!(!is_undeliverable(0).await);
}

/// Events are listed newest first, those of one account only.
async fn events_are_listed_newest_first<S: AccountStore + Outbox>(store: &S, random: &dyn Random) {
    let (ada, eve) = (AccountId::random(random), AccountId::random(random));
    let event = |account, seconds| {
        let act = if seconds % 2 == 0 { Act::LoggedOn } else { Act::KeyMade("CI".into()) };
        AuditEvent::new(account, occasion(seconds), act, random)
    };
    let mut events: Vec<_> = (0..29).map(|seconds| event(&ada, seconds)).collect();
    let promotion = AuditEvent::new(&ada, occasion(29), Act::RoleChanged(Role::Pro), random);
    events.push(promotion.by_administrator(&eve));
    for some in events.chunks(10) {
        store.record(&Effects { events: some.to_vec(), ..Effects::none() }).await.expect("recorded");
    }
    store.record(&Effects { events: vec![event(&eve, 99)], ..Effects::none() }).await.expect("recorded");
    events.reverse();
    assert_eq!(store.events(&ada, 100).await.expect("readable"), events);
    assert_eq!(store.events(&ada, 7).await.expect("readable"), events[..7]);
    assert_eq!(store.events(&AccountId::random(random), 7).await.expect("readable"), []);
}

/// An account gets another address; the old one is kept for it for a time, finds nobody meanwhile, and can come back.
async fn an_address_is_changed_and_changed_back<S: AccountStore + Outbox>(store: &S, random: &dyn Random) {
    let (ada, eve) = (account(&unique_address(random), random), account(&unique_address(random), random));
    store.create(&ada, &Effects::none()).await.expect("created");
    store.create(&eve, &Effects::none()).await.expect("created");
    let email = EmailAddress::parse(&unique_address(random)).expect("valid");
    let until = NOW.plus_seconds(60);
    let change = |email: &EmailAddress, old_reserved_until| {
        let new = NewAddress { email: email.clone(), at: NOW, old_reserved_until };
        AccountChange { email: Some(new), ..AccountChange::default() }
    };
    let taken = store.change(&ada, &change(&eve.email, Some(until)), &Effects::none()).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
    store.change(&ada, &change(&email, Some(until)), &Effects::none()).await.expect("changed");
    let again = store.change(&ada, &change(&email, Some(until)), &Effects::none()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "it has another address by now: {again:?}");
    let moved = store.find_by_email(&email).await.expect("readable").expect("there");
    assert_eq!((&moved.id, moved.email_changed), (&ada.id, Some(NOW)));
    assert_eq!(store.find_by_email(&ada.email).await.expect("readable"), None);
    let heir =
        |seconds| Account { created: NOW.plus_seconds(seconds), ..account(ada.email.as_str(), random) };
    let early = store.create(&heir(59), &Effects::none()).await;
    assert!(matches!(early, Err(StoreError::Conflict)), "the old address is kept: {early:?}");
    store.change(&moved, &change(&ada.email, None), &Effects::none()).await.expect("changed back");
    assert_eq!(store.find_by_email(&ada.email).await.expect("readable"), Some(ada.clone()));
    store.create(&account(email.as_str(), random), &Effects::none()).await.expect("the new one was let go");
    let other = EmailAddress::parse(&unique_address(random)).expect("valid");
    store.change(&ada, &change(&other, Some(until)), &Effects::none()).await.expect("changed");
    store.create(&heir(60), &Effects::none()).await.expect("the old address was kept until then");
}

/// A code is used once, however many use it at the same time, and the factor goes when it is switched off.
async fn a_second_factor_is_replaced_by_one<S: AccountStore + Outbox>(store: &S, random: &dyn Random) {
    let ada = account(&unique_address(random), random);
    store.create(&ada, &Effects::none()).await.expect("created");
    let stored = async || store.find_account(&ada.id).await.expect("readable").expect("there").second_factor;
    let replace = async |from: Option<&SecondFactor>, to: Option<&SecondFactor>| {
        let factor = FactorChange { from: from.cloned(), to: to.cloned() };
        let change = AccountChange { second_factor: Some(factor), ..AccountChange::default() };
        store.change(&ada, &change, &Effects::none()).await
    };
    let begun = SecondFactor::begin(random);
    replace(None, Some(&begun)).await.expect("begun");
    assert_eq!(stored().await.as_ref(), Some(&begun));
    let (on, _) = begun.switch_on(&begun.secret().code(NOW), NOW, random).expect("the right code");
    let results = join_all((0..8).map(|_| replace(Some(&begun), Some(&on)))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(stored().await.as_ref(), Some(&on));
    for wrong in [None, Some(&begun)] {
        let wrong = replace(wrong, None).await;
        assert!(matches!(wrong, Err(StoreError::Conflict)), "{wrong:?}");
    }
    replace(Some(&on), None).await.expect("switched off");
    assert_eq!(stored().await, None);
}

/// Runs the contracts of effects.
pub async fn effects<S: AccountStore + Outbox>(store: &S, random: &dyn Random) {
    a_token_is_spent_once(store, random).await;
    a_letter_is_taken_by_one(store, random).await;
    events_are_listed_newest_first(store, random).await;
    an_address_is_changed_and_changed_back(store, random).await;
    a_second_factor_is_replaced_by_one(store, random).await;
}
