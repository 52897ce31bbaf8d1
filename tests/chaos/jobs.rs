//! The operations of a run, what each is to do, and how it must end.

use std::time::Duration;

use ktrdr_domain::device::DeviceRequest;
use ktrdr_domain::job::{ChaosAction, ProbeSpec};
use ktrdr_domain::{JobSpec, Kind, OperationId, Priority, Timestamp};
use ktrdr_fabric::store::NewOperation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::fault::Fault;
use super::plan::Size;

/// Tries of what must not run out of them, however many workers die under it: the most that may be configured.
const TRIES_MANY: u32 = 19;
/// Tries of a job that kills every worker: it ends with the third.
const TRIES_FEW: u32 = 1;
/// Far longer than a worker waits for a thread that was asked to stop.
const DEAF_FOR: Duration = Duration::from_secs(30);

/// What a job does when it is let.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expectation {
    Complete,
    Fail,
    /// Kills its worker at the first attempt.
    CrashOnce,
    /// Kills its worker at every attempt.
    Poison,
    /// Does not listen when asked to stop; it is cancelled, and its worker must end itself.
    Deaf,
}

/// One operation to be submitted.
#[derive(Debug, Clone)]
pub(crate) struct PlannedJob {
    pub(crate) id: OperationId,
    pub(crate) expected: Expectation,
    pub(crate) sleep: Duration,
    /// Since the start of the run.
    pub(crate) at: Duration,
    /// When a cancel is asked for, since the submit; of what does not listen, once it runs.
    pub(crate) cancel_after: Option<Duration>,
    pub(crate) has_key: bool,
    /// Which of the kind's queues it waits in.
    pub(crate) device: DeviceRequest,
}

impl PlannedJob {
    pub(crate) fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            sleep_ms: self.sleep.as_millis() as u64,
            fail: (self.expected == Expectation::Fail).then(|| "as it was told".to_owned()),
            device: self.device,
            mark: true,
            chaos: match self.expected {
                Expectation::Complete | Expectation::Fail => None,
                Expectation::CrashOnce => Some(ChaosAction::CrashUntil(1)),
                Expectation::Poison => Some(ChaosAction::CrashUntil(u64::MAX)),
                Expectation::Deaf => Some(ChaosAction::Deaf),
            },
        }
    }

    pub(crate) fn operation(&self) -> NewOperation {
        NewOperation {
            id: self.id.clone(),
            kind: Kind::Probe,
            spec: JobSpec::Probe(self.spec()).to_value().unwrap(),
            tries_max: if self.expected == Expectation::Poison { TRIES_FEW } else { TRIES_MANY },
            priority: Priority::Normal,
            idempotency_key: self.has_key.then(|| format!("key of {}", self.id)),
        }
    }
}

/// A fifth of the operations comes in one burst, the others one by one.
pub(crate) fn jobs(size: &Size, dice: &mut ChaCha8Rng) -> Vec<PlannedJob> {
    let (burst, last) = (size.jobs / 5, size.window.mul_f64(0.9));
    let mut jobs: Vec<PlannedJob> = (0..size.jobs)
        .map(|i| PlannedJob {
            id: OperationId::new(Kind::Probe, Timestamp(1_700_000_000), i as u32),
            expected: if dice.random_bool(0.03) { Expectation::Fail } else { Expectation::Complete },
            sleep: sleep(dice),
            at: if i < burst { Duration::ZERO } else { last.mul_f64(dice.random_range(0.0..1.0)) },
            cancel_after: None,
            has_key: dice.random_bool(0.5),
            device: if dice.random_bool(0.3) { DeviceRequest::Cpu } else { DeviceRequest::Any },
        })
        .collect();
    for (fault, times) in &size.faults {
        for _ in 0..*times {
            let job = dice.random_range(0..jobs.len());
            afflict(&mut jobs[job], *fault, dice);
        }
    }
    jobs
}

/// Gives a job a fault of its own.
fn afflict(job: &mut PlannedJob, fault: Fault, dice: &mut ChaCha8Rng) {
    match fault {
        Fault::Poison => job.expected = Expectation::Poison,
        Fault::CrashOnce => job.expected = Expectation::CrashOnce,
        Fault::Deaf => {
            job.expected = Expectation::Deaf;
            job.sleep = DEAF_FOR;
            job.cancel_after = Some(Duration::ZERO);
        }
        // Around the moment when it ends, if it is claimed at once.
        Fault::Cancel => job.cancel_after = Some(job.sleep.mul_f64(dice.random_range(0.0..1.5))),
        _ => {}
    }
}

/// Many take moments, many seconds, and some longer than a lease.
fn sleep(dice: &mut ChaCha8Rng) -> Duration {
    let ms = match dice.random_range(0..100) {
        0..40 => dice.random_range(0..200),
        40..80 => dice.random_range(200..3_000),
        _ => dice.random_range(3_000..9_000),
    };
    Duration::from_millis(ms)
}
