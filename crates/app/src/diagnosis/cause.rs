//! What may stand in the way of work.

use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::artifacts::Disk;
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::BootId;

use super::{Outbox, State, Waits};
use crate::engine::Room;

/// Something that stands in the way of work. Times are Unix milliseconds of the store's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The store takes no new work, or soon may not.
    Room(Room),
    /// The disk of the artefacts is nearly full.
    Disk {
        /// Which.
        place: String,
        /// What is left on it.
        disk: Disk,
    },
    /// No process plays the roles of this workspace.
    NoEngine,
    /// The processes can not reach the broker.
    BrokerGone {
        /// Since when.
        since_ms: i64,
    },
    /// The broker takes nothing: it is low on memory or disk.
    BrokerBlocked {
        /// Since when.
        since_ms: i64,
    },
    /// Nobody publishes what was submitted.
    NoCoordinator {
        /// When one was heard of last, if it fell silent without a word.
        heard_ms: Option<i64>,
        /// Whether any process of the fleet runs.
        runs: bool,
    },
    /// Nobody moves research cycles.
    NoOrchestrator {
        /// When one was heard of last, if it fell silent without a word.
        heard_ms: Option<i64>,
        /// Whether any process of the fleet runs.
        runs: bool,
        /// How many cycles go on.
        cycles: u64,
    },
    /// A coordinator is there, and messages are not published.
    Outbox(Outbox),
    /// Jobs of this kind are paused.
    Paused {
        /// The kind.
        kind: Kind,
        /// Since when, where that is known.
        since_ms: Option<i64>,
    },
    /// No worker takes these jobs.
    NoWorker {
        /// Their kind.
        kind: Kind,
        /// What they ask to run on.
        device: Option<DeviceClass>,
        /// When one was heard of last, if it fell silent without a word.
        heard_ms: Option<i64>,
    },
    /// Every slot for these jobs is taken.
    Busy {
        /// Their kind.
        kind: Kind,
        /// What they ask to run on.
        device: Option<DeviceClass>,
        /// How many slots there are.
        slots: u32,
    },
    /// A process that said that it is there, and says so no more.
    Silent {
        /// Which.
        boot: BootId,
        /// What it did.
        role: String,
        /// What it took.
        kinds: Vec<Kind>,
        /// How many jobs it ran.
        jobs: usize,
        /// When it was heard of last.
        heard_ms: i64,
        /// When it is no longer listed.
        until_ms: i64,
    },
}

/// What a cause is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum About {
    /// The store.
    Store,
    /// The disk of the artefacts.
    Disk,
    /// The one process of the embedded engine.
    Engine,
    /// The broker.
    Broker,
    /// Coordinators.
    Coordinator,
    /// Orchestrators.
    Orchestrator,
    /// What is to be published.
    Outbox,
    /// Jobs of a kind.
    Queue(Kind, Option<DeviceClass>),
    /// One process.
    Process(BootId),
}

impl Cause {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> About {
        match self {
            Self::Room(_) => About::Store,
            Self::Disk { .. } => About::Disk,
            Self::NoEngine => About::Engine,
            Self::BrokerGone { .. } | Self::BrokerBlocked { .. } => About::Broker,
            Self::NoCoordinator { .. } => About::Coordinator,
            Self::NoOrchestrator { .. } => About::Orchestrator,
            Self::Outbox(_) => About::Outbox,
            Self::Paused { kind, .. } => About::Queue(*kind, None),
            Self::NoWorker { kind, device, .. } | Self::Busy { kind, device, .. } => {
                About::Queue(*kind, *device)
            }
            Self::Silent { boot, .. } => About::Process(boot.clone()),
        }
    }

    /// How bad it is. A fleet that nobody started is no fault, one of which a role is missing is.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Room(room) if room.refuses => State::Fault,
            Self::BrokerGone { .. }
            | Self::NoCoordinator { runs: true, .. }
            | Self::NoOrchestrator { runs: true, cycles: 1.., .. } => State::Fault,
            Self::Busy { .. } => State::Ok,
            Self::Room(_)
            | Self::Disk { .. }
            | Self::NoEngine
            | Self::BrokerBlocked { .. }
            | Self::NoCoordinator { .. }
            | Self::NoOrchestrator { .. }
            | Self::Outbox(_)
            | Self::Paused { .. }
            | Self::NoWorker { .. }
            | Self::Silent { .. } => State::Warning,
        }
    }

    /// Whether it stands before what waits so.
    #[must_use]
    pub fn stands_before(&self, waits: Waits) -> bool {
        let is_of = |kind: Kind, device: Option<DeviceClass>| match waits {
            Waits::Job(Queue::Jobs(of)) => of == kind && device.is_none(),
            Waits::Job(Queue::Pinned(of, class)) => of == kind && device == Some(class),
            Waits::Job(Queue::OrchestratorEvents) | Waits::Cycle => false,
        };
        match self {
            Self::Room(room) => room.refuses,
            Self::Disk { .. } | Self::Silent { .. } => false,
            Self::NoEngine
            | Self::BrokerGone { .. }
            | Self::BrokerBlocked { .. }
            | Self::NoCoordinator { .. }
            | Self::Outbox(_) => true,
            Self::NoOrchestrator { .. } => waits == Waits::Cycle,
            Self::Paused { kind, .. } => matches!(waits, Waits::Job(queue) if queue.kind() == Some(*kind)),
            Self::NoWorker { kind, device, .. } | Self::Busy { kind, device, .. } => is_of(*kind, *device),
        }
    }
}
