//! What every store must do, whatever it is made of. Each function makes its own accounts, so that all of them can
//! run on one store, in any order, at the same time.

mod accounts;
mod api_keys;
mod deletions;
mod effects;
mod files;
mod idempotency;
mod ledger;
mod parts;
mod throttle;

use crate::account::{Account, AccountId, Profile};
use crate::api_key::{ApiKey, ApiKeyName, ApiKeyText, Scopes};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::password::{Password, PasswordHash, PasswordHasher};
use crate::ports::Random;
use crate::session::Session;
use crate::timestamp::Timestamp;

pub use accounts::accounts_and_sessions;
pub use api_keys::api_keys;
pub use deletions::deletions;
pub use effects::effects;
pub use files::{ODD_NAMES, files};
pub use idempotency::idempotency;
pub use ledger::{an_answer_is_kept_with_the_end_of_its_operation, ledger};
pub use parts::{a_file_in_parts_appears_when_they_are_joined, parts_can_be_dropped, uploads};
pub use throttle::throttle;

/// An account named after its address.
pub fn account(email: &str, random: &dyn Random) -> Account {
    let id = AccountId::random(random);
    let email = EmailAddress::parse(email).expect("the test's address is valid");
    let profile = Profile { firstname: Some("Ada".to_owned()), use_jess: true, ..Profile::default() };
    let created = Timestamp::from_unix_seconds(1_790_000_000);
    Account::new(id, email, hash("demo-password-1", random), profile, created)
}

fn hash(password: &str, random: &dyn Random) -> PasswordHash {
    PasswordHasher::new().hash(&Password::parse(password.to_owned()).expect("valid"), random)
}

fn unique_address(random: &dyn Random) -> String {
    format!("ada.{}@example.org", AccountId::random(random))
}

/// A session of an account with everything that is kept of one.
pub fn session(account: &Account, random: &dyn Random) -> Session {
    let client = Client::new("curl/8.5", Some([203, 0, 113, 7].into()));
    Session::begin(account, client, account.created, 86_400, random)
}

/// A key of an account with everything that is kept of one, and its text.
pub fn api_key(account: &Account, random: &dyn Random) -> (ApiKey, ApiKeyText) {
    let name = ApiKeyName::parse("nightly build").expect("valid");
    let scopes = Scopes::parse("files:read send").expect("valid");
    let expires = account.created.plus_seconds(86_400);
    ApiKey::issue(account, name, scopes, expires, account.created, random)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::testing::{
        MemoryAccounts, MemoryFiles, MemoryIdempotency, MemoryLedger, MemoryThrottle, MemoryUploads,
        SeededRandom,
    };

    #[tokio::test]
    async fn the_stores_in_memory_keep_the_contract() {
        accounts_and_sessions(&MemoryAccounts::default(), &SeededRandom::new(1)).await;
        effects(&MemoryAccounts::default(), &SeededRandom::new(8)).await;
        deletions(&MemoryAccounts::default(), &SeededRandom::new(9)).await;
        api_keys(&MemoryAccounts::default(), &SeededRandom::new(7)).await;
        files(&MemoryFiles::default(), &SeededRandom::new(2)).await;
        ledger(&MemoryLedger::default(), &SeededRandom::new(3)).await;
        let requests = Arc::new(MemoryIdempotency::default());
        let beside = MemoryLedger::beside(requests.clone());
        let random = SeededRandom::new(10);
        an_answer_is_kept_with_the_end_of_its_operation(&beside, &*requests, &random).await;
        uploads(&MemoryUploads::default(), &SeededRandom::new(4)).await;
        idempotency(&MemoryIdempotency::default(), &SeededRandom::new(6)).await;
        throttle(&MemoryThrottle::default(), &SeededRandom::new(7)).await;
        let (store, random) = (MemoryFiles::default(), SeededRandom::new(5));
        let send = async |link: &str, content: Bytes| store.receive(link, content);
        a_file_in_parts_appears_when_they_are_joined(&store, &random, send).await;
        parts_can_be_dropped(&store, &random, send).await;
    }
}
