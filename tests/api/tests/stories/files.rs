//! Folders and files.

use api::story;
use api::zips::zip_of;
use http::Method;
use serde_json::json;

fn handle(location: &str) -> String {
    format!(
        r#"{{"ok":true,"status":"File(s) uploaded successfully","fileHandle":"{location}","callback":"/users/api/files/{location}"}}"#
    )
}

/// A weather file of 1.4 MB with Latin-1 bytes and every other byte value too.
fn weather() -> Vec<u8> {
    let line = b"1995,1,1,1,60,A7A7A7A7*0?9?9,K\xf6ln;\xb0C\r\n".to_vec();
    let all_bytes = (0..=255).collect::<Vec<u8>>();
    line.into_iter().cycle().take(1_439_809 - 256).chain(all_bytes).collect()
}

#[test]
fn uploads_are_listed_as_a_tree_and_downloaded_exactly() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let weather = weather();
        assert_eq!(ada.upload("", &[("a.idf", &[b'x'; 97])]).await.is(200).text(), handle(""));
        assert_eq!(
            ada.upload("test/today/", &[("w.epw", &weather), ("b.idf", b"")]).await.is(200).text(),
            handle("test/today")
        );
        let expected = concat!(
            r#"{"name":"/","fileName":"/","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"a.idf (0.10 KB)","fileName":"a.idf","fileSize":97,"open":false,"nocheck":false,"children":[]},"#,
            r#"{"name":"test","fileName":"test","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"today","fileName":"today","fileSize":0,"open":true,"nocheck":true,"children":["#,
            r#"{"name":"b.idf (0.00 KB)","fileName":"b.idf","fileSize":0,"open":false,"nocheck":false,"children":[]},"#,
            r#"{"name":"w.epw (1.44 MB)","fileName":"w.epw","fileSize":1439809,"open":false,"nocheck":false,"children":[]}"#,
            r"]}]}]}"
        );
        for path in ["files", "files/"] {
            assert_eq!(ada.get(path).await.is(200).text(), expected);
        }
        let answer = ada.get("files/test/today/w.epw").await.is(200);
        assert!(answer.body == weather, "the weather file came back changed");
        assert_eq!(answer.header("content-length"), "1439809");
        assert_eq!(ada.get("files/test/today/b.idf").await.is(200).text(), "");
        assert_eq!(app.stored(&ada).await, ["a.idf", "test/today/b.idf", "test/today/w.epw"]);
    });
}

#[test]
fn a_download_stays_a_download_whatever_it_claims_to_be() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        ada.upload("", &[("page.html", b"<script>alert(1)</script>"), ("data.json", &[0xe9, b'A', 0xff])])
            .await
            .is(200);
        let answer = ada.get("files/page.html").await.is(200);
        assert_eq!(
            answer.header("content-disposition"),
            "attachment; filename=\"page.html\"; filename*=UTF-8''page.html"
        );
        assert_eq!(
            answer.header("content-security-policy"),
            "sandbox; default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("etag").starts_with('"') && answer.header("last-modified").ends_with(" GMT"));
        assert_eq!(ada.get("files/data.json").await.is(200).body.as_ref(), [0xe9, b'A', 0xff]);
    });
}

#[test]
fn a_zip_is_unpacked_where_the_handle_says() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let zip = zip_of(&[("X/a.idf", b"1"), ("X/Grüße/b.idf", b"2")]);
        assert_eq!(ada.upload("", &[("job.zip", &zip)]).await.is(200).text(), handle("X"));
        assert_eq!(ada.upload("F", &[("job.zip", &zip)]).await.is(200).text(), handle("F/X"));
        let loose = zip_of(&[("c.idf", b"3"), ("d.idf", b"4")]);
        assert_eq!(ada.upload("F", &[("loose.zip", &loose)]).await.is(200).text(), handle("F"));
        let expected = ["F/X/Grüße/b.idf", "F/X/a.idf", "F/c.idf", "F/d.idf", "X/Grüße/b.idf", "X/a.idf"];
        assert_eq!(app.stored(&ada).await, expected);
        assert_eq!(ada.get("files/X/Gr%C3%BC%C3%9Fe/b.idf").await.is(200).text(), "2");
        ada.get("files/X").await.is(200);
    });
}

#[test]
fn an_evil_zip_stores_nothing() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for name in ["../evil", "/evil", "a/../../evil", "a\\evil", "C:/evil", "a//b"] {
            let zip = zip_of(&[("good", b"1"), (name, b"2")]);
            ada.upload("in", &[("job.zip", &zip)]).await.fails(400);
        }
        let bomb = vec![0_u8; 3_000_000];
        ada.upload("in", &[("bomb.zip", &zip_of(&[("bomb", &bomb)]))]).await.fails(413);
        ada.upload("in", &[("no.zip", b"this is no zip")]).await.fails(400);
        assert_eq!(app.stored(&ada).await, [""; 0]);
    });
}

