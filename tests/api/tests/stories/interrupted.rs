//! Changes of files that are interrupted at each of their calls to the table and the bucket.
//!
//! Whatever happens, afterwards there is the old state or the new one, what is stored is what is charged, nothing is left
//! over, and the same request sent again comes to the new state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use api::fault_proxy::{BackEnds, Fault, Faults, in_front_of};
use api::roles::Service;
use api::{Answer, App, Person, story_with, zips::zip_of};
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, StreamExt as _};
use http::Method;
use serde_json::{Value, json};
use stack::environment::{BUCKET, TABLE};
use stack::gateway::Gateway;

/// How many processes of `files` work at the same time.
const PROCESSES: usize = 12;

/// No operation makes as many calls as this.
const MAX_CALLS: usize = 100;

/// What everybody has stored before: path and content.
const BEFORE: [(&str, &str); 4] =
    [("a/1", "one"), ("a/b/2", "two22"), ("a/b/3 \u{fc}", "three33"), ("other", "untouched")];

/// The sizes of all files, by path. A folder that stands for itself has none.
type State = BTreeMap<String, Option<u64>>;

/// A change of files that can be interrupted.
#[derive(Clone, Copy)]
struct Change {
    name: &'static str,
    /// What to send.
    send: Send,
    /// What it comes to.
    after: &'static [(&'static str, &'static str)],
    /// The status of the same request when it has happened before.
    again: u16,
}

