//! Uploads as forms: `multipart/form-data` with one or more parts named `file`.

use bytes::Bytes;
use domain::FileName;
use futures_util::stream;
use http::{HeaderValue, header};
use multer::{Constraints, Field, Multipart, SizeLimit};

use crate::content_disposition::ContentDisposition;
use crate::error::ApiError;
use crate::request::{MAX_BODY_BYTES, Request};

/// The most parts of one form. A part takes at least its boundary, so the body's limit bounds them too.
const MAX_PARTS: usize = 10_000;

/// One file of a form.
pub struct UploadedFile {
    /// Its name: the last segment of what the client called it.
    pub name: FileName,
    /// Its bytes.
    pub content: Bytes,
}

impl Request {
    /// The files of a form, in the order in which they were sent; at least one. Other fields are ignored.
    pub async fn files(&self) -> Result<Vec<UploadedFile>, ApiError> {
        let boundary = self.boundary()?;
        let body = self.body.clone();
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(MAX_BODY_BYTES as u64));
        let body = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut form = Multipart::with_constraints(body, boundary, limits);
        let mut files = Vec::new();
        for _ in 0..MAX_PARTS {
            let Some(field) = form.next_field().await.map_err(|error| malformed(&error))? else {
                return if files.is_empty() { Err(no_file()) } else { Ok(files) };
            };
            let disposition = field.headers().get(header::CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
            let disposition = std::str::from_utf8(disposition.unwrap_or_default()).map_err(|_| bad_name())?;
            let disposition = ContentDisposition::parse(disposition);
            let file_name = match (disposition.name.as_deref(), disposition.file_name) {
                (Some("file"), Some(name)) => name,
                (Some("file"), None) => return Err(nameless()),
                (name, Some(_)) => return Err(misplaced(name.unwrap_or_default())),
                (_, None) => continue,
            };
            let name = last_segment(&file_name)?;
            let content = whole(field).await.map_err(|error| malformed(&error))?;
            files.push(UploadedFile { name, content });
        }
        Err(ApiError::BadRequest(format!("The form has too many parts: at most {MAX_PARTS}.")))
    }

    fn boundary(&self) -> Result<String, ApiError> {
        let content_type = self.content_type().unwrap_or_default();
        multer::parse_boundary(content_type).map_err(|error| match error {
            multer::Error::NoBoundary => ApiError::BadRequest(
                "The form's content type names no boundary: let your HTTP client set it.".into(),
            ),
            _ => ApiError::UnsupportedMediaType { expected: "multipart/form-data" },
        })
    }
}

/// The content of a field. As the form is there wholly, it comes in one piece, which need not be copied.
async fn whole(mut field: Field<'_>) -> multer::Result<Bytes> {
    let mut content = field.chunk().await?.unwrap_or_default();
    while let Some(more) = field.chunk().await? {
        content = [content, more].concat().into();
    }
    Ok(content)
}

/// Clients of all ages send a path with the name, in either direction of slash.
fn last_segment(file_name: &str) -> Result<FileName, ApiError> {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    FileName::parse(last)
        .map_err(|error| ApiError::BadRequest(format!("A part's file name is not usable: {error}")))
}

fn bad_name() -> ApiError {
    ApiError::BadRequest("A part's Content-Disposition is not UTF-8.".into())
}

fn nameless() -> ApiError {
    ApiError::BadRequest(
        "A part named file has no file name: with curl write -F file=@model.idf, with the at sign.".into(),
    )
}

fn misplaced(name: &str) -> ApiError {
    ApiError::BadRequest(format!(
        "The part named {name:?} is a file, but files are in parts named \"file\". Nothing was stored."
    ))
}

fn no_file() -> ApiError {
    ApiError::BadRequest(
        "The form holds no file: send one or more parts named \"file\", each with a filename.".into(),
    )
}

fn malformed(error: &multer::Error) -> ApiError {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            ApiError::TooLarge
        }
        _ => ApiError::BadRequest(
            "The form is cut off or malformed: a boundary or a part's header is missing.".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use proptest::prelude::*;

    use super::*;

    async fn files(content_type: &str, body: impl Into<Bytes>) -> Result<Vec<(String, Bytes)>, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        let request = Request { headers, body: body.into(), ..Request::new(Method::POST, "/") };
        Ok(request
            .files()
            .await?
            .into_iter()
            .map(|file| (file.name.as_str().to_owned(), file.content))
            .collect())
    }

    const FORM: &str = concat!(
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.idf\"\r\n\r\none\r\n",
        "--B\r\nContent-Disposition: form-data; name=\"desc\"\r\n\r\nignored\r\n",
        "--B\r\ncontent-disposition: form-data; name=file; filename=\"C:\\x\\b.epw\"\r\n",
        "Content-Type: text/plain\r\n\r\nt\r\nwo\r\n--B--\r\n"
    );

    #[tokio::test]
    async fn all_parts_named_file_are_read_with_the_last_segment_of_their_names() {
        for content_type in [
            "multipart/form-data; boundary=B",
            "Multipart/Form-Data; Boundary=\"B\"",
            "multipart/form-data;boundary=B",
        ] {
            let found = files(content_type, FORM).await.expect(content_type);
            let expected =
                [("a.idf".to_owned(), Bytes::from("one")), ("b.epw".to_owned(), Bytes::from("t\r\nwo"))];
            assert_eq!(found, expected);
        }
    }

    #[tokio::test]
    async fn a_form_that_is_no_upload_is_refused_with_the_right_status() {
        let part =
            |disposition: &str| format!("--B\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--B--\r\n");
        let form = "multipart/form-data; boundary=B";
        let cases = [
            ("application/json", FORM.to_owned(), 415),
            ("multipart/mixed; boundary=B", FORM.to_owned(), 415),
            ("multipart/form-data", FORM.to_owned(), 400),
            (form, String::new(), 400),
            (form, "--B--\r\n".to_owned(), 400),
            (form, FORM[..FORM.len() - 10].to_owned(), 400),
            (form, part("form-data; name=\"upload\"; filename=\"a\""), 400),
            (form, part("form-data; name=\"file\""), 400),
            (form, part("form-data; name=\"file\"; filename=\"\""), 400),
            (form, part("form-data; name=\"file\"; filename=\"..\""), 400),
            (form, part("form-data; name=\"file\"; filename=\"a/\""), 400),
            (form, part("form-data; name=\"file\"; filename=\"a\u{7}\""), 400),
        ];
        for (content_type, body, status) in cases {
            let error = files(content_type, body.clone()).await.expect_err(&body);
            assert_eq!(error.status(), status, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_form_makes_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut form = b"--B\r\nContent-Disposition: form-data; name=file; filename=a\r\n".to_vec();
            form.extend(body);
            drop(runtime.block_on(files("multipart/form-data; boundary=B", form)));
        }
    }
}
