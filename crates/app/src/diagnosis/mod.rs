//! What stands in the way of work: one pure function from what was seen to causes, and words for each of them. Doctor, health,
//! the lists of queues and workers, `operations explain` and the API say what it says, so that they can not disagree.
//!
//! | part | idea |
//! |---|---|
//! | `seen` | what there is to see of a workspace, gathered once |
//! | `cause` | what may stand in the way, and of what |
//! | `reason` | a cause in words: what, since when, until when, what to run |

mod cause;
mod reason;
mod seen;

use ktrdr_domain::Kind;
use ktrdr_fabric::broker::{BrokerState, Queue};
use ktrdr_fabric::registry::WorkerEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cause::{About, Cause};
pub use reason::{OBSTACLES, Reason, reasons};
pub use seen::{Outbox, Seen};

/// How long a message may wait for a coordinator that is there. It takes milliseconds, or something is wrong.
const PUBLISHED_WITHIN_MS: i64 = 5_000;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, and could be better.
    Warning,
    /// Must be mended.
    Fault,
}

/// What stands in the way of work, what is behind other things first.
#[must_use]
pub fn diagnose(seen: &Seen) -> Vec<Cause> {
    let mut causes: Vec<Cause> = of_store(seen).chain(of_roles(seen)).collect();
    if !causes.contains(&Cause::NoEngine) {
        causes.extend(of_queues(seen));
        causes.extend(of_processes(seen));
    }
    causes
}

fn of_store(seen: &Seen) -> impl Iterator<Item = Cause> + use<> {
    let room = seen.room.iter().filter(|room| room.refuses || room.is_scarce);
    let full: Vec<Cause> = room.map(|room| Cause::Room(room.clone())).collect();
    // Of the embedded engine both are one disk.
    let is_said = !seen.has_many_roles && !full.is_empty();
    let disk = seen.disk.clone().filter(|(_, disk)| disk.is_scarce() && !is_said);
    let disk = disk.map(|(place, disk)| Cause::Disk { place, disk });
    full.into_iter().chain(disk)
}

fn of_roles(seen: &Seen) -> Vec<Cause> {
    if !seen.has_many_roles {
        return Vec::from_iter(seen.has_no_engine().then_some(Cause::NoEngine));
    }
    let runs = !seen.workers.is_empty();
    let mut causes = Vec::from_iter(broker(seen));
    let is_broker_well = causes.is_empty();
    if !seen.plays("coordinator") {
        let heard_ms = seen.last_heard_of("coordinator");
        causes.push(Cause::NoCoordinator { heard_ms, runs });
    } else if let Some(outbox) = seen.outbox.filter(|outbox| is_broker_well && seen.is_stuck(*outbox)) {
        causes.push(Cause::Outbox(outbox));
    }
    if !seen.plays("orchestrator") {
        let (heard_ms, cycles) = (seen.last_heard_of("orchestrator"), seen.cycles);
        causes.push(Cause::NoOrchestrator { heard_ms, runs, cycles });
    }
    causes
}

/// As most of those say who say anything of it: one machine may have lost its way there.
fn broker(seen: &Seen) -> Option<Cause> {
    let sights: Vec<_> = seen.alive().filter_map(|entry| Some((entry.at_ms, entry.worker.broker?))).collect();
    let since = |state: BrokerState| {
        let of_it = sights.iter().filter(move |(_, sight)| sight.state == state);
        of_it.map(|(at_ms, sight)| at_ms.saturating_sub_unsigned(sight.for_ms)).collect::<Vec<i64>>()
    };
    let (gone, blocked) = (since(BrokerState::Gone), since(BrokerState::Blocked));
    match (gone.iter().min(), blocked.iter().min()) {
        (Some(&since_ms), _) if gone.len() * 2 > sights.len() => Some(Cause::BrokerGone { since_ms }),
        // Only who publishes is told.
        (_, Some(&since_ms)) => Some(Cause::BrokerBlocked { since_ms }),
        _ => None,
    }
}

