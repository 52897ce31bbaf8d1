//! What is run, with which seeds, and when it is over: all of it stands here before the first run.
//!
//! **Stopping rule.** Every run of a form is made, none is left out or repeated with another seed, and the rates are those of
//! all of them. A run that the program fails counts against it: as accepted where nothing is to be found, as missed where
//! something is. The quick form is the beginning of the full one, run by run.

use super::calendar::Step;
use super::edges::Mechanism;
use super::strength::{self, SHARPES};
use super::subject::{PROCESSES, REAL, Subject};

/// Raised when the same seed gives another series, or answers are read in another way: runs of before are no longer known.
const EDITION: u32 = 2;
/// Of the first run; each run has its own.
const SEED: u64 = 20_261_128_000_000;
/// Seeds set aside for each cell of the plan.
const SEEDS_PER_CELL: u64 = 10_000;

const CYCLES: u32 = 20;
const NIGHTS: u32 = 30;
const HOURLY_YEARS: f64 = 12.0;
const DAILY_YEARS: f64 = 20.0;
const POWER_YEARS: [f64; 3] = [6.0, 12.0, 20.0];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Seconds: that the machinery works, and nothing about rates.
    Smoke,
    /// A quarter of an hour on two cores.
    Quick,
    /// Everything.
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Experiment {
    /// One campaign on a series without an edge, in a workspace of its own.
    FalseAccepts,
    /// Campaigns of one cycle, one after the other, in one workspace on one series without an edge.
    Sequences,
    /// One campaign on a series with a planted edge, in a workspace of its own.
    Power,
}

impl Experiment {
    pub(super) const ALL: [Self; 3] = [Self::FalseAccepts, Self::Sequences, Self::Power];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FalseAccepts => "false-accepts",
            Self::Sequences => "sequences",
            Self::Power => "power",
        }
    }
}

/// Runs that differ in their seed only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) experiment: Experiment,
    pub(super) subject: Subject,
    pub(super) years: f64,
    /// One after the other on the same series, in the same workspace.
    pub(super) campaigns: u32,
    pub(super) cycles: u32,
    /// Runs of the quick and of the full form.
    quick: u32,
    full: u32,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Task {
    pub(super) cell: Cell,
    pub(super) seed: u64,
}

impl Task {
    /// By which it is known to have been run: everything that determines it.
    pub(super) fn key(&self) -> String {
        let Cell { experiment, subject, years, campaigns, cycles, .. } = self.cell;
        let edge = match subject {
            Subject::Edge { mechanism, sharpe } => {
                format!(" sharpe={sharpe} strength={}", strength::of(mechanism, sharpe))
            }
            Subject::Noise(_) | Subject::Real(_) => String::new(),
        };
        let (experiment, name, seed) = (experiment.name(), subject.name(), self.seed);
        format!(
            "{experiment} {name}{edge} years={years} campaigns={campaigns} cycles={cycles} seed={seed} edition={EDITION}"
        )
    }

    /// Whether this names its experiment, its process or mechanism, its years or the Sharpe ratio that was planted, as in `12-years` and
    /// `sharpe-3`; or each of several names with `/` between.
    pub(super) fn is_of(&self, names: &str) -> bool {
        let Cell { experiment, subject, years, .. } = self.cell;
        let planted = match subject {
            Subject::Edge { sharpe, .. } => format!("sharpe-{sharpe}"),
            Subject::Noise(_) | Subject::Real(_) => "no-edge".to_owned(),
        };
        let own = [experiment.name(), subject.name(), &format!("{years}-years"), &planted];
        names.split('/').all(|name| own.contains(&name))
    }

    /// Seed of a campaign on its series.
    pub(super) fn campaign_seed(&self, campaign: u32) -> u64 {
        self.seed * 1_000 + u64::from(campaign)
    }

    /// How long it takes, in no particular unit.
    pub(super) fn weight(&self) -> f64 {
        let bars = if self.cell.subject.timeframe() == "1h" { 6_261.0 } else { 261.0 } * self.cell.years;
        (3_000.0 + bars) * f64::from(self.cell.campaigns * self.cell.cycles)
    }
}

/// All runs of a form, in an order in which every prefix has a bit of everything.
pub(super) fn tasks(form: Form) -> Vec<Task> {
    let cells = if form == Form::Smoke { smoke() } else { cells() };
    let runs = |cell: &Cell| if form == Form::Full { cell.full } else { cell.quick };
    let most = cells.iter().map(runs).max().unwrap_or(0);
    let mut tasks = Vec::new();
    for number in 0..most {
        for (place, cell) in (0..).zip(&cells).filter(|(_, cell)| number < runs(cell)) {
            tasks.push(Task { cell: *cell, seed: SEED + SEEDS_PER_CELL * place + u64::from(number) });
        }
    }
    tasks
}

