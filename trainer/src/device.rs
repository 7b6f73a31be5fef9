//! What can train here: the CPU, and CUDA devices where a driver is.

use std::fmt;

use clap::ValueEnum;

use crate::error::Error;

/// What a user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    Auto,
    /// The first CUDA device.
    Cuda,
    /// The CPU.
    Cpu,
}

/// Where training runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// The CPU, with the ndarray backend.
    Cpu,
    /// A CUDA device.
    Cuda(CudaDevice),
}

/// A CUDA device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaDevice {
    /// Its number.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Its memory in bytes.
    pub memory: usize,
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => {
                let threads = std::thread::available_parallelism().map_or(1, usize::from);
                write!(formatter, "cpu ({threads} threads)")
            }
            Self::Cuda(CudaDevice { index, name, memory }) => {
                write!(formatter, "cuda:{index} ({name}, {:.1} GiB)", *memory as f64 / f64::from(1 << 30))
            }
        }
    }
}

impl DeviceChoice {
    /// The device to train on.
    ///
    /// # Errors
    /// [`Error::Device`] if CUDA is asked for and not there, with the reason.
    pub fn resolve(self) -> Result<Device, Error> {
        let cuda = || {
            let devices = cuda_devices()?;
            devices.into_iter().next().map(Device::Cuda).ok_or_else(|| "the driver finds no CUDA device".to_owned())
        };
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Auto => Ok(cuda().unwrap_or(Device::Cpu)),
            Self::Cuda => cuda().map_err(|reason| {
                Error::Device(format!("--device cuda: {reason}; use --device cpu, or see `trainer devices`"))
            }),
        }
    }
}

/// The CUDA devices, or why there is none.
///
/// Looks for the libraries first: Burn's backend panics without them.
#[cfg(feature = "cuda")]
pub fn cuda_devices() -> Result<Vec<CudaDevice>, String> {
    use cudarc::driver::CudaContext;

    if !libraries::driver_is_present() {
        return Err("no NVIDIA driver (libcuda) on this machine".into());
    }
    if !libraries::compiler_is_present() {
        return Err("the NVIDIA driver is here, but not the CUDA run-time compiler (libnvrtc): install CUDA".into());
    }
    let reason = |error: cudarc::driver::DriverError| format!("the NVIDIA driver does not answer: {error}");
    let count = CudaContext::device_count().map_err(reason)?;
    (0..usize::try_from(count).unwrap_or(0))
        .map(|index| {
            let context = CudaContext::new(index).map_err(reason)?;
            let (name, memory) = (context.name().map_err(reason)?, context.total_mem().map_err(reason)?);
            Ok(CudaDevice { index, name, memory })
        })
        .collect()
}

/// The CUDA devices, or why there is none.
#[cfg(not(feature = "cuda"))]
pub fn cuda_devices() -> Result<Vec<CudaDevice>, String> {
    Err("this build leaves CUDA out (feature `cuda`)".into())
}

#[cfg(feature = "cuda")]
#[allow(unsafe_code)]
mod libraries {
    pub(super) fn driver_is_present() -> bool {
        // SAFETY: loads NVIDIA's own library under its own name, whose initialization has no precondition.
        unsafe { cudarc::driver::sys::is_culib_present() }
    }

    pub(super) fn compiler_is_present() -> bool {
        // SAFETY: as above.
        unsafe { cudarc::nvrtc::sys::is_culib_present() }
    }
}
