//! Listings of the bucket.
//!
//! A large folder is ten thousand entries: they are read in one pass over the XML, for the four fields that are needed.

use bytes::Bytes;
use domain::{Entry, StoreError, Timestamp};
use http::Method;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::failure::{corrupt, unavailable};
use crate::s3_files::S3Files;

/// One page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// What a listing with a delimiter does not go into; each ends in a slash.
    pub(crate) folders: Vec<String>,
    /// Where the next page begins; nothing when this is the last.
    pub(crate) next: Option<String>,
}

impl Page {
    /// The entries and folders, in order of their bytes; without the marker of the folder that is listed.
    pub(crate) fn direct_entries(self) -> Vec<Entry> {
        let modified = Timestamp::from_unix_seconds(0);
        let mut entries = self.entries;
        entries.extend(self.folders.into_iter().map(|path| Entry {
            path,
            bytes: 0,
            modified,
            etag: String::new(),
        }));
        entries.retain(|entry| !entry.path.is_empty());
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        entries
    }
}

impl S3Files {
    /// Everything below `prefix`, which the paths leave out.
    pub(crate) async fn entries(&self, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let from = next.as_deref().map(|next| ("continuation-token", next));
            let page = self.page(prefix, from.as_slice()).await?;
            all.extend(page.entries);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// One page of what is below `prefix`.
    pub(crate) async fn page(&self, prefix: &str, query: &[(&str, &str)]) -> Result<Page, StoreError> {
        let query = [&[("list-type", "2"), ("prefix", prefix)], query].concat();
        let list = self.bucket.request(Method::GET, "", &query);
        let answer = self.bucket.call(list, Bytes::new()).await.map_err(unavailable)?;
        read(prefix, answer.body())
    }
}

/// Where in the document the reader is.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    Key,
    Size,
    LastModified,
    ETag,
    Folder,
    IsTruncated,
    NextToken,
    Other,
}

impl Field {
    fn of(name: &str, in_contents: bool, in_folder: bool) -> Self {
        match name {
            "Prefix" if in_folder => Self::Folder,
            "Key" if in_contents => Self::Key,
            "Size" if in_contents => Self::Size,
            "LastModified" if in_contents => Self::LastModified,
            "ETag" if in_contents => Self::ETag,
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
    let mut in_folder = false;
    loop {
        match reader.read_event().map_err(unreadable)? {
            Event::Start(tag) => {
                match tag.name().as_ref() {
                    "Contents" => object = Some(Object::default()),
                    "CommonPrefixes" => in_folder = true,
                    _ => {}
                }
                field = Field::of(tag.name().as_ref(), object.is_some(), in_folder);
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
                    (Field::ETag, Some(object)) => object.etag = Some(std::mem::take(&mut text)),
                    (Field::Folder, _) => page.folders.push(below(prefix, std::mem::take(&mut text))?),
                    (Field::IsTruncated, _) => truncated = text == "true",
                    (Field::NextToken, _) => page.next = Some(std::mem::take(&mut text)),
                    _ => {}
                }
                field = Field::Other;
                match tag.name().as_ref() {
                    "Contents" => {
                        page.entries.extend(object.take().map(|o| o.into_entry(prefix)).transpose()?);
                    }
                    "CommonPrefixes" => in_folder = false,
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
    modified: Option<Timestamp>,
    etag: Option<String>,
}

impl Object {
    fn into_entry(self, prefix: &str) -> Result<Entry, StoreError> {
        let bytes = self.bytes.ok_or_else(|| corrupt("object", "it has no size"))?;
        let modified = self.modified.ok_or_else(|| corrupt("object", "it has no time"))?;
        let etag = self.etag.ok_or_else(|| corrupt("object", "it has no entity tag"))?;
        Ok(Entry { path: below(prefix, self.key)?, bytes, modified, etag })
    }
}

/// A key without the prefix that was asked for.
fn below(prefix: &str, mut key: String) -> Result<String, StoreError> {
    if !key.starts_with(prefix) {
        return Err(corrupt("listing", "a key lies outside its prefix"));
    }
    key.drain(..prefix.len());
    Ok(key)
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

fn time(text: &str) -> Option<Timestamp> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp()).ok().map(Timestamp::from_unix_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        r#"<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>me/</Prefix>"#,
        "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b=</NextContinuationToken>\n",
        "<Contents><Key>me/a &amp; b&#xfc;&lt;.idf</Key><LastModified>2026-03-02T09:30:14.000Z</LastModified>",
        "<ETag>&quot;x&quot;</ETag><Size>12</Size><Owner><ID>Key</ID></Owner></Contents>",
        "<Contents><Key>me/c</Key><LastModified>2026-03-02T09:30:15.000Z</LastModified><ETag>\"x\"</ETag><Size>0</Size></Contents>",
        "</ListBucketResult>"
    );

    #[test]
    fn keys_sizes_and_times_are_read_and_the_next_page() {
        let entry = |path: &str, bytes, seconds| Entry {
            path: path.into(),
            bytes,
            modified: Timestamp::from_unix_seconds(seconds),
            etag: r#""x""#.into(),
        };
        let entries = vec![entry("a & b\u{fc}<.idf", 12, 1_772_443_814), entry("c", 0, 1_772_443_815)];
        assert_eq!(
            read("me/", TWO.as_bytes()).unwrap(),
            Page { entries, next: Some("a&b=".into()), ..Page::default() }
        );
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
        assert!(read("me/", TWO.replace("<ETag>\"x\"</ETag>", "").as_bytes()).is_err());
        assert!(read("me/", TWO.replace("&lt;", "&evil;").as_bytes()).is_err());
    }
}
