//! From rows to a cycle and the end of its child. The event only said that it is worth looking.

use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{EndStatus, Event, FailureReason, Operation, OperationId, Phase, Status, Timestamp};
use ktrdr_fabric::store::{OperationReader, StoreError};
use serde::Deserialize;
use serde_json::Value;

use crate::cycle::{ChildEnd, Cycle, Fault, Stage, read};

/// What the rows said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Read {
    /// The cycle waits for this child, which ended at that time.
    Ended(Phase, Box<Cycle>, ChildEnd, Timestamp),
    /// The cycle waits for this child, but something in its rows can not be read: nothing to decide upon.
    Unreadable(Phase, Fault),
    /// Nothing to do: the cycle is over, waits for another child, or the child has not ended.
    Stale,
}

/// Reads the rows that an event points at.
pub(crate) async fn rows(store: &dyn OperationReader, event: &Event) -> Result<Read, StoreError> {
    let Some(root) = waiting_root(store, event).await? else { return Ok(Read::Stale) };
    let Some(child) = store.get(&event.operation).await? else { return Ok(Read::Stale) };
    let at = Timestamp::of_ms(child.finished_at_ms.unwrap_or_default());
    let Some(end) = child_end(child) else { return Ok(Read::Stale) };
    // Stored cancels win over what the child brought home: `advance` will close the cycle as cancelled.
    let end = if root.cancel.is_some() { ChildEnd::Cancelled } else { end };
    // A cycle that runs is in a phase.
    let Some(phase) = root.phase else { return Ok(Read::Stale) };
    Ok(match cycle(store, root, phase, &event.operation).await? {
        Ok(cycle) => Read::Ended(phase, Box::new(cycle), end, at),
        Err(fault) => Read::Unreadable(phase, fault),
    })
}

/// The root, if it waits for what the event announces.
async fn waiting_root(store: &dyn OperationReader, event: &Event) -> Result<Option<Operation>, StoreError> {
    let Some(root) = &event.root else { return Ok(None) };
    let root = store.get(root).await?;
    Ok(root.filter(|r| r.status == Status::Running && r.waiting.as_ref() == Some(&event.operation)))
}

pub(crate) fn child_end(child: Operation) -> Option<ChildEnd> {
    let error = || child.error.clone().unwrap_or_else(|| "no words were left behind".into());
    Some(match child.status.end()? {
        EndStatus::Completed => ChildEnd::Completed(child.result.unwrap_or(Value::Null)),
        EndStatus::Cancelled => ChildEnd::Cancelled,
        EndStatus::Failed => match child.reason.clone().unwrap_or(FailureReason::Error) {
            FailureReason::AttemptsExhausted => ChildEnd::Exhausted(error()),
            reason => ChildEnd::Failed { reason, error: error() },
        },
    })
}

/// The cycle with what the children before the present one returned.
async fn cycle(
    store: &dyn OperationReader,
    root: Operation,
    phase: Phase,
    waiting: &OperationId,
) -> Result<Result<Cycle, Fault>, StoreError> {
    let unreadable = |what: String| Fault::new(FailureReason::UnreadableCycle, what);
    if phase.child_of(&root.id) != *waiting {
        return Ok(Err(unreadable(format!("a cycle in {phase} does not wait for {waiting}"))));
    }
    let spec = match ResearchSpec::deserialize(&root.spec) {
        Ok(spec) => spec,
        Err(why) => return Ok(Err(unreadable(format!("its specification can not be read: {why}")))),
    };
    let results = results_before(store, &root.id, &spec, phase).await?;
    Ok(stage(&results).map(|stage| Cycle { id: root.summary.id, spec, stage }))
}

/// The jobs whose results a cycle has when it enters a phase, in order: what it resumed comes first.
pub(crate) fn jobs_before(root: &OperationId, spec: &ResearchSpec, phase: Phase) -> Vec<OperationId> {
    let inherited = spec.resumes.as_ref().map_or(&[][..], |resumed| &resumed.completed);
    let own =
        |(i, earlier): (usize, Phase)| inherited.get(i).cloned().unwrap_or_else(|| earlier.child_of(root));
    Phase::ALL.into_iter().take_while(|earlier| *earlier != phase).enumerate().map(own).collect()
}

/// What they returned; of a strategy that was given what its design would have.
pub(crate) async fn results_before(
    store: &dyn OperationReader,
    root: &OperationId,
    spec: &ResearchSpec,
    phase: Phase,
) -> Result<Vec<Value>, StoreError> {
    let jobs = jobs_before(root, spec, phase);
    let mut results = Vec::with_capacity(jobs.len());
    for (phase, job) in Phase::ALL.into_iter().zip(jobs) {
        results.push(match &spec.given {
            Some(given) if phase == Phase::Designing => serde_json::to_value(given).unwrap_or(Value::Null),
            _ => store.get(&job).await?.and_then(|row| row.result).unwrap_or(Value::Null),
        });
    }
    Ok(results)
}

/// The stage after these results, in the order of the phases.
pub(crate) fn stage(results: &[Value]) -> Result<Stage, Fault> {
    Ok(match results {
        [] => Stage::Designing,
        [design] => Stage::Training(read(Phase::Designing, design)?),
        [design, training] => {
            Stage::Backtesting(read(Phase::Designing, design)?, read(Phase::Training, training)?)
        }
        [design, training, backtest, ..] => Stage::Assessing(
            read(Phase::Designing, design)?,
            read(Phase::Training, training)?,
            read(Phase::Backtesting, backtest)?,
        ),
    })
}
