//! What can train here: the CPU, and CUDA devices where a driver is.

// Left out of the unit tests, which would take minutes more to build.
#[cfg(not(test))]
mod compute;
#[cfg(feature = "wgpu")]
mod wgpu;

use std::fmt;

use clap::ValueEnum;

use crate::error::Error;
#[cfg(feature = "wgpu")]
pub use wgpu::Wgpu;

/// What a user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    Auto,
    /// The first CUDA device, or those of --devices.
    Cuda,
    /// The CPU.
    Cpu,
}

/// Where training runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// The CPU, with the ndarray backend.
    Cpu,
    /// CUDA devices, which share each batch; at least one.
    Cuda(Vec<CudaDevice>),
    /// What Vulkan or Metal reaches.
    #[cfg(feature = "wgpu")]
    Wgpu(Wgpu),
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
            Self::Cuda(devices) => {
                let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
                formatter.write_str(&devices.join(", "))
            }
            #[cfg(feature = "wgpu")]
            Self::Wgpu(wgpu) => wgpu.fmt(formatter),
        }
    }
}

impl fmt::Display for CudaDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, name, memory } = self;
        write!(formatter, "cuda:{index} ({name}, {:.1} GiB)", *memory as f64 / f64::from(1 << 30))
    }
}

impl DeviceChoice {
    /// The device to train on, or the CUDA devices of these numbers.
    ///
    /// # Errors
    /// [`Error::Device`] if CUDA is asked for and not there, with the reason.
    pub fn resolve(self, numbers: &[usize]) -> Result<Device, Error> {
        match (self, numbers) {
            (Self::Cpu, []) => Ok(Device::Cpu),
            (Self::Cpu, _) => Err(Error::Device("--devices: numbers of CUDA devices, but --device is cpu".into())),
            (Self::Auto, []) => Ok(first_cuda_device().unwrap_or(Device::Cpu)),
            (Self::Cuda, []) => first_cuda_device().map_err(|reason| missing("--device cuda", &reason)),
            (Self::Auto | Self::Cuda, numbers) => {
                let devices = cuda_devices().map_err(|reason| missing("--devices", &reason))?;
                let device = |number: &usize| {
                    let found = devices.iter().find(|device| device.index == *number).cloned();
                    found.ok_or_else(|| missing("--devices", &format!("there is no CUDA device {number}")))
                };
                let devices: Vec<_> = numbers.iter().map(device).collect::<Result<_, _>>()?;
                if devices.iter().any(|device| device.index != devices[0].index) && !communication_is_present() {
                    return Err(missing("--devices", "several devices need NVIDIA's library NCCL (libnccl)"));
                }
                Ok(Device::Cuda(devices))
            }
        }
    }
}

fn first_cuda_device() -> Result<Device, String> {
    let first = cuda_devices()?.into_iter().next().ok_or("the driver finds no CUDA device")?;
    Ok(Device::Cuda(vec![first]))
}

fn missing(argument: &str, reason: &str) -> Error {
    Error::Device(format!("{argument}: {reason}; use --device cpu, or see `trainer devices`"))
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

/// Whether Burn can move what one CUDA device has computed to another.
fn communication_is_present() -> bool {
    #[cfg(feature = "cuda")]
    return libraries::communication_is_present();
    #[cfg(not(feature = "cuda"))]
    return false;
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

    pub(super) fn communication_is_present() -> bool {
        // SAFETY: as above.
        unsafe { cudarc::nccl::sys::is_culib_present() }
    }
}
