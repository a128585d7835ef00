//! What every store of files must do.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::account::AccountId;
use crate::file_batch::put_all;
use crate::file_key::{FileKey, FolderKey};
use crate::file_ledger::{OperationId, Usage};
use crate::file_path::{FilePath, FolderPath};
use crate::media_type::MediaType;
use crate::ports::{Content, FileStore, NewFile, Random, Replaces, StoreError};

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

async fn all(content: Content) -> Vec<u8> {
    let pieces: Vec<Bytes> = content.try_collect().await.expect("streamed");
    pieces.concat()
}

/// The paths of one account, for the file contracts.
pub(super) struct Files<'a> {
    pub(super) store: &'a dyn FileStore,
    pub(super) owner: AccountId,
    pub(super) operation: OperationId,
}

impl<'a> Files<'a> {
    pub(super) fn new(store: &'a dyn FileStore, random: &dyn Random) -> Self {
        Self { store, owner: AccountId::random(random), operation: OperationId::random(random) }
    }

    pub(super) fn key(&self, path: &str) -> FileKey {
        FileKey::new(&self.owner, FilePath::parse(path).expect("the test's path is valid"))
    }

    pub(super) fn folder(&self, path: &str) -> FolderKey {
        FolderKey::new(&self.owner, FolderPath::parse(path).expect("the test's path is valid"))
    }

    pub(super) async fn put(&self, path: &str, content: &[u8]) {
        self.put_in(&self.operation, path, content).await;
    }

    pub(super) async fn put_in(&self, operation: &OperationId, path: &str, content: &[u8]) {
        let file = NewFile::plain(Bytes::copy_from_slice(content));
        let etag = self.store.put(&self.key(path), file, operation).await.expect("stored");
        let state = self.store.state(&self.key(path)).await.expect("readable");
        assert_eq!(state.map(|state| state.etag), Some(etag));
    }

    pub(super) async fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (state, content) = self.store.open(&self.key(path)).await.expect("readable")?;
        let content = all(content).await;
        assert_eq!(state.bytes, content.len() as u64);
        assert!(state.etag.starts_with('"') && state.etag.ends_with('"'), "{}", state.etag);
        Some(content)
    }

    /// Paths and sizes below a folder, in order of path.
    pub(super) async fn list(&self, path: &str) -> Vec<(String, u64)> {
        let entries = self.store.list(&self.folder(path)).await.expect("listable");
        let mut entries: Vec<_> = entries.into_iter().map(|entry| (entry.path, entry.bytes)).collect();
        entries.sort();
        entries
    }
}

/// What was put is read back byte for byte, and the newest put wins.
async fn a_file_is_read_back_exactly(store: &dyn FileStore, random: &dyn Random) {
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
async fn odd_names_are_kept_exactly(store: &dyn FileStore, random: &dyn Random) {
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
async fn a_folder_is_only_what_lies_below_it(store: &dyn FileStore, random: &dyn Random) {
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
async fn a_large_folder_is_listed_and_deleted_whole(store: &dyn FileStore, random: &dyn Random) {
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
async fn an_operation_can_be_taken_back(store: &dyn FileStore, random: &dyn Random) {
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
async fn a_part_is_of_the_state_that_was_seen(store: &dyn FileStore, random: &dyn Random) {
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
async fn a_put_replaces_only_what_it_insists_on(store: &dyn FileStore, random: &dyn Random) {
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
async fn the_media_type_is_kept(store: &dyn FileStore, random: &dyn Random) {
    let files = Files::new(store, random);
    let media_type = MediaType::parse("text/csv; charset=UTF-8").ok();
    let file = NewFile { media_type: media_type.clone(), ..NewFile::plain(Bytes::from_static(b"1,2")) };
    store.put(&files.key("a.csv"), file, &files.operation).await.expect("stored");
    let (state, _) = store.open(&files.key("a.csv")).await.expect("readable").expect("there");
    assert_eq!(state.media_type, media_type);
    assert_eq!(store.state(&files.key("a.csv")).await.expect("readable"), Some(state));
}

/// A copy has the same bytes and type, whatever the names, and belongs to the operation that made it.
async fn a_copy_is_the_same_file_elsewhere(store: &dyn FileStore, random: &dyn Random) {
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
async fn a_replaced_file_is_never_seen_half(store: &dyn FileStore, random: &dyn Random) {
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
