//! Resuming a cycle that was cut short: by an accident, by a fault outside of it, by a cancel.
//!
//! An end is for ever (I3), so the old cycle stays as it is and a new one begins where it stopped: in the phase whose job did
//! not complete, with the results of the jobs that did. What ended by its own merits has nothing to go on with. A cycle that was
//! cancelled behind its last job has no end of its own yet: its strategy is assessed once more. The new cycle's id follows
//! from the old one's, so that a cycle is resumed once, whoever asks how often.
//!
//! It has the old one's number in the campaign, so that its design knows what the old one's could: what the generations before
//! that number taught. No cycle waits for it, and what it teaches is known to those that are designed later.
//!
//! Before this: somebody asked. After this: [`Store::submit_roots`](ktrdr_fabric::store::Store::submit_roots) creates the new cycle.

use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::research::{ResearchSpec, Resumed};
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, OperationSummary, Phase, Priority, Status};
use ktrdr_fabric::store::{NewChild, NewRoot, OperationReader, StoreError};
use serde::Deserialize;

use crate::campaign::first_child;
use crate::cycle::{ChildEnd, Cycle, Decision, Fault, Stage, step};
use crate::reading::{child_end, jobs_before, results_before, stage};

/// Why a cycle is not resumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotResumed {
    /// It still goes on.
    #[error("it is {0}; only what has ended is resumed")]
    GoesOn(Status),
    /// All its jobs did what they should: the answer would be the same.
    #[error("it ended by its own merits ({0}); there is nothing to resume")]
    OnItsMerits(String),
    /// It was cancelled behind a job, and a gate stops it there.
    #[error("it was cancelled, and a gate stops it behind its last job ({0}); there is nothing to resume")]
    AtAGate(String),
    /// Its rows, or those of its jobs, say nothing that could be gone on with.
    #[error("{0}")]
    Unreadable(String),
}

impl From<Fault> for NotResumed {
    fn from(fault: Fault) -> Self {
        Self::Unreadable(fault.error)
    }
}

/// Id of the cycle that resumes this one.
#[must_use]
pub fn successor(cycle: &OperationId) -> OperationId {
    let text = cycle.as_str();
    let earlier = text.rsplit_once(&format!(".{}.", Kind::AgentResearch)).and_then(|(first, n)| {
        Some((first.parse::<OperationId>().ok()?, n.parse::<u32>().ok()?.checked_add(1)?))
    });
    match earlier {
        Some((first, n)) => first.child(Kind::AgentResearch, n),
        None => cycle.child(Kind::AgentResearch, 1),
    }
}

/// Why there is nothing to resume, as far as the row of a cycle tells by itself.
#[must_use]
pub fn nothing_to_resume(cycle: &OperationSummary) -> Option<NotResumed> {
    match cycle.status {
        Status::Pending | Status::Running => Some(NotResumed::GoesOn(cycle.status)),
        Status::Completed => Some(on_its_merits(cycle)),
        Status::Failed if cycle.reason == Some(FailureReason::Gate) => Some(on_its_merits(cycle)),
        Status::Failed | Status::Cancelled => None,
    }
}

fn on_its_merits(cycle: &OperationSummary) -> NotResumed {
    NotResumed::OnItsMerits(cycle.error.clone().unwrap_or_else(|| "completed".into()))
}

/// The cycle that goes on with this one, whose jobs get so many tries.
///
/// # Errors
/// When the store can not be read. The answer itself may be that there is nothing to resume.
pub async fn plan(
    store: &dyn OperationReader,
    cycle: &Operation,
    tries_max: u32,
) -> Result<Result<NewRoot, NotResumed>, StoreError> {
    if let Some(why) = nothing_to_resume(cycle) {
        return Ok(Err(why));
    }
    let told = ResearchSpec::deserialize(&cycle.spec)
        .map_err(|why| NotResumed::Unreadable(format!("its specification can not be read: {why}")));
    let phase = cycle.phase.ok_or_else(|| NotResumed::Unreadable("its row names no phase".into()));
    let (told, phase) = match (told, phase) {
        (Ok(told), Ok(phase)) => (told, phase),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let job = store.get(&phase.child_of(&cycle.id)).await?;
    let results = results_before(store, &cycle.id, &told, phase).await?;
    Ok(stage(&results).map_err(NotResumed::from).and_then(|stage| {
        let cut_short = CutShort { row: cycle, told, stage, job };
        cut_short.successor(tries_max)
    }))
}

/// A cycle that has ended, and the job that it waited for.
struct CutShort<'a> {
    row: &'a Operation,
    told: ResearchSpec,
    stage: Stage,
    /// `None`: it was cancelled before it began.
    job: Option<Operation>,
}

