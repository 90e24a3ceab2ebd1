//! What the command line says of itself to shells and to `man`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;

/// Prints the script by which a shell completes the command line.
pub(super) fn completions_command(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    write(&script);
    ExitCode::SUCCESS
}

/// Prints the manual page, or writes those of all subcommands into a folder.
pub(super) fn print_manual(folder: Option<&Path>) -> anyhow::Result<()> {
    let command = Cli::command();
    match folder {
        Some(folder) => {
            let written = std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(command, folder));
            written
                .with_context(|| format!("the manual cannot be written into {}", folder.display()))
        }
        None => {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            write(&page);
            Ok(())
        }
    }
}

/// Writes to the standard output. Where nobody reads it any more (`| head`), there is nobody to tell.
fn write(text: &[u8]) {
    let _ = std::io::stdout().lock().write_all(text);
}
