//! What is looked at: the first part of every list, however many rows there are.

use ktrdr_app::campaign::CampaignList;
use ktrdr_app::dead_letters::DeadLetterList;
use ktrdr_app::explain::Explanation;
use ktrdr_app::metrics::{Metrics, Reading};
use ktrdr_app::operations::{History, OperationDetail, PartRequest};
use ktrdr_app::queues::QueueStatus;
use ktrdr_app::readiness::Readiness;
use ktrdr_app::selection::Selection;
use ktrdr_app::workers::HeardWorker;
use ktrdr_app::{AppError, UseCases};
use ktrdr_domain::{OperationId, OperationSummary, Status, terms};
use ktrdr_research::resume::nothing_to_resume;

use super::model::Table;

/// Most rows of a list: more than anybody scrolls through, and what one part of a list costs.
const ROWS: u32 = 200;

/// Everything that is shown of the fleet.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    /// The store's clock, Unix milliseconds.
    pub(crate) now_ms: i64,
    pub(crate) readiness: Readiness,
    pub(crate) queues: Vec<QueueStatus>,
    pub(crate) workers: Vec<HeardWorker>,
    /// What runs comes first, then the newest.
    pub(crate) operations: Vec<OperationSummary>,
    /// How many match, where that is known.
    pub(crate) total: Option<u64>,
    pub(crate) dead: DeadLetterList,
    pub(crate) campaigns: CampaignList,
}

/// Looks once. Of what is not on the screen only the count is asked for.
pub(crate) async fn look(app: &dyn UseCases, filter: &str, shown: Table) -> Result<Sight, AppError> {
    let part = |table| PartRequest { limit: if table == shown { ROWS } else { 1 }, after: None };
    let readiness = app.readiness().await?;
    let all = app.select(&filter.parse()?, None, ROWS).await?;
    let running = match running(filter)? {
        Some(running) => app.select(&running, None, ROWS).await?.operations,
        None => Vec::new(),
    };
    let is_running = |row: &OperationSummary| running.iter().any(|known| known.id == row.id);
    let rest: Vec<OperationSummary> = all.operations.into_iter().filter(|row| !is_running(row)).collect();
    Ok(Sight {
        now_ms: all.now_ms,
        readiness,
        queues: app.queues().await?,
        workers: app.workers().await?,
        operations: running.into_iter().chain(rest).collect(),
        total: all.total,
        dead: app.dead_letters(part(Table::DeadLetters)).await?,
        campaigns: app.campaigns(part(Table::Campaigns)).await?,
    })
}

/// Those of a filter that run; nothing where it says itself which statuses are meant.
fn running(filter: &str) -> Result<Option<Selection>, AppError> {
    let says_status = terms::read(filter).unwrap_or_default().iter().any(|term| term.field == "status");
    match says_status {
        true => Ok(None),
        false => format!("{filter}&status={}", Status::Running).parse().map(Some),
    }
}

/// Everything that is shown of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) operation: OperationDetail,
    pub(crate) explanation: Explanation,
    pub(crate) history: History,
    /// What was measured of it, where that is a line of figures.
    pub(crate) readings: Vec<Reading>,
}

/// Looks at one operation.
pub(crate) async fn open(app: &dyn UseCases, id: &OperationId) -> Result<Detail, AppError> {
    let readings = match app.metrics(id).await.map(|measured| measured.metrics) {
        Ok(Metrics::Epochs(readings) | Metrics::Bars(readings)) => readings,
        // A report that was pruned leaves the row to be shown.
        Ok(Metrics::Segments(_) | Metrics::History(_)) | Err(_) => Vec::new(),
    };
    Ok(Detail {
        operation: app.operation(id).await?,
        explanation: app.explain(id).await?,
        history: app.history(id).await?,
        readings,
    })
}

/// Why there is nothing to retry of an operation that has ended, if so. A job of a cycle goes on with its cycle.
pub(crate) async fn nothing_to_retry(
    app: &dyn UseCases,
    id: &OperationId,
) -> Result<Option<String>, AppError> {
    let mut ended = app.operation(id).await?;
    if let Some(cycle) = ended.operation.root.clone() {
        ended = app.operation(&cycle).await?;
    }
    let row = &ended.operation;
    if !row.kind.is_root() {
        return Ok(None);
    }
    let before = ended.resumption.resumed_by.as_ref().map(|by| format!("it was resumed before, by {by}"));
    let why = before.or_else(|| nothing_to_resume(row).map(|why| why.to_string()));
    Ok(why.map(|why| format!("{} is not resumed: {why}", row.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_comes_first_unless_the_filter_says_otherwise() {
        let said = |filter: &str| running(filter).unwrap().map(|selection| selection.text().to_owned());
        assert_eq!(said("type=training").as_deref(), Some("type=training&status=running"));
        assert_eq!(said("").as_deref(), Some("status=running"));
        assert_eq!(said("status!=failed"), None);
    }
}
