//! The GPU that a process trains on, as NVIDIA's driver tells of it. Where there is no driver nothing is told.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicI64, AtomicU64};

use ktrdr_fabric::registry::GpuSight;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::labels::{Unlabelled, tell};

/// The driver's library. Without the version in its name it is there only for those who compile against it.
const DRIVER: &str = "libnvidia-ml.so.1";

/// A GPU that can be looked at.
pub struct Gpu {
    driver: Nvml,
    name: Name,
}

/// How the driver knows it.
enum Name {
    Number(u32),
    Uuid(String),
}

impl Gpu {
    /// The GPU of this number as CUDA counts them; `visible` is what `CUDA_VISIBLE_DEVICES` says, which numbers them anew.
    /// Nothing where there is no driver, or no such GPU.
    #[must_use]
    pub fn find(number: u8, visible: Option<&str>) -> Option<Self> {
        Self::find_by(OsStr::new(DRIVER), number, visible)
    }

    /// The same, by the driver's library at another place.
    #[must_use]
    pub fn find_by(library: &OsStr, number: u8, visible: Option<&str>) -> Option<Self> {
        let driver = Nvml::builder().lib_path(library).init().ok()?;
        let gpu = Self { driver, name: Name::of(number, visible)? };
        gpu.device().is_ok().then_some(gpu)
    }

    /// As it is now; nothing where the driver does not tell of its memory.
    pub(crate) fn sight(&self) -> Option<GpuSight> {
        let device = self.device().ok()?;
        let memory = device.memory_info().ok()?;
        let busy_percent = device.utilization_rates().ok().map(|busy| busy.gpu);
        Some(GpuSight { memory_bytes: memory.total, memory_used_bytes: memory.used, busy_percent })
    }

    fn device(&self) -> Result<Device<'_>, NvmlError> {
        match &self.name {
            Name::Number(number) => self.driver.device_by_index(*number),
            Name::Uuid(uuid) => self.driver.device_by_uuid(uuid.as_str()),
        }
    }
}

impl Name {
    fn of(number: u8, visible: Option<&str>) -> Option<Self> {
        let Some(visible) = visible else { return Some(Self::Number(number.into())) };
        let named = visible.split(',').nth(number.into())?.trim();
        Some(named.parse().map_or_else(|_| Self::Uuid(named.to_owned()), Self::Number))
    }
}

type Told<N, A> = Family<Unlabelled, Gauge<N, A>>;

/// What is told of it, looked at when somebody scrapes.
pub(crate) struct Gauges {
    used_bytes: Told<i64, AtomicI64>,
    bytes: Told<i64, AtomicI64>,
    utilisation: Told<f64, AtomicU64>,
}

impl Gauges {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let gauges =
            Self { used_bytes: Family::default(), bytes: Family::default(), utilisation: Family::default() };
        registry.register(
            "ktrdr_gpu_memory_used_bytes",
            "Memory of this process's GPU that is in use, by whomever",
            gauges.used_bytes.clone(),
        );
        registry.register("ktrdr_gpu_memory_bytes", "Memory of this process's GPU", gauges.bytes.clone());
        registry.register(
            "ktrdr_gpu_utilisation_ratio",
            "Share of the last moments in which this process's GPU computed, for whomever",
            gauges.utilisation.clone(),
        );
        gauges
    }

    /// As it is now. What the driver does not tell is not told.
    pub(crate) fn look(&self, gpu: &Gpu) {
        let sight = gpu.sight();
        let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        tell(&self.used_bytes, sight.map(|sight| bytes(sight.memory_used_bytes)));
        tell(&self.bytes, sight.map(|sight| bytes(sight.memory_bytes)));
        let busy = sight.and_then(|sight| sight.busy_percent);
        tell(&self.utilisation, busy.map(|percent| f64::from(percent) / 100.0));
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;

    /// A driver with two GPUs, of which the second is half in use and computes a quarter of the time.
    const A_DRIVER: &str = r"
        typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } memory_t;
        typedef struct { unsigned int gpu, memory; } rates_t;
        static int gpus[2];
        int nvmlInit_v2(void) { return 0; }
        int nvmlShutdown(void) { return 0; }
        int nvmlDeviceGetHandleByIndex_v2(unsigned int n, void **device) {
            if (n > 1) return 2;
            *device = &gpus[n];
            return 0;
        }
        int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) { *device = &gpus[1]; return uuid[0] != 'G'; }
        int nvmlDeviceGetMemoryInfo_v2(void *device, memory_t *memory) {
            memory->total = 1000;
            memory->used = device == &gpus[1] ? 500 : 0;
            memory->free = 1000 - memory->used;
            return 0;
        }
        int nvmlDeviceGetUtilizationRates(void *device, rates_t *rates) {
            if (device != &gpus[1]) return 3;
            rates->gpu = 25;
            rates->memory = 1;
            return 0;
        }
    ";

    fn compiled(folder: &Path) -> PathBuf {
        let (source, library) = (folder.join("driver.c"), folder.join("driver.so"));
        std::fs::write(&source, A_DRIVER).unwrap();
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
        assert!(compiled.unwrap().success());
        library
    }

    fn told(gpu: &Gpu) -> String {
        let mut registry = Registry::default();
        let gauges = Gauges::register(&mut registry);
        gauges.look(gpu);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn the_gpu_that_cuda_means_is_looked_at_and_what_is_not_known_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let library = compiled(folder.path());
        let find = |number, visible| Gpu::find_by(library.as_os_str(), number, visible);
        let second = "ktrdr_gpu_memory_used_bytes 500\nktrdr_gpu_memory_bytes 1000\nktrdr_gpu_utilisation_ratio 0.25\n";
        assert_eq!(told(&find(1, None).unwrap()), second);
        assert_eq!(told(&find(0, Some("1")).unwrap()), second, "what is visible is numbered anew");
        assert_eq!(told(&find(1, Some("0, GPU-7f")).unwrap()), second, "and may be named otherwise");
        assert_eq!(
            told(&find(0, None).unwrap()),
            "ktrdr_gpu_memory_used_bytes 0\nktrdr_gpu_memory_bytes 1000\n",
            "this one does not say how busy it is"
        );
        assert!(find(2, None).is_none() && find(1, Some("0")).is_none() && find(0, Some("")).is_none());
    }

    #[test]
    fn where_there_is_no_driver_there_is_no_gpu() {
        assert!(Gpu::find_by(OsStr::new("/nowhere/libnvidia-ml.so.1"), 0, None).is_none());
    }
}
