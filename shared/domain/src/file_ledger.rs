//! What an account stores, and what is being done with it at the moment.
//!
//! Every change of files is an [`Operation`] that is entered in the account's [`Ledger`] before it begins and struck
//! out when it has ended. So nobody stores more than they may, however many requests run at once; operations on the
//! same paths wait for each other; and what a process leaves half done when it is killed is found and brought to an end.

use serde::{Deserialize, Serialize};

use crate::file_path::FolderPath;
use crate::hex_id::hex_id;
use crate::idempotency::AnsweredRequest;
use crate::ports::Entry;
use crate::timestamp::Timestamp;

hex_id! {
    /// Names one operation on files: one upload, for instance.
    OperationId
}

/// An amount of stored files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Their bytes.
    pub bytes: u64,
    /// Their number. Folders do not count.
    pub files: u64,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, files: self.files + other.files }
    }

    /// What these entries of a listing come to; markers of folders do not count.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let files = entries.iter().filter(|entry| !entry.path.is_empty() && !entry.path.ends_with('/'));
        files.fold(Self::default(), |sum, file| Self { bytes: sum.bytes + file.bytes, files: sum.files + 1 })
    }
}

/// By how much an operation has changed what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageChange {
    /// Bytes more, or less.
    pub bytes: i64,
    /// Files more, or less.
    pub files: i64,
}

impl UsageChange {
    /// What is different when `new` has taken the place of `old`.
    #[must_use]
    pub fn between(old: Usage, new: Usage) -> Self {
        Self {
            bytes: new.bytes.cast_signed() - old.bytes.cast_signed(),
            files: new.files.cast_signed() - old.files.cast_signed(),
        }
    }
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Stores one file: readers see the old one or the new one.
    Put,
    /// Stores several files, all of them or none.
    PutAll,
    /// Keeps room for a large file while its parts are sent.
    Upload,
    /// Removes a file or a folder.
    Delete {
        /// Whether it may have begun to, so that the rest has to go too.
        decided: bool,
    },
    /// Copies a file or a folder to a place where nothing is.
    Copy,
    /// Copies, and then removes what was copied.
    Move {
        /// Whether everything has been copied, so that what is left to do is removing.
        copied: bool,
    },
}

/// Something that is done with an account's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Names it.
    pub id: OperationId,
    /// What it does.
    pub work: Work,
    /// What it changes: these files, or everything below these folders. Of a copy or move first the source, then the
    /// target.
    pub paths: Vec<FolderPath>,
    /// How much room is kept for it.
    pub reserved: Usage,
    /// Until then somebody works on it. After that whoever meets it brings it to an end.
    pub expires: Timestamp,
    /// How many of its objects are done.
    pub done: u64,
    /// The request that it does the work of, if its answer is to be kept when the operation ends. Whoever brings the
    /// operation to its end keeps it too: what is decided is answered already.
    pub answered: Option<AnsweredRequest>,
}

impl Operation {
    /// Whether two operations must not run at once: a path of the one is, holds, or lies in a path of the other.
    #[must_use]
    pub fn overlaps(&self, paths: &[FolderPath]) -> bool {
        self.paths.iter().any(|mine| paths.iter().any(|other| mine.contains(other) || other.contains(mine)))
    }

    /// Whether readers may see it half done.
    #[must_use]
    pub fn is_gradual(&self) -> bool {
        !matches!(self.work, Work::Put | Work::Upload)
    }
}

/// One account's ledger, as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What is stored, with what is reserved.
    pub claimed: Usage,
    /// How many operations were ever entered.
    pub tickets: u64,
    /// What is being done, each with its ticket: of two that overlap the one with the lower ticket goes first.
    pub operations: Vec<(u64, Operation)>,
}

impl Ledger {
    /// What is stored.
    #[must_use]
    pub fn used(&self) -> Usage {
        let kept = self.kept();
        Usage {
            bytes: self.claimed.bytes.saturating_sub(kept.bytes),
            files: self.claimed.files.saturating_sub(kept.files),
        }
    }

    /// What is reserved.
    #[must_use]
    pub fn kept(&self) -> Usage {
        let reserved = self.operations.iter().map(|(_, operation)| operation.reserved);
        reserved.fold(Usage::default(), Usage::plus)
    }

    /// What would be claimed if `truth` is stored; `None` while something may be changing it.
    #[must_use]
    pub fn claimed_if_stored(&self, truth: Usage) -> Option<Usage> {
        let mut operations = self.operations.iter().map(|(_, operation)| operation);
        operations.try_fold(truth, |sum, operation| {
            (operation.work == Work::Upload).then(|| sum.plus(operation.reserved))
        })
    }

    /// An operation that `operation` has to wait for.
    #[must_use]
    pub fn before(&self, operation: &Operation) -> Option<&Operation> {
        let ticket =
            self.operations.iter().find(|(_, other)| other.id == operation.id).map(|(ticket, _)| *ticket);
        let earlier = self.operations.iter().filter(|(other, _)| ticket.is_none_or(|ticket| *other < ticket));
        earlier.map(|(_, other)| other).find(|other| other.overlaps(&operation.paths))
    }

    /// An operation on something at or below `folder`, or above it, that readers may see half done.
    #[must_use]
    pub fn gradual(&self, folder: &FolderPath) -> Option<&Operation> {
        let folder = std::slice::from_ref(folder);
        self.operations.iter().map(|(_, operation)| operation).find(|o| o.is_gradual() && o.overlaps(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(digit: char, work: Work, paths: &[&str]) -> Operation {
        Operation {
            id: OperationId::parse(&digit.to_string().repeat(32)).expect("valid"),
            work,
            paths: paths.iter().map(|path| FolderPath::parse(path).expect("valid")).collect(),
            reserved: Usage { bytes: 10, files: 1 },
            expires: Timestamp::from_unix_seconds(1),
            done: 0,
            answered: None,
        }
    }

    #[test]
    fn operations_wait_for_earlier_ones_on_the_same_paths() {
        let ledger = Ledger {
            claimed: Usage { bytes: 100, files: 5 },
            tickets: 9,
            operations: vec![
                (7, operation('a', Work::Put, &["x/1"])),
                (8, operation('b', Work::Delete { decided: true }, &["x"])),
                (9, operation('c', Work::Put, &["y"])),
            ],
        };
        let before =
            |operation: &Operation| ledger.before(operation).map(|before| before.id.as_str()[..1].to_owned());
        assert_eq!(before(&ledger.operations[0].1), None);
        assert_eq!(before(&ledger.operations[1].1).as_deref(), Some("a"));
        assert_eq!(before(&ledger.operations[2].1), None);
        assert_eq!(before(&operation('d', Work::Put, &["x/2", "z"])).as_deref(), Some("b"));
        assert_eq!(before(&operation('d', Work::Put, &["xy"])), None);
        assert_eq!(before(&operation('d', Work::Put, &["y/z"])).as_deref(), Some("c"), "y cannot be both");
        assert_eq!(ledger.used(), Usage { bytes: 70, files: 2 });
    }

    #[test]
    fn readers_wait_for_what_may_be_seen_half_done() {
        let operations = vec![
            (1, operation('a', Work::Put, &["p"])),
            (2, operation('b', Work::Delete { decided: true }, &["x/y"])),
        ];
        let ledger = Ledger { operations, ..Ledger::default() };
        let gradual = |path: &str| ledger.gradual(&FolderPath::parse(path).expect("valid")).is_some();
        assert!(gradual("") && gradual("x") && gradual("x/y") && gradual("x/y/z"));
        assert!(!gradual("p") && !gradual("x/z") && !gradual("xy"));
    }
}
