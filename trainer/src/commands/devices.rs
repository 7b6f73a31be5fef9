use clap::Args;
use trainer::Error;
use trainer::device::{Device, cuda_devices};

use super::print_line;

/// Shows what can train here, and why not.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer devices --check")]
pub(crate) struct Devices {
    /// Compare the results of the training operations on each CUDA device with the CPU.
    #[arg(long)]
    check: bool,
}

impl Devices {
    pub(crate) fn run(&self) -> Result<(), Error> {
        print_line(&Device::Cpu.to_string())?;
        match cuda_devices() {
            Ok(devices) if devices.is_empty() => print_line("cuda: not available: the driver finds no device"),
            Ok(devices) => devices.into_iter().try_for_each(|cuda| self.show(&Device::Cuda(vec![cuda]))),
            Err(reason) => print_line(&format!("cuda: not available: {reason}")),
        }
    }

    fn show(&self, device: &Device) -> Result<(), Error> {
        print_line(&device.to_string())?;
        if !self.check {
            return Ok(());
        }
        let differences = device.differences()?;
        differences.iter().try_for_each(|difference| print_line(&format!("  {difference}")))
    }
}
