//! What every store must do at the end of an account.

use super::{account, session, unique_address};
use crate::account::Account;
use crate::api_key::{ApiKey, ApiKeyName, Scopes};
use crate::audit::{Act, AuditEvent};
use crate::client::Client;
use crate::effects::Effects;
use crate::occasion::Occasion;
use crate::ports::{AccountStore, ApiKeyStore, DeletionStore, Random, SessionStore, StoreError};

/// A deleted account is gone at once with its sessions and keys, its address is free, and nothing of it is left when its
/// records are removed. Others are untouched.
pub async fn deletions<S: AccountStore + SessionStore + ApiKeyStore + DeletionStore>(
    store: &S,
    random: &dyn Random,
) {
    let (ada, eve) = (account(&unique_address(random), random), account(&unique_address(random), random));
    let mut sessions = Vec::new();
    let mut keys = Vec::new();
    for somebody in [&ada, &eve] {
        let occasion = Occasion { at: somebody.created, client: Client::default() };
        let event = AuditEvent::new(&somebody.id, occasion, Act::Registered, random);
        AccountStore::create(store, somebody, &Effects::of(event)).await.expect("created");
        let session = session(somebody, random);
        SessionStore::create(store, &session, &Effects::none()).await.expect("created");
        sessions.push(session);
        let key = key(somebody, random);
        store.add_key(&key, &Effects::none()).await.expect("added");
        keys.push(key);
    }
    let now = ada.created.plus_seconds(9);
    let stale = Account { generation: 9, ..ada.clone() };
    let stale = store.delete(&stale, now, &Effects::none()).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "its password was changed meanwhile: {stale:?}");
    store.delete(&ada, now, &Effects::none()).await.expect("deleted");
    let again = store.delete(&ada, now, &Effects::none()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(store.find_by_email(&ada.email).await.expect("readable"), None);
    assert_eq!(store.find(&ada.id, &sessions[0].id).await.expect("readable"), None);
    assert!(store.find_key(&ada.id, &keys[0].id).await.expect("readable").is_none());
    let pending = async || {
        let all = store.deletions().await.expect("readable");
        all.into_iter()
            .map(|deletion| deletion.expect("readable"))
            .filter(|deletion| deletion.account == ada.id)
            .map(|deletion| deletion.at)
            .collect::<Vec<_>>()
    };
    assert_eq!(pending().await, [now]);
    let heir = account(ada.email.as_str(), random);
    AccountStore::create(store, &heir, &Effects::none()).await.expect("the address is free");
    store.remove_records(&ada.id).await.expect("removed");
    store.remove_records(&ada.id).await.expect("removed, though gone");
    assert!(store.list_sessions(&ada.id).await.expect("readable").is_empty());
    assert!(store.list_keys(&ada.id).await.expect("readable").is_empty());
    assert!(store.events(&ada.id, 9).await.expect("readable").is_empty());
    store.finish(&ada.id).await.expect("finished");
    assert!(pending().await.is_empty());
    for somebody in [&eve, &heir] {
        assert_eq!(store.find_account(&somebody.id).await.expect("readable").as_ref(), Some(somebody));
    }
    assert!(store.find(&eve.id, &sessions[1].id).await.expect("readable").is_some());
    assert_eq!(store.list_keys(&eve.id).await.expect("readable").len(), 1);
    assert_eq!(store.events(&eve.id, 9).await.expect("readable").len(), 1);
}

fn key(account: &Account, random: &dyn Random) -> ApiKey {
    let (name, scopes) = (ApiKeyName::parse("CI").expect("valid"), Scopes::parse("send").expect("valid"));
    let (now, expires) = (account.created, account.created.plus_seconds(60));
    ApiKey::issue(account, name, scopes, expires, now, random).0
}