fn of_queues(seen: &Seen) -> Vec<Cause> {
    let paused = seen.paused.iter().map(|(&kind, &since_ms)| Cause::Paused { kind, since_ms });
    let untaken = seen.waiting.iter().filter_map(|&(queue, _)| untaken(seen, queue));
    paused.chain(untaken).collect()
}

/// Why jobs of a queue are not taken, if nobody paused them.
fn untaken(seen: &Seen, queue: Queue) -> Option<Cause> {
    let (kind, device) = match queue {
        Queue::Jobs(kind) => (kind, None),
        Queue::Pinned(kind, device) => (kind, Some(device)),
        Queue::OrchestratorEvents => return None,
    };
    if seen.paused.contains_key(&kind) {
        return None;
    }
    let slots = seen.slots(queue);
    if slots == 0 {
        return Some(Cause::NoWorker { kind, device, heard_ms: seen.last_took(queue) });
    }
    let is_busy = seen.running(queue) >= u64::from(slots);
    is_busy.then_some(Cause::Busy { kind, device, slots })
}

fn of_processes(seen: &Seen) -> impl Iterator<Item = Cause> + '_ {
    let silent = seen.workers.iter().filter(|entry| entry.is_silent(seen.now_ms));
    silent.map(|WorkerEntry { worker, at_ms, until_ms }| Cause::Silent {
        boot: worker.boot.clone(),
        role: worker.role.clone(),
        kinds: worker.takes.keys().copied().collect(),
        jobs: worker.running.len(),
        heard_ms: *at_ms,
        until_ms: *until_ms,
    })
}

/// What waits, and for what: a cause stands before some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// A job, for a worker that reads this queue.
    Job(Queue),
    /// A cycle, for its next step.
    Cycle,
}

impl Waits {
    /// What a kind of job that asks for no device waits for.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        if kind.is_root() { Self::Cycle } else { Self::Job(Queue::Jobs(kind)) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ktrdr_domain::DeviceClass;
    use ktrdr_fabric::registry::{BrokerSight, WorkerInfo};
    use ktrdr_fabric::store::BootId;

    use super::*;

    const NOW_MS: i64 = 1_000_000;

    fn process(role: &str, heard_ms_ago: i64, broker: BrokerState) -> WorkerEntry {
        let takes = if role == "worker" { BTreeMap::from([(Kind::Training, 1)]) } else { BTreeMap::new() };
        let worker = WorkerInfo {
            boot: BootId(format!("{role}-{heard_ms_ago}")),
            role: role.to_owned(),
            host: "here".into(),
            version: "1".into(),
            takes,
            class: DeviceClass::Cpu,
            device: "cpu".into(),
            running: Vec::new(),
            is_draining: false,
            every_ms: 2_000,
            broker: Some(BrokerSight { state: broker, for_ms: 9_000 }),
            gpu: None,
        };
        WorkerEntry { worker, at_ms: NOW_MS - heard_ms_ago, until_ms: NOW_MS - heard_ms_ago + 30_000 }
    }

    /// A fleet of one of each.
    fn fleet() -> Seen {
        let workers =
            ["coordinator", "orchestrator", "worker"].map(|role| process(role, 100, BrokerState::Answers));
        Seen { now_ms: NOW_MS, has_many_roles: true, workers: workers.into(), ..Seen::default() }
    }

    fn codes(seen: &Seen) -> Vec<String> {
        let codes: Vec<String> =
            diagnose(seen).iter().map(|cause| Reason::from(cause).why.into_owned()).collect();
        assert!(codes.iter().all(|code| OBSTACLES.contains(&code.as_str())), "{codes:?}");
        codes
    }

    fn trainings() -> Vec<(Queue, u64)> {
        vec![(Queue::Jobs(Kind::Training), 3)]
    }

    #[test]
    fn where_everybody_is_there_nothing_stands_in_the_way() {
        assert_eq!(codes(&Seen { waiting: trainings(), cycles: 1, ..fleet() }), [] as [String; 0]);
    }

