//! Files and folders at other places, and how much an account may hold.

use api::story;
use futures_util::future::join_all;
use http::Method;

#[test]
fn a_project_is_renamed_with_everything_in_it() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let names: Vec<_> = (0..30).map(|n| format!("run {n}.eso")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
        ada.upload("projects/office/runs", &files).await.is(200);
        let answer = ada.send(
            Method::POST,
            "files/projects/office?move=archive%2F2026%2Foffice%20%26%20caf%C3%A9",
            &[],
            Vec::new(),
        );
        assert_eq!(answer.await.is(200).json()["fileHandle"], "archive/2026/office & caf\u{e9}");
        for name in &names {
            let path =
                format!("files/archive/2026/office%20%26%20caf%C3%A9/runs/{}", name.replace(' ', "%20"));
            assert_eq!(ada.get(&path).await.is(200).text(), *name);
        }
        ada.get("files/projects/office").await.fails(404);
        assert_eq!(ada.get("files/projects").await.is(200).json()["children"], serde_json::json!([]));
        let usage = ada.get("usage").await.is(200).json();
        assert_eq!(usage["data"]["files_used"], 30);
        assert_eq!(usage["data"]["files_limit"], 100_000);
    });
}

#[test]
fn a_folder_is_taken_away_as_a_zip_and_read_page_by_page() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let noise: Vec<u8> =
            (0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        ada.upload("job%20%C3%BC", &[("a.idf", b"Version,9.6;"), ("noise.eso", &noise)]).await.is(200);
        let zip = ada.get("files/job%20%C3%BC?format=zip").await.is(200);
        assert_eq!(zip.header("content-type"), "application/zip");
        assert_eq!(
            ada.upload("again", &[("x.zip", &zip.body)]).await.is(200).json()["fileHandle"],
            "again/job \u{fc}"
        );
        assert!(ada.get("files/again/job%20%C3%BC/noise.eso").await.is(200).body == noise);
        let first = ada.get("files/again/job%20%C3%BC?limit=1").await.is(200).json();
        assert_eq!(first["children"][0]["fileName"], "a.idf");
        let next = first["next"].as_str().expect("a cursor");
        let second = ada.get(&format!("files/again/job%20%C3%BC?limit=1&after={next}")).await.is(200).json();
        assert_eq!(
            (&second["children"][0]["fileName"], &second["next"]),
            (&"noise.eso".into(), &serde_json::Value::Null)
        );
        let eve = app.signed_in("eve").await;
        eve.get(&format!("files?limit=1&after={next}")).await.fails(400);
    });
}

#[test]
fn of_many_moves_of_one_folder_one_gets_through() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        ada.upload("a", &[("1", b"one"), ("2", b"two")]).await.is(200);
        let targets = ["b", "c", "d", "e"];
        let paths: Vec<_> = targets.iter().map(|to| format!("files/a?move={to}")).collect();
        let moves = join_all(paths.iter().map(|path| ada.send(Method::POST, path, &[], Vec::new()))).await;
        let mut codes: Vec<_> = moves.iter().map(|answer| answer.status).collect();
        codes.sort_unstable();
        assert_eq!(codes, [200, 404, 404, 404]);
        let stored = app.stored(&ada).await;
        assert_eq!(stored.iter().filter(|path| path.ends_with("/1") || path.ends_with("/2")).count(), 2);
    });
}

#[test]
fn a_name_never_becomes_a_file_and_a_folder_however_many_write_at_once() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for round in 0..5 {
            let (file, below) = (format!("files/x{round}"), format!("files/x{round}/y"));
            let puts = [&file, &below].map(|path| ada.send(Method::PUT, path, &[], b"1".to_vec()));
            let mut codes: Vec<_> = join_all(puts).await.iter().map(|answer| answer.status).collect();
            codes.sort_unstable();
            assert_eq!(codes, [200, 409]);
        }
    });
}

#[test]
fn a_hundred_uploads_at_once_never_exceed_what_the_account_may_hold() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        app.allow(&ada, 1_000, 100_000).await;
        let content = vec![b'x'; 90];
        let paths: Vec<_> = (0..100).map(|n| format!("files/f{n}")).collect();
        let puts = paths.iter().map(|path| ada.send(Method::PUT, path, &[], content.clone()));
        let answers = join_all(puts).await;
        let stored = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(stored <= 11, "{stored} files of 90 bytes are more than 1,000 bytes");
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            assert_eq!(answer.fails(413).json()["data"]["bytes_limit"], 1_000);
        }
        let usage = ada.get("usage").await.is(200).json();
        assert_eq!(usage["data"]["bytes_used"], 90 * stored);
        assert_eq!(app.stored(&ada).await.len(), stored);
        ada.send(Method::PUT, "files/small", &[], vec![b'x'; 1_000 - 90 * stored]).await.is(200);
    });
}
