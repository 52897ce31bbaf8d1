//! From rows to a cycle and the end of its child. The event only said that it is worth looking.

use ktrdr_domain::{EndStatus, Event, Operation, OperationId, Status};
use ktrdr_fabric::store::{Store, StoreError};
use serde::Deserialize;
use serde_json::Value;

use crate::cycle::{ChildEnd, Cycle, Fault, Phase, Stage, read};

/// What the rows said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Read {
    /// The cycle waits for this child, and it ended.
    Ended(Phase, Box<Cycle>, ChildEnd),
    /// The cycle waits for this child, but something in its rows can not be read: nothing to decide upon.
    Unreadable(String, Fault),
    /// Nothing to do: the cycle is over, waits for another child, or the child has not ended.
    Stale,
}

/// Reads the rows that an event points at.
pub(crate) async fn rows(store: &dyn Store, event: &Event) -> Result<Read, StoreError> {
    let Some(root) = waiting_root(store, event).await? else { return Ok(Read::Stale) };
    let Some(child) = store.get(&event.operation).await? else { return Ok(Read::Stale) };
    let Some(end) = child_end(child) else { return Ok(Read::Stale) };
    // Stored cancels win over what the child brought home: `advance` will close the cycle as cancelled.
    let end = if root.cancel.is_some() { ChildEnd::Cancelled } else { end };
    let raw_phase = root.phase.clone().unwrap_or_default();
    Ok(match cycle(store, root, &event.operation).await? {
        Ok((phase, cycle)) => Read::Ended(phase, Box::new(cycle), end),
        Err(fault) => Read::Unreadable(raw_phase, fault),
    })
}

/// The root, if it waits for what the event announces.
async fn waiting_root(store: &dyn Store, event: &Event) -> Result<Option<Operation>, StoreError> {
    let Some(root) = &event.root else { return Ok(None) };
    let root = store.get(root).await?;
    Ok(root.filter(|r| r.status == Status::Running && r.waiting.as_ref() == Some(&event.operation)))
}

fn child_end(child: Operation) -> Option<ChildEnd> {
    let error = || child.error.clone().unwrap_or_else(|| "no words were left behind".into());
    Some(match child.status.end()? {
        EndStatus::Completed => ChildEnd::Completed(child.result.unwrap_or(Value::Null)),
        EndStatus::Cancelled => ChildEnd::Cancelled,
        EndStatus::Failed => match child.reason.as_deref() {
            Some("attempts_exhausted") => ChildEnd::Exhausted(error()),
            reason => ChildEnd::Failed { reason: reason.unwrap_or("error").into(), error: error() },
        },
    })
}

/// The cycle with what the children before the present one returned.
async fn cycle(
    store: &dyn Store,
    root: Operation,
    waiting: &OperationId,
) -> Result<Result<(Phase, Cycle), Fault>, StoreError> {
    let unreadable = |what: String| Fault::new("unreadable_cycle", what);
    let phase = match root.phase.as_deref().unwrap_or_default().parse::<Phase>() {
        Ok(phase) if phase.child_of(&root.id) == *waiting => phase,
        Ok(phase) => return Ok(Err(unreadable(format!("a cycle in {phase} does not wait for {waiting}")))),
        Err(why) => return Ok(Err(unreadable(why.to_string()))),
    };
    let spec = match Deserialize::deserialize(&root.spec) {
        Ok(spec) => spec,
        Err(why) => return Ok(Err(unreadable(format!("its specification can not be read: {why}")))),
    };
    let before: Vec<Phase> = Phase::ALL.into_iter().take_while(|p| *p != phase).collect();
    let mut results = Vec::with_capacity(before.len());
    for earlier in before {
        let row = store.get(&earlier.child_of(&root.id)).await?;
        results.push(row.and_then(|row| row.result).unwrap_or(Value::Null));
    }
    Ok(stage(&results).map(|stage| (phase, Cycle { id: root.id, spec, stage })))
}

/// The stage after these results, in the order of the phases.
fn stage(results: &[Value]) -> Result<Stage, Fault> {
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
