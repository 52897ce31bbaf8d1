//! Which faults, in which order: all of it from one seed.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::fault::{Fault, PlannedFault};
use crate::world::Engine;

/// Kills come so close together that an engine is often hit before its first job has ended.
const PAUSE_MS: std::ops::Range<u64> = 50..900;
/// As long as this a process is frozen: longer than the lease, so that it wakes up to find its work taken.
pub(super) const FROZEN: Duration = Duration::from_millis(7_500);

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Cycles of the campaign that is compared with an undisturbed one.
    pub(super) cycles: u32,
    /// Processes killed without warning.
    pub(super) kills: usize,
    /// Faults of every other sort.
    pub(super) others: usize,
}

/// All that an attack does.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) cycles: u32,
    pub(super) faults: Vec<PlannedFault>,
}

impl Plan {
    pub(super) fn of(size: Size, seed: u64, engine: Engine) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let others = Fault::OTHERS.iter().filter(|fault| fault.is_possible_on(engine));
        let mut faults: Vec<Fault> = vec![Fault::Kill; size.kills];
        faults.extend(others.flat_map(|fault| vec![*fault; size.others]));
        faults.shuffle(&mut random);
        let faults = faults.into_iter().enumerate().map(|(number, fault)| PlannedFault {
            number,
            fault,
            after: Duration::from_millis(random.random_range(PAUSE_MS)),
            victim: random.random_range(0..1000),
        });
        Self { seed, cycles: size.cycles, faults: faults.collect() }
    }

    pub(super) fn summary(&self) -> String {
        let kills = self.faults.iter().filter(|planned| planned.fault == Fault::Kill).count();
        format!("{} cycles, {kills} kills and {} other faults", self.cycles, self.faults.len() - kills)
    }
}

#[test]
fn one_seed_is_one_plan() {
    let shown = |seed| format!("{:?}", Plan::of(super::SHORT, seed, Engine::Fleet).faults);
    assert_eq!(shown(7), shown(7));
    assert_ne!(shown(7), shown(8));
}
