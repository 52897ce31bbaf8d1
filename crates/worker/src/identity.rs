//! Who a worker is.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::DeviceClass;
use ktrdr_fabric::process::host_name;
use ktrdr_fabric::registry::{BrokerSight, WorkerInfo};
use ktrdr_fabric::store::BootId;

/// Who a worker is: claims carry its boot id, heartbeats all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// This run of the process.
    pub boot: BootId,
    /// Name of its computer.
    pub host: String,
    /// Version of its program.
    pub version: String,
    /// What it computes on, such as `cpu` or the name of a GPU.
    pub device: String,
    /// What it does: `worker` unless said otherwise.
    pub role: String,
}

impl Identity {
    /// This process, under a boot id that was never used.
    #[must_use]
    pub fn of_this_process(version: &str, device: &str) -> Self {
        let (version, device, role) = (version.to_owned(), device.to_owned(), "worker".to_owned());
        Self { boot: BootId::of_this_process(), host: host_name(), version, device, role }
    }

    /// What it says of itself, so often, while it takes and runs nothing.
    pub(crate) fn idle(&self, every: Duration, broker: BrokerSight) -> WorkerInfo {
        let Self { boot, host, version, device, role } = self.clone();
        WorkerInfo {
            boot,
            role,
            host,
            version,
            takes: BTreeMap::new(),
            class: DeviceClass::default(),
            device,
            running: Vec::new(),
            is_draining: false,
            every_ms: u64::try_from(every.as_millis()).unwrap_or(u64::MAX),
            broker: Some(broker),
            gpu: None,
        }
    }

    /// The same in another role.
    #[must_use]
    pub fn in_role(self, role: &str) -> Self {
        Self { role: role.to_owned(), ..self }
    }
}
