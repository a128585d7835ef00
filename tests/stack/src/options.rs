//! What can be set on the command line.

use std::path::PathBuf;

use stack::Error;

/// What `--help` prints.
pub(crate) const USAGE: &str =
    "usage: stack [--port N] [--mail-port N] [--data FOLDER] [--origins ORIGIN,ORIGIN]";

/// Where the stack listens and where it keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The port of the API.
    pub(crate) port: u16,
    /// The port of the mail page.
    pub(crate) mail_port: u16,
    /// The folder of data, keys and logs.
    pub(crate) data: PathBuf,
    /// Web origins whose pages may call the API beside its own, separated by commas.
    pub(crate) origins: String,
    /// The root of the workspace.
    pub(crate) workspace: PathBuf,
}

impl Options {
    /// Reads the options of [`USAGE`], each with a default; `None` when help is asked for.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Error> {
        let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let workspace = manifest.ancestors().nth(2).ok_or("the workspace has no root folder")?.to_owned();
        let (data, origins) = (workspace.join(".local"), String::new());
        let mut options = Self { port: 9000, mail_port: 9001, data, origins, workspace };
        while let Some(argument) = arguments.next() {
            if ["--help", "-h"].contains(&argument.as_str()) {
                return Ok(None);
            }
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), arguments.next()),
            };
            let value = value.ok_or_else(|| format!("{name} needs a value. {USAGE}"));
            match name {
                "--port" => options.port = port(name, &value?)?,
                "--mail-port" => options.mail_port = port(name, &value?)?,
                "--data" => options.data = std::path::absolute(value?)?,
                "--origins" => options.origins = value?,
                _ => return Err(format!("{name} is no option. {USAGE}").into()),
            }
        }
        Ok(Some(options))
    }
}

/// A port from 1 on: with 0 nobody would know where to ask.
fn port(name: &str, value: &str) -> Result<u16, Error> {
    let port = value.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| format!("{name} takes a number from 1 to 65535, not {value:?}. {USAGE}").into())
}
