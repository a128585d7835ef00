//! A large file on its way: sent in parts straight to the store, over hours if need be.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::file_key::FileKey;
use crate::file_ledger::OperationId;
use crate::file_path::FilePath;
use crate::timestamp::Timestamp;

/// The largest file, in bytes: what S3 copies and stores in one piece.
pub const MAX_FILE_BYTES: u64 = 5 << 30;

/// The smallest part but for the last one; S3 takes 5 MiB and more.
const MIN_PART_BYTES: u64 = 8 << 20;

/// So many parts at most; S3 takes 10,000, and each is an address of some 1,000 bytes in the answer.
const MAX_PARTS: u64 = 256;

/// A file that is being sent in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUpload {
    /// Names it, as its operation in the ledger and in its address.
    pub id: OperationId,
    /// Whose it is.
    pub account: AccountId,
    /// Where the file goes.
    pub path: FilePath,
    /// How many bytes it will have; at least one.
    pub bytes: u64,
    /// What it must come to, if the client has said.
    pub sha256: Option<Sha256Digest>,
    /// Whether it is a zip that is unpacked where it goes.
    pub unpack: bool,
    /// How many bytes each part has but for the last.
    pub part_bytes: u64,
    /// The store's own name for it.
    pub store_id: String,
    /// Until then it can be gone on with.
    pub expires: Timestamp,
    /// What it has come to.
    pub result: Option<UploadResult>,
}

/// What a completed upload has come to: who asks again hears the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadResult {
    /// The path of the file, or of the folder that a zip was unpacked to.
    pub location: String,
    /// The entity tag of the file.
    pub etag: Option<String>,
}

impl FileUpload {
    /// Whether its parts come together aside, because something is to be done with the whole before it is in its place.
    #[must_use]
    pub fn is_staged(&self) -> bool {
        self.unpack || self.sha256.is_some()
    }

    /// Where its parts come together.
    #[must_use]
    pub fn key(&self) -> FileKey {
        if self.is_staged() {
            FileKey::staged(&self.account, &self.id)
        } else {
            FileKey::new(&self.account, self.path.clone())
        }
    }

    /// The numbers of its parts, from one on.
    #[must_use]
    pub fn part_numbers(&self) -> RangeInclusive<u64> {
        1..=self.bytes.div_ceil(self.part_bytes)
    }

    /// The exact size of a part.
    #[must_use]
    pub fn bytes_of_part(&self, number: u64) -> u64 {
        let before = number.saturating_sub(1).saturating_mul(self.part_bytes);
        self.bytes.saturating_sub(before).min(self.part_bytes)
    }
}

/// How large the parts of a file are: the smallest power of two from 8 MiB on with which there are at most 256.
#[must_use]
pub fn part_bytes(bytes: u64) -> u64 {
    let mut part = MIN_PART_BYTES;
    while bytes.div_ceil(part) > MAX_PARTS {
        part *= 2;
    }
    part
}

/// A part that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from one on.
    pub number: u64,
    /// Its size.
    pub bytes: u64,
    /// The store's name for its content.
    pub etag: String,
}

/// The SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Digest([u8; 32]);

/// Why a text is no SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A SHA-256 is written as 64 hexadecimal digits.")]
pub struct InvalidSha256;

impl Sha256Digest {
    /// A digest that was computed.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = InvalidSha256;

    fn try_from(text: String) -> Result<Self, InvalidSha256> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(InvalidSha256);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| InvalidSha256)?;
        }
        // A sign would be read as part of a number.
        if text.bytes().all(|digit| digit.is_ascii_hexdigit()) { Ok(Self(bytes)) } else { Err(InvalidSha256) }
    }
}

impl From<Sha256Digest> for String {
    fn from(digest: Sha256Digest) -> Self {
        use std::fmt::Write as _;
        digest.0.iter().fold(Self::with_capacity(64), |mut text, byte| {
            // Writing to a text never fails.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn upload(bytes: u64) -> FileUpload {
        FileUpload {
            id: OperationId::parse(&"a".repeat(32)).expect("valid"),
            account: AccountId::parse(&"b".repeat(32)).expect("valid"),
            path: FilePath::parse("x/y").expect("valid"),
            bytes,
            sha256: None,
            unpack: false,
            part_bytes: part_bytes(bytes),
            store_id: String::new(),
            expires: Timestamp::from_unix_seconds(0),
            result: None,
        }
    }

    #[test]
    fn the_parts_of_well_known_sizes() {
        const MIB: u64 = 1 << 20;
        for (bytes, part, count, last) in [
            (1, 8 * MIB, 1, 1),
            (8 * MIB, 8 * MIB, 1, 8 * MIB),
            (8 * MIB + 1, 8 * MIB, 2, 1),
            (300_000_000, 8 * MIB, 36, 300_000_000 - 35 * 8 * MIB),
            (2 << 30, 8 * MIB, 256, 8 * MIB),
            ((2 << 30) + 1, 16 * MIB, 129, 1),
            (MAX_FILE_BYTES, 32 * MIB, 160, 32 * MIB),
        ] {
            let upload = upload(bytes);
            let numbers = upload.part_numbers();
            assert_eq!(
                (upload.part_bytes, *numbers.end(), upload.bytes_of_part(count)),
                (part, count, last),
                "{bytes}"
            );
        }
    }

    proptest! {
        #[test]
        fn parts_are_what_s3_takes_and_come_to_the_whole(bytes in 1..=MAX_FILE_BYTES) {
            let upload = upload(bytes);
            let numbers = upload.part_numbers();
            let last = *numbers.end();
            prop_assert!(last <= MAX_PARTS);
            prop_assert_eq!(numbers.clone().map(|number| upload.bytes_of_part(number)).sum::<u64>(), bytes);
            prop_assert!(numbers.take_while(|number| *number < last).all(|number| upload.bytes_of_part(number) >= 5 << 20));
            prop_assert_eq!(upload.bytes_of_part(last + 1), 0);
        }
    }

    #[test]
    fn a_sha256_is_64_digits() {
        let text = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        let digest = Sha256Digest::try_from(text.to_owned()).expect("valid");
        assert_eq!(String::from(digest), text.to_lowercase());
        for bad in ["", "ba", &text[1..], &format!("+{}", &text[1..]), &"é".repeat(32), &format!("{text}0")]
        {
            assert_eq!(Sha256Digest::try_from((*bad).to_owned()), Err(InvalidSha256), "{bad}");
        }
    }
}
