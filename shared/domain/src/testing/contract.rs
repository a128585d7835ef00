//! What every store must do, whatever it is made of. Each function makes its own accounts, so that all of them can
//! run on one store, in any order, at the same time.

mod deletions;
mod effects;
mod throttle;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::account::{
    Account, AccountChange, AccountId, Profile, ProfileChange, QuotaChange, Role, SessionsAfter,
};
use crate::api_key::{ApiKey, ApiKeyId, ApiKeyName, ApiKeyText, Scopes};
use crate::client::Client;
use crate::effects::Effects;
use crate::email_address::EmailAddress;
use crate::file_batch::put_all;
use crate::file_key::{FileKey, FolderKey};
use crate::file_ledger::{Ledger, Operation, OperationId, Usage, UsageChange, Work};
use crate::file_path::{FilePath, FolderPath};
use crate::file_upload::{FileUpload, Sha256Digest, UploadResult};
use crate::idempotency::{AnsweredRequest, IdempotencyKey, KeptAnswer, KeyedRequest, Known};
use crate::media_type::MediaType;
use crate::password::{Password, PasswordHash, PasswordHasher};
use crate::ports::{
    AccountStore, ApiKeyStore, Content, FileLedger, FileStore, IdempotencyStore, NewFile, PartStore, Random,
    Replaces, SessionStore, StoreError, UploadStore,
};
use crate::session::{Session, SessionId};
use crate::timestamp::Timestamp;

pub use deletions::deletions;
pub use effects::effects;
pub use throttle::throttle;

/// Names that stores and transports are known to mangle.
pub const ODD_NAMES: [&str; 19] = [
    "plain.idf",
    "two words",
    "#hash",
    "q?mark",
    "100%",
    "100%25",
    "a+b",
    "a&b=c;d",
    "'single' \"double\"",
    "~tilde",
    "Grüße",
    "u\u{308} decomposed",
    "日本語",
    "🏠.epw",
    "[x]{y}|^`",
    "a:b*<c>",
    "...",
    ".hidden",
    "ends in dot.",
];

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

/// An account is found by its address in any spelling, and an unknown one is not.
pub async fn an_account_is_found_by_its_address(store: &dyn AccountStore, random: &dyn Random) {
    let address = unique_address(random);
    let ada = account(&address, random);
    assert_eq!(store.find_by_email(&ada.email).await.expect("readable"), None);
    store.create(&ada, &Effects::none()).await.expect("created");
    let shouted = EmailAddress::parse(&address.to_uppercase()).expect("valid");
    assert_eq!(store.find_by_email(&shouted).await.expect("readable"), Some(ada));
}

