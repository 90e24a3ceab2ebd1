//! Copying archives away with rclone, which knows every kind of storage.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{anyhow, bail};
use tokio::process::Command;

/// The program that copies.
const RCLONE: &str = "rclone";
/// The files that are copied.
const ARCHIVES: &str = "digital-twin-*.{tar.zst,tar.zst.age}";

/// Copies the archives of a folder that are not there yet to a target, as rclone knows it. None is deleted there; one that lies there
/// with another content is an error, since archives never change. What rclone says goes to our own error output.
pub(super) async fn copy_away(folder: &Path, target: &str) -> anyhow::Result<()> {
    let mut rclone = Command::new(RCLONE);
    rclone
        .args(["copy", "--immutable", "--include", ARCHIVES, "--"])
        .args([folder.as_os_str(), target.as_ref()]);
    let status = match rclone.kill_on_drop(true).status().await {
        Ok(status) => status,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{RCLONE} is not installed, or not in PATH")
        }
        Err(error) => return Err(anyhow!(error).context(format!("{RCLONE} cannot be run"))),
    };
    match status.success() {
        true => Ok(()),
        false => bail!("{RCLONE} could not copy to {target}: {status}"),
    }
}
