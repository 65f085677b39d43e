//! `kaizen`: a result to an exit code, nothing else.

use std::process::ExitCode;

use clap::Parser;
use kaizen::cli::{Cli, arguments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments(std::env::args_os()));
    ExitCode::from(kaizen::run::run(&cli).code())
}
