//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Brings accounts and files of another service along.
///
/// AWS is found by the variables `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
/// Accounts go into the table; files go through the API, under a key of their owner that is revoked afterwards.
#[derive(Debug, Parser)]
#[command(name = "import", version)]
pub(crate) struct Options {
    /// The accounts: CSV with a line of names, a JSON list, or a JSON object on each line.
    pub(crate) accounts: PathBuf,

    /// A folder that holds a folder for each user, named by the column `folder` or else by the address as it is in the list.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) files: Option<PathBuf>,

    /// Where the API is.
    #[arg(long, value_name = "URL", env = "PUBLIC_BASE_URL")]
    pub(crate) api: String,

    /// The name of the table.
    #[arg(long, value_name = "NAME", env = "TABLE_NAME")]
    pub(crate) table: String,

    /// What has been done, a JSON object on each line. A second run with the same report goes on where the first has ended.
    #[arg(long, value_name = "FILE", default_value = "import-report.jsonl")]
    pub(crate) report: PathBuf,

    /// Changes nothing: says what would be refused and why.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
