//! A function's process and what the kernel knows about it.

use std::path::Path;
use std::process::Stdio;

use stack::Error;
use stack::runtime_api::command;
use tokio::process::Child;

/// A running program; it ends with this value.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program as Lambda does.
    pub(crate) fn spawn(
        program: &Path,
        name: &str,
        runtime_api: &str,
        variables: &[(String, String)],
    ) -> Result<Self, Error> {
        let child = command(program, name, runtime_api, variables)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        Ok(Self { child })
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

    /// The most memory that was ever resident, in MiB (`VmHWM`).
    pub(crate) fn peak_mib(&self) -> Result<f64, Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak memory")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }

    fn pid(&self) -> Result<u32, Error> {
        self.child.id().ok_or_else(|| "the program has ended".into())
    }
}
