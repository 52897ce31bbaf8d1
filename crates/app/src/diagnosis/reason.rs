//! A cause in words: what stands in the way, since when, until when, and the command that changes it.

use std::borrow::Cow;

use ktrdr_domain::{DeviceClass, Kind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cause, Outbox, State};

/// The words of everything that somebody should do something about.
pub const OBSTACLES: [&str; 12] = [
    "store_full",
    "store_nearly_full",
    "disk_nearly_full",
    "no_engine",
    "broker_gone",
    "broker_blocked",
    "no_coordinator",
    "no_orchestrator",
    "not_relayed",
    "paused",
    "no_worker",
    "silent",
];

/// One reason, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[schemars(rename = "Obstacle")]
pub struct Reason {
    /// A stable word, such as `paused`.
    pub why: Cow<'static, str>,
    /// The same as a sentence.
    pub message: String,
    /// The command that changes it, or tells more.
    pub run: String,
    /// Since when, by the store's clock; as far as it is known.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "since",
        alias = "since_ms",
        with = "ktrdr_domain::instant::option"
    )]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub since_ms: Option<i64>,
    /// When it ends, or is decided, by itself.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "until",
        alias = "until_ms",
        with = "ktrdr_domain::instant::option"
    )]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub until_ms: Option<i64>,
}

impl Reason {
    pub(crate) fn new(why: &'static str, message: impl Into<String>, run: impl Into<String>) -> Self {
        Self {
            why: Cow::Borrowed(why),
            message: message.into(),
            run: run.into(),
            since_ms: None,
            until_ms: None,
        }
    }

    pub(crate) fn since(self, since_ms: impl Into<Option<i64>>) -> Self {
        Self { since_ms: since_ms.into(), ..self }
    }

    pub(crate) fn until(self, until_ms: impl Into<Option<i64>>) -> Self {
        Self { until_ms: until_ms.into(), ..self }
    }

    /// Where everybody is there.
    pub(crate) fn unknown() -> Self {
        Self::new("unknown", "it waits though everybody is there", "ktrdr doctor")
    }

    /// Whether it says the same, whatever figures it says it with.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.why, &self.run) == (&other.why, &other.run)
    }
}

/// The causes that somebody should do something about, in words.
#[must_use]
pub fn reasons(causes: &[Cause]) -> Vec<Reason> {
    causes.iter().filter(|cause| cause.state() > State::Ok).map(Reason::from).collect()
}

impl From<&Cause> for Reason {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Room(room) if room.refuses => {
                Self::new("store_full", format!("the store is full: {}", room.figures), room.action)
            }
            Cause::Room(room) => Self::new("store_nearly_full", room.figures.clone(), room.action),
            Cause::Disk { place, disk } => {
                let [free, bytes] = [disk.free, disk.bytes].map(|bytes| bytes as f64 / 1e6);
                let message = format!("{free:.1} MB are free of the {bytes:.1} MB on the disk of {place}");
                Self::new("disk_nearly_full", message, format!("df -h {place}"))
            }
            Cause::NoEngine => Self::new("no_engine", "no engine runs on this workspace", "ktrdr up"),
            Cause::BrokerGone { since_ms } => {
                let message = "the processes can not reach RabbitMQ: start it, or mend the way there; what runs goes on, and \
                               every process connects by itself";
                Self::new("broker_gone", message, "ktrdr doctor").since(*since_ms)
            }
            Cause::BrokerBlocked { since_ms } => {
                let message = "RabbitMQ takes no messages: it is low on memory or disk. Free some there; the outbox empties by \
                               itself";
                Self::new("broker_blocked", message, "rabbitmq-diagnostics alarms").since(*since_ms)
            }
            Cause::NoCoordinator { heard_ms, .. } => {
                let message = fell_silent("no coordinator publishes what was submitted", *heard_ms);
                Self::new("no_coordinator", message, "ktrdr serve").since(*heard_ms)
            }
            Cause::NoOrchestrator { heard_ms, .. } => {
                let message = fell_silent("no orchestrator moves research cycles", *heard_ms);
                Self::new("no_orchestrator", message, "ktrdr orchestrator").since(*heard_ms)
            }
            Cause::Outbox(Outbox { entries, since_ms }) => {
                let message = format!(
                    "{entries} messages wait to be published though a coordinator is there: is the topology complete, is a \
                     queue full?"
                );
                Self::new("not_relayed", message, "ktrdr doctor").since(*since_ms)
            }
            Cause::Paused { kind, since_ms } => {
                let run = format!("ktrdr queues resume {kind}");
                Self::new("paused", format!("{kind} jobs are paused"), run).since(*since_ms)
            }
            Cause::NoWorker { kind, device, heard_ms } => {
                let (on, run) = start_a_worker(*kind, *device);
                let message = fell_silent(&format!("no worker takes {kind} jobs{on}"), *heard_ms);
                Self::new("no_worker", message, run).since(*heard_ms)
            }
            Cause::Busy { kind, device, slots } => {
                let taken = match slots {
                    1 => "the only slot".to_owned(),
                    slots => format!("all {slots} slots"),
                };
                let message = format!(
                    "{taken} for {kind} jobs {} taken; it waits its turn",
                    if *slots == 1 { "is" } else { "are" }
                );
                Self::new("busy", message, start_a_worker(*kind, *device).1)
            }
            Cause::Silent { boot, role, kinds, jobs, heard_ms, until_ms } => {
                let jobs = match jobs {
                    0 => String::new(),
                    1 => "; its job goes to another one when its lease is over".to_owned(),
                    n => format!("; its {n} jobs go to others when their leases are over"),
                };
                let message = format!("{role} {boot} fell silent: dead, frozen or cut off{jobs}");
                Self::new("silent", message, start_again(role, kinds)).since(*heard_ms).until(*until_ms)
            }
        }
    }
}

fn fell_silent(words: &str, heard_ms: Option<i64>) -> String {
    match heard_ms {
        Some(_) => format!("{words}: the last one fell silent"),
        None => words.to_owned(),
    }
}

/// How a process like one that is gone is started.
fn start_again(role: &str, kinds: &[Kind]) -> String {
    match (role, kinds) {
        ("coordinator", _) => "ktrdr serve".into(),
        ("orchestrator", _) => "ktrdr orchestrator".into(),
        ("up", _) => "ktrdr up".into(),
        (_, [kind]) => format!("ktrdr worker {kind}"),
        _ => "ktrdr worker all".into(),
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
