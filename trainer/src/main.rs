//! `trainer`: the command line.

mod commands;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::Arguments::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            trainer::note(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
