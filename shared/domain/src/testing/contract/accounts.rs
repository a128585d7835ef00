//! What every store of accounts and sessions must do.

use futures_util::future::join_all;

use super::{account, hash, session, unique_address};
use crate::account::{Account, AccountChange, AccountId, ProfileChange, QuotaChange, Role, SessionsAfter};
use crate::effects::Effects;
use crate::email_address::EmailAddress;
use crate::ports::{AccountStore, Random, SessionStore, StoreError};
use crate::session::SessionId;

/// An account is found by its address in any spelling, and an unknown one is not.
async fn an_account_is_found_by_its_address(store: &dyn AccountStore, random: &dyn Random) {
    let address = unique_address(random);
    let ada = account(&address, random);
    assert_eq!(store.find_by_email(&ada.email).await.expect("readable"), None);
    store.create(&ada, &Effects::none()).await.expect("created");
    let shouted = EmailAddress::parse(&address.to_uppercase()).expect("valid");
    assert_eq!(store.find_by_email(&shouted).await.expect("readable"), Some(ada));
}

/// Of many registrations of one address at the same time, exactly one makes an account.
async fn one_address_makes_one_account(store: &dyn AccountStore, random: &dyn Random) {
    let address = unique_address(random);
    let rivals: Vec<_> = (0..50)
        .map(|i| account(&if i % 2 == 0 { address.clone() } else { address.to_uppercase() }, random))
        .collect();
    let none = Effects::none();
    let results = join_all(rivals.iter().map(|rival| store.create(rival, &none))).await;
    let winners: Vec<_> = rivals.iter().zip(&results).filter(|(_, result)| result.is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(StoreError::Conflict))));
    let found = store.find_by_email(&rivals[0].email).await.expect("readable");
    assert_eq!(found.as_ref(), Some(winners[0].0));
}

