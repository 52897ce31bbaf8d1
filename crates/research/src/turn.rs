//! Whose turn it is at the exam. Cycles of a generation run side by side and are examined one after the other, in the order of
//! their numbers: each is compared with the same exams before it, whoever was faster, so that the same ones are refused as
//! repetitions.
//!
//! Nothing is kept of it: a cycle whose training is over and whose turn has not come stays where it is, and whoever sees a cycle
//! past its exam, or ended, moves the next one. A move that was lost is made up for by the sweep, which announces again what a
//! cycle waits for.

use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Event, Kind, Operation, OperationId, OperationSummary, Phase, Status};
use ktrdr_fabric::store::{Filter, OperationReader, StoreError};
use serde_json::Value;

/// Cycles looked at: the oldest that run, and no generation has more.
const RUNNING_MAX: u32 = 1_000;

/// Whether a cycle of the same generation is to be examined before this one.
///
/// # Errors
/// When the store can not be read.
pub async fn must_wait(store: &dyn OperationReader, spec: &ResearchSpec) -> Result<bool, StoreError> {
    let before = unexamined(store, spec).await?;
    Ok(before.first().is_some_and(|(number, _)| *number < u64::from(spec.index)))
}

/// The end that the next cycle to be examined waits for, where it has come.
pub(crate) async fn next(
    store: &dyn OperationReader,
    spec: &ResearchSpec,
) -> Result<Option<Event>, StoreError> {
    let unexamined = unexamined(store, spec).await?;
    let Some((_, first)) = unexamined.into_iter().next() else { return Ok(None) };
    let trained = match &first.waiting {
        Some(child) if first.phase == Some(Phase::Training) => store.get(child).await?,
        _ => None,
    };
    Ok(trained.and_then(|child| {
        let status = child.status.end()?;
        let OperationSummary { id: operation, kind, root, fence, .. } = child.summary;
        Some(Event { operation, kind, root, status, fence, again: true })
    }))
}

/// Cycles of the same generation that run and are not past their exam, by their numbers.
async fn unexamined(
    store: &dyn OperationReader,
    spec: &ResearchSpec,
) -> Result<Vec<(u64, Operation)>, StoreError> {
    let size = u64::from(spec.generation);
    if size <= 1 {
        return Ok(Vec::new());
    }
    let running = Filter {
        campaign: Some(spec.campaign.clone()),
        kinds: Kind::roots().collect(),
        statuses: vec![Status::Running],
        oldest_first: true,
        limit: RUNNING_MAX,
        ..Filter::default()
    };
    let generation = u64::from(spec.index) / size;
    let of_it = |cycle: Operation| {
        let number = cycle.spec.get("index").and_then(Value::as_u64)?;
        (number / size == generation && cycle.phase != Some(Phase::Assessing)).then_some((number, cycle))
    };
    let ids: Vec<OperationId> =
        store.list(&running).await?.operations.into_iter().map(|cycle| cycle.id).collect();
    let mut cycles: Vec<(u64, Operation)> =
        store.get_all(&ids).await?.into_iter().filter_map(of_it).collect();
    cycles.sort_by_key(|(number, _)| *number);
    Ok(cycles)
}
