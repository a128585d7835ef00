//! `POST /files/<folder>`: one or more files, zips unpacked.

use domain::FolderPath;
use web::{ApiError, Request, Response};

use crate::batch::Batch;
use crate::file_handle::folder_handle;
use crate::route::Unpack;
use crate::turn::Change;

/// Stores the files of a form in `folder`, all of them or none. Folders are made as needed; a file of the same name is
/// replaced. Zips are unpacked if `unpack` says so.
pub(crate) async fn upload(
    change: &Change<'_>,
    folder: FolderPath,
    unpack: Unpack,
    request: &Request,
) -> Result<Response, ApiError> {
    let batch = Batch::of_form(request.files().await?, &folder, unpack).await?;
    let answer = folder_handle("File(s) uploaded successfully", batch.location().as_str());
    batch.store(change, answer).await
}

#[cfg(test)]
mod tests {
    use crate::testing::{World, zip_of};

    fn handle(location: &str) -> (u16, String) {
        let status = r#""ok":true,"status":"File(s) uploaded successfully""#;
        let rest = format!(r#""fileHandle":"{location}","callback":"/users/api/files/{location}""#);
        (200, format!("{{{status},{rest}}}"))
    }

    #[tokio::test]
    async fn files_go_to_the_root_or_to_folders_that_are_made_as_needed() {
        let world = World::new().await;
        assert_eq!(world.upload("files", &[("a.idf", b"1"), ("b.epw", b"2")]).await, handle(""));
        assert_eq!(world.upload("files/", &[("a.idf", b"3")]).await, handle(""));
        assert_eq!(world.upload("files/test/today", &[("a.idf", b"4")]).await, handle("test/today"));
        assert_eq!(world.upload("files/test/today/", &[("b.idf", b"5")]).await, handle("test/today"));
        assert_eq!(world.paths(), ["a.idf=3", "b.epw=2", "test/today/a.idf=4", "test/today/b.idf=5"]);
    }

    #[tokio::test]
    async fn a_zip_is_unpacked_and_its_one_top_folder_is_the_handle() {
        let world = World::new().await;
        let one_top = zip_of(&[("X/a.idf", b"1"), ("X/sub/b.idf", b"2")]);
        assert_eq!(world.upload("files", &[("job.zip", &one_top)]).await, handle("X"));
        assert_eq!(world.upload("files/F", &[("job.ZIP", &one_top)]).await, handle("F/X"));
        let two_tops = zip_of(&[("X/a.idf", b"1"), ("b.idf", b"2")]);
        assert_eq!(world.upload("files/G", &[("job.zip", &two_tops)]).await, handle("G"));
        let expected =
            ["F/X/a.idf=1", "F/X/sub/b.idf=2", "G/X/a.idf=1", "G/b.idf=2", "X/a.idf=1", "X/sub/b.idf=2"];
        assert_eq!(world.paths(), expected);
    }

    #[tokio::test]
    async fn a_folder_that_was_zipped_on_macos_is_the_handle() {
        let world = World::new().await;
        let zip = zip_of(&[("X/a.idf", b"1"), ("__MACOSX/._X", b"note"), ("__MACOSX/X/._a.idf", b"note")]);
        assert_eq!(world.upload("files/F", &[("job.zip", &zip)]).await, handle("F/X"));
        assert_eq!(world.paths(), ["F/X/a.idf=1"]);
    }

    #[tokio::test]
    async fn the_limits_of_zips_are_those_of_the_whole_request() {
        let world = World::new().await;
        // Entries of 1 MiB may be as small as they like when they are packed.
        let zeros = vec![0; 1 << 20];
        let names: Vec<_> = (0..130).map(|n| n.to_string()).collect();
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
        let zip = zip_of(&entries);
        let both = [("a.zip", zip.as_slice()), ("b.zip", zip.as_slice())];
        assert_eq!(world.upload("files", &both).await.0, 413);
        assert!(world.paths().is_empty());
        assert_eq!(world.upload("files", &both[..1]).await.0, 200);
    }

    #[tokio::test]
    async fn empty_folders_of_a_zip_are_made() {
        let world = World::new().await;
        assert_eq!(
            world.upload("files", &[("job.zip", &zip_of(&[("X/", b""), ("X/empty/", b"")]))]).await,
            handle("X")
        );
        assert!(world.get("files/X").await.1.contains(r#""name":"empty""#));
        assert_eq!(world.upload("files", &[("none.zip", &zip_of(&[]))]).await, handle(""));
        assert_eq!(world.upload("files/none", &[("none.zip", &zip_of(&[]))]).await, handle("none"));
        assert_eq!(world.get("files/none").await.0, 200);
    }

    #[tokio::test]
    async fn no_file_of_a_request_takes_the_place_of_another() {
        let world = World::new().await;
        let zip = zip_of(&[("a.idf", b"packed")]);
        for second in [("a.idf", b"2".as_slice()), ("job.zip", &zip), ("v2/a.idf", b"3")] {
            let (status, body) = world.upload("files/F", &[("a.idf", b"1"), second]).await;
            assert!(status == 400 && body.contains("/F/a.idf"), "{body}");
        }
        assert!(world.paths().is_empty());
    }

    #[tokio::test]
    async fn a_zip_stays_whole_when_that_is_asked_for() {
        let world = World::new().await;
        let zip = zip_of(&[("X/a.idf", b"1")]);
        assert_eq!(world.upload("files/F?unpack=false", &[("job.zip", &zip)]).await, handle("F"));
        assert_eq!(world.download("files/F/job.zip").await.1, zip);
        assert_eq!(world.upload("files/F?unpack=true", &[("job.zip", &zip)]).await, handle("F/X"));
        assert_eq!(world.upload("files/F?unpack=maybe", &[("job.zip", &zip)]).await.0, 400);
    }

    #[tokio::test]
    async fn an_office_document_is_a_zip_and_stays_whole() {
        let world = World::new().await;
        let document = zip_of(&[("word/document.xml", b"1")]);
        assert_eq!(world.upload("files", &[("report.docx", &document)]).await.0, 200);
        assert_eq!(world.download("files/report.docx").await.1, document);
    }

    #[tokio::test]
    async fn a_name_cannot_be_a_file_and_a_folder() {
        let world = World::new().await;
        world.upload("files/a/b", &[("c", b"1")]).await;
        let before = world.paths();
        let many: Vec<_> = (0..20).map(|i| format!("b/f{i}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        let clash = zip_of(&[("c", b"1"), ("c/d", b"2")]);
        let deep: Vec<_> = many.iter().copied().chain([("b/c/d", b"x".as_slice())]).collect();
        let over: Vec<_> = many
            .iter()
            .map(|(name, content)| (&name[2..], *content))
            .chain([("b", b"x".as_slice())])
            .collect();
        for (folder, name, content) in [
            ("files", "a", b"x".to_vec()),
            ("files/a", "b", b"x".to_vec()),
            ("files/a/b/c", "d", b"x".to_vec()),
            ("files/z", "x.zip", clash),
            ("files/a", "x.zip", zip_of(&deep)),
            ("files/a", "x.zip", zip_of(&over)),
        ] {
            let (status, body) = world.upload(folder, &[(name, &content)]).await;
            assert_eq!(status, 409, "{folder} {name}: {body}");
        }
        assert_eq!(world.paths(), before);
    }

    #[tokio::test]
    async fn a_failed_store_leaves_nothing_of_the_upload() {
        let world = World::new().await;
        world.upload("files", &[("a", b"old")]).await;
        world.store.fail_puts_of("b");
        let (status, _) = world.upload("files", &[("a", b"new"), ("b", b"new"), ("c", b"new")]).await;
        assert_eq!((status, world.paths()), (503, vec!["a=old".to_owned()]));
    }
}
