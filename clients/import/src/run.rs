//! One account after the other, and the sum.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use aws::{Clients, DynamoAccounts, UnusableEnvironment};
use domain::{Account, AccountId, StoreError, Usage};
use futures_util::{StreamExt as _, stream};
use reqwest::Client;
use web::{PublicUrl, SystemClock, SystemRandom, environment};

use crate::accounts::Accounts;
use crate::folder::{LocalFile, files_in};
use crate::options::Options;
use crate::report::{Line, Report};
use crate::roster::{Entry, Refused, Roster, Unreadable};
use crate::upload::{NotStored, Uploader, client};

/// How many files of an account are on their way at the same time: at some 50 ms each a gateway that lets 100 requests a
/// second through is nearly, not quite, filled by them.
const PARALLEL_FILES: usize = 4;

/// Why nothing more could be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, io::Error),
    #[error(transparent)]
    Roster(#[from] Unreadable),
    #[error("the address of the API is not usable: {0}")]
    Api(&'static str),
    #[error("{0}")]
    Environment(#[from] UnusableEnvironment),
    #[error("the table cannot be used, {0}. Look at the name of the table, the region and the credentials")]
    Table(#[from] StoreError),
    #[error("the report cannot be written: {0}")]
    Report(io::Error),
    #[error("no HTTP client can be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// What a run has come to.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    dry_run: bool,
    accounts: usize,
    accounts_before: usize,
    files: Usage,
    files_before: usize,
    refused: Vec<String>,
    ignored: Vec<String>,
}

impl Summary {
    /// Whether everything in the list is there now.
    pub(crate) const fn is_complete(&self) -> bool {
        self.refused.is_empty()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.dry_run { "would be imported" } else { "imported" };
        writeln!(
            f,
            "{} accounts {done}, {} were there from a run before",
            self.accounts, self.accounts_before
        )?;
        let Usage { bytes, files } = self.files;
        writeln!(
            f,
            "{files} files of {bytes} bytes {done}, {} were there from a run before",
            self.files_before
        )?;
        if !self.ignored.is_empty() {
            writeln!(f, "fields that nothing is made of: {}", self.ignored.join(", "))?;
        }
        write!(f, "{} refused", self.refused.len())?;
        self.refused.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Everything that a run works with.
struct Import<'a> {
    options: &'a Options,
    accounts: Accounts,
    http: Client,
    /// Nothing in a dry run.
    report: Option<Report>,
    summary: Summary,
}

/// Brings everything along, as far as it goes.
pub(crate) async fn run(options: &Options) -> Result<Summary, Error> {
    let read = |path: &Path, error| Error::Unreadable(path.display().to_string(), error);
    let text = std::fs::read_to_string(&options.accounts).map_err(|error| read(&options.accounts, error))?;
    let roster = Roster::parse(&text)?;
    PublicUrl::parse(&options.api).map_err(Error::Api)?;
    if let Some(folder) = &options.files {
        std::fs::read_dir(folder).map_err(|error| read(folder, error))?;
    }
    let clients = Clients::load(&environment::variable, Arc::new(SystemClock))?;
    let report = (!options.dry_run).then(|| Report::open(&options.report)).transpose();
    let summary = Summary {
        dry_run: options.dry_run,
        ignored: roster.ignored.into_iter().collect(),
        ..Summary::default()
    };
    let mut import = Import {
        options,
        accounts: Accounts::new(DynamoAccounts::new(&clients, options.table.clone())),
        http: client()?,
        report: report.map_err(Error::Report)?,
        summary,
    };
    for entry in roster.entries {
        match entry {
            Ok(entry) => import.entry(&entry).await?,
            Err(Refused { name, why }) => import.refuse(&name, None, why)?,
        }
    }
    Ok(import.summary)
}

impl Import<'_> {
    async fn entry(&mut self, entry: &Entry) -> Result<(), Error> {
        let email = entry.email.to_string();
        let Some(account) = self.account(entry, &email).await? else {
            return self.refuse(&email, None, "the address has an account already".into());
        };
        let Some(folder) = self.options.files.as_ref().map(|files| files.join(&entry.folder)) else {
            return Ok(());
        };
        // The name comes from the list: it names a folder here and nothing else.
        if Path::new(&entry.folder).components().count() != 1 || entry.folder == ".." || entry.folder == "." {
            return self.refuse(&email, None, format!("{:?} is no name of a folder", entry.folder));
        }
        let (files, refused) = match files_in(&folder) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::Unreadable(folder.display().to_string(), error)),
        };
        for (file, why) in refused {
            self.refuse(&email, Some(file), why)?;
        }
        if account.disabled && !files.is_empty() {
            let why =
                "files of a disabled account cannot be sent: import it enabled, and disable it afterwards";
            return self.refuse(&email, None, why.into());
        }
        self.files(&email, &account, files).await
    }

    /// The account of an entry, made now or in a run before; `None` if somebody else has the address.
    async fn account(&mut self, entry: &Entry, email: &str) -> Result<Option<Account>, Error> {
        let begun = self.report.as_ref().and_then(|report| report.begun(email));
        if let Some(there) = self.accounts.find(entry).await? {
            let is_ours = begun.is_some_and(|id| id == there.id);
            self.summary.accounts_before += usize::from(is_ours);
            if is_ours && !self.report.as_ref().is_some_and(|report| report.is_imported(email)) {
                self.add(Line::Imported { email: email.to_owned() })?;
            }
            return Ok(is_ours.then_some(there));
        }
        let id = begun.unwrap_or_else(|| AccountId::random(&SystemRandom));
        let Some(report) = &mut self.report else {
            self.summary.accounts += 1;
            return Ok(Some(self.accounts.account(entry, id)));
        };
        report.add(Line::Begun { email: email.to_owned(), account: id.clone() }).map_err(Error::Report)?;
        let made = self.accounts.make(entry, id).await?;
        if made.is_some() {
            self.summary.accounts += 1;
            self.add(Line::Imported { email: email.to_owned() })?;
        }
        Ok(made)
    }

    async fn files(&mut self, email: &str, account: &Account, files: Vec<LocalFile>) -> Result<(), Error> {
        let all = files.len();
        let is_stored =
            |file: &LocalFile| self.report.as_ref().is_some_and(|report| report.is_stored(email, file));
        let left: Vec<_> = files.into_iter().filter(|file| !is_stored(file)).collect();
        self.summary.files_before += all - left.len();
        if self.options.dry_run {
            return self.count(email, account, &left);
        }
        if left.is_empty() {
            return Ok(());
        }
        let (key, text) = self.accounts.open(account).await?;
        let sent = self.send(email, &left, &text).await;
        self.accounts.close(account, &key).await?;
        sent
    }

    async fn send(&mut self, email: &str, files: &[LocalFile], key: &str) -> Result<(), Error> {
        let http = self.http.clone();
        let uploader = Uploader { http: &http, api: self.options.api.trim_end_matches('/'), key };
        let uploader = &uploader;
        let uploads = files.iter().map(|file| async move { (file, uploader.store(file).await) });
        let mut outcomes = stream::iter(uploads).buffer_unordered(PARALLEL_FILES);
        while let Some((file, outcome)) = outcomes.next().await {
            self.note(email, file, outcome)?;
        }
        Ok(())
    }

    fn note(&mut self, email: &str, file: &LocalFile, outcome: Result<(), NotStored>) -> Result<(), Error> {
        let (path, bytes) = (file.path.to_string(), file.bytes);
        if let Err(error) = outcome {
            return self.refuse(email, Some(path), error.to_string());
        }
        self.summary.files.bytes += bytes;
        self.summary.files.files += 1;
        let modified = file.modified.unix_seconds();
        self.add(Line::Stored { email: email.to_owned(), file: path, bytes, modified })
    }

    /// What would be sent, as far as there is room for it.
    fn count(&mut self, email: &str, account: &Account, files: &[LocalFile]) -> Result<(), Error> {
        let bytes = files.iter().map(|file| file.bytes).sum();
        let usage = Usage { bytes, files: files.len() as u64 };
        let allowed = account.allowance();
        if usage.bytes > allowed.bytes || usage.files > allowed.files {
            let Usage { bytes, files } = allowed;
            let why = format!(
                "{} files of {} bytes are more than the account may store: {files} of {bytes}",
                usage.files, usage.bytes
            );
            return self.refuse(email, None, why);
        }
        self.summary.files.bytes += usage.bytes;
        self.summary.files.files += usage.files;
        Ok(())
    }

    fn refuse(&mut self, email: &str, file: Option<String>, why: String) -> Result<(), Error> {
        let place = file.as_ref().map_or_else(String::new, |file| format!(", {file}"));
        self.summary.refused.push(format!("{email}{place}: {why}"));
        self.add(Line::Refused { email: email.to_owned(), file, why })
    }

    fn add(&mut self, line: Line) -> Result<(), Error> {
        self.report.as_mut().map_or(Ok(()), |report| report.add(line)).map_err(Error::Report)
    }
}