    #[test]
    fn a_paused_queue_needs_no_worker() {
        let paused = BTreeMap::from([(Kind::Training, Some(7))]);
        let mut seen = Seen { waiting: trainings(), paused, ..fleet() };
        seen.workers.pop();
        assert_eq!(codes(&seen), ["paused"]);
    }

    #[test]
    fn a_silent_process_plays_no_role_and_takes_nothing() {
        for (gone, code) in
            [("coordinator", "no_coordinator"), ("orchestrator", "no_orchestrator"), ("worker", "no_worker")]
        {
            let mut seen = Seen { waiting: trainings(), cycles: 1, ..fleet() };
            seen.workers.retain(|entry| entry.worker.role != gone);
            assert_eq!(codes(&seen), [code]);
            seen.workers.push(process(gone, 6_001, BrokerState::Answers));
            let causes = diagnose(&seen);
            assert_eq!(codes(&seen), [code, "silent"]);
            assert_eq!(Reason::from(&causes[0]).since_ms, Some(NOW_MS - 6_001), "since it was heard of last");
        }
    }

    #[test]
    fn a_fleet_that_nobody_started_is_no_fault_and_one_without_a_coordinator_is() {
        let nobody = Seen { has_many_roles: true, now_ms: NOW_MS, cycles: 1, ..Seen::default() };
        assert!(diagnose(&nobody).iter().all(|cause| cause.state() == State::Warning));
        let mut seen = fleet();
        seen.workers.remove(0);
        assert_eq!(diagnose(&seen)[0].state(), State::Fault);
    }

    #[test]
    fn of_a_broker_that_is_gone_its_consequences_are_not_told() {
        let outbox = Some(Outbox { entries: 4, since_ms: NOW_MS - 60_000 });
        let mut seen = Seen { outbox, ..fleet() };
        assert_eq!(codes(&seen), ["not_relayed"]);
        seen.outbox = Some(Outbox { entries: 4, since_ms: NOW_MS - 1_000 });
        assert_eq!(codes(&seen), [] as [String; 0], "it is on its way");
        seen.outbox = outbox;
        seen.workers[2] = process("worker", 100, BrokerState::Gone);
        assert_eq!(codes(&seen), ["not_relayed"], "one of three has lost its way");
        seen.workers[0] = process("coordinator", 100, BrokerState::Gone);
        assert_eq!(codes(&seen), ["broker_gone"]);
        assert_eq!(Reason::from(&diagnose(&seen)[0]).since_ms, Some(NOW_MS - 9_100));
        seen.workers[0] = process("coordinator", 100, BrokerState::Blocked);
        assert_eq!(codes(&seen), ["broker_blocked"], "only who publishes is told");
    }

    #[test]
    fn causes_stand_before_what_waits_for_them_alone() {
        let paused = Cause::Paused { kind: Kind::Training, since_ms: None };
        let on_gpu = Waits::Job(Queue::Pinned(Kind::Training, DeviceClass::Gpu));
        assert!(paused.stands_before(on_gpu) && paused.stands_before(Waits::of(Kind::Training)));
        assert!(!paused.stands_before(Waits::of(Kind::Probe)) && !paused.stands_before(Waits::Cycle));
        let nobody = Cause::NoWorker { kind: Kind::Training, device: Some(DeviceClass::Gpu), heard_ms: None };
        assert!(nobody.stands_before(on_gpu) && !nobody.stands_before(Waits::of(Kind::Training)));
        let nobody_moves = Cause::NoOrchestrator { heard_ms: None, runs: true, cycles: 1 };
        assert!(nobody_moves.stands_before(Waits::Cycle) && !nobody_moves.stands_before(on_gpu));
    }

    #[test]
    fn where_one_process_plays_every_role_it_alone_is_missing() {
        let seen = Seen { waiting: trainings(), ..Seen::default() };
        assert_eq!(codes(&seen), ["no_engine"]);
        assert_eq!(codes(&Seen { is_held: true, ..seen }), ["no_worker"]);
    }
}