#[derive(Clone, Copy)]
enum Send {
    Put { path: &'static str, content: &'static str },
    Form(&'static [(&'static str, &'static str)]),
    Zip(&'static [(&'static str, &'static str)]),
    Post(&'static str),
    Delete(&'static str),
    Complete { checked: bool, unpacked: bool },
}

const ONE: (&str, &str) = BEFORE[0];
const TWO: (&str, &str) = BEFORE[1];
const THREE: (&str, &str) = BEFORE[2];
const OTHER: (&str, &str) = BEFORE[3];

/// What is sent in parts: a file, or the content of a zip.
const LARGE: &str = "0123456789 0123456789";

const CHANGES: [Change; 11] = [
    Change {
        name: "a new file",
        send: Send::Put { path: "files/new/x", content: "12" },
        after: &[ONE, TWO, THREE, OTHER, ("new/x", "12")],
        again: 200,
    },
    Change {
        name: "a file that takes the place of another",
        send: Send::Put { path: "files/a/1", content: "1234567890" },
        after: &[("a/1", "1234567890"), TWO, THREE, OTHER],
        again: 200,
    },
    Change {
        name: "several files, one of them there already",
        send: Send::Form(&[("1", "1234"), ("9", "99"), ("8", "8")]),
        after: &[("a/1", "1234"), TWO, THREE, OTHER, ("a/8", "8"), ("a/9", "99")],
        again: 200,
    },
    Change {
        name: "a zip that is unpacked",
        send: Send::Zip(&[("1", "1234"), ("job/9", "99"), ("job/8", "8")]),
        after: &[("a/1", "1234"), TWO, THREE, OTHER, ("a/job/8", "8"), ("a/job/9", "99")],
        again: 200,
    },
    Change {
        name: "a move of a folder",
        send: Send::Post("files/a/b?move=moved"),
        after: &[ONE, ("moved/2", "two22"), ("moved/3 \u{fc}", "three33"), OTHER],
        again: 404,
    },
    Change {
        name: "a move of a file",
        send: Send::Post("files/a/1?move=moved/1"),
        after: &[("moved/1", "one"), TWO, THREE, OTHER],
        again: 404,
    },
    Change {
        name: "a copy of a folder",
        send: Send::Post("files/a?copy=copied"),
        after: &[
            ONE,
            TWO,
            THREE,
            OTHER,
            ("copied/1", "one"),
            ("copied/b/2", "two22"),
            ("copied/b/3 \u{fc}", "three33"),
        ],
        again: 409,
    },
    Change {
        name: "the deletion of a folder",
        send: Send::Delete("files/a/b"),
        after: &[ONE, OTHER],
        again: 200,
    },
    Change {
        name: "the completion of an upload",
        send: Send::Complete { checked: false, unpacked: false },
        after: &[("a/1", LARGE), TWO, THREE, OTHER],
        again: 200,
    },
    Change {
        name: "the completion of an upload with a checksum",
        send: Send::Complete { checked: true, unpacked: false },
        after: &[("a/1", LARGE), TWO, THREE, OTHER],
        again: 200,
    },
    Change {
        name: "the completion of a zip",
        send: Send::Complete { checked: false, unpacked: true },
        after: &[ONE, TWO, THREE, OTHER, ("a/job/l", LARGE)],
        again: 200,
    },
];

/// A request that is ready to be sent, as often as one likes.
struct Ready {
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

impl Ready {
    async fn send(&self, person: &Person) -> Answer {
        person.send(self.method.clone(), &self.path, &self.headers, self.body.clone()).await
    }
}

impl Change {
    async fn prepare(&self, app: &App, person: &Person) -> Ready {
        let form = |path: &str, files: &[(&str, &[u8])]| Ready {
            method: Method::POST,
            path: path.to_owned(),
            headers: vec![("content-type", "multipart/form-data; boundary=StoryBoundary")],
            body: api::person::form(files),
        };
        let plain = |method, path: &str, body: &str| Ready {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        match self.send {
            Send::Put { path, content } => plain(Method::PUT, path, content),
            Send::Form(files) => form("files/a", &bytes(files)),
            Send::Zip(files) => form("files/a", &[("x.zip", &zip_of(&bytes(files)))]),
            Send::Post(path) => plain(Method::POST, path, ""),
            Send::Delete(path) => plain(Method::DELETE, path, ""),
            Send::Complete { checked, unpacked } => {
                let path = open_and_send(app, person, checked, unpacked).await;
                plain(Method::POST, &path, "")
            }
        }
    }
}

fn bytes<'a>(files: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(name, content)| (*name, content.as_bytes())).collect()
}

/// Opens an upload and sends its only part; the path that completes it.
async fn open_and_send(app: &App, person: &Person, checked: bool, unpacked: bool) -> String {
    let content = if unpacked { zip_of(&[("job/l", LARGE.as_bytes())]) } else { LARGE.as_bytes().to_vec() };
    let mut body =
        json!({"path": if unpacked { "a/x.zip" } else { "a/1" }, "size": content.len(), "unpack": unpacked});
    if checked {
        body["sha256"] = "9aad4b1d1132a6b52f71b37dbc4de6da953baf35b9bb8bddc75c8efcf3a97914".into();
    }
    let opened = person.post_json("uploads", &body).await.is(200).json();
    let url = opened["parts"][0]["url"].as_str().expect("a URL");
    app.send_to(url, Method::PUT, &[], content).await.is(200);
    format!("uploads/{}/complete", opened["id"].as_str().expect("an id"))
}

fn state(files: &[(&str, &str)]) -> State {
    files.iter().map(|(path, content)| ((*path).to_owned(), Some(content.len() as u64))).collect()
}

/// What is in the bucket under somebody's name, without the markers of folders.
async fn stored(app: &App, person: &Person) -> State {
    let prefix = format!("{}/", person.account().id);
    let listed = app.world.s3.list_objects_v2().bucket(BUCKET).prefix(&prefix).send().await.expect("listed");
    let files = listed.contents().iter().filter_map(|object| {
        let path = object.key()?.strip_prefix(&prefix)?;
        (!path.ends_with('/')).then(|| (path.to_owned(), object.size().and_then(|size| size.try_into().ok())))
    });
    files.collect()
}

/// What is left of uploads: parts that wait to be joined, and what has come together but is not in its place.
async fn left_aside(app: &App, person: &Person) -> Vec<String> {
    let (s3, id) = (&app.world.s3, person.account().id.as_str());
    let staged = s3.list_objects_v2().bucket(BUCKET).prefix(format!(".staging/{id}/"));
    let staged = staged.send().await.expect("listed");
    let unfinished = s3.list_multipart_uploads().bucket(BUCKET).send().await.expect("listed");
    let keys = unfinished.uploads().iter().filter_map(|upload| upload.key().filter(|key| key.contains(id)));
    keys.chain(staged.contents().iter().filter_map(|object| object.key())).map(str::to_owned).collect()
}

/// The files that the API shows.
async fn shown(person: &Person) -> BTreeSet<String> {
    fn collect(node: &Value, above: &str, files: &mut BTreeSet<String>) {
        for child in node["children"].as_array().expect("children") {
            let path = format!("{above}{}", child["fileName"].as_str().expect("a name"));
            if child["open"] == true {
                collect(child, &format!("{path}/"), files);
            } else {
                files.insert(path);
            }
        }
    }
    let mut files = BTreeSet::new();
    collect(&person.get("files").await.is(200).json(), "", &mut files);
    files
}

/// What is charged: bytes and files.
async fn charged(person: &Person) -> (u64, u64) {
    let usage = person.get("usage").await.is(200).json();
    let number = |name: &str| usage["data"][name].as_u64().expect("a number");
    (number("bytes_used"), number("files_used"))
}

fn size(state: &State) -> (u64, u64) {
    (state.values().map(|bytes| bytes.unwrap_or(0)).sum(), state.len() as u64)
}

/// The key of somebody's ledger.
fn ledger_key(person: &Person) -> HashMap<String, AttributeValue> {
    let text = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    [text("pk", format!("USER#{}", person.account().id)), text("sk", "FILES".into())].into()
}

/// Lets the leases of everything that is under way run out, as if some minutes had passed.
async fn minutes_pass(app: &App, person: &Person) {
    let key = ledger_key(person);
    let get = app.world.dynamodb.get_item().table_name(TABLE).set_key(Some(key.clone()));
    let item = get.consistent_read(true).send().await.expect("read").item.unwrap_or_default();
    for name in item.keys().filter(|name| name.starts_with("operation_")) {
        let AttributeValue::M(operation) = &item[name] else { panic!("an operation") };
        if operation["work"] == AttributeValue::S("upload".into()) {
            continue;
        }
        let update = app.world.dynamodb.update_item().table_name(TABLE).set_key(Some(key.clone()));
        let update = update.update_expression("SET #operation.expires = :past");
        let update = update.expression_attribute_names("#operation", name);
        let update = update.expression_attribute_values(":past", AttributeValue::N("1".into()));
        update.send().await.expect("expired");
    }
}

/// One of the changes with one of the faults.
struct Case<'a> {
    change: &'a Change,
    text: String,
    app: &'a App,
    person: &'a Person,
    request: Ready,
}

impl Case<'_> {
    /// What a person finds afterwards, and what the same request comes to when it is sent again. Gives what is wrong.
    async fn check(&self, answer: Option<&Answer>) -> Result<(), String> {
        let (app, person) = (self.app, self.person);
        let (old, new) = (state(&BEFORE), state(self.change.after));
        minutes_pass(app, person).await;
        let charged_first = charged(person).await;
        let found = stored(app, person).await;
        self.insist("the state", found == old || found == new, &found)?;
        let done = answer.is_some_and(|answer| answer.status == 200);
        self.insist("the state that was answered", !done || found == new, &found)?;
        self.insist("the charge", charged_first == size(&found), &charged_first)?;
        let shown = shown(person).await;
        self.insist("what is shown", shown.iter().eq(found.keys()), &shown)?;
        let again = self.request.send(person).await;
        let expected = if found == new { self.change.again } else { 200 };
        self.insist("the second answer", again.status == expected, &again)?;
        let found = stored(app, person).await;
        self.insist("the state after the second answer", found == new, &found)?;
        let charged = charged(person).await;
        self.insist("the charge after the second answer", charged == size(&new), &charged)?;
        let left = left_aside(app, person).await;
        self.insist("what is left aside", left.is_empty(), &left)
    }

    fn insist(&self, what: &str, is_right: bool, found: &dyn std::fmt::Debug) -> Result<(), String> {
        if is_right { Ok(()) } else { Err(format!("{}: {what}: {found:?}", self.text)) }
    }
}

/// Lets somebody have stored exactly what everybody has stored before.
async fn begin_anew(app: &App, person: &Person) {
    let id = &person.account().id;
    for path in app.stored(person).await {
        let delete = app.world.s3.delete_object().bucket(BUCKET).key(format!("{id}/{path}"));
        delete.send().await.expect("deleted");
    }
    let ledger = app.world.dynamodb.delete_item().table_name(TABLE).set_key(Some(ledger_key(person)));
    ledger.send().await.expect("deleted");
    person.upload("", &[("before.zip", &zip_of(&bytes(&BEFORE)))]).await.is(200);
}

/// A gateway with faults, and somebody's view of it. What the functions may do is also here what their roles permit.
async fn faulty(app: &App, processes: usize, logs: &str) -> (App, Arc<Faults>, Gateway) {
    let faults = Arc::new(Faults::default());
    let mut variables = app.world.local().variables.clone();
    for (name, value) in &mut variables {
        let service = match name.as_str() {
            "AWS_ENDPOINT_URL" => Service::Bucket,
            "AWS_ENDPOINT_URL_DYNAMODB" => Service::Table,
            _ => continue,
        };
        let guarded = app.world.local().roles.in_front_of(service, value, "files").await;
        *value = in_front_of(&guarded, &faults).await;
    }
    let logs = app.world.local().logs.with_file_name(logs);
    std::fs::create_dir_all(&logs).expect("a log folder");
    let gateway =
        Gateway::start_functions([("files", processes)], &app.world.local().bin_folder, &variables, &logs)
            .await;
    let gateway = gateway.expect("a gateway");
    (app.at(&gateway.rest_url), faults, gateway)
}

/// Lets one call after the other come to harm until the change makes no further one. Gives what is wrong.
async fn interrupt_each(
    app: &App,
    broken: &App,
    faults: &Faults,
    change: &Change,
    fault: Fault,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let person = app.signed_in("ada").await.through(broken);
    for at in 0..MAX_CALLS {
        let text = format!("{} with call {at} {fault:?}", change.name);
        begin_anew(app, &person).await;
        let request = change.prepare(app, &person).await;
        let case = Case { change, text, app, person: &person, request };
        let account = &person.account().id;
        faults.plan(account, fault, at);
        let answer = case.request.send(&person).await;
        let failed = faults.heal(account);
        wrong.extend(case.insist("the answer", failed || answer.status == 200, &answer).err());
        wrong.extend(case.check(Some(&answer)).await.err());
        if !failed {
            return wrong;
        }
    }
    panic!("{} makes more than {MAX_CALLS} calls", change.name);
}

/// Kills the only process at one call after the other. Gives what is wrong.
async fn kill_each(
    app: &App,
    broken: &App,
    faults: &Faults,
    gateway: &Gateway,
    change: &Change,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let person = app.signed_in("ada").await.through(broken);
    for at in 0..MAX_CALLS {
        let text = format!("{} killed at call {at}", change.name);
        begin_anew(app, &person).await;
        let request = change.prepare(app, &person).await;
        let case = Case { change, text, app, person: &person, request };
        let account = &person.account().id;
        faults.plan(account, Fault::Stuck, at);
        let answer = tokio::select! {
            answer = case.request.send(&person) => Some(answer.is(200)),
            () = faults.stuck() => {
                gateway.kill();
                None
            }
        };
        faults.heal(account);
        wrong.extend(case.check(answer.as_ref()).await.err());
        if answer.is_some() {
            return wrong;
        }
    }
    panic!("{} makes more than {MAX_CALLS} calls", change.name);
}

/// One of the changes, with the bucket out of reach after each of its calls: what has been stored is taken back.
pub(crate) fn a_change_loses_the_bucket() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let (broken, faults, _gateway) = faulty(&app, 1, "lost").await;
        let fault = Fault::AnswerLostInOutage(BackEnds::Bucket);
        let wrong = interrupt_each(&app, &broken, &faults, &CHANGES[0], fault).await;
        assert_eq!(wrong.join("\n"), "");
    });
}

