//! What Vulkan or Metal reaches: a second way through the operations that CUDA runs.

use std::fmt;
use std::sync::OnceLock;

use burn_wgpu::graphics::AutoGraphicsApi;
use burn_wgpu::{WgpuDevice, init_setup};

/// Devices of the default adapter, which share each batch; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wgpu {
    name: &'static str,
    devices: Vec<WgpuDevice>,
}

impl Wgpu {
    /// The default adapter as so many devices: itself, so often. Burn moves nothing between two adapters.
    ///
    /// # Panics
    /// If Vulkan, or Metal, finds no adapter.
    pub fn new(count: usize) -> Self {
        static NAME: OnceLock<String> = OnceLock::new();
        let name = NAME.get_or_init(|| {
            let setup = init_setup::<AutoGraphicsApi>(&WgpuDevice::default(), Default::default());
            let info = setup.adapter.get_info();
            format!("{}, {:?}, {:?}, {}", info.name, info.device_type, info.backend, info.driver_info)
        });
        let devices = vec![WgpuDevice::default(); count];
        Self { name, devices }
    }

    /// The devices.
    pub fn devices(&self) -> &[WgpuDevice] {
        &self.devices
    }
}

impl fmt::Display for Wgpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "wgpu ({}), {} of it", self.name, self.devices.len())
    }
}
