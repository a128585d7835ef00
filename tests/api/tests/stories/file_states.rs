//! Single files by their state: parts, conditions, raw bytes.

use api::story;
use http::Method;

#[test]
fn a_download_that_broke_off_is_resumed_with_a_range() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        ada.send(Method::PUT, "files/run/out.eso", &[], content.clone()).await.is(200);
        let whole = ada.get("files/run/out.eso").await.is(200);
        assert!(whole.body == content);
        let resume = [("range", "bytes=150000-"), ("if-range", whole.header("etag"))];
        let rest = ada.send(Method::GET, "files/run/out.eso", &resume, Vec::new()).await.is(206);
        assert!(rest.body == content[150_000..]);
        assert_eq!(rest.header("content-range"), "bytes 150000-399999/400000");
        let beyond = [("range", "bytes=400000-")];
        let refused = ada.send(Method::GET, "files/run/out.eso", &beyond, Vec::new()).await.fails(416);
        assert_eq!(refused.header("content-range"), "bytes */400000");
    });
}

#[test]
fn two_people_on_one_account_do_not_overwrite_each_other() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let new = [("if-none-match", "*"), ("content-type", "text/csv; charset=utf-8")];
        ada.send(Method::PUT, "files/notes.csv", &new, b"1".to_vec()).await.is(200);
        ada.send(Method::PUT, "files/notes.csv", &new, b"2".to_vec()).await.fails(412);
        let seen = ada.get("files/notes.csv").await.is(200);
        assert_eq!(seen.header("content-type"), "text/csv; charset=utf-8");
        let mine = [("if-match", seen.header("etag"))];
        let stored = ada.send(Method::PUT, "files/notes.csv", &mine, b"3".to_vec()).await.is(200);
        assert_eq!(stored.json()["etag"], stored.header("etag"));
        ada.send(Method::PUT, "files/notes.csv", &mine, b"4".to_vec()).await.fails(412);
        assert_eq!(ada.get("files/notes.csv").await.is(200).text(), "3");
    });
}

#[test]
fn of_many_who_store_a_new_file_at_once_one_gets_through() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let headers = [("if-none-match", "*")];
        let puts = (0..8).map(|n: u8| ada.send(Method::PUT, "files/lock", &headers, vec![b'0' + n]));
        let answers = futures_util::future::join_all(puts).await;
        let stored = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(stored, 1);
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            answer.fails(412);
        }
    });
}

#[test]
fn a_reader_asks_whether_anything_is_new_and_whether_anything_is_there() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        ada.upload("a/b", &[("c.idf", b"Version,9.6;")]).await.is(200);
        let seen = ada.get("files/a/b/c.idf").await.is(200);
        let same = [("if-none-match", seen.header("etag"))];
        let answer = ada.send(Method::GET, "files/a/b/c.idf", &same, Vec::new()).await.is(304);
        assert!(answer.body.is_empty());
        let head = ada.send(Method::HEAD, "files/a/b/c.idf", &[], Vec::new()).await.is(200);
        for name in ["etag", "content-length", "last-modified", "content-type", "content-disposition"] {
            assert_eq!(head.header(name), seen.header(name), "{name}");
        }
        ada.send(Method::HEAD, "files/a/b", &[], Vec::new()).await.is(200);
        ada.send(Method::HEAD, "files/a/x", &[], Vec::new()).await.is(404);
    });
}

#[test]
fn a_folder_is_made_empty_and_stays() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let made = ada.send(Method::POST, "files/2026/r%26d?mkdir", &[], Vec::new()).await.is(200);
        assert_eq!(made.json()["fileHandle"], "2026/r&d");
        assert_eq!(app.stored(&ada).await, ["2026/r&d/"]);
        ada.send(Method::PUT, "files/2026/r%26d", &[], b"x".to_vec()).await.fails(409);
    });
}
