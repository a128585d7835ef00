//! A program that runs, and what the kernel knows about it.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use stack::Error;
use tokio::process::{Child, Command};

/// A running program; it ends with this value.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program, which writes to the file `log`.
    pub(crate) fn of(mut command: Command, log: &Path) -> Result<Self, Error> {
        let log = File::create(log)?;
        let command = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let child = command.spawn().map_err(|error| {
            format!("{} cannot be started: {error}", command.as_std().get_program().display())
        })?;
        Ok(Self { child })
    }

    /// Ends it at once, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> Result<(), Error> {
        Ok(self.child.kill().await?)
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) {
        let _ = self.child.wait().await;
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Processor time of all threads so far, in milliseconds (`/proc/<pid>/task/<tid>/schedstat`, nanoseconds).
    /// Exact while they wait, as they do between two calls.
    pub(crate) fn cpu_ms(&self) -> Result<f64, Error> {
        let mut nanoseconds = 0.0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.pid()?))? {
            // A thread that has just ended is no longer there.
            let Ok(statistics) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanoseconds += statistics.split(' ').next().ok_or("no processor time")?.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e6)
    }

    /// The most memory that was ever resident, in MB (`VmHWM`).
    pub(crate) fn peak_mb(&self) -> Result<f64, Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak memory")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024.0 / 1e6)
    }

    fn pid(&self) -> Result<u32, Error> {
        self.child.id().ok_or_else(|| "the program has ended".into())
    }

    /// Ends it by the signal that asks for it, and waits until it is gone.
    pub(crate) async fn end(mut self) -> Result<(), Error> {
        let pid = rustix::process::Pid::from_raw(self.pid()?.try_into()?).ok_or("no process")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        self.child.wait().await?;
        Ok(())
    }
}