/// Concurrent changes of different fields of one profile are all kept.
async fn concurrent_changes_lose_no_field(store: &dyn AccountStore, random: &dyn Random) {
    let ada = account(&unique_address(random), random);
    store.create(&ada, &Effects::none()).await.expect("created");
    let change = |json: &str| -> ProfileChange { serde_json::from_str(json).expect("a change") };
    let changes = [
        change(r#"{"tel": "1"}"#),
        change(r#"{"company": "ENSIMS"}"#),
        change(r#"{"use_jess": false}"#),
        change(r#"{"title": "Dr", "position": "Engineer"}"#),
        change(r#"{"country": null}"#),
        change("{}"),
    ];
    for result in join_all(changes.iter().map(|change| store.change_profile(&ada.id, change))).await {
        result.expect("changed");
    }
    let mut expected = ada.clone();
    for change in changes {
        change.apply(&mut expected.profile);
    }
    assert_eq!(store.find_by_email(&ada.email).await.expect("readable"), Some(expected));
    let nobody = AccountId::random(random);
    let result = store.change_profile(&nobody, &change(r#"{"tel": "1"}"#)).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
}

/// A password hash is replaced only by who knows the one that is stored.
async fn a_stale_password_hash_is_not_replaced(store: &dyn AccountStore, random: &dyn Random) {
    let ada = account(&unique_address(random), random);
    store.create(&ada, &Effects::none()).await.expect("created");
    let (old, new, newest) =
        (&ada.password_hash, hash("demo-password-2", random), hash("demo-password-3", random));
    store.replace_password_hash(&ada.id, old, &new).await.expect("replaced");
    let stale = store.replace_password_hash(&ada.id, old, &newest).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    let found = store.find_by_email(&ada.email).await.expect("readable").expect("there");
    assert_eq!(found.password_hash, new);
}

/// A session is found until it is ended, and only with the account it belongs to.
async fn a_session_lives_until_it_is_ended<S: AccountStore + SessionStore>(store: &S, random: &dyn Random) {
    let (ada, eve) = (account(&unique_address(random), random), account(&unique_address(random), random));
    AccountStore::create(store, &ada, &Effects::none()).await.expect("created");
    AccountStore::create(store, &eve, &Effects::none()).await.expect("created");
    let session = |account: &Account| session(account, random);
    let (one, two) = (session(&ada), session(&ada));
    SessionStore::create(store, &one, &Effects::none()).await.expect("created");
    SessionStore::create(store, &two, &Effects::none()).await.expect("created");
    assert_eq!(store.find(&ada.id, &one.id).await.expect("readable"), Some((one.clone(), ada.clone())));
    assert_eq!(store.find(&eve.id, &one.id).await.expect("readable"), None);
    store.end(&eve.id, &one.id, &Effects::none()).await.expect("no failure");
    assert!(store.find(&ada.id, &one.id).await.expect("readable").is_some());
    store.end(&ada.id, &one.id, &Effects::none()).await.expect("ended");
    store.end(&ada.id, &one.id, &Effects::none()).await.expect("ending twice is no failure");
    assert_eq!(store.find(&ada.id, &one.id).await.expect("readable"), None);
    assert_eq!(store.find(&ada.id, &two.id).await.expect("readable"), Some((two, ada)));
}

/// What is known of a session comes back, its last use is noted, and no other account's sessions are listed.
async fn sessions_are_listed_with_their_last_use<S: AccountStore + SessionStore>(
    store: &S,
    random: &dyn Random,
) {
    let (ada, eve) = (account(&unique_address(random), random), account(&unique_address(random), random));
    AccountStore::create(store, &ada, &Effects::none()).await.expect("created");
    let mut sessions = vec![session(&ada, random), session(&ada, random)];
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    for session in sessions.iter().chain([&session(&eve, random)]) {
        SessionStore::create(store, session, &Effects::none()).await.expect("created");
    }
    sessions[1].last_used = sessions[1].created.plus_seconds(7_200);
    store.note_use(&sessions[1], sessions[1].last_used).await.expect("noted");
    let ended = session(&ada, random);
    store.note_use(&ended, ended.created).await.expect("no failure");
    let mut listed = store.list_sessions(&ada.id).await.expect("readable");
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(listed, sessions);
}

/// A change counts for the account as it was read, once, and ends the sessions that it says.
async fn an_account_is_changed_once_and_its_sessions_end<S: AccountStore + SessionStore>(
    store: &S,
    random: &dyn Random,
) {
    let ada = account(&unique_address(random), random);
    AccountStore::create(store, &ada, &Effects::none()).await.expect("created");
    let (mine, other) = (session(&ada, random), session(&ada, random));
    SessionStore::create(store, &mine, &Effects::none()).await.expect("created");
    SessionStore::create(store, &other, &Effects::none()).await.expect("created");
    let new = hash("demo-password-2", random);
    let change = AccountChange {
        password_hash: Some(new.clone()),
        sessions: SessionsAfter::EndOthers(mine.id.clone()),
        ..AccountChange::default()
    };
    store.change(&ada, &change, &Effects::none()).await.expect("changed");
    let again = store.change(&ada, &change, &Effects::none()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let (mine, changed) = store.find(&ada.id, &mine.id).await.expect("readable").expect("there");
    assert_eq!((&changed.password_hash, changed.generation), (&new, 1));
    assert!(mine.is_alive(&changed, mine.created));
    let (other, _) = store.find(&ada.id, &other.id).await.expect("readable").expect("there");
    assert!(!other.is_alive(&changed, other.created));
    let gone = AccountChange { sessions: SessionsAfter::EndOthers(SessionId::random(random)), ..change };
    let result = store.change(&changed, &gone, &Effects::none()).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
    let promoted = AccountChange {
        role: Some(Role::Pro),
        disabled: Some(true),
        quota_bytes: QuotaChange::Set(5),
        quota_files: QuotaChange::Set(6),
        ..AccountChange::default()
    };
    store.change(&changed, &promoted, &Effects::none()).await.expect("changed");
    let mut expected = changed;
    promoted.apply(&mut expected);
    let all = AccountChange { sessions: SessionsAfter::End, ..AccountChange::default() };
    store.change(&expected, &all, &Effects::none()).await.expect("changed");
    expected.generation = 2;
    let by_role = AccountChange { quota_bytes: QuotaChange::ByRole, ..AccountChange::default() };
    store.change(&expected, &by_role, &Effects::none()).await.expect("changed");
    by_role.apply(&mut expected);
    assert_eq!((expected.quota_bytes, expected.quota_files), (None, Some(6)));
    assert_eq!(
        store.find(&ada.id, &mine.id).await.expect("readable").map(|(_, account)| account),
        Some(expected)
    );
}

/// Runs the contracts of account and session stores.
pub async fn accounts_and_sessions<S: AccountStore + SessionStore>(store: &S, random: &dyn Random) {
    an_account_is_found_by_its_address(store, random).await;
    one_address_makes_one_account(store, random).await;
    concurrent_changes_lose_no_field(store, random).await;
    a_stale_password_hash_is_not_replaced(store, random).await;
    a_session_lives_until_it_is_ended(store, random).await;
    sessions_are_listed_with_their_last_use(store, random).await;
    an_account_is_changed_once_and_its_sessions_end(store, random).await;
}
