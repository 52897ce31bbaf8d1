//! The process itself, as Linux tells it, and which program it is.

use std::fs;
use std::sync::atomic::AtomicU64;

use ktrdr_fabric::clock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// Ticks of `/proc/self/stat` in a second: 100 on every Linux that this runs on (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Bytes of a page in `/proc/self/statm`.
const PAGE_BYTES: i64 = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: String,
}

/// The process, looked at when somebody scrapes.
pub(crate) struct Process {
    cpu_seconds: Counter<f64, AtomicU64>,
    resident_bytes: Gauge,
    open_files: Gauge,
}

impl Process {
    pub(crate) fn register(registry: &mut Registry, version: &str) -> Self {
        let process = Self {
            cpu_seconds: Counter::default(),
            resident_bytes: Gauge::default(),
            open_files: Gauge::default(),
        };
        registry.register("process_cpu_seconds", "CPU time, user and system", process.cpu_seconds.clone());
        registry.register("process_resident_memory_bytes", "Memory in use", process.resident_bytes.clone());
        registry.register("process_open_fds", "Open files and sockets", process.open_files.clone());
        let started: Gauge<f64, AtomicU64> = Gauge::default();
        started.set(clock::since_1970().as_secs_f64());
        registry.register("process_start_time_seconds", "When it began, Unix seconds", started);
        let build = Info::new(Build { version: version.to_owned() });
        registry.register("ktrdr_build", "The program's version", build);
        process
    }

    /// As it is now; what can not be read stays as it was.
    pub(crate) fn look(&self) {
        if let Some(seconds) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_seconds) {
            self.cpu_seconds.inc_by((seconds - self.cpu_seconds.get()).max(0.0));
        }
        let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        if let Some(pages) = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<i64>().ok()) {
            self.resident_bytes.set(pages.saturating_mul(PAGE_BYTES));
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            self.open_files.set(i64::try_from(files.count()).unwrap_or(i64::MAX));
        }
    }
}

/// User and system time: the 14th and 15th field; the 2nd, in brackets, may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((fields.next()?.ok()? + fields.next()?.ok()?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_any_name() {
        let stat = "77 (a) b (c) S 1 77 77 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 9 0 77 1 2";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("nonsense"), None);
    }
}
