//! Which strikes, in which order: all of it from one seed.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::strike::{Blow, Strike};
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
    /// Strikes of every other sort.
    pub(super) others: usize,
}

/// All that an attack does.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) cycles: u32,
    pub(super) strikes: Vec<Strike>,
}

impl Plan {
    pub(super) fn of(size: Size, seed: u64, engine: Engine) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let others = Blow::OTHERS.iter().filter(|blow| blow.is_possible_on(engine));
        let mut blows: Vec<Blow> = vec![Blow::Kill; size.kills];
        blows.extend(others.flat_map(|blow| vec![*blow; size.others]));
        blows.shuffle(&mut random);
        let strikes = blows.into_iter().enumerate().map(|(number, blow)| Strike {
            number,
            blow,
            after: Duration::from_millis(random.random_range(PAUSE_MS)),
            victim: random.random_range(0..1000),
        });
        Self { seed, cycles: size.cycles, strikes: strikes.collect() }
    }

    pub(super) fn summary(&self) -> String {
        let kills = self.strikes.iter().filter(|strike| strike.blow == Blow::Kill).count();
        format!("{} cycles, {kills} kills and {} other strikes", self.cycles, self.strikes.len() - kills)
    }
}

#[test]
fn one_seed_is_one_plan() {
    let shown = |seed| format!("{:?}", Plan::of(super::SHORT, seed, Engine::Fleet).strikes);
    assert_eq!(shown(7), shown(7));
    assert_ne!(shown(7), shown(8));
}