/// Of many registrations of one address at the same time, exactly one makes an account.
pub async fn one_address_makes_one_account(store: &dyn AccountStore, random: &dyn Random) {
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
pub async fn concurrent_changes_lose_no_field(store: &dyn AccountStore, random: &dyn Random) {
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
pub async fn a_stale_password_hash_is_not_replaced(store: &dyn AccountStore, random: &dyn Random) {
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
pub async fn a_session_lives_until_it_is_ended<S: AccountStore + SessionStore>(
    store: &S,
    random: &dyn Random,
) {
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
pub async fn sessions_are_listed_with_their_last_use<S: AccountStore + SessionStore>(
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
pub async fn an_account_is_changed_once_and_its_sessions_end<S: AccountStore + SessionStore>(
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

/// A session of an account with everything that is kept of one.
pub fn session(account: &Account, random: &dyn Random) -> Session {
    let client = Client::new("curl/8.5", Some([203, 0, 113, 7].into()));
    Session::begin(account, client, account.created, 86_400, random)
}

/// A key is found until it is revoked, and only with the account it belongs to.
pub async fn a_key_lives_until_it_is_revoked<S: AccountStore + ApiKeyStore>(store: &S, random: &dyn Random) {
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
pub async fn keys_are_listed_with_their_last_use<S: AccountStore + ApiKeyStore>(
    store: &S,
    random: &dyn Random,
) {
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
pub async fn keys_end_when_a_change_of_their_account_says_so<S: AccountStore + ApiKeyStore>(
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

/// A key of an account with everything that is kept of one, and its text.
pub fn api_key(account: &Account, random: &dyn Random) -> (ApiKey, ApiKeyText) {
    let name = ApiKeyName::parse("nightly build").expect("valid");
    let scopes = Scopes::parse("files:read send").expect("valid");
    let expires = account.created.plus_seconds(86_400);
    ApiKey::issue(account, name, scopes, expires, account.created, random)
}

async fn all(content: Content) -> Vec<u8> {
    let pieces: Vec<Bytes> = content.try_collect().await.expect("streamed");
    pieces.concat()
}

/// The paths of one account, for the file contracts.
struct Files<'a> {
    store: &'a dyn FileStore,
    owner: AccountId,
    operation: OperationId,
}

impl<'a> Files<'a> {
    fn new(store: &'a dyn FileStore, random: &dyn Random) -> Self {
        Self { store, owner: AccountId::random(random), operation: OperationId::random(random) }
    }

    fn key(&self, path: &str) -> FileKey {
        FileKey::new(&self.owner, FilePath::parse(path).expect("the test's path is valid"))
    }

    fn folder(&self, path: &str) -> FolderKey {
        FolderKey::new(&self.owner, FolderPath::parse(path).expect("the test's path is valid"))
    }

    async fn put(&self, path: &str, content: &[u8]) {
        self.put_in(&self.operation, path, content).await;
    }

    async fn put_in(&self, operation: &OperationId, path: &str, content: &[u8]) {
        let file = NewFile::plain(Bytes::copy_from_slice(content));
        let etag = self.store.put(&self.key(path), file, operation).await.expect("stored");
        let state = self.store.state(&self.key(path)).await.expect("readable");
        assert_eq!(state.map(|state| state.etag), Some(etag));
    }

    async fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (state, content) = self.store.open(&self.key(path)).await.expect("readable")?;
        let content = all(content).await;
        assert_eq!(state.bytes, content.len() as u64);
        assert!(state.etag.starts_with('"') && state.etag.ends_with('"'), "{}", state.etag);
        Some(content)
    }

    /// Paths and sizes below a folder, in order of path.
    async fn list(&self, path: &str) -> Vec<(String, u64)> {
        let entries = self.store.list(&self.folder(path)).await.expect("listable");
        let mut entries: Vec<_> = entries.into_iter().map(|entry| (entry.path, entry.bytes)).collect();
        entries.sort();
        entries
    }
}

/// What was put is read back byte for byte, and the newest put wins.
pub async fn a_file_is_read_back_exactly(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let all_bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(files.read("a/b.bin").await, None);
    assert_eq!(store.state(&files.key("a/b.bin")).await.expect("readable"), None);
    files.put("a/b.bin", b"first").await;
    files.put("a/b.bin", &all_bytes).await;
    assert_eq!(files.read("a/b.bin").await, Some(all_bytes));
    let state = store.state(&files.key("a/b.bin")).await.expect("readable").expect("there");
    let listed = store.list(&files.folder("a")).await.expect("listable").remove(0);
    assert_eq!((listed.etag, listed.modified), (state.etag, state.modified));
    files.put("empty", b"").await;
    assert_eq!(files.read("empty").await, Some(Vec::new()));
    store.delete(&files.key("a/b.bin")).await.expect("deleted");
    store.delete(&files.key("a/b.bin")).await.expect("deleting twice is no failure");
    assert_eq!(files.read("a/b.bin").await, None);
}

/// Odd names are kept byte for byte through put, list, read and delete.
pub async fn odd_names_are_kept_exactly(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    for (size, name) in ODD_NAMES.iter().enumerate() {
        files.put(&format!("{name}/{name}"), &vec![b'x'; size]).await;
    }
    let mut expected: Vec<_> =
        ODD_NAMES.iter().enumerate().map(|(size, name)| (format!("{name}/{name}"), size as u64)).collect();
    expected.sort();
    assert_eq!(files.list("").await, expected);
    for (size, name) in ODD_NAMES.iter().enumerate() {
        assert_eq!(files.list(name).await, [((*name).to_owned(), size as u64)]);
        assert_eq!(files.read(&format!("{name}/{name}")).await, Some(vec![b'x'; size]), "{name}");
        store.delete(&files.key(&format!("{name}/{name}"))).await.expect("deleted");
    }
    assert_eq!(files.list("").await, []);
}

/// A folder ends at its slash: listing or deleting `a` leaves `ab`, `a-b` and other accounts alone.
pub async fn a_folder_is_only_what_lies_below_it(store: &dyn FileStore, random: &dyn Random) {
    let (files, others) = (Files::new(store, random), Files::new(store, random));
    for path in ["a/1", "a/b/2", "ab/3", "a-b", "c"] {
        files.put(path, b"x").await;
        others.put(path, b"x").await;
    }
    store.make_folder(&files.folder("a/empty"), &files.operation).await.expect("made");
    let below = [("1".to_owned(), 1), ("b/2".to_owned(), 1), ("empty/".to_owned(), 0)];
    assert_eq!(files.list("a").await, below);
    assert_eq!(files.list("a/empty").await, [(String::new(), 0)]);
    for (folder, there) in
        [("", true), ("a", true), ("a/empty", true), ("a/b", true), ("c", false), ("x", false)]
    {
        assert_eq!(store.has_folder(&files.folder(folder)).await.expect("readable"), there, "{folder:?}");
    }
    let removed = store.delete_folder(&files.folder("a")).await.expect("deleted");
    assert_eq!(removed, Usage { bytes: 2, files: 2 });
    assert_eq!(
        files.list("").await,
        [("a-b", 1), ("ab/3", 1), ("c", 1)].map(|(path, n)| (path.to_owned(), n))
    );
    assert_eq!(others.list("").await.len(), 5);
    store.delete_folder(&files.folder("")).await.expect("deleted");
    assert_eq!(files.list("").await, []);
    assert!(store.has_folder(&files.folder("")).await.expect("readable"), "the root always exists");
}

/// More entries than one page of any store holds are listed and deleted completely.
pub async fn a_large_folder_is_listed_and_deleted_whole(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let file = NewFile::plain(Bytes::from_static(b"x"));
    let batch = (0..1_005).map(|i| (files.key(&format!("f/{i:04}")), file.clone()));
    put_all(store, &files.operation, batch.collect(), &[], &|| true).await.expect("stored");
    store.make_folder(&files.folder("f"), &files.operation).await.expect("made");
    for path in ["f/05/x", "f/05/y", "f/0500-", "f/zz/x"] {
        files.put(path, b"x").await;
    }
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = store.list_page(&files.folder("f"), after.as_deref(), 100).await.expect("listable");
        paged.extend(page.0.iter().map(|entry| entry.path.clone()));
        assert!(page.0.len() == 100 || !page.1);
        after = paged.last().cloned();
        if !page.1 {
            break;
        }
    }
    let mut expected: Vec<_> = (0..1_005).map(|i| format!("{i:04}")).collect();
    expected.extend(["05/", "0500-", "zz/"].map(str::to_owned));
    expected.sort();
    assert_eq!(paged, expected);
    let (page, more) = store.list_page(&files.folder("f"), Some("zz/"), 1).await.expect("listable");
    assert_eq!((page.len(), more), (0, false));
    for path in ["f/05/x", "f/05/y", "f/0500-", "f/zz/x"] {
        store.delete(&files.key(path)).await.expect("deleted");
    }
    let mut listed = files.list("f").await;
    listed.retain(|(path, _)| !path.is_empty());
    assert_eq!((listed.len(), listed[1_004].0.as_str()), (1_005, "1004"));
    store.delete_folder(&files.folder("f")).await.expect("deleted");
    assert_eq!(files.list("").await, []);
}

/// Taking back an operation restores what it replaced, even if it put twice, and leaves what others stored.
pub async fn an_operation_can_be_taken_back(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let (upload, later) = (OperationId::random(random), OperationId::random(random));
    files.put("replaced", b"old").await;
    files.put("other", b"old").await;
    files.put_in(&upload, "replaced", b"new").await;
    files.put_in(&upload, "replaced", b"new, because the first answer was lost").await;
    files.put_in(&upload, "new", b"new").await;
    files.put_in(&upload, "overtaken", b"new").await;
    files.put_in(&later, "overtaken", b"later").await;
    store.make_folder(&files.folder("folder"), &upload).await.expect("made");
    let keys = ["replaced", "new", "other", "overtaken", "never stored"].map(|path| files.key(path));
    for _ in 0..2 {
        store.take_back(&upload, &keys, &[files.folder("folder")]).await.expect("taken back");
        let left = [("other", 3), ("overtaken", 5), ("replaced", 3)];
        assert_eq!(files.list("").await, left.map(|(path, bytes)| (path.to_owned(), bytes)));
    }
    assert_eq!(files.read("replaced").await.as_deref(), Some(&b"old"[..]));
    assert_eq!(files.read("overtaken").await.as_deref(), Some(&b"later"[..]));
}

/// A part of a file is read exactly, and never of another state than the one that was asked about.
pub async fn a_part_is_of_the_state_that_was_seen(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let key = files.key("a");
    files.put("a", b"0123456789").await;
    let state = store.state(&key).await.expect("readable").expect("there");
    for (range, expected) in [(0..10, "0123456789"), (0..1, "0"), (9..10, "9"), (3..7, "3456"), (5..5, "")] {
        let part = store.open_part(&key, &state, range).await.expect("readable").expect("there");
        assert_eq!(all(part).await, expected.as_bytes());
    }
    files.put("a", b"9876543210").await;
    assert!(store.open_part(&key, &state, 0..1).await.expect("readable").is_none());
    store.delete(&key).await.expect("deleted");
    assert!(store.open_part(&key, &state, 0..1).await.expect("readable").is_none());
}

/// A put that insists on what it replaces changes nothing else, and of many at once one gets through.
pub async fn a_put_replaces_only_what_it_insists_on(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let put = async |path: &str, content: &'static [u8], replaces: Replaces| {
        let file = NewFile { replaces, ..NewFile::plain(Bytes::from_static(content)) };
        store.put(&files.key(path), file, &OperationId::random(random)).await
    };
    let racers = futures_util::future::join_all((0..10).map(|_| put("a", b"first", Replaces::Nothing)));
    let (won, lost): (Vec<_>, Vec<_>) = racers.await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 9));
    assert!(lost.iter().all(|lost| matches!(lost, Err(StoreError::Conflict))));
    let etag = store.state(&files.key("a")).await.expect("readable").expect("there").etag;
    put("a", b"second", Replaces::State(etag.clone())).await.expect("stored");
    assert!(matches!(put("a", b"third", Replaces::State(etag.clone())).await, Err(StoreError::Conflict)));
    assert!(matches!(put("nowhere", b"x", Replaces::State(etag)).await, Err(StoreError::Conflict)));
    assert_eq!(files.read("a").await.as_deref(), Some(&b"second"[..]));
    assert_eq!(files.read("nowhere").await, None);
}

/// What a file is said to be is kept beside it.
pub async fn the_media_type_is_kept(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let media_type = MediaType::parse("text/csv; charset=UTF-8").ok();
    let file = NewFile { media_type: media_type.clone(), ..NewFile::plain(Bytes::from_static(b"1,2")) };
    store.put(&files.key("a.csv"), file, &files.operation).await.expect("stored");
    let (state, _) = store.open(&files.key("a.csv")).await.expect("readable").expect("there");
    assert_eq!(state.media_type, media_type);
    assert_eq!(store.state(&files.key("a.csv")).await.expect("readable"), Some(state));
}

/// A copy has the same bytes and type, whatever the names, and belongs to the operation that made it.
pub async fn a_copy_is_the_same_file_elsewhere(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let copy = OperationId::random(random);
    for name in ODD_NAMES {
        let (from, to) = (files.key(&format!("from/{name}")), files.key(&format!("to/{name}")));
        assert!(!store.copy(&from, &to, &copy).await.expect("nothing to copy"));
        let media_type = MediaType::parse("text/csv").ok();
        let file = NewFile { media_type, ..NewFile::plain(Bytes::copy_from_slice(name.as_bytes())) };
        store.put(&from, file, &files.operation).await.expect("stored");
        assert!(store.copy(&from, &to, &copy).await.expect("copied"), "{name}");
        let (original, copied) =
            (store.state(&from).await.expect("readable"), store.state(&to).await.expect("readable"));
        assert_eq!(copied.map(|copied| copied.media_type), original.map(|original| original.media_type));
        assert_eq!(files.read(&format!("to/{name}")).await.as_deref(), Some(name.as_bytes()));
        store.take_back(&copy, &[from, to], &[]).await.expect("taken back");
        assert_eq!(files.list("").await, [(format!("from/{name}"), name.len() as u64)]);
        store.delete_folder(&files.folder("from")).await.expect("deleted");
    }
}

/// A reader sees the old file or the new one, never a mixture.
pub async fn a_replaced_file_is_never_seen_half(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    files.put("a", &vec![0; 100_000]).await;
    let writes = async {
        for value in 1..=20 {
            files.put("a", &vec![value; 100_000]).await;
        }
    };
    let reads = futures_util::stream::iter(0..40).for_each_concurrent(4, |_| async {
        let content = files.read("a").await.expect("there");
        assert!(content.len() == 100_000 && content.iter().all(|byte| *byte == content[0]));
    });
    futures_util::future::join(writes, reads).await;
}

/// The operations of one account, for the ledger contracts.
struct Operations<'a> {
    ledger: &'a dyn FileLedger,
    account: AccountId,
    random: &'a dyn Random,
}

impl<'a> Operations<'a> {
    fn new(ledger: &'a dyn FileLedger, random: &'a dyn Random) -> Self {
        Self { ledger, account: AccountId::random(random), random }
    }

    fn operation(&self, bytes: u64) -> Operation {
        Operation {
            id: OperationId::random(self.random),
            work: Work::Move { copied: false },
            paths: ["from", "to/é"].map(|path| FolderPath::parse(path).expect("valid")).to_vec(),
            reserved: Usage { bytes, files: 1 },
            expires: Timestamp::from_unix_seconds(1_000),
            done: 0,
            answered: None,
        }
    }

    async fn begin(&self, operation: &Operation) -> (bool, Ledger) {
        let allowance = Usage { bytes: 100, files: 50 };
        self.ledger.begin(&self.account, operation, allowance).await.expect("writable")
    }

    async fn read(&self) -> Ledger {
        self.ledger.read(&self.account).await.expect("readable")
    }
}

/// What is reserved and stored never exceeds the allowance, however many begin at once, and an end settles it.
pub async fn an_operation_keeps_its_room_until_it_ends(ledger: &dyn FileLedger, random: &dyn Random) {
    let all = Operations::new(ledger, random);
    assert_eq!(all.read().await, Ledger::default());
    let operations: Vec<_> = (0..20).map(|_| all.operation(10)).collect();
    let begun = futures_util::future::join_all(operations.iter().map(|operation| all.begin(operation))).await;
    assert_eq!(begun.iter().filter(|(fits, _)| *fits).count(), 10);
    let after = all.read().await;
    assert_eq!(
        (after.claimed, after.used(), after.tickets),
        (Usage { bytes: 100, files: 10 }, Usage::default(), 10)
    );
    let mut tickets: Vec<_> = after.operations.iter().map(|(ticket, _)| *ticket).collect();
    tickets.sort_unstable();
    assert_eq!(tickets, (1..=10).collect::<Vec<_>>());
    for (_, operation) in &after.operations {
        assert!(operations.contains(operation), "{operation:?}");
        let change = UsageChange { bytes: 4, files: 1 };
        assert!(ledger.end(&all.account, operation, change).await.expect("writable"));
        assert!(!ledger.end(&all.account, operation, change).await.expect("writable"));
    }
    let after = all.read().await;
    assert_eq!((after.claimed, after.operations.len()), (Usage { bytes: 40, files: 10 }, 0));
    assert!(!all.begin(&all.operation(61)).await.0);
    assert!(!all.begin(&all.operation(101)).await.0, "more than the whole allowance");
    assert!(all.begin(&all.operation(60)).await.0);
}

/// An operation is changed and ended by whoever knows its present expiry: one process, or the one that took it over.
pub async fn an_operation_has_one_owner(ledger: &dyn FileLedger, random: &dyn Random) {
    let all = Operations::new(ledger, random);
    let mine = all.operation(10);
    assert!(all.begin(&mine).await.0);
    let theirs = Operation {
        expires: Timestamp::from_unix_seconds(2_000),
        work: Work::Move { copied: true },
        done: 7,
        ..mine.clone()
    };
    ledger.update(&all.account, &theirs, mine.expires).await.expect("taken over");
    assert_eq!(all.read().await.operations, [(1, theirs.clone())]);
    let again = ledger.update(&all.account, &Operation { done: 8, ..mine.clone() }, mine.expires).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    assert!(!ledger.end(&all.account, &mine, UsageChange::default()).await.expect("writable"));
    assert!(ledger.end(&all.account, &theirs, UsageChange::default()).await.expect("writable"));
    let gone = ledger.update(&all.account, &theirs, theirs.expires).await;
    assert!(matches!(gone, Err(StoreError::Conflict)));
}

/// The truth replaces the count only while nothing happens.
pub async fn a_count_is_corrected_only_in_peace(ledger: &dyn FileLedger, random: &dyn Random) {
    let all = Operations::new(ledger, random);
    let truth = Usage { bytes: 77, files: 7 };
    ledger.correct(&all.account, truth, 0).await.expect("writable");
    assert_eq!(all.read().await.claimed, truth);
    let operation = all.operation(10);
    all.begin(&operation).await;
    ledger.correct(&all.account, Usage::default(), 1).await.expect("writable");
    assert_eq!(all.read().await.used(), truth, "one is under way");
    assert!(
        ledger.end(&all.account, &operation, UsageChange { bytes: -100, files: -1 }).await.expect("writable")
    );
    assert_eq!(all.read().await.claimed.files, 6);
    ledger.correct(&all.account, Usage::default(), 0).await.expect("writable");
    assert_eq!(all.read().await.claimed.files, 6, "one came after");
    ledger.correct(&all.account, truth, 1).await.expect("writable");
    assert_eq!(all.read().await.claimed, truth);
    let upload = Operation { work: Work::Upload, ..all.operation(10) };
    assert!(all.begin(&upload).await.0);
    let truth = Usage { bytes: 7, files: 7 };
    ledger.correct(&all.account, truth, 2).await.expect("writable");
    assert_eq!((all.read().await.used(), all.read().await.claimed.bytes), (truth, 17));
}

/// Files in parts, and the way to send one.
pub async fn a_file_in_parts_appears_when_they_are_joined<S: FileStore + PartStore>(
    store: &S,
    random: &dyn Random,
    send: impl AsyncFn(&str, Bytes) -> bool,
) {
    let files = Files::new(store, random);
    let (key, upload) = (files.key("a/\u{fc}ber.zip"), OperationId::random(random));
    let id = store.open_parts(&key, &upload).await.expect("open");
    assert_eq!(store.parts(&key, &id).await.expect("readable"), Some(Vec::new()));
    let first = Bytes::from(vec![b'x'; 5 << 20]);
    let link = store.part_link(&key, &id, 1, first.len() as u64, 60).await.expect("a link");
    assert!(!send(&link, first.slice(1..)).await, "a part of another size is refused");
    assert!(send(&link, first.clone()).await);
    let link = store.part_link(&key, &id, 2, 3, 60).await.expect("a link");
    assert!(send(&link, Bytes::from_static(b"old")).await);
    assert!(send(&link, Bytes::from_static(b"end")).await, "a part may be sent again");
    assert_eq!(files.list("").await, []);
    let parts = store.parts(&key, &id).await.expect("readable").expect("open");
    assert_eq!(
        parts.iter().map(|part| (part.number, part.bytes)).collect::<Vec<_>>(),
        [(1, 5 << 20), (2, 3)]
    );
    assert_eq!(store.stored_by(&key, &upload).await.expect("readable"), None);
    let etag = store.join_parts(&key, &id, &parts).await.expect("joined");
    let content = files.read("a/\u{fc}ber.zip").await.expect("there");
    assert!(content.len() == (5 << 20) + 3 && content.ends_with(b"xend"));
    let state = store.stored_by(&key, &upload).await.expect("readable").expect("ours");
    assert_eq!((state.etag, state.bytes), (etag, (5 << 20) + 3));
    assert_eq!(store.stored_by(&key, &files.operation).await.expect("readable"), None);
    assert_eq!(store.parts(&key, &id).await.expect("readable"), None);
    store.take_back(&upload, &[key], &[]).await.expect("taken back");
    assert_eq!(files.list("").await, []);
}

/// Parts that are dropped are gone, and no link brings them back.
pub async fn parts_can_be_dropped<S: FileStore + PartStore>(
    store: &S,
    random: &dyn Random,
    send: impl AsyncFn(&str, Bytes) -> bool,
) {
    let files = Files::new(store, random);
    let upload = OperationId::random(random);
    let key = FileKey::staged(&files.owner, &upload);
    let id = store.open_parts(&key, &upload).await.expect("open");
    let link = store.part_link(&key, &id, 1, 1, 60).await.expect("a link");
    assert!(send(&link, Bytes::from_static(b"x")).await);
    for _ in 0..2 {
        store.drop_parts(&key, &id).await.expect("dropped");
    }
    assert!(!send(&link, Bytes::from_static(b"x")).await);
    assert_eq!(store.parts(&key, &id).await.expect("readable"), None);
    let id = store.open_parts(&key, &upload).await.expect("open");
    let link = store.part_link(&key, &id, 1, 1, 60).await.expect("a link");
    assert!(send(&link, Bytes::from_static(b"x")).await);
    let put = store.put_part(&key, &id, 1, Bytes::from_static(b"y")).await.expect("stored");
    let parts = store.parts(&key, &id).await.expect("readable").expect("open");
    assert_eq!(parts, [put]);
    store.join_parts(&key, &id, &parts).await.expect("joined");
    assert_eq!(store.state(&key).await.expect("readable").expect("there").bytes, 1);
    assert_eq!(files.list("").await, [], "it is kept aside");
    store.delete(&key).await.expect("deleted");
}

/// Uploads are found by their owner only, and until they are removed.
pub async fn uploads(store: &dyn UploadStore, random: &dyn Random) {
    let account = AccountId::random(random);
    let upload = FileUpload {
        id: OperationId::random(random),
        account: account.clone(),
        path: FilePath::parse("a/\u{fc}.zip").expect("valid"),
        bytes: 1 << 40,
        sha256: Sha256Digest::try_from("0f".repeat(32)).ok(),
        unpack: true,
        part_bytes: 8 << 20,
        store_id: "abc".into(),
        expires: Timestamp::from_unix_seconds(1_790_000_000),
        result: None,
    };
    let plain = FileUpload { id: OperationId::random(random), sha256: None, unpack: false, ..upload.clone() };
    store.add(&upload).await.expect("added");
    store.add(&plain).await.expect("added");
    let find =
        async |account: &AccountId, id: &OperationId| store.find_upload(account, id).await.expect("readable");
    assert_eq!(find(&account, &upload.id).await, Some(upload.clone()));
    assert_eq!(find(&account, &plain.id).await, Some(plain.clone()));
    assert_eq!(find(&AccountId::random(random), &upload.id).await, None);
    let result = UploadResult { location: "a".into(), etag: Some("\"tag\"".into()) };
    store.complete(&upload, &result).await.expect("completed");
    assert_eq!(find(&account, &upload.id).await.and_then(|upload| upload.result), Some(result.clone()));
    for _ in 0..2 {
        store.remove(&account, &upload.id).await.expect("removed");
    }
    assert_eq!(find(&account, &upload.id).await, None);
    assert!(matches!(store.complete(&upload, &result).await, Err(StoreError::Conflict)));
    assert_eq!(find(&account, &upload.id).await, None);
    assert!(find(&account, &plain.id).await.is_some());
}

/// A request is done once by its key, and its answer is the same for a while; other requests and accounts are told apart.
pub async fn idempotency(store: &dyn IdempotencyStore, random: &dyn Random) {
    let (account, now) = (AccountId::random(random), Timestamp::from_unix_seconds(1_790_000_000));
    let request = KeyedRequest {
        key: IdempotencyKey::parse("a-key").expect("valid"),
        fingerprint: [7; 32],
        busy_until: now.plus_seconds(10),
        kept_until: now.plus_seconds(100),
    };
    let begin = async |request: &KeyedRequest, seconds: u64| {
        store.begin(&account, request, now.plus_seconds(seconds)).await.expect("writable")
    };
    let racers = futures_util::future::join_all((0..10).map(|_| begin(&request, 0))).await;
    assert_eq!(racers.iter().filter(|known| **known == Known::Nothing).count(), 1);
    assert!(racers.iter().all(|known| matches!(known, Known::Nothing | Known::Busy)));
    let other = KeyedRequest { fingerprint: [8; 32], ..request.clone() };
    assert_eq!(begin(&other, 0).await, Known::Other);
    let stranger = AccountId::random(random);
    assert_eq!(store.begin(&stranger, &request, now).await.expect("writable"), Known::Nothing);
    let later = KeyedRequest { busy_until: now.plus_seconds(20), ..request.clone() };
    assert_eq!(begin(&later, 9).await, Known::Busy);
    assert_eq!(begin(&later, 10).await, Known::Nothing, "whoever worked on it was killed");
    assert_eq!(begin(&later, 11).await, Known::Busy);
    let answer = KeptAnswer { status: 200, body: "{}".into(), etag: Some("\"tag\"".into()) };
    let answered = AnsweredRequest { request: later, answer: answer.clone() };
    store.keep(&account, &answered).await.expect("writable");
    assert_eq!(begin(&request, 99).await, Known::Answered(answer.clone()));
    assert_eq!(begin(&other, 99).await, Known::Other);
    let forget = async || store.forget(&account, &request.key).await.expect("writable");
    assert_eq!(forget().await, Some(answer), "an answer is not forgotten");
    assert_eq!(begin(&request, 100).await, Known::Nothing);
    for _ in 0..2 {
        assert_eq!(forget().await, None);
    }
    assert_eq!(begin(&other, 0).await, Known::Nothing);
}

/// The answer of an operation is kept with its end, by whoever ends it, and only then.
pub async fn an_answer_is_kept_with_the_end_of_its_operation(
    ledger: &dyn FileLedger,
    store: &dyn IdempotencyStore,
    random: &dyn Random,
) {
    let (all, now) = (Operations::new(ledger, random), Timestamp::from_unix_seconds(500));
    let request = KeyedRequest {
        key: IdempotencyKey::parse("a-key").expect("valid"),
        fingerprint: [7; 32],
        busy_until: now.plus_seconds(10),
        kept_until: now.plus_seconds(100),
    };
    let known = async || store.begin(&all.account, &request, now).await.expect("writable");
    assert_eq!(known().await, Known::Nothing);
    let begun = all.operation(10);
    assert!(all.begin(&begun).await.0);
    let answer = KeptAnswer { status: 200, body: "{\"\u{e9}\":1}".into(), etag: Some("\"tag\"".into()) };
    let answered = AnsweredRequest { request: request.clone(), answer: answer.clone() };
    let decided = Operation { answered: Some(answered), ..begun.clone() };
    ledger.update(&all.account, &decided, begun.expires).await.expect("ours");
    assert_eq!(all.read().await.operations, [(1, decided.clone())]);
    assert_eq!(known().await, Known::Busy);
    let taken_over = Operation { expires: begun.expires.plus_seconds(1), ..decided.clone() };
    ledger.update(&all.account, &taken_over, begun.expires).await.expect("taken over");
    let change = UsageChange { bytes: 4, files: 1 };
    assert!(!ledger.end(&all.account, &decided, change).await.expect("writable"));
    assert_eq!(known().await, Known::Busy, "who no longer owns it ends nothing");
    assert!(ledger.end(&all.account, &taken_over, change).await.expect("writable"));
    assert_eq!(known().await, Known::Answered(answer));
    let after = all.read().await;
    assert_eq!((after.claimed, after.operations.len()), (Usage { bytes: 4, files: 1 }, 0));
}

/// Runs the contracts of ledgers.
pub async fn ledger(ledger: &dyn FileLedger, random: &dyn Random) {
    an_operation_keeps_its_room_until_it_ends(ledger, random).await;
    an_operation_has_one_owner(ledger, random).await;
    a_count_is_corrected_only_in_peace(ledger, random).await;
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

/// Runs the contracts of stores of API keys.
pub async fn api_keys<S: AccountStore + ApiKeyStore>(store: &S, random: &dyn Random) {
    a_key_lives_until_it_is_revoked(store, random).await;
    keys_are_listed_with_their_last_use(store, random).await;
    keys_end_when_a_change_of_their_account_says_so(store, random).await;
}

/// Runs the contracts of file stores.
pub async fn files(store: &dyn FileStore, random: &dyn Random) {
    a_file_is_read_back_exactly(store, random).await;
    odd_names_are_kept_exactly(store, random).await;
    a_folder_is_only_what_lies_below_it(store, random).await;
    a_large_folder_is_listed_and_deleted_whole(store, random).await;
    an_operation_can_be_taken_back(store, random).await;
    a_replaced_file_is_never_seen_half(store, random).await;
    a_part_is_of_the_state_that_was_seen(store, random).await;
    a_put_replaces_only_what_it_insists_on(store, random).await;
    the_media_type_is_kept(store, random).await;
    a_copy_is_the_same_file_elsewhere(store, random).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
