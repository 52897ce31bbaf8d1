//! Why an operation does not run, since when, what to do about it, and when it may be its turn.

use ktrdr_domain::hypothesis::HypothesisStatus;
use ktrdr_domain::refusal::Refusal;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Kind, Operation, OperationId, Status, Timestamp, glossary};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnosis::{Cause, Reason, Seen, Waits};
use crate::hypotheses::HypothesesRequest;
use crate::waiting::{waits, why};
use crate::{App, AppError};

/// Ended jobs whose median run time is that of the next ones.
const ENDED: u32 = 50;

/// Why an operation is where it is.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct Explanation {
    /// The operation.
    pub operation: OperationId,
    /// What it waits with: of a cycle its current job.
    pub job: OperationId,
    /// Where that stands.
    pub status: Status,
    /// Since when, by the store's clock.
    #[serde(rename = "since", alias = "since_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub since_ms: i64,
    /// Why it does not go on, the first reason first: where it failed, what stopped it; none where it runs or ended otherwise.
    pub reasons: Vec<Reason>,
    /// When it may be its turn: jobs before it × their median run time / slots, milliseconds from now. `None` where nobody
    /// takes such jobs, they are paused, or none has ended yet.
    pub eta_ms: Option<u64>,
}

impl App {
    /// Why an operation does not run.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn explain(&self, id: &OperationId) -> Result<Explanation, AppError> {
        let asked = self.row(id).await?;
        let child = match (&asked.waiting, asked.status.is_terminal()) {
            (Some(child), false) => self.store.get(child).await?,
            _ => None,
        };
        let job = child.unwrap_or_else(|| asked.clone());
        let since_ms = self.since_ms(&job).await?;
        let seen = self.see().await?;
        let mut reasons = match job.status {
            Status::Pending => self.why_pending(&job, &seen).await?,
            // Whoever ran it is gone, and nobody is there who would bring it back.
            Status::Running if seen.has_no_engine() => vec![Reason::from(&Cause::NoEngine)],
            Status::Running => self.why_silent(&job, &seen).await?,
            Status::Completed | Status::Failed | Status::Cancelled if job.id != asked.id => {
                self.why_unmoved(&asked, &seen).await?
            }
            Status::Failed => why_failed(&job).into_iter().collect(),
            Status::Completed | Status::Cancelled => Vec::new(),
        };
        if asked.kind.is_root() && job.id != asked.id {
            // What stands before its next step, whatever its job does.
            let more = why(&[&asked], &seen, false);
            let more: Vec<Reason> =
                more.into_iter().filter(|reason| !reasons.iter().any(|said| said.is_like(reason))).collect();
            reasons.extend(more);
        }
        for reason in &mut reasons {
            // What was there before it waited has stood in its way since it waits.
            reason.since_ms = Some(reason.since_ms.map_or(since_ms, |at_ms| at_ms.max(since_ms)));
        }
        let eta_ms = if job.status == Status::Pending { self.eta_ms(&job, &seen).await? } else { None };
        let (operation, status) = (asked.summary.id, job.status);
        Ok(Explanation { operation, status, job: job.summary.id, since_ms, reasons, eta_ms })
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

    async fn why_pending(&self, job: &Operation, seen: &Seen) -> Result<Vec<Reason>, AppError> {
        let mut reasons = Vec::new();
        if job.kind.is_root() {
            reasons.extend(self.why_in_lane(job).await?);
        } else {
            reasons.extend(self.why_later(job).await?);
        }
        reasons.extend(why(&[job], seen, reasons.is_empty()));
        reasons.extend(self.why_unpaid(job).await?);
        reasons.extend(self.why_unapproved(job).await?);
        Ok(reasons)
    }

    /// What waits for a time.
    async fn why_later(&self, job: &Operation) -> Result<Option<Reason>, AppError> {
        let Some(due_ms) = self.store.due(&job.id).await? else { return Ok(None) };
        let at = Timestamp::of_ms(due_ms);
        let run = format!("ktrdr operations events {}", job.id);
        let (why, message) = match (&job.waits_for, &job.error) {
            (Some(outside), _) => ("deferred", format!("it waits for {outside}, and looks again at {at}")),
            (None, error) => {
                let error = error.as_deref().unwrap_or("its last attempt failed");
                let (tries, of) = (job.tries, job.tries_max);
                (
                    "retry_due",
                    format!("{error}; {tries} of {of} tries are spent, and the next begins at {at}"),
                )
            }
        };
        Ok(Some(Reason::new(why, message, run).until(due_ms)))
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
        let Some(cycle) = self.research_of(job).await? else { return Ok(None) };
        let why = self.unpaid(&cycle.campaign, &cycle.agent).await?;
        Ok(why.map(|exhausted| Reason::new("budget", exhausted, "ktrdr agent budget")))
    }

