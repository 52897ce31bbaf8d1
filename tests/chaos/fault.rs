//! What can go wrong, by name.

use std::fmt;
use std::str::FromStr;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// `kill -9`.
    KillWorker,
    /// Stopped for longer than a lease, then continued: it does not know that it was declared dead.
    FreezeWorker,
    /// `kill -9` of a process that publishes.
    KillCoordinator,
    /// `kill -9` of a process that moves cycles.
    KillOrchestrator,
    /// Every node of the broker, by turns politely and with `kill -9`.
    RestartBroker,
    /// `kill -9` of one node of three, which comes back later.
    LoseNode,
    /// A queue is deleted under its consumers; an operator declares it again.
    DeleteQueue,
    /// The broker is low on memory and takes nothing.
    MemoryAlarm,
    /// The broker takes back what is not acknowledged within two seconds.
    ConsumerTimeout,
    /// `kill -9`, and a start from the append-only file.
    KillRedis,
    /// Every connection to Redis ends.
    CutRedis,
    /// Every connection to the broker ends.
    CutBroker,
    /// Everything takes longer.
    SlowWires,
    /// Connections to Redis stay open and carry nothing.
    SilentRedis,
    /// Connections to the broker stay open and carry nothing.
    SilentBroker,
    /// Copies of job and event messages.
    Duplicates,
    /// A queue is emptied.
    Purge,
    /// Messages that can not be read, or not yet.
    Foreign,
    /// A job that kills its worker at every attempt.
    Poison,
    /// A job that kills its worker at its first attempt.
    CrashOnce,
    /// A cancelled job that does not listen: its worker ends itself.
    Deaf,
    /// A cancel at about the time of the end.
    Cancel,
}

impl Fault {
    pub(crate) const ALL: [Self; 22] = [
        Self::KillWorker,
        Self::FreezeWorker,
        Self::KillCoordinator,
        Self::KillOrchestrator,
        Self::RestartBroker,
        Self::LoseNode,
        Self::DeleteQueue,
        Self::MemoryAlarm,
        Self::ConsumerTimeout,
        Self::KillRedis,
        Self::CutRedis,
        Self::CutBroker,
        Self::SlowWires,
        Self::SilentRedis,
        Self::SilentBroker,
        Self::Duplicates,
        Self::Purge,
        Self::Foreign,
        Self::Poison,
        Self::CrashOnce,
        Self::Deaf,
        Self::Cancel,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KillWorker => "kill-worker",
            Self::FreezeWorker => "freeze-worker",
            Self::KillCoordinator => "kill-coordinator",
            Self::KillOrchestrator => "kill-orchestrator",
            Self::RestartBroker => "restart-broker",
            Self::LoseNode => "lose-node",
            Self::DeleteQueue => "delete-queue",
            Self::MemoryAlarm => "memory-alarm",
            Self::ConsumerTimeout => "consumer-timeout",
            Self::KillRedis => "kill-redis",
            Self::CutRedis => "cut-redis",
            Self::CutBroker => "cut-broker",
            Self::SlowWires => "slow-wires",
            Self::SilentRedis => "silent-redis",
            Self::SilentBroker => "silent-broker",
            Self::Duplicates => "duplicates",
            Self::Purge => "purge",
            Self::Foreign => "foreign",
            Self::Poison => "poison",
            Self::CrashOnce => "crash-once",
            Self::Deaf => "deaf",
            Self::Cancel => "cancel",
        }
    }

    /// How often in a run of ten thousand operations.
    pub(crate) fn times(self) -> usize {
        match self {
            Self::Cancel => 500,
            Self::KillWorker | Self::CrashOnce => 30,
            Self::FreezeWorker | Self::CutRedis | Self::CutBroker => 12,
            Self::KillCoordinator
            | Self::KillOrchestrator
            | Self::KillRedis
            | Self::Duplicates
            | Self::Poison => 10,
            Self::SlowWires | Self::SilentRedis | Self::SilentBroker | Self::Purge | Self::Foreign => 6,
            Self::DeleteQueue | Self::LoseNode | Self::Deaf => 4,
            Self::RestartBroker | Self::MemoryAlarm | Self::ConsumerTimeout => 3,
        }
    }

    /// Whether it takes the operations of one process, which others must take up; everything else hits the whole
    /// fleet, which must move on afterwards.
    pub(crate) fn takes_a_worker(self) -> bool {
        matches!(
            self,
            Self::KillWorker
                | Self::FreezeWorker
                | Self::Poison
                | Self::CrashOnce
                | Self::Deaf
                | Self::Cancel
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == text)
            .ok_or_else(|| format!("{text:?} is no fault: {}", names()))
    }
}

/// `kill-worker,purge=3`: names, and how often where that is not as usual.
pub(crate) fn parse(list: &str, usual: impl Fn(Fault) -> usize) -> Result<Vec<(Fault, usize)>, String> {
    let one = |item: &str| match item.split_once('=') {
        None => item.parse().map(|fault| (fault, usual(fault))),
        Some((name, times)) => {
            let times = times.parse().map_err(|_| format!("{item:?}: how often?"))?;
            Ok((name.parse()?, times))
        }
    };
    list.split(',').map(|item| one(item.trim())).collect()
}

#[test]
fn faults_are_chosen_by_name_and_number() {
    let chosen = parse("kill-worker, purge=3", |_| 7);
    assert_eq!(chosen, Ok(vec![(Fault::KillWorker, 7), (Fault::Purge, 3)]));
    assert!(parse("kill-worked", |_| 7).unwrap_err().contains("kill-worker"));
    assert!(parse("purge=often", |_| 7).is_err());
}