#[test]
fn whatever_call_fails_the_files_are_as_before_or_as_they_were_to_become() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let (broken, faults, _gateway) = faulty(&app, PROCESSES, "interrupted").await;
        let kinds = [
            Fault::AnswerLost,
            Fault::AnswerLostInOutage(BackEnds::Both),
            Fault::Outage(BackEnds::Bucket),
            Fault::AnswerLostInOutage(BackEnds::Bucket),
        ];
        let cases = CHANGES.iter().flat_map(|change| kinds.map(|fault| (change, fault)));
        let cases: Vec<_> =
            cases.map(|(change, fault)| interrupt_each(&app, &broken, &faults, change, fault)).collect();
        let wrong: Vec<_> = stream::iter(cases).buffer_unordered(2 * PROCESSES).collect().await;
        assert_eq!(wrong.concat().join("\n"), "");
    });
}

#[test]
fn whenever_a_process_is_killed_the_files_are_as_before_or_as_they_were_to_become() {
    story_with(&api::World::get().local().gateway.rest_url.clone(), async |app| {
        let (broken, faults, gateway) = faulty(&app, 1, "killed").await;
        let mut wrong = Vec::new();
        for change in &CHANGES {
            wrong.extend(kill_each(&app, &broken, &faults, &gateway, change).await);
        }
        assert_eq!(wrong.join("\n"), "");
    });
}
