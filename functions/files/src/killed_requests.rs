//! Changes whose process is killed, at each of their calls to the stores in turn.

use std::task::Poll;

use crate::testing::{World, text};
use crate::turn::LEASE_SECONDS;

/// A change of [`OLD`], and what is stored once it is made.
struct Change {
    method: &'static str,
    path: &'static str,
    new: &'static [&'static str],
}

const OLD: [&str; 2] = ["a/1=one", "a/2=two"];

const fn change(method: &'static str, path: &'static str, new: &'static [&'static str]) -> Change {
    Change { method, path, new }
}

const CHANGES: [Change; 7] = [
    change("POST", "files/a?move=b", &["b/1=one", "b/2=two"]),
    change("POST", "files/a/1?move=b", &["a/2=two", "b=one"]),
    change("POST", "files/a?copy=b", &["a/1=one", "a/2=two", "b/1=one", "b/2=two"]),
    change("POST", "files/a", &["a/1=new", "a/2=two", "a/3=new"]),
    change("PUT", "files/a/1", &["a/1=new", "a/2=two"]),
    change("DELETE", "files/a", &[]),
    change("DELETE", "files/a/1", &["a/2=two"]),
];

/// The parts of a form that stores two files, one of which is there already.
const FORM: &str = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"1\"\r\n\r\nnew\r\n\
    --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"3\"\r\n\r\nnew\r\n--B--\r\n";

impl Change {
    async fn send(&self, world: &World, lines: &[(&str, &str)]) -> (u16, String) {
        let body = if self.method == "PUT" { "new" } else { FORM };
        let form = ("content-type", "multipart/form-data; boundary=B");
        let lines: Vec<_> = lines.iter().copied().chain([form]).collect();
        text(world.ask(self.method.parse().unwrap(), self.path, &lines, body.as_bytes()).await).await
    }

    /// Sends the change, kills its process when it is about to make its `calls`th call, and lets its lease run out. The
    /// answer, if it came so far.
    async fn killed_at(&self, calls: usize, world: &World, lines: &[(&str, &str)]) -> Option<(u16, String)> {
        let mut change = Box::pin(self.send(world, lines));
        let mut waits = 0;
        let answer = std::future::poll_fn(|context| match change.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if waits == calls => Poll::Ready(None),
            Poll::Pending => {
                waits += 1;
                Poll::Pending
            }
        });
        let answer = answer.await;
        drop(change);
        world.clock.advance(LEASE_SECONDS);
        answer
    }
}

async fn world() -> World {
    let world = World::new().await;
    world.upload("files/a", &[("1", b"one"), ("2", b"two")]).await;
    world
}

async fn assert_stored(world: &World, expected: &[&str], when: &str) {
    assert_eq!(world.get("files").await.0, 200, "{when}");
    assert_eq!(world.paths(), expected, "{when}");
    let bytes = expected.iter().map(|file| file.split_once('=').unwrap().1.len() as u64).sum();
    assert_eq!(world.usage().await, (bytes, expected.len() as u64), "{when}");
}

#[tokio::test]
async fn a_change_whose_process_is_killed_anywhere_has_happened_or_not() {
    for change in CHANGES {
        let mut happened = false;
        for calls in 0.. {
            let (world, when) = (world().await, format!("{}, call {calls}", change.path));
            let answer = change.killed_at(calls, &world, &[]).await;
            assert_eq!(world.get("files").await.0, 200, "{when}");
            // From some call on it has happened.
            happened |= world.paths() != OLD;
            assert_stored(&world, if happened { change.new } else { &OLD }, &when).await;
            if answer.is_some() {
                assert!(happened && calls > 3, "{when}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_change_with_a_key_whose_process_is_killed_anywhere_is_made_once_and_answered_the_same() {
    let keyed = [("idempotency-key", "3f1c")];
    for change in CHANGES {
        let mut answers = Vec::new();
        for calls in 0.. {
            let (world, when) = (world().await, format!("{}, call {calls}", change.path));
            let first = change.killed_at(calls, &world, &keyed).await;
            let again = change.send(&world, &keyed).await;
            assert_eq!(first.clone().unwrap_or_else(|| again.clone()), again, "{when}");
            assert_stored(&world, change.new, &when).await;
            assert_eq!(change.send(&world, &keyed).await, again, "{when}");
            // The tag of a file that was stored anew is another.
            answers.push(again.1.split(",\"etag\"").next().unwrap().to_owned());
            if first.is_some() {
                assert!(calls > 3, "{when}");
                break;
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{}: {answers:?}", change.path);
    }
}
