//! What this process trains on: the CPU, or a GPU where this build and this machine have one.

use std::fs;
use std::sync::Arc;

use ktrdr_domain::{DeviceClass, DeviceRequest};
use ktrdr_neural::{Backend, Cpu, GPUS_BUILT_IN, gpu};

use crate::cli::fleet::Device;
use crate::exit::{CliError, Kind};

/// Where the NVIDIA driver describes each GPU.
const DRIVER: &str = "/proc/driver/nvidia/gpus";

/// A device, and what trains on it.
#[derive(Clone)]
pub(crate) struct Computing {
    /// Which jobs are for it.
    pub(crate) class: DeviceClass,
    /// In the list of workers.
    pub(crate) name: String,
    /// Of a GPU its number, as CUDA counts them.
    pub(crate) gpu: Option<u8>,
    /// Trains on it.
    pub(crate) backend: Arc<dyn Backend>,
}

impl Computing {
    /// This crate's own kernels.
    pub(crate) fn on_cpu() -> Self {
        Self { class: DeviceClass::Cpu, name: "cpu".into(), gpu: None, backend: Arc::new(Cpu::new()) }
    }

    /// What a worker was told. Better none at all than one that trains on the CPU what was meant for a GPU.
    pub(crate) fn on(asked: Device) -> Result<Self, CliError> {
        match asked {
            Device::Cpu => Ok(Self::on_cpu()),
            Device::Auto => Ok(Self::on_first_gpu().unwrap_or_else(Self::on_cpu)),
            Device::Cuda(number) => find(number, "use --device cpu, or auto"),
        }
    }

    /// What work that is done here and now asks for. Only a request for a GPU takes one: others repeat their bits.
    pub(crate) fn for_request(request: DeviceRequest) -> Result<Self, CliError> {
        match request {
            DeviceRequest::Any | DeviceRequest::Cpu => Ok(Self::on_cpu()),
            DeviceRequest::Gpu => find(0, "leave --device out"),
        }
    }

    /// Whoever builds for GPUs wants to hear why there is none.
    fn on_first_gpu() -> Option<Self> {
        let told = |why: &String| {
            if GPUS_BUILT_IN {
                tracing::warn!(%why, "computing on the CPU");
            }
        };
        Self::on_gpu(0).inspect_err(told).ok()
    }

    fn on_gpu(number: u8) -> Result<Self, String> {
        let (backend, name) = (gpu(number)?, gpu_name(number));
        Ok(Self { class: DeviceClass::Gpu, backend, name, gpu: Some(number) })
    }
}

/// `cuda:0 NVIDIA H200`. The driver counts in another order than CUDA, so the model is said only where all are one.
fn gpu_name(number: u8) -> String {
    let gpus = fs::read_dir(DRIVER).into_iter().flatten().flatten();
    let described = gpus.filter_map(|gpu| fs::read_to_string(gpu.path().join("information")).ok());
    let mut models: Vec<String> = described.filter_map(|text| gpu_model(&text)).collect();
    models.sort();
    models.dedup();
    match models.as_slice() {
        [one] => format!("cuda:{number} {one}"),
        _ => format!("cuda:{number}"),
    }
}

fn gpu_model(information: &str) -> Option<String> {
    let line = information.lines().find_map(|line| line.strip_prefix("Model:"))?;
    Some(line.trim().to_owned()).filter(|model| !model.is_empty())
}

fn find(number: u8, otherwise: &str) -> Result<Computing, CliError> {
    Computing::on_gpu(number).map_err(|why| CliError::new(Kind::Refused, format!("{why}; or {otherwise}")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_model_is_read_from_the_drivers_description() {
        let information = "Model: \t\t NVIDIA H200\nIRQ:   \t\t 255\nGPU UUID: \t GPU-1\n";
        assert_eq!(super::gpu_model(information).as_deref(), Some("NVIDIA H200"));
        assert_eq!(super::gpu_model("IRQ: 1\n"), None);
    }
}
