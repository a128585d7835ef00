//! Connections to the bucket that break off half-way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws::S3Files;
use bytes::Bytes;
use domain::{AccountId, FileKey, FilePath, FileStore as _, NewFile, OperationId, Replaces, StoreError};
use futures_util::TryStreamExt as _;
use stack::backends::Backends;
use stack::environment::{self, BUCKET};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use web::SystemRandom;

use crate::local_back_ends;

/// A proxy whose first `broken` connections break off after so many bytes of answer; how many connections there were.
async fn breaking_proxy(url: &str, bytes: usize, broken: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let proxy = format!("http://{}", listener.local_addr().expect("an address"));
    let target = url.trim_start_matches("http://").to_owned();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            let bytes = if number < broken { bytes as u64 } else { u64::MAX };
            let server = TcpStream::connect(&target).await.expect("the back end");
            tokio::spawn(async move {
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                let request = tokio::spawn(async move {
                    // It ends when either side is gone.
                    let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
                });
                // Once an answer comes the request has arrived.
                let _ = from_server.peek(&mut [0]).await;
                let mut answer = from_server.take(bytes);
                let _ = tokio::io::copy(&mut answer, &mut to_client).await;
                let _ = to_client.shutdown().await;
                request.abort();
            });
        }
    });
    (proxy, connections)
}

struct World {
    _backends: Backends,
    direct: S3Files,
    broken: S3Files,
    connections: Arc<AtomicUsize>,
}

async fn world(name: &str, bytes: usize) -> World {
    world_with(name, bytes, usize::MAX).await
}

async fn world_with(name: &str, bytes: usize, broken: usize) -> World {
    let backends = local_back_ends(name).await;
    let direct = environment::clients(&backends.aws_url);
    let (url, connections) = breaking_proxy(&backends.aws_url, bytes, broken).await;
    let broken = environment::clients(&url);
    let (direct, broken) =
        (S3Files::new(&direct, BUCKET.to_owned()), S3Files::new(&broken, BUCKET.to_owned()));
    World { _backends: backends, direct, broken, connections }
}

impl World {
    async fn put(&self, key: &FileKey, content: &Bytes) {
        let operation = OperationId::random(&SystemRandom);
        self.direct.put(key, NewFile::plain(content.clone()), &operation).await.expect("stored");
    }
}

fn a_file() -> (FileKey, Bytes) {
    let owner = AccountId::random(&SystemRandom);
    let content = (0..1_000_000_u32).flat_map(u32::to_le_bytes).take(1_000_000).collect();
    (FileKey::new(&owner, FilePath::parse("results.eso").expect("valid")), content)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_where_its_connection_broke_off() {
    let world = world("broken", 400_000).await;
    let (key, content) = a_file();
    world.put(&key, &content).await;
    let (_, read) = world.broken.open(&key).await.expect("readable").expect("there");
    let pieces: Vec<Bytes> = read.try_collect().await.expect("whole");
    assert!(pieces.concat() == content, "the bytes differ");
    assert_eq!(world.connections.load(Ordering::Relaxed), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_never_goes_on_with_the_bytes_of_another_file() {
    let world = world("replaced", 400_000).await;
    let (key, content) = a_file();
    world.put(&key, &content).await;
    let (_, read) = world.broken.open(&key).await.expect("readable").expect("there");
    let changed: Bytes = content.iter().map(|byte| !byte).collect();
    world.put(&key, &changed).await;
    assert!(read.try_collect::<Vec<Bytes>>().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_off_again_and_again_is_given_up() {
    let world = world("given-up", 100_000).await;
    let (key, content) = a_file();
    world.put(&key, &content).await;
    let (_, read) = world.broken.open(&key).await.expect("readable").expect("there");
    assert!(read.try_collect::<Vec<Bytes>>().await.is_err());
    assert_eq!(world.connections.load(Ordering::Relaxed), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_whose_answer_was_lost_is_taken_back_with_all_its_repetitions() {
    let world = world("lost", 0).await;
    let (key, content) = a_file();
    world.put(&key, &content).await;
    let operation = OperationId::random(&SystemRandom);
    assert!(world.broken.put(&key, NewFile::plain(Bytes::from_static(b"new")), &operation).await.is_err());
    let stored = world.direct.state(&key).await.expect("readable").expect("there");
    assert_eq!(stored.bytes, 3, "it did arrive");
    assert!(world.connections.load(Ordering::Relaxed) > 1, "and was sent again");
    world.direct.take_back(&operation, std::slice::from_ref(&key), &[]).await.expect("taken back");
    let stored = world.direct.state(&key).await.expect("readable").expect("there");
    assert_eq!(stored.bytes, content.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_put_whose_answer_was_lost_does_not_stand_in_its_own_way() {
    let world = world_with("own-way", 0, 1).await;
    let (key, _) = a_file();
    let (mine, other) = (OperationId::random(&SystemRandom), OperationId::random(&SystemRandom));
    let new =
        |content| NewFile { replaces: Replaces::Nothing, ..NewFile::plain(Bytes::from_static(content)) };
    let etag = world.broken.put(&key, new(b"mine"), &mine).await.expect("stored by the lost attempt");
    // Whether the question after it takes a connection of its own is up to the server.
    assert!(world.connections.load(Ordering::Relaxed) > 1, "it was sent again");
    let stored = world.direct.state(&key).await.expect("readable").expect("there");
    assert_eq!((stored.bytes, stored.etag), (4, etag));
    let refused = world.broken.put(&key, new(b"other"), &other).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
}
