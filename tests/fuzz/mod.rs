//! Whatever comes from outside, every decoder answers: bytes that were good once and are changed, cut, doubled and spliced. Short
//! in each run of the tests; `scripts/fuzz` goes on for as long as it is told.

mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use mutate::Mutator;
use targets::{Target, targets};

/// Inputs of each target in a run of the tests.
const FEW: u64 = 2_000;

/// Inputs between two looks at the clock.
const BETWEEN_LOOKS: u64 = 256;

/// How long, how much, from which seed on.
struct Effort {
    inputs: u64,
    time: Duration,
    seed: u64,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Effort {
    fn of_the_environment() -> Self {
        let number =
            |name| variable(name).map(|text| text.parse::<u64>().unwrap_or_else(|e| panic!("{name}: {e}")));
        let seconds = number("KTRDR_FUZZ_SECONDS");
        let inputs = number("KTRDR_FUZZ_INPUTS");
        Self {
            inputs: inputs.unwrap_or(if seconds.is_some() { u64::MAX } else { FEW }),
            time: Duration::from_secs(seconds.unwrap_or(u64::MAX >> 1)),
            seed: number("KTRDR_FUZZ_SEED").unwrap_or(1),
        }
    }
}

#[test]
fn no_decoder_panics_whatever_it_is_given() {
    let (effort, wanted) = (Effort::of_the_environment(), variable("KTRDR_FUZZ_TARGET"));
    let targets = targets();
    let names: Vec<&str> = targets.iter().map(|target| target.name).collect();
    let meant: Vec<&Target> =
        targets.iter().filter(|target| wanted.as_deref().is_none_or(|name| name == target.name)).collect();
    assert!(!meant.is_empty(), "there is no target {wanted:?}; there are {names:?}");
    let refused: Vec<String> = meant.iter().flat_map(|target| refused(target)).collect();
    assert!(refused.is_empty(), "seeds are refused: {refused:#?}");
    meant.into_iter().for_each(|target| attack(target, &effort));
}

/// Good inputs that are none: nothing near them would be tried.
fn refused(target: &Target) -> Vec<String> {
    let refused = target.seeds.iter().filter(|seed| !(target.decode)(seed));
    refused.map(|seed| format!("{}: {}", target.name, String::from_utf8_lossy(seed))).collect()
}

/// Feeds one target.
fn attack(target: &Target, effort: &Effort) {
    let mut mutator = Mutator::new(effort.seed, &target.seeds, target.words);
    let (begun, mut inputs, mut accepted, mut slowest) = (Instant::now(), 0, 0, Duration::ZERO);
    while inputs < effort.inputs && (!inputs.is_multiple_of(BETWEEN_LOOKS) || begun.elapsed() < effort.time) {
        let input = mutator.input();
        let started = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| (target.decode)(&input))) {
            Ok(is_accepted) => accepted += u64::from(is_accepted),
            Err(_) => panic!(
                "{}: input {inputs} of seed {} panics: {}",
                target.name,
                effort.seed,
                keep(target, &input)
            ),
        }
        slowest = slowest.max(started.elapsed());
        inputs += 1;
    }
    let per_second = inputs as f64 / begun.elapsed().as_secs_f64();
    let name = target.name;
    eprintln!(
        "{name}: {inputs} inputs, {accepted} accepted, {per_second:.0} a second, the slowest {slowest:?}"
    );
}

/// Keeps what made a decoder panic.
fn keep(target: &Target, input: &[u8]) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", target.name));
    std::fs::write(&file, input).unwrap();
    file.display().to_string()
}