impl CutShort<'_> {
    fn successor(self, tries_max: u32) -> Result<NewRoot, NotResumed> {
        let ended_well = self.job.as_ref().filter(|job| job.status == Status::Completed);
        let Some(job) = ended_well else {
            let cycle = self.cycle(tries_max, None);
            let first = again(&cycle, self.job)?;
            return root(cycle, first);
        };
        if self.row.status != Status::Cancelled {
            return Err(on_its_merits(self.row));
        }
        let cycle = self.cycle(tries_max, Some(&job.id));
        match step(&cycle, &child_end(job.clone()).unwrap_or(ChildEnd::Cancelled)) {
            Decision::Next { phase, child } => root_in(phase, cycle, *child),
            Decision::Fail { fault, .. } => Err(NotResumed::AtAGate(fault.error)),
            Decision::Complete { .. } => {
                let cycle = self.cycle(tries_max, None);
                let first = again(&cycle, self.job)?;
                root(cycle, first)
            }
        }
    }

    /// The new cycle, with what the jobs before the present one returned, and this one besides.
    fn cycle(&self, tries_max: u32, besides: Option<&OperationId>) -> Cycle {
        let mut completed = jobs_before(&self.row.id, &self.told, self.stage.phase());
        completed.extend(besides.cloned());
        let resumes = Some(Resumed { cycle: self.row.id.clone(), completed });
        let spec = ResearchSpec { tries_max, resumes, ..self.told.clone() };
        Cycle { id: successor(&self.row.id), spec, stage: self.stage.clone() }
    }
}

/// The cycle as a new root that begins in its phase.
fn root(cycle: Cycle, first: NewChild) -> Result<NewRoot, NotResumed> {
    root_in(cycle.stage.phase(), cycle, first)
}

fn root_in(phase: Phase, cycle: Cycle, first: NewChild) -> Result<NewRoot, NotResumed> {
    let spec = serde_json::to_value(&cycle.spec).map_err(|e| NotResumed::Unreadable(e.to_string()))?;
    let campaign = cycle.spec.campaign;
    Ok(NewRoot { id: cycle.id, kind: Kind::AgentResearch, campaign, spec, phase, first })
}

/// The job, once more; of a cycle that had not begun the first one.
fn again(cycle: &Cycle, job: Option<Operation>) -> Result<NewChild, NotResumed> {
    let Some(job) = job else { return Ok(first_child(&cycle.id, cycle.spec.clone())?) };
    let spec = match job.kind {
        Kind::Backtesting => {
            let repeated = BacktestSpec::deserialize(&job.spec).map(|spec| spec.repeating(job.summary.id));
            let written = repeated.and_then(serde_json::to_value);
            written.map_err(|why| NotResumed::Unreadable(format!("its backtest can not be read: {why}")))?
        }
        _ => job.spec,
    };
    let phase = cycle.stage.phase();
    let (id, tries_max) = (phase.child_of(&cycle.id), cycle.spec.tries_max);
    Ok(NewChild { id, kind: phase.kind(), spec, tries_max, priority: Priority::Normal })
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn each_cycle_has_one_successor_and_ids_do_not_grow() {
        let first = "op_agent_research_20261121_025513_99cb0f94".parse().unwrap();
        let second = successor(&first);
        assert_eq!(second.as_str(), format!("{first}.agent_research.1"));
        assert_eq!(successor(&second).as_str(), format!("{first}.agent_research.2"));
    }
}
