//! The program `digital-twin`; everything is in the library.

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    digital_twin::commands::run(digital_twin::cli::Cli::parse())
}
