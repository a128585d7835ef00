//! What has been done: a file with a JSON object on each line. A second run reads it and leaves out what is done.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use domain::AccountId;
use serde::{Deserialize, Serialize};

use crate::folder::LocalFile;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Line {
    /// An account is about to be made under this id.
    Begun { email: String, account: AccountId },
    /// The account is made.
    Imported { email: String },
    /// An account or a file was left out.
    Refused {
        email: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        why: String,
    },
    /// A file is stored.
    Stored { email: String, file: String, bytes: u64, modified: u64 },
}

/// The report of this run and of those before it.
pub(crate) struct Report {
    file: File,
    begun: HashMap<String, AccountId>,
    imported: HashSet<String>,
    stored: HashSet<(String, String, u64, u64)>,
}

impl Report {
    /// Opens a report; a new one if there is none. Only its owner can read it: it holds addresses.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let before = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        if !before.is_empty() && !before.ends_with('\n') {
            // The last run ended in the middle of a line.
            writeln!(file)?;
        }
        let mut report =
            Self { file, begun: HashMap::new(), imported: HashSet::new(), stored: HashSet::new() };
        for line in before.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            report.note(line);
        }
        Ok(report)
    }

    /// Adds a line. It is in the file when this returns.
    pub(crate) fn add(&mut self, line: Line) -> io::Result<()> {
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        self.file.write_all(text.as_bytes())?;
        self.note(line);
        Ok(())
    }

    /// The id that an account was to get in a run before.
    pub(crate) fn begun(&self, email: &str) -> Option<AccountId> {
        self.begun.get(email).cloned()
    }

    /// Whether an account was made.
    pub(crate) fn is_imported(&self, email: &str) -> bool {
        self.imported.contains(email)
    }

    /// Whether a file was stored as it is now.
    pub(crate) fn is_stored(&self, email: &str, file: &LocalFile) -> bool {
        let (path, modified) = (file.path.to_string(), file.modified.unix_seconds());
        self.stored.contains(&(email.to_owned(), path, file.bytes, modified))
    }

    fn note(&mut self, line: Line) {
        match line {
            Line::Begun { email, account } => drop(self.begun.insert(email, account)),
            Line::Imported { email } => drop(self.imported.insert(email)),
            Line::Stored { email, file, bytes, modified } => {
                self.stored.insert((email, file, bytes, modified));
            }
            Line::Refused { .. } => {}
        }
    }
}
