//! Listings of the bucket, by a reader of our own.
//!
//! The SDK's reader makes an object with a dozen fields of each entry, which costs most of the time of a large listing.
//! Here the SDK sends the request, signs it and sends it again if need be; what comes back is read for the three fields
//! that are needed.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat, SdkBody};
use domain::{Entry, StoreError};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use crate::failure::{corrupt, unavailable};
use crate::s3_files::{S3Files, timestamp};

/// What the SDK reads in the place of what was taken away.
const NOTHING: &str = "<ListBucketResult/>";

/// How often a page is asked for whose answer breaks off.
const TRIES: usize = 2;

/// Takes the body of a good answer away before the SDK reads it.
#[derive(Clone, Debug, Default)]
struct Body(Arc<Mutex<Option<SdkBody>>>);

impl Body {
    fn take(&self) -> Option<SdkBody> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "ListingBody"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        if response.status().is_success() {
            let body = std::mem::replace(response.body_mut(), SdkBody::from(NOTHING));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
        Ok(())
    }
}

/// One page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    entries: Vec<Entry>,
    /// Where the next page begins; nothing when this is the last.
    next: Option<String>,
}

impl S3Files {
    /// Everything below `prefix`, which the paths leave out.
    pub(crate) async fn entries(&self, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let page = self.page(prefix, next).await?;
            all.extend(page.entries);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    async fn page(&self, prefix: &str, from: Option<String>) -> Result<Page, StoreError> {
        let mut failure = None;
        for _ in 0..TRIES {
            let body = Body::default();
            let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let list = list.set_continuation_token(from.clone()).customize().interceptor(body.clone());
            list.send().await.map_err(unavailable)?;
            let body = body.take().ok_or_else(|| corrupt("listing", "it has no body"))?;
            match ByteStream::new(body).collect().await {
                Ok(body) => return read(prefix, &body.into_bytes()),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.map_or_else(|| corrupt("listing", "it was not asked for"), unavailable))
    }
}

/// Where in the document the reader is.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    Key,
    Size,
    LastModified,
    IsTruncated,
    NextToken,
    Other,
}

impl Field {
    fn of(name: &str, in_contents: bool) -> Self {
        match name {
            "Key" if in_contents => Self::Key,
            "Size" if in_contents => Self::Size,
            "LastModified" if in_contents => Self::LastModified,
            "IsTruncated" => Self::IsTruncated,
            "NextContinuationToken" => Self::NextToken,
            _ => Self::Other,
        }
    }
}

/// Reads one answer of `ListObjectsV2` (Amazon S3 API Reference).
fn read(prefix: &str, xml: &[u8]) -> Result<Page, StoreError> {
    let unreadable = |error: quick_xml::Error| corrupt("listing", error);
    let xml = std::str::from_utf8(xml).map_err(|error| corrupt("listing", error))?;
    let mut reader = Reader::from_str(xml);
    let (mut page, mut truncated, mut whole) = (Page::default(), false, false);
    let (mut object, mut field, mut text) = (None::<Object>, Field::Other, String::new());
    loop {
        match reader.read_event().map_err(unreadable)? {
            Event::Start(tag) => {
                if tag.name().as_ref() == "Contents" {
                    object = Some(Object::default());
                }
                field = Field::of(tag.name().as_ref(), object.is_some());
                text.clear();
            }
            Event::Text(piece) if field != Field::Other => {
                text.push_str(&piece);
            }
            Event::GeneralRef(reference) if field != Field::Other => push(&mut text, &reference)?,
            Event::End(tag) => {
                match (field, object.as_mut()) {
                    (Field::Key, Some(object)) => object.key = std::mem::take(&mut text),
                    (Field::Size, Some(object)) => object.bytes = text.parse().ok(),
                    (Field::LastModified, Some(object)) => object.modified = time(&text),
                    (Field::IsTruncated, _) => truncated = text == "true",
                    (Field::NextToken, _) => page.next = Some(std::mem::take(&mut text)),
                    _ => {}
                }
                field = Field::Other;
                match tag.name().as_ref() {
                    "Contents" => {
                        page.entries.extend(object.take().map(|o| o.into_entry(prefix)).transpose()?);
                    }
                    "ListBucketResult" => whole = true,
                    _ => {}
                }
            }
            Event::Eof if whole && truncated == page.next.is_some() => return Ok(page),
            Event::Eof => return Err(corrupt("listing", "it is not whole")),
            _ => {}
        }
    }
}

/// One object as far as it is read.
#[derive(Default)]
struct Object {
    key: String,
    bytes: Option<u64>,
    modified: Option<DateTime>,
}

impl Object {
    fn into_entry(mut self, prefix: &str) -> Result<Entry, StoreError> {
        if !self.key.starts_with(prefix) {
            return Err(corrupt("listing", "a key lies outside its prefix"));
        }
        self.key.drain(..prefix.len());
        let bytes = self.bytes.ok_or_else(|| corrupt("object", "it has no size"))?;
        Ok(Entry { path: self.key, bytes, modified: timestamp(self.modified) })
    }
}

/// Adds what `&amp;` or `&#xfc;` stands for.
fn push(text: &mut String, reference: &BytesRef<'_>) -> Result<(), StoreError> {
    let character = reference.resolve_char_ref().map_err(|error| corrupt("listing", error))?;
    if let Some(character) = character {
        text.push(character);
        return Ok(());
    }
    let meaning = resolve_predefined_entity(reference);
    text.push_str(meaning.ok_or_else(|| corrupt("listing", "an entity is unknown"))?);
    Ok(())
}

fn time(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, DateTimeFormat::DateTime).ok()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    const TWO: &str = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        r#"<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>me/</Prefix>"#,
        "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b=</NextContinuationToken>\n",
        "<Contents><Key>me/a &amp; b&#xfc;&lt;.idf</Key><LastModified>2026-03-02T09:30:14.000Z</LastModified>",
        "<ETag>&quot;x&quot;</ETag><Size>12</Size><Owner><ID>Key</ID></Owner></Contents>",
        "<Contents><Key>me/c</Key><LastModified>2026-03-02T09:30:15.000Z</LastModified><Size>0</Size></Contents>",
        "</ListBucketResult>"
    );

    #[test]
    fn keys_sizes_and_times_are_read_and_the_next_page() {
        let entry = |path: &str, bytes, seconds| Entry {
            path: path.into(),
            bytes,
            modified: Timestamp::from_unix_seconds(seconds),
        };
        let entries = vec![entry("a & b\u{fc}<.idf", 12, 1_772_443_814), entry("c", 0, 1_772_443_815)];
        assert_eq!(read("me/", TWO.as_bytes()).unwrap(), Page { entries, next: Some("a&b=".into()) });
        let none = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        assert_eq!(read("me/", none.as_bytes()).unwrap(), Page::default());
    }

    #[test]
    fn a_listing_that_is_cut_off_or_is_none_is_never_taken_for_a_whole_one() {
        for end in 0..TWO.len() {
            assert!(TWO.is_char_boundary(end) && read("me/", &TWO.as_bytes()[..end]).is_err(), "{end}");
        }
        assert!(read("other/", TWO.as_bytes()).is_err());
        assert!(read("me/", b"<html>").is_err());
        assert!(read("me/", TWO.replace("true", "false").as_bytes()).is_err());
        assert!(read("me/", TWO.replace("<Size>12</Size>", "").as_bytes()).is_err());
        assert!(read("me/", TWO.replace("&lt;", "&evil;").as_bytes()).is_err());
    }
}
