//! Processes that never outlive this one.

use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

use crate::Error;

/// Runs a command until it ends or the shell's standard input does, whichever is first. The operating system closes
/// that input when this process ends in any way, `kill -9` included; then the command's whole group is ended.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
command=$!
{ read -r _ <&3; kill -TERM "$command"; sleep 5; kill -KILL "$command"; } 2>/dev/null &
wait "$command"
code=$?
trap '' TERM
kill -TERM 0
exit "$code"
"#;

/// A supervised process. Dropping it ends it.
pub struct Child {
    name: &'static str,
    process: tokio::process::Child,
    /// The supervisor's standard input. Kept apart, because waiting for a process closes the input it owns.
    lifeline: Option<ChildStdin>,
}

impl Child {
    /// Starts `command` with `arguments`; what it prints goes to the file `log`.
    pub fn start(
        name: &'static str,
        command: &Path,
        arguments: &[&str],
        environment: &[(String, String)],
        log: &Path,
    ) -> Result<Self, Error> {
        let output = File::create(log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let mut process = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(command)
            .args(arguments)
            .envs(environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C is for this process, which then ends the others in order.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        let lifeline = process.stdin.take();
        Ok(Self { name, process, lifeline })
    }

    /// What the process is called in messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self) -> Result<ExitStatus, Error> {
        Ok(self.process.wait().await?)
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks the process to end and waits for it.
    pub async fn stop(mut self) {
        drop(self.lifeline.take());
        // The supervisor kills what has not ended after five seconds.
        let _ = timeout(Duration::from_secs(8), self.process.wait()).await;
    }
}
