//! What every store must do with files that arrive in parts, and with the list of them.

use bytes::Bytes;

use super::files::Files;
use crate::account::AccountId;
use crate::file_key::FileKey;
use crate::file_ledger::OperationId;
use crate::file_path::FilePath;
use crate::file_upload::{FileUpload, Sha256Digest, UploadResult};
use crate::ports::{FileStore, PartStore, Random, StoreError, UploadStore};
use crate::timestamp::Timestamp;

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
