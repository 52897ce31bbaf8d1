//! A GPU that no machine of the tests has: a driver that says what a file says, told by the real exporter as a worker would that
//! trains there.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::trace::Sample;
use ktrdr_domain::{DeviceClass, Kind, OperationId, Timestamp};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::registry::{GpuSight, WorkerInfo};
use ktrdr_fabric::store::BootId;
use ktrdr_telemetry::{Gpu, Telemetry};
use tempfile::TempDir;

use crate::api::client::block_on;

/// A driver with one GPU. FILE says how busy it is, in per cent.
const A_DRIVER: &str = r#"
    #include <stdio.h>
    typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } memory_t;
    typedef struct { unsigned int gpu, memory; } rates_t;
    static int the_gpu;
    int nvmlInit_v2(void) { return 0; }
    int nvmlShutdown(void) { return 0; }
    int nvmlDeviceGetHandleByIndex_v2(unsigned int n, void **device) { *device = &the_gpu; return n ? 2 : 0; }
    int nvmlDeviceGetMemoryInfo_v2(void *device, memory_t *memory) {
        memory->total = 1000; memory->used = 500; memory->free = 500;
        return 0;
    }
    int nvmlDeviceGetUtilizationRates(void *device, rates_t *rates) {
        FILE *file = fopen(FILE_NAME, "r");
        rates->memory = 0;
        int read = file && fscanf(file, "%u", &rates->gpu) == 1;
        if (file) fclose(file);
        return read ? 0 : 3;
    }
"#;

/// Tells of a GPU on which a training runs.
pub(super) struct Exporter {
    pub(super) address: String,
    folder: TempDir,
}

impl Exporter {
    pub(super) fn start() -> Self {
        let folder = TempDir::with_prefix("ktrdr-gpu-").unwrap();
        let telemetry = Telemetry::new("0.0.0", Sample::NONE);
        let gpu = Gpu::find_by(compiled(folder.path()).as_os_str(), 0, None).unwrap();
        telemetry.watch(gpu);
        let engine = Engine::open(folder.path(), Role::Runner).unwrap();
        let registry = telemetry.registry(engine.store.clone());
        fs::write(busy(folder.path()), "90").unwrap();
        block_on(async {
            registry.heartbeat(&a_worker_that_trains(), Duration::from_secs(60)).await.unwrap();
            let heard = registry.workers().await.unwrap().remove(0).worker;
            let gpu = GpuSight { memory_bytes: 1000, memory_used_bytes: 500, busy_percent: Some(90) };
            assert_eq!((heard.gpu, heard.holds_idle_gpu()), (Some(gpu), false));
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let telemetry = Arc::new(telemetry);
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|stream| tell(&stream, &telemetry));
        });
        Self { address, folder }
    }

    /// From now on the GPU computes this share of the time, in per cent.
    pub(super) fn computes(&self, share: u32) {
        fs::write(busy(self.folder.path()), share.to_string()).unwrap();
    }
}

fn busy(folder: &Path) -> PathBuf {
    folder.join("busy")
}

fn compiled(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("driver.c"), folder.join("driver.so"));
    fs::write(&source, A_DRIVER).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
    compiler.arg(format!("-DFILE_NAME=\"{}\"", busy(folder).display()));
    assert!(compiler.status().unwrap().success());
    library
}

fn a_worker_that_trains() -> WorkerInfo {
    WorkerInfo {
        boot: BootId("a-gpu".into()),
        role: "worker".into(),
        host: "a-gpu".into(),
        version: "0.0.0".into(),
        takes: [(Kind::Training, 1)].into(),
        class: DeviceClass::Gpu,
        device: "A GPU".into(),
        running: vec![OperationId::new(Kind::Training, Timestamp(1_700_000_000), 1)],
        is_draining: false,
        every_ms: 1_000,
        broker: None,
        gpu: None,
    }
}

/// Answers whoever asks, whatever they ask.
fn tell(stream: &std::net::TcpStream, telemetry: &Telemetry) {
    let asked = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    asked.for_each(drop);
    let (text, kind) = (telemetry.expose(), ktrdr_telemetry::MEDIA_TYPE);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close",
        text.len()
    );
    let mut writer = stream;
    // A scraper that went away is not answered.
    let _ = writer.write_all(format!("{head}\r\n\r\n{text}").as_bytes());
}
