use clap::Args;
use trainer::Error;
use trainer::device::{Device, cuda_devices};

use super::print_line;

/// Shows what can train here, and why not.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer devices")]
pub(crate) struct Devices {}

impl Devices {
    pub(crate) fn run(&self) -> Result<(), Error> {
        print_line(&Device::Cpu.to_string())?;
        match cuda_devices() {
            Ok(devices) if devices.is_empty() => print_line("cuda: not available: the driver finds no device"),
            Ok(devices) => devices.into_iter().try_for_each(|cuda| print_line(&cuda.to_string())),
            Err(reason) => print_line(&format!("cuda: not available: {reason}")),
        }
    }
}