#[test]
fn a_file_of_the_same_name_is_replaced() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for content in [&b"first"[..], b"second"] {
            ada.upload("x", &[("a.idf", content)]).await.is(200);
            assert_eq!(ada.get("files/x/a.idf").await.body.as_ref(), content);
        }
        assert_eq!(app.stored(&ada).await, ["x/a.idf"]);
    });
}

#[test]
fn deleting_takes_a_file_or_a_folder_and_no_neighbour() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for folder in ["a", "a/b", "ab"] {
            ada.upload(folder, &[("1.idf", b"x"), ("2.idf", b"x")]).await.is(200);
        }
        let text = |path: &str| format!(r#"{{"ok":true,"status":"{path} has been deleted"}}"#);
        assert_eq!(ada.delete("files/a/1.idf").await.is(200).text(), text("a/1.idf"));
        assert_eq!(ada.delete("files/a/b/").await.is(200).text(), text("a/b/"));
        assert_eq!(app.stored(&ada).await, ["a/", "a/2.idf", "ab/1.idf", "ab/2.idf"]);
        assert_eq!(ada.delete("files/a").await.is(200).text(), text("a"));
        assert_eq!(app.stored(&ada).await, ["ab/1.idf", "ab/2.idf"]);
        for path in ["a", "nothing", "ab/3.idf"] {
            let answer = ada.delete(&format!("files/{path}")).await.fails(200);
            assert_eq!(
                answer.json(),
                json!({"ok": false, "status": format!("{path} is not found or cannot be deleted")})
            );
        }
        ada.delete("files").await.fails(405);
    });
}

#[test]
fn a_name_is_either_a_file_or_a_folder() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        ada.upload("a/b", &[("c", b"x")]).await.is(200);
        ada.upload("a", &[("b", b"x")]).await.fails(409);
        ada.upload("a/b/c", &[("d", b"x")]).await.fails(409);
        assert_eq!(app.stored(&ada).await, ["a/b/c"]);
    });
}

#[test]
fn a_body_above_4_mib_is_a_413_that_names_the_limit() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let fits = vec![7; 4 * 1024 * 1024 - 300];
        ada.upload("", &[("fits.bin", &fits)]).await.is(200);
        assert_eq!(ada.get("files/fits.bin").await.is(200).body.len(), fits.len());
        for bytes in [4 * 1024 * 1024, 6_000_000, 11_000_000] {
            let answer = ada.upload("", &[("large.bin", &vec![7; bytes])]).await.fails(413);
            assert!(answer.text().contains("4194304"), "{}", answer.text());
        }
        assert_eq!(app.stored(&ada).await, ["fits.bin"]);
    });
}

#[test]
fn what_is_no_upload_is_refused_and_stores_nothing() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let form = "multipart/form-data; boundary=B";
        let part = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n";
        for (content_type, body, status) in [
            ("application/json", "{}", 415),
            ("text/plain", "x", 415),
            ("multipart/form-data", part, 400),
            (form, "", 400),
            (form, part, 400),
            (form, "--B--\r\n", 400),
            (form, "garbage", 400),
        ] {
            ada.send(Method::POST, "files/x", &[("content-type", content_type)], body.into())
                .await
                .fails(status);
        }
        assert_eq!(app.stored(&ada).await, [""; 0]);
    });
}

#[test]
fn a_path_that_leads_elsewhere_is_refused() {
    story(async |app| {
        let (ada, eve) = (app.signed_in("ada").await, app.signed_in("eve").await);
        ada.upload("", &[("secret.idf", b"x")]).await.is(200);
        let id = &ada.account().id;
        for path in [
            format!("files/..%2F{id}%2Fsecret.idf"),
            format!("files/%2e%2e/{id}/secret.idf"),
            "files/a//b".into(),
            format!("files/../{id}/secret.idf"),
            "files/.".into(),
            "files/a%00b".into(),
            "files/a%5Cb".into(),
            "files/%zz".into(),
            "files/%ff".into(),
            format!("files/{}", "x".repeat(256)),
            "files/%ED%A0%80".into(),
            format!("files/{}", "x/".repeat(600)),
        ] {
            eve.get(&path).await.fails(400);
            eve.delete(&path).await.fails(400);
        }
        for path in [format!("files/{id}/secret.idf"), "files/secret.idf".into()] {
            eve.get(&path).await.fails(404);
        }
        assert_eq!(app.stored(&ada).await, ["secret.idf"]);
    });
}