fn cells() -> Vec<Cell> {
    let noise = PROCESSES.map(Subject::Noise).into_iter().chain(REAL.map(Subject::Real));
    let mut cells: Vec<Cell> = noise
        .map(|subject| Cell {
            experiment: Experiment::FalseAccepts,
            subject,
            years: if subject.timeframe() == "1d" { DAILY_YEARS } else { HOURLY_YEARS },
            campaigns: 1,
            cycles: CYCLES,
            quick: 5,
            full: 30,
        })
        .collect();
    cells.extend(PROCESSES.iter().filter(|process| SEQUENCES.contains(&process.name)).map(|process| Cell {
        experiment: Experiment::Sequences,
        subject: Subject::Noise(*process),
        years: if process.step == Step::Day { DAILY_YEARS } else { HOURLY_YEARS },
        campaigns: NIGHTS,
        cycles: 1,
        quick: 3,
        full: 25,
    }));
    for (mechanism, years) in Mechanism::ALL.iter().flat_map(|m| POWER_YEARS.map(|years| (*m, years))) {
        cells.extend(SHARPES.map(|sharpe| Cell {
            experiment: Experiment::Power,
            subject: Subject::Edge { mechanism, sharpe },
            years,
            campaigns: 1,
            cycles: CYCLES,
            quick: if is_middle(years) { 2 } else { 0 },
            full: if is_headline(sharpe, years) { 20 } else { 8 },
        }));
    }
    cells
}

/// What is promised about power: each with 80 campaigns over all mechanisms.
pub(super) fn is_headline(sharpe: f64, years: f64) -> bool {
    sharpe >= 2.0 && is_middle(years)
}

fn is_middle(years: f64) -> bool {
    years.total_cmp(&HOURLY_YEARS).is_eq()
}

fn smoke() -> Vec<Cell> {
    let cell = |experiment, subject: Subject, campaigns, cycles, quick| Cell {
        experiment,
        subject,
        years: if subject.timeframe() == "1d" { 8.0 } else { 1.5 },
        campaigns,
        cycles,
        quick,
        full: quick,
    };
    let edge = Subject::Edge { mechanism: Mechanism::WeekendAnchor, sharpe: 3.0 };
    vec![
        cell(Experiment::FalseAccepts, Subject::Noise(PROCESSES[0]), 1, 2, 2),
        cell(Experiment::FalseAccepts, Subject::Noise(PROCESSES[7]), 1, 2, 1),
        cell(Experiment::Sequences, Subject::Noise(PROCESSES[1]), 3, 1, 1),
        cell(Experiment::Power, edge, 1, 2, 1),
    ]
}

/// Processes of sequences.
const SEQUENCES: [&str; 4] = ["walk", "up-8", "up-15", "garch-t"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_run_has_its_own_seed_and_the_quick_form_begins_the_full_one() {
        let (quick, full) = (tasks(Form::Quick), tasks(Form::Full));
        let seeds: BTreeSet<u64> = full.iter().map(|task| task.seed).collect();
        assert_eq!(seeds.len(), full.len());
        let keys: BTreeSet<String> = full.iter().map(Task::key).collect();
        assert!(quick.iter().all(|task| keys.contains(&task.key())));
    }

    #[test]
    fn the_plan_is_as_large_as_the_claims_need() {
        let full = tasks(Form::Full);
        let count = |wanted: &dyn Fn(&Task) -> bool| full.iter().filter(|task| wanted(task)).count();
        let noise = |task: &Task| task.cell.experiment == Experiment::FalseAccepts;
        assert!(count(&noise) >= 200);
        let names: BTreeSet<&str> =
            full.iter().filter(|task| noise(task)).map(|task| task.cell.subject.name()).collect();
        assert!(names.len() >= 10);
        assert!(count(&|task| task.cell.experiment == Experiment::Sequences) >= 75);
        for sharpe in [2.0, 3.0] {
            let cell = |task: &Task| {
                let planted = matches!(task.cell.subject, Subject::Edge { sharpe: s, .. } if s == sharpe);
                planted && task.cell.years == 12.0
            };
            assert!(count(&cell) >= 50);
        }
    }
}
