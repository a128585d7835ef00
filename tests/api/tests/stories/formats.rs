//! The two event formats: the same request gets the same bytes.

use api::{Answer, Person, World, story_with};
use http::Method;

/// What must agree: everything but the time and what is random.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let changing = ["date", "last-modified", "set-cookie", "transfer-encoding", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !changing.contains(&name.as_str()));
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.body.to_vec())
}

async fn everything(person: &Person) -> Vec<Answer> {
    let all_bytes: Vec<u8> = (0..=255).collect();
    let json = [("content-type", "application/json")];
    let mut answers = vec![
        person.upload("a%20b/%C3%BC", &[("all.txt", &all_bytes), ("#?%.json", b"\xe9")]).await,
        person.get("files").await,
        person.get("files/a%20b/%C3%BC/all.txt").await,
        person.get("files/a%20b/%C3%BC/%23%3F%25.json").await,
        person.get("files/a%20b/%C3%BC/").await,
        person.delete("files/a%20b").await,
        person.delete("files/a%20b").await,
        person.get("files/a//b").await,
        person.get("info").await,
        person.post("checkin").await,
    ];
    for body in ["{\"company\": \"Grüße\"}", "{}", "", "[1]", "{\"tel\": 1}"] {
        answers.push(person.send(Method::POST, "user", &json, body.into()).await);
    }
    answers
        .push(person.send(Method::POST, "auth", &json, "{\"email\":\"x\",\"password\":\"y\"}".into()).await);
    answers.push(person.send(Method::POST, "auth", &json, vec![0xff, 0x00]).await);
    answers.push(person.send(Method::GET, "auth", &[], Vec::new()).await);
    answers.push(person.with_token("forged").get("user").await);
    answers
}

#[test]
fn both_formats_get_the_same_bytes() {
    let gateway = &World::get().local().gateway;
    story_with(&gateway.rest_url, async |rest| {
        let ada = rest.signed_in("ada").await;
        let http = rest.at(&gateway.http_url);
        let over_rest = everything(&ada).await;
        let over_http = everything(&http.log_on(ada.account()).await).await;
        assert!(
            over_rest.iter().any(|answer| answer.status == 200)
                && over_rest.iter().any(|answer| answer.status == 400)
        );
        for (rest, http) in over_rest.iter().zip(&over_http) {
            assert_eq!(comparable(rest), comparable(http));
        }
    });
}
