//! Why an operation does not run, since when, what to do about it, and when it may be its turn.

use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Kind, Operation, OperationId, Status};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::Filter;
use serde::{Deserialize, Serialize};

use crate::waiting::Reason;
use crate::{App, AppError};

/// Ended jobs whose median run time is that of the next ones.
const ENDED: u32 = 50;

/// Why an operation is where it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Explanation {
    /// The operation.
    pub operation: OperationId,
    /// What it waits with: of a cycle its current job.
    pub job: OperationId,
    /// Where that stands.
    pub status: Status,
    /// Since when, Unix milliseconds of the store's clock.
    pub since_ms: i64,
    /// Why it does not go on, the first reason first; none where it runs or has ended.
    pub reasons: Vec<Reason>,
    /// When it may be its turn: jobs before it × their median run time / slots, milliseconds from now. `None` where nobody
    /// takes such jobs, or none has ended yet.
    pub eta_ms: Option<u64>,
}

impl App {
    /// Why an operation does not run.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn explain(&self, id: &OperationId) -> Result<Explanation, AppError> {
        let is_held = (self.is_held)();
        let asked = self.row(id).await?;
        let child = match (&asked.waiting, asked.status.is_terminal()) {
            (Some(child), false) => self.store.get(child).await?,
            _ => None,
        };
        let job = child.unwrap_or_else(|| asked.clone());
        let since_ms = self.since_ms(&job).await?;
        let reasons = match job.status {
            Status::Pending => self.why_pending(&job, is_held).await?,
            Status::Running => self.why_silent(&job).await?,
            Status::Completed | Status::Failed | Status::Cancelled if job.id != asked.id => {
                self.why_waiting(&[&asked], is_held, true).await?.into_iter().map(Reason::from).collect()
            }
            Status::Completed | Status::Failed | Status::Cancelled => Vec::new(),
        };
        let eta_ms = if job.status == Status::Pending { self.eta_ms(job.kind).await? } else { None };
        Ok(Explanation { operation: asked.id, job: job.id, status: job.status, since_ms, reasons, eta_ms })
    }

    /// When it came to where it stands.
    async fn since_ms(&self, row: &Operation) -> Result<i64, AppError> {
        let history = self.store.history(&row.id).await?;
        let stays = |change: Change| {
            matches!(change, Change::PublishedAgain | Change::Suspected | Change::CancelRequested)
        };
        let last = history.iter().rev().find(|entry| !stays(entry.what));
        Ok(last.map_or(row.created_at_ms, |entry| entry.at_ms))
    }

    async fn why_pending(&self, job: &Operation, is_held: bool) -> Result<Vec<Reason>, AppError> {
        let mut reasons = Vec::new();
        if job.kind.is_root() {
            reasons.extend(self.why_in_lane(job).await?);
        } else if self.waits_for_retry(job).await? {
            let message =
                format!("try {} of {} failed, and the next one waits for its time", job.tries, job.tries_max);
            reasons.push(Reason::new("retry_due", message, format!("ktrdr operations events {}", job.id)));
        }
        let waits = self.why_waiting(&[job], is_held, reasons.is_empty()).await?;
        reasons.extend(waits.into_iter().map(Reason::from));
        reasons.extend(self.why_unpaid(job).await?);
        Ok(reasons)
    }

    async fn waits_for_retry(&self, job: &Operation) -> Result<bool, AppError> {
        let history = self.store.history(&job.id).await?;
        let last = history.iter().rev().find(|entry| entry.what != Change::PublishedAgain);
        Ok(last.is_some_and(|entry| entry.what == Change::RetryScheduled))
    }

    /// A cycle that has not started waits for those before it in its campaign.
    async fn why_in_lane(&self, cycle: &Operation) -> Result<Option<Reason>, AppError> {
        let Some(campaign) = cycle.spec.get("campaign").and_then(|name| name.as_str()) else {
            return Ok(None);
        };
        let filter = Filter {
            campaign: campaign.parse().ok(),
            kinds: vec![cycle.kind],
            statuses: vec![Status::Running],
            limit: 1,
            ..Filter::default()
        };
        let running = self.store.list(&filter).await?.total;
        let message =
            format!("{running} cycles of {campaign} run, and it starts when those before it have ended");
        Ok((running > 0)
            .then(|| Reason::new("lane_full", message, format!("ktrdr campaign show {campaign}"))))
    }

    /// Nothing is designed or assessed where nothing is left to spend on it.
    async fn why_unpaid(&self, job: &Operation) -> Result<Option<Reason>, AppError> {
        let Some(root) = &job.root else { return Ok(None) };
        let cycle = self.store.get(root).await?.and_then(|row| ResearchSpec::deserialize(&row.spec).ok());
        let Some(cycle) = cycle else { return Ok(None) };
        let why = self.unpaid(&cycle.campaign, &cycle.agent).await?;
        Ok(why.map(|exhausted| Reason::new("budget", exhausted, "ktrdr agent budget")))
    }

    /// A job that runs, of whose worker nothing is heard.
    async fn why_silent(&self, job: &Operation) -> Result<Vec<Reason>, AppError> {
        let Some(worker) = &job.worker else { return Ok(Vec::new()) };
        let is_heard = self.registry.workers().await?.iter().any(|seen| seen.worker.boot.0 == *worker);
        if is_heard {
            return Ok(Vec::new());
        }
        let message = format!(
            "nothing was heard of its worker {worker} lately; when its lease is over the job is brought back"
        );
        Ok(vec![Reason::new("worker_silent", message, "ktrdr workers list")])
    }

    /// When the next job of a kind may be taken.
    async fn eta_ms(&self, kind: Kind) -> Result<Option<u64>, AppError> {
        if kind.is_root() {
            return Ok(None);
        }
        let of =
            |status, limit| Filter { kinds: vec![kind], statuses: vec![status], limit, ..Filter::default() };
        let depth = self.store.list(&of(Status::Pending, 1)).await?.total;
        let ended = self.store.list(&of(Status::Completed, ENDED)).await?.operations;
        let slots: u64 = self
            .registry
            .workers()
            .await?
            .iter()
            .map(|seen| u64::from(seen.worker.takes.get(&kind).copied().unwrap_or(0)))
            .sum();
        let mut took: Vec<u64> = ended.iter().filter_map(|row| row.took_ms).collect();
        took.sort_unstable();
        let median = took.get(took.len() / 2).copied();
        Ok(median.filter(|_| slots > 0).map(|median| depth.saturating_mul(median) / slots))
    }
}
