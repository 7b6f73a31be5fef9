//! What is computed on a device: here alone the kernels of each backend are instantiated.

use burn::backend::Autodiff;
use burn_ndarray::NdArray;

use super::Device;
use crate::error::Error;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use crate::operations;
use crate::operations::Difference;
use crate::training::{Ending, Fit, Progress, fit};

#[cfg(feature = "cuda")]
type Cuda = burn_cuda::Cuda<f32, i32>;
#[cfg(feature = "wgpu")]
type Wgpu = burn_wgpu::Wgpu<f32, i32>;

impl Device {
    /// Trains on it, as [`fit`] does.
    ///
    /// # Errors
    /// As [`fit`]; [`Error::Device`] if this build leaves the device out.
    pub fn fit(&self, training: &Fit<'_>, progress: &mut Progress) -> Result<Ending, Error> {
        match self {
            Self::Cpu => fit::<Autodiff<NdArray<f32>>>(training, progress, &[]),
            #[cfg(feature = "cuda")]
            Self::Cuda(devices) => fit::<Autodiff<Cuda>>(training, progress, &numbers(devices)),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda(_) => Err(left_out()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu(wgpu) => fit::<Autodiff<Wgpu>>(training, progress, wgpu.devices()),
        }
    }

    /// How far what it computes is from what the CPU computes: nothing of the CPU, of several devices the first one's.
    ///
    /// # Errors
    /// [`Error::Device`] if this build leaves the device out.
    pub fn differences(&self) -> Result<Vec<Difference>, Error> {
        match self {
            Self::Cpu => Ok(Vec::new()),
            #[cfg(feature = "cuda")]
            Self::Cuda(devices) => Ok(numbers(devices).first().map_or(Vec::new(), operations::differences::<Cuda>)),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda(_) => Err(left_out()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu(wgpu) => Ok(wgpu.devices().first().map_or(Vec::new(), operations::differences::<Wgpu>)),
        }
    }
}

#[cfg(feature = "cuda")]
fn numbers(devices: &[super::CudaDevice]) -> Vec<burn_cuda::CudaDevice> {
    devices.iter().map(|device| burn_cuda::CudaDevice::new(device.index)).collect()
}

#[cfg(not(feature = "cuda"))]
fn left_out() -> Error {
    Error::Device("this build leaves CUDA out (feature `cuda`)".into())
}
