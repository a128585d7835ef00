//! What every store of API keys must do.

use super::{account, api_key, hash, unique_address};
use crate::account::{AccountChange, AccountId, SessionsAfter};
use crate::api_key::ApiKeyId;
use crate::effects::Effects;
use crate::ports::{AccountStore, ApiKeyStore, Random};

/// A key is found until it is revoked, and only with the account it belongs to.
async fn a_key_lives_until_it_is_revoked<S: AccountStore + ApiKeyStore>(store: &S, random: &dyn Random) {
    let (ada, eve) = (account(&unique_address(random), random), account(&unique_address(random), random));
    store.create(&ada, &Effects::none()).await.expect("created");
    store.create(&eve, &Effects::none()).await.expect("created");
    let ((one, _), (two, _)) = (api_key(&ada, random), api_key(&ada, random));
    store.add_key(&one, &Effects::none()).await.expect("added");
    store.add_key(&two, &Effects::none()).await.expect("added");
    assert_eq!(store.find_key(&ada.id, &one.id).await.expect("readable"), Some((one.clone(), ada.clone())));
    assert_eq!(store.find_key(&eve.id, &one.id).await.expect("readable"), None);
    let (orphan, _) = api_key(&account(&unique_address(random), random), random);
    store.add_key(&orphan, &Effects::none()).await.expect("added");
    assert_eq!(
        store.find_key(&orphan.account, &orphan.id).await.expect("readable"),
        None,
        "without an account"
    );
    store.revoke_key(&eve.id, &one.id, &Effects::none()).await.expect("no failure");
    assert!(store.find_key(&ada.id, &one.id).await.expect("readable").is_some());
    store.revoke_key(&ada.id, &one.id, &Effects::none()).await.expect("revoked");
    store.revoke_key(&ada.id, &one.id, &Effects::none()).await.expect("revoking twice is no failure");
    store.note_key_use(&one, one.created).await.expect("no failure");
    assert_eq!(store.find_key(&ada.id, &one.id).await.expect("readable"), None);
    assert_eq!(store.find_key(&ada.id, &two.id).await.expect("readable"), Some((two, ada)));
}

/// What is known of a key comes back, its last use is noted, and no other account's keys are listed.
async fn keys_are_listed_with_their_last_use<S: AccountStore + ApiKeyStore>(store: &S, random: &dyn Random) {
    let (ada, eve) = (account(&unique_address(random), random), account(&unique_address(random), random));
    store.create(&ada, &Effects::none()).await.expect("created");
    let mut keys = vec![api_key(&ada, random).0, api_key(&ada, random).0];
    keys.sort_by(|one, other| one.id.cmp(&other.id));
    for key in keys.iter().chain([&api_key(&eve, random).0]) {
        store.add_key(key, &Effects::none()).await.expect("added");
    }
    keys[1].last_used = Some(keys[1].created.plus_seconds(7_200));
    store.note_key_use(&keys[1], keys[1].created.plus_seconds(7_200)).await.expect("noted");
    let mut listed = store.list_keys(&ada.id).await.expect("readable");
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(listed, keys);
    assert_eq!(store.list_keys(&AccountId::random(random)).await.expect("readable"), []);
}

/// A change of an account ends its keys if it says so, and only then.
async fn keys_end_when_a_change_of_their_account_says_so<S: AccountStore + ApiKeyStore>(
    store: &S,
    random: &dyn Random,
) {
    let ada = account(&unique_address(random), random);
    store.create(&ada, &Effects::none()).await.expect("created");
    let (key, _) = api_key(&ada, random);
    store.add_key(&key, &Effects::none()).await.expect("added");
    let found = async |id: &ApiKeyId| store.find_key(&ada.id, id).await.expect("readable").expect("there");
    let new = hash("demo-password-2", random);
    let change = AccountChange {
        password_hash: Some(new.clone()),
        sessions: SessionsAfter::End,
        ..AccountChange::default()
    };
    store.change(&ada, &change, &Effects::none()).await.expect("changed");
    let (key, changed) = found(&key.id).await;
    assert_eq!((changed.generation, changed.key_generation), (1, 0));
    assert!(key.is_alive(&changed, key.created));
    let reset = AccountChange { end_keys: true, ..AccountChange::default() };
    for generation in 1..=2 {
        store.change(&changed, &reset, &Effects::none()).await.expect("changed");
        let (key, reset) = found(&key.id).await;
        assert_eq!((reset.generation, reset.key_generation), (1, generation));
        assert_eq!(reset.password_hash, new);
        assert!(!key.is_alive(&reset, key.created));
    }
    let (_, reset) = found(&key.id).await;
    let (later, _) = api_key(&reset, random);
    store.add_key(&later, &Effects::none()).await.expect("added");
    let (later, reset) = found(&later.id).await;
    assert!(later.is_alive(&reset, later.created));
}

/// Runs the contracts of stores of API keys.
pub async fn api_keys<S: AccountStore + ApiKeyStore>(store: &S, random: &dyn Random) {
    a_key_lives_until_it_is_revoked(store, random).await;
    keys_are_listed_with_their_last_use(store, random).await;
    keys_end_when_a_change_of_their_account_says_so(store, random).await;
}
