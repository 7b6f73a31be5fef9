//! The command line: one file per subcommand.

mod answer_form;
mod answers;
mod board;
mod cut_rows;
mod data;
mod demo;
mod devices;
#[cfg(test)]
mod documentation;
mod evaluate;
mod export;
mod frontier;
mod given;
mod import;
mod inspect;
mod known_answers;
mod measured_stream;
mod misspelt;
mod parity;
mod predict;
mod prompt;
mod reading;
mod report;
mod settings;
mod split;
mod stream;
mod strip;
mod train;
mod upgrade;

use std::path::Path;

use clap::{Parser, Subcommand};
use serde::Serialize;
use trainer::Error;
use trainer::output::Output;
use trainer::run::Run;

use cut_rows::CutRows;

/// The CPU backend, for everything but training on a GPU.
type Cpu = burn_ndarray::NdArray<f32>;

/// Trains recurrent classifiers and exports them for microcontrollers.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, args_override_self = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Trains a network and writes a run folder.
    Train(Box<train::Train>),
    /// Searches the best network for each flash budget.
    Frontier(Box<frontier::FrontierCommand>),
    /// Imports a PyTorch, Keras or ONNX model as a run folder.
    Import(import::Import),
    /// Writes a run's network as a model file.
    Export(export::Export),
    /// Measures a model file on labelled rows, with the runtime.
    Evaluate(evaluate::Evaluate),
    /// Compares the trained network with the runtime in f32, f16 and int8.
    Parity(parity::Parity),
    /// Classifies a text, the rows of a file, or standard input, frames of numbers while they come.
    Predict(predict::Predict),
    /// Shows what a model file is and what it costs a device.
    Inspect(inspect::Inspect),
    /// Writes a page that compares finished runs.
    Report(report::Report),
    /// Converts a model file of an earlier version, or packs its weights for a board.
    Upgrade(upgrade::Upgrade),
    /// Removes from a model file what a device does not read.
    Strip(strip::Strip),
    /// Shows what can train here, and why not.
    Devices(devices::Devices),
    /// Writes texts or frames with a model's answers, for a board to compare with.
    KnownAnswers(known_answers::KnownAnswersCommand),
    /// Shows how a file is understood, before anything is trained.
    Data(data::Data),
    /// Splits a file of rows into train.csv and test.csv.
    Split(split::Split),
    /// The whole way on the built-in home commands: train, export, evaluate, predict, emulate.
    Demo(demo::Demo),
}

impl Arguments {
    /// The arguments of this program; it ends with a message, and the nearest name, if they are wrong.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| misspelt::with_nearest(error).exit())
    }

    pub(crate) fn run(self) -> Result<(), Error> {
        match self.command {
            Command::Train(command) => command.run(),
            Command::Frontier(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Evaluate(command) => command.run(),
            Command::Parity(command) => command.run(),
            Command::Predict(command) => command.run(),
            Command::Inspect(command) => command.run(),
            Command::Report(command) => command.run(),
            Command::Upgrade(command) => command.run(),
            Command::Strip(command) => command.run(),
            Command::Devices(command) => command.run(),
            Command::KnownAnswers(command) => command.run(),
            Command::Data(command) => command.run(),
            Command::Split(command) => command.run(),
            Command::Demo(command) => command.run(),
        }
    }
}

/// A run on the CPU.
fn load_run(path: &Path) -> Result<Run<Cpu>, Error> {
    Run::load(path, &Default::default())
}

/// Prints `report` as text, or as one JSON object.
fn print<Report: Serialize + std::fmt::Display>(report: &Report, json: bool) -> Result<(), Error> {
    if json { print_json(report) } else { print_line(&report.to_string()) }
}

fn print_json(report: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(report).map_err(|error| Error::Failed(error.to_string()))?;
    print_line(&text)
}

/// Says what was written: on standard output, or on standard error where the output itself went there.
fn print_written(output: &Output, line: &str) -> Result<(), Error> {
    if output.is_standard_output() {
        trainer::note(line);
        return Ok(());
    }
    print_line(line)
}

/// Prints a line on standard output; whoever reads it may have gone, which is no failure.
fn print_line(line: &str) -> Result<(), Error> {
    use std::io::Write;
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Unwritable { path: "standard output".into(), source: error })
        }
        _ => Ok(()),
    }
}
