//! Installs what our functions are compared with, pinned, into the build folder.

use std::path::Path;

use stack::Error;
use tokio::process::Command;
use web::environment::variable;

use crate::setup::Folders;

/// Puts Python's packages, PocketBase among them, and the bundle of Node.js there, unless they are.
pub(crate) async fn install(folders: &Folders) -> Result<(), Error> {
    let (sources, installed) = (&folders.peers, &folders.installed);
    std::fs::create_dir_all(installed)?;
    let lock = sources.join("python/requirements.txt");
    let python = installed.join("python");
    if !is_of(&python, &lock) {
        run(Command::new(folders.venv.join("bin/python")).args(["-m", "venv", "--clear"]).arg(&python))
            .await?;
        let mut pip = Command::new(python.join("bin/pip"));
        pip.args(["install", "--quiet", "--no-deps", "--require-hashes", "-r"]).arg(&lock);
        run(&mut pip).await?;
        std::fs::copy(&lock, python.join("lock"))?;
    }
    let node = installed.join("node");
    let lock = sources.join("node/package-lock.json");
    if !is_of(&node, &lock) {
        std::fs::create_dir_all(&node)?;
        for entry in std::fs::read_dir(sources.join("node"))? {
            let entry = entry?;
            if entry.path().is_file() {
                std::fs::copy(entry.path(), node.join(entry.file_name()))?;
            }
        }
        let binaries = folders.venv.join("bin");
        let path = format!("{}:{}", binaries.display(), variable("PATH").unwrap_or_default());
        for arguments in [["ci", "--silent"], ["run", "build"]] {
            let mut npm = Command::new(binaries.join("npm"));
            run(npm.args(arguments).current_dir(&node).env("PATH", &path)).await?;
        }
        std::fs::copy(&lock, node.join("lock"))?;
    }
    Ok(())
}

/// Whether a folder was made from this lock.
fn is_of(folder: &Path, lock: &Path) -> bool {
    std::fs::read(folder.join("lock")).is_ok_and(|made| Some(made) == std::fs::read(lock).ok())
}

async fn run(command: &mut Command) -> Result<(), Error> {
    let done = command.output().await?;
    if done.status.success() {
        return Ok(());
    }
    let program = command.as_std().get_program().display().to_string();
    Err(format!("{program} failed: {}", String::from_utf8_lossy(&done.stderr)).into())
}
