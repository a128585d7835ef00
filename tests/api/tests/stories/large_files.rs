//! Files that are too large for one request: sent in parts, read from the bucket.

use api::world::ALLOWED_ORIGIN;
use api::{Answer, App, Person, story};
use http::Method;
use serde_json::{Value, json};

/// Sends the parts that an answer asks for, but for those that `skip` names.
async fn send_parts(app: &App, answer: &Value, content: &[u8], skip: &[u64]) {
    let part_size = answer["partSize"].as_u64().expect("a size");
    for part in answer["parts"].as_array().expect("a list") {
        let (number, size) =
            (part["number"].as_u64().expect("a number"), part["size"].as_u64().expect("a size"));
        if skip.contains(&number) {
            continue;
        }
        let begin = usize::try_from((number - 1) * part_size).expect("small");
        let piece = content[begin..begin + usize::try_from(size).expect("small")].to_vec();
        app.send_to(part["url"].as_str().expect("a URL"), Method::PUT, &[], piece).await.is(200);
    }
}

async fn open(person: &Person, body: &Value) -> Value {
    person.post_json("uploads", body).await.is(200).json()
}

async fn complete(person: &Person, id: &Value) -> Answer {
    let path = format!("uploads/{}/complete", id.as_str().expect("an id"));
    person.send(Method::POST, &path, &[], Vec::new()).await
}

fn noise(bytes: u32) -> Vec<u8> {
    (0..bytes).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

#[test]
pub(crate) fn an_upload_that_was_killed_half_way_goes_on_where_it_stopped() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let content = noise(20_000_000);
        let opened = open(&ada, &json!({"path": "run/office \u{fc}.eso", "size": content.len()})).await;
        send_parts(&app, &opened, &content, &[2]).await;
        complete(&ada, &opened["id"]).await.fails(409);
        assert_eq!(app.stored(&ada).await, [""; 0]);
        let path = format!("uploads/{}", opened["id"].as_str().expect("an id"));
        let later = ada.get(&path).await.is(200).json();
        let numbers = |list: &Value| {
            list.as_array().expect("a list").iter().map(|part| part["number"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            (numbers(&later["received"]), numbers(&later["parts"])),
            (vec![json!(1), json!(3)], vec![json!(2)])
        );
        send_parts(&app, &later, &content, &[]).await;
        let done = complete(&ada, &opened["id"]).await.is(200);
        assert_eq!(done.json()["fileHandle"], "run/office \u{fc}.eso");
        assert_eq!(
            complete(&ada, &opened["id"]).await.is(200).body,
            done.body,
            "asked again after a lost answer"
        );
        let read = ada.get("files/run/office%20%C3%BC.eso").await.is(200);
        assert!(read.body == content);
        assert_eq!(read.header("etag"), done.json()["etag"]);
        let usage = ada.get("usage").await.is(200).json();
        assert_eq!(
            (&usage["data"]["bytes_used"], &usage["data"]["files_used"]),
            (&json!(20_000_000), &json!(1))
        );
    });
}

#[test]
fn a_part_of_another_size_or_at_a_changed_address_is_refused_by_the_bucket() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let opened = open(&ada, &json!({"path": "a", "size": 100})).await;
        let url = opened["parts"][0]["url"].as_str().expect("a URL");
        for size in [0, 99, 101] {
            let answer = app.send_to(url, Method::PUT, &[], vec![b'x'; size]).await;
            assert!(answer.status >= 400, "{size} bytes: {}", answer.status);
        }
        let id = ada.account().id.as_str();
        let elsewhere = url.replace(id, &"0".repeat(32));
        assert_ne!(elsewhere, url);
        assert!(app.send_to(&elsewhere, Method::PUT, &[], vec![b'x'; 100]).await.status >= 400);
        complete(&ada, &opened["id"]).await.fails(409);
    });
}

#[test]
fn only_pages_of_allowed_origins_send_parts_to_the_bucket_and_read_files_there() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let opened = open(&ada, &json!({"path": "a", "size": 3})).await;
        let url = opened["parts"][0]["url"].as_str().expect("a URL");
        for (origin, is_allowed) in [(ALLOWED_ORIGIN, true), ("https://evil.example.org", false)] {
            let asks = [("origin", origin), ("access-control-request-method", "PUT")];
            let preflight = app.send_to(url, Method::OPTIONS, &asks, Vec::new()).await;
            let put = app.send_to(url, Method::PUT, &[("origin", origin)], b"abc".to_vec()).await.is(200);
            for answer in [preflight, put] {
                let allowed = answer.headers.get("access-control-allow-origin");
                assert_eq!(allowed.is_some_and(|allowed| allowed == origin), is_allowed, "{answer:?}");
            }
        }
    });
}

#[test]
fn a_file_that_is_not_what_was_announced_never_appears() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (content, status) in [(b"abd", 400), (b"abc", 200)] {
            let opened = open(&ada, &json!({"path": "abc", "size": 3, "sha256": sha256})).await;
            send_parts(&app, &opened, content, &[]).await;
            complete(&ada, &opened["id"]).await.is(status);
        }
        assert_eq!(ada.get("files/abc").await.is(200).text(), "abc");
        let usage = ada.get("usage").await.is(200).json();
        assert_eq!(usage["data"]["bytes_used"], 3);
    });
}

#[test]
fn a_large_zip_is_unpacked_when_it_has_arrived() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let noise = noise(6_000_000);
        let zip =
            api::zips::zip_of(&[("job/weather.epw", noise.as_slice()), ("job/model.idf", b"Version,9.6;")]);
        let opened = open(&ada, &json!({"path": "in/job.zip", "size": zip.len(), "unpack": true})).await;
        send_parts(&app, &opened, &zip, &[]).await;
        assert_eq!(complete(&ada, &opened["id"]).await.is(200).json()["fileHandle"], "in/job");
        assert_eq!(app.stored(&ada).await, ["in/job/model.idf", "in/job/weather.epw"]);
        assert!(ada.get("files/in/job/weather.epw").await.is(200).body == noise);
    });
}

#[test]
pub(crate) fn a_folder_that_is_too_large_for_one_answer_is_fetched_from_the_bucket() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let half = vec![b'0'; 101_000_000];
        let key = format!("{}/run/first.eso", ada.account().id);
        app.world
            .s3
            .put_object()
            .bucket(&app.world.bucket)
            .key(key)
            .body(half.into())
            .send()
            .await
            .expect("stored");
        ada.post("files/run/first.eso?copy=run/second.eso").await.is(200);
        let answer = ada.get("files/run?format=zip").await.is(307);
        let zip = app.send_to(answer.header("location"), Method::GET, &[], Vec::new()).await.is(200).body;
        assert_eq!(api::zips::names_in(&zip), ["run/first.eso", "run/second.eso"]);
    });
}

#[test]
fn an_upload_that_is_ended_leaves_nothing() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let opened = open(&ada, &json!({"path": "a", "size": 10})).await;
        send_parts(&app, &opened, &[b'x'; 10], &[]).await;
        let path = format!("uploads/{}", opened["id"].as_str().expect("an id"));
        ada.delete(&path).await.is(200);
        for answer in [ada.get(&path).await, ada.delete(&path).await, complete(&ada, &opened["id"]).await] {
            answer.fails(404);
        }
        let url = opened["parts"][0]["url"].as_str().expect("a URL");
        assert!(app.send_to(url, Method::PUT, &[], vec![b'x'; 10]).await.status >= 400);
        assert_eq!(app.stored(&ada).await, [""; 0]);
        assert_eq!(ada.get("usage").await.is(200).json()["data"]["bytes_used"], 0);
    });
}
