//! Why what waits does not go on, in words, with the command that changes it.

use std::borrow::Cow;

use ktrdr_domain::{DeviceClass, Kind};
use serde::{Deserialize, Serialize};

use super::WaitReason;

/// One reason, in words for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word, such as `paused`.
    pub why: Cow<'static, str>,
    /// The same as a sentence.
    pub message: String,
    /// The command that changes it.
    pub run: String,
}

impl Reason {
    pub(crate) fn new(why: &'static str, message: impl Into<String>, run: impl Into<String>) -> Self {
        Self { why: why.into(), message: message.into(), run: run.into() }
    }
}

impl From<WaitReason> for Reason {
    fn from(reason: WaitReason) -> Self {
        match reason {
            WaitReason::NoEngine => Self::new("no_engine", "no engine runs on this workspace", "ktrdr up"),
            WaitReason::NoCoordinator => {
                let message = "no coordinator publishes what was submitted";
                Self::new("no_coordinator", message, "ktrdr serve")
            }
            WaitReason::NoOrchestrator => {
                Self::new("no_orchestrator", "no orchestrator moves research cycles", "ktrdr orchestrator")
            }
            WaitReason::Paused { kind } => {
                let run = format!("ktrdr queues resume {kind}");
                Self::new("paused", format!("{kind} jobs are paused"), run)
            }
            WaitReason::NoWorker { kind, device } => {
                let (on, run) = start_a_worker(kind, device);
                Self::new("no_worker", format!("no worker takes {kind} jobs{on}"), run)
            }
            WaitReason::Busy { kind, device, slots } => {
                let message = format!("all {slots} slots for {kind} jobs are taken; it waits its turn");
                Self::new("busy", message, start_a_worker(kind, device).1)
            }
            WaitReason::Unknown => Self::new("unknown", "it waits though everybody is there", "ktrdr doctor"),
        }
    }
}

/// What a worker for such jobs would have to compute on, and how one is started.
fn start_a_worker(kind: Kind, device: Option<DeviceClass>) -> (&'static str, String) {
    let (on, option) = match device {
        Some(DeviceClass::Gpu) => (" on a GPU", " --device cuda:0"),
        Some(DeviceClass::Cpu) => (" on a CPU", " --device cpu"),
        None => ("", ""),
    };
    (on, format!("ktrdr worker {kind}{option}"))
}