    /// Designs are told only of ideas that a person let through: one that begins before goes without.
    async fn why_unapproved(&self, job: &Operation) -> Result<Option<Reason>, AppError> {
        if job.kind != Kind::AgentDesign && !job.kind.is_root() {
            return Ok(None);
        }
        let Some(cycle) = self.research_of(job).await? else { return Ok(None) };
        let (campaign, status) = (Some(cycle.campaign), Some(HypothesisStatus::Waiting));
        let waiting = self.hypotheses(&HypothesesRequest { campaign, status }).await?;
        let deadlines =
            waiting.iter().filter_map(|h| h.considered.hypothesis.approval.map(|asked| asked.deadline));
        Ok(deadlines.min().map(|deadline| {
            let message = format!(
                "{} of its campaign's ideas wait for a person's word, the first until {deadline}: it begins without them",
                waiting.len()
            );
            Reason::new("approval", message, "ktrdr agent approvals list").until(deadline.0 * 1_000)
        }))
    }

    /// The specification of the cycle that a row is, or belongs to.
    async fn research_of(&self, row: &Operation) -> Result<Option<ResearchSpec>, AppError> {
        let cycle = match &row.root {
            Some(root) => self.store.get(root).await?,
            None => Some(row.clone()),
        };
        Ok(cycle.and_then(|row| ResearchSpec::deserialize(&row.spec).ok()))
    }

    /// A job that runs, of whose worker nothing is heard, or that the broker has lost.
    async fn why_silent(&self, job: &Operation, seen: &Seen) -> Result<Vec<Reason>, AppError> {
        let Some(worker) = &job.worker else { return Ok(Vec::new()) };
        let entry = seen.workers.iter().find(|entry| entry.worker.boot.0 == *worker);
        let history = self.store.history(&job.id).await?;
        let suspected =
            history.last().filter(|entry| entry.what == Change::Suspected).map(|entry| entry.at_ms);
        let heard_ms = entry.map(|entry| entry.at_ms);
        if suspected.is_none() && entry.is_some_and(|entry| !entry.is_silent(seen.now_ms)) {
            return Ok(Vec::new());
        }
        let message = match suspected {
            Some(_) => format!(
                "the broker lost its worker {worker}: unless that beats in time the job is brought back"
            ),
            None => {
                format!("its worker {worker} fell silent: unless it beats in time the job is brought back")
            }
        };
        let reason = Reason::new("worker_suspect", message, "ktrdr workers list");
        Ok(vec![reason.since(suspected.or(heard_ms)).until(job.lease_until_ms)])
    }

    /// A cycle whose job has ended waits for its turn at the exam, or for an orchestrator.
    async fn why_unmoved(&self, cycle: &Operation, seen: &Seen) -> Result<Vec<Reason>, AppError> {
        if self.waits_for_its_turn(cycle).await? {
            let message =
                "cycles of its generation are examined one after the other, and those before it go on";
            return Ok(vec![Reason::new("turn", message, format!("ktrdr operations status {}", cycle.id))]);
        }
        Ok(why(&[cycle], seen, true))
    }

    /// When the next job of its queue may be taken.
    async fn eta_ms(&self, job: &Operation, seen: &Seen) -> Result<Option<u64>, AppError> {
        let Waits::Job(queue) = waits(job) else { return Ok(None) };
        if seen.paused.contains_key(&job.kind) {
            return Ok(None);
        }
        let slots = u64::from(seen.slots(queue));
        let depth = seen.waiting.iter().find(|(of, _)| *of == queue).map_or(0, |(_, waiting)| *waiting);
        let ended = Filter {
            kinds: vec![job.kind],
            statuses: vec![Status::Completed],
            limit: ENDED,
            ..Filter::default()
        };
        let ended = self.store.list(&ended).await?.operations;
        let mut took: Vec<u64> = ended.iter().filter_map(|row| row.took_ms).collect();
        took.sort_unstable();
        let median = took.get(took.len() / 2).copied();
        Ok(median.filter(|_| slots > 0).map(|median| depth.saturating_mul(median) / slots))
    }
}

/// What stopped it: a gate with what that found, or what it failed of, each with what its word means.
fn why_failed(row: &Operation) -> Option<Reason> {
    let error = row.error.as_deref()?;
    if let Some(said) = Refusal::read(error) {
        let Refusal { gate, code, figures } = said;
        let means = glossary::find(code);
        let means =
            means.map_or_else(String::new, |entry| format!(": {}. {}", entry.meaning, begun(entry.remedy)));
        let message = format!("the {} gate said {code} ({figures}){means}", gate.to_lowercase());
        return Some(Reason::new("gate", message, format!("ktrdr report {}", row.id)));
    }
    let word = row.reason.as_ref().map(ToString::to_string).unwrap_or_default();
    let means =
        glossary::find(&word).map_or_else(String::new, |entry| format!(" ({word}: {})", entry.meaning));
    let run = format!("ktrdr operations events {}", row.id);
    Some(Reason::new("failed", format!("{error}{means}"), run))
}

/// As a sentence begins.
fn begun(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
