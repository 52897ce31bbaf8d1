//! What a run does, all of it from one seed: which operations, which faults, when and on whom.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::fault::Fault;
use super::jobs::{PlannedJob, jobs};

/// How big a run is, and how it is set up.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    /// Everything random comes from it.
    pub(crate) seed: u64,
    /// Probes to submit.
    pub(crate) jobs: usize,
    /// Research cycles to run beside them.
    pub(crate) cycles: usize,
    /// How long faults happen; operations are submitted meanwhile.
    pub(crate) window: Duration,
    /// Which faults, each with how often.
    pub(crate) faults: Vec<(Fault, usize)>,
    /// Nodes of the broker.
    pub(crate) nodes: usize,
    /// Processes that take probes, and how many each takes at a time.
    pub(crate) workers: usize,
    pub(crate) slots: usize,
    pub(crate) coordinators: usize,
    pub(crate) orchestrators: usize,
    pub(crate) pace: Pace,
}

/// The fleet's own times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) lease: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) sweep: Duration,
    pub(crate) republish_after: Duration,
}

impl Pace {
    /// Everything as soon as the fleet's settings allow.
    pub(crate) const QUICK: Self = Self {
        lease: Duration::from_secs(6),
        heartbeat: Duration::from_secs(1),
        sweep: Duration::from_secs(1),
        republish_after: Duration::from_secs(5),
    };

    /// As the fleet comes.
    pub(crate) const DEFAULT: Self = Self {
        lease: Duration::from_secs(30),
        heartbeat: Duration::from_secs(2),
        sweep: Duration::from_secs(5),
        republish_after: Duration::from_secs(60),
    };
}

/// One fault at one moment.
#[derive(Debug, Clone)]
pub(crate) struct PlannedFault {
    /// Since the start of the run.
    pub(crate) at: Duration,
    pub(crate) fault: Fault,
    /// Which of those that could be hit, modulo their number.
    pub(crate) victim: usize,
    /// For everything else that is random about it.
    pub(crate) seed: u64,
}

/// All that a run does.
pub(crate) struct Plan {
    pub(crate) size: Size,
    pub(crate) jobs: Vec<PlannedJob>,
    pub(crate) faults: Vec<PlannedFault>,
}

impl Plan {
    pub(crate) fn of(size: Size) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(size.seed);
        let faults = faults(&size, &mut dice);
        Self { jobs: jobs(&size, &mut dice), faults, size }
    }
}

/// Each fault so many times, spread evenly over the window, give or take.
fn faults(size: &Size, dice: &mut ChaCha8Rng) -> Vec<PlannedFault> {
    let mut faults = Vec::new();
    for (fault, times) in &size.faults {
        for i in 0..*times {
            let share = (i as f64 + dice.random_range(0.05..0.95)) / *times as f64;
            faults.push(PlannedFault {
                at: size.window.mul_f64(share),
                fault: *fault,
                victim: dice.random_range(0..1000),
                seed: dice.random(),
            });
        }
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

#[test]
fn one_seed_is_one_plan() {
    let size = |seed| Size { seed, ..super::short() };
    let shown = |seed| {
        let plan = Plan::of(size(seed));
        format!("{:?} {:?}", plan.jobs, plan.faults)
    };
    assert_eq!(shown(7), shown(7));
    assert_ne!(shown(7), shown(8));
}
