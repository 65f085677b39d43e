//! `kaizen`: a result to an exit code, nothing else.

use std::process::ExitCode;

use clap::Parser;
use kaizen::cli::{Cli, arguments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::try_parse_from(arguments(std::env::args_os()));
    let exit = cli.map_or_else(|error| kaizen::run::misread(&error), |cli| kaizen::run::run(&cli));
    ExitCode::from(exit.code())
}
