//! Many at once: those that failed, or were cancelled, and to which every filter applies.

use std::collections::{BTreeMap, HashSet};

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, OperationSummary, Status};
use ktrdr_fabric::store::{Filter, NewOperation, NewRoot, Pace, Submitted};
use ktrdr_research::resume;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::successor;
use crate::{App, AppError, ErrorKind, Mark};

/// Rows read at once.
const PAGE: u32 = 1000;

/// Cycles and jobs that are submitted in one go; what remains is for the next.
const GROUP_MAX: usize = 10_000;

/// Submit a group again: those to which all of it applies.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupRetryRequest {
    /// Only of this campaign.
    pub campaign: Option<CampaignName>,
    /// Only what ended so: failed, unless cancelled is given.
    pub status: Option<Status>,
    /// Only what failed for this reason, such as `attempts_exhausted`.
    pub reason: Option<FailureReason>,
    /// Only this type.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// Only dead letters: those that used up their tries and were not dropped.
    pub dead: bool,
    /// Of a repeated request: how far the store was when it came first. What ended later is left alone.
    #[serde(skip)]
    pub within: Option<Mark>,
}

impl GroupRetryRequest {
    fn check(&self) -> Result<(), AppError> {
        let refuse = |what| Err(AppError::new(ErrorKind::InvalidRequest, what));
        let Self { campaign, status, reason, kind, dead, within: _ } = self;
        if campaign.is_none() && status.is_none() && reason.is_none() && kind.is_none() && !dead {
            return refuse(
                "say which: an ID, or a group by --campaign, --status, --reason, --type or --dead",
            );
        }
        match status {
            None | Some(Status::Failed | Status::Cancelled) => Ok(()),
            Some(_) => {
                refuse("what is retried together has failed or was cancelled: use failed or cancelled")
            }
        }
    }

    /// What the store can not tell.
    fn means(&self, operation: &OperationSummary) -> bool {
        let has_reason = self.reason.is_none() || self.reason == operation.reason;
        let had_ended = |mark: Mark| operation.finished_at_ms.is_some_and(|at_ms| at_ms <= mark.at_ms);
        has_reason && self.within.is_none_or(had_ended)
    }

    fn filter(&self, status: Status, limit: u32) -> Filter {
        Filter {
            campaign: self.campaign.clone(),
            statuses: vec![status],
            kinds: self.kind.into_iter().collect(),
            dead: self.dead,
            limit,
            ..Filter::default()
        }
    }
}

/// What retrying a group would do.
#[derive(Debug, Default, Serialize, JsonSchema, Deserialize)]
pub struct RetryPlan {
    /// How many research cycles are resumed.
    pub cycles: usize,
    /// How many jobs run again.
    pub jobs: usize,
    /// What is left alone, and why.
    pub left_alone: BTreeMap<String, usize>,
    /// Where nothing that failed is retried: how many that were cancelled match otherwise.
    pub cancelled: u64,
    #[serde(skip)]
    work: Work,
}

/// What is submitted, ready to be.
#[derive(Debug, Default)]
struct Work {
    cycles: Vec<NewRoot>,
    jobs: Vec<NewOperation>,
}

impl RetryPlan {
    /// Whether it would do nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cycles == 0 && self.jobs == 0
    }

    fn leave(&mut self, why: impl Into<String>) {
        *self.left_alone.entry(why.into()).or_default() += 1;
    }
}

/// What retrying a group did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct GroupRetryAnswer {
    /// The new operations.
    pub retried: Vec<OperationId>,
    /// What was left alone, and why.
    pub left_alone: BTreeMap<String, usize>,
}

impl App {
    /// What retrying a group would do.
    ///
    /// # Errors
    /// When the request names no group, or a campaign that is not there.
    pub async fn plan_retry(&self, request: &GroupRetryRequest) -> Result<RetryPlan, AppError> {
        request.check()?;
        if let Some(name) = &request.campaign {
            self.campaign_counts(name).await?;
        }
        let (mut plan, mut seen) = (RetryPlan::default(), HashSet::new());
        for row in self.matching(request).await? {
            let id = row.root.unwrap_or(row.id);
            if seen.insert(id.clone())
                && let Some(whole) = self.store.get(&id).await?
            {
                self.add(&mut plan, &whole).await?;
            }
        }
        (plan.cycles, plan.jobs) = (plan.work.cycles.len(), plan.work.jobs.len());
        if plan.is_empty() && request.status.is_none() {
            plan.cancelled = self.store.list(&request.filter(Status::Cancelled, 1)).await?.total;
        }
        Ok(plan)
    }

    async fn add(&self, plan: &mut RetryPlan, whole: &Operation) -> Result<(), AppError> {
        if plan.work.cycles.len() + plan.work.jobs.len() == GROUP_MAX {
            plan.leave(format!("more than {GROUP_MAX}: say it again"));
        } else if !whole.kind.is_root() {
            // Of one operation one repetition, however often a group is retried.
            let key = Some(format!("retry of {}", whole.id));
            plan.work.jobs.push(NewOperation { idempotency_key: key, ..self.again(whole)? });
        } else if self.store.get(&successor(&whole.id)).await?.is_some() {
            plan.leave("resumed before");
        } else {
            match resume::plan(&*self.store, whole, self.policy.tries_max).await? {
                Ok(next) => plan.work.cycles.push(next),
                Err(resume::NotResumed::OnItsMerits(_)) => plan.leave("ended by their own merits"),
                Err(resume::NotResumed::AtAGate(_)) => plan.leave("cancelled at a gate that stops them"),
                Err(why) => plan.leave(why.to_string()),
            }
        }
        Ok(())
    }

    /// Every row that the store can tell belongs to the group, newest first.
    async fn matching(&self, request: &GroupRetryRequest) -> Result<Vec<OperationSummary>, AppError> {
        let mut found = Vec::new();
        let mut filter = request.filter(request.status.unwrap_or(Status::Failed), PAGE);
        loop {
            let page = self.store.list(&filter).await?.operations;
            filter.offset += u64::from(PAGE);
            let is_last = page.len() < PAGE as usize;
            found.extend(page.into_iter().filter(|operation| request.means(operation)));
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Carries out a plan. Its cycles wait in one queue, so that no more of them run at a time than is configured.
    ///
    /// # Errors
    /// When somebody else resumes the same cycles at the same time: nothing was done then.
    pub async fn retry_group(&self, plan: RetryPlan) -> Result<GroupRetryAnswer, AppError> {
        let RetryPlan { left_alone, work: Work { cycles, jobs }, .. } = plan;
        let mut retried: Vec<OperationId> = cycles.iter().map(|root| root.id.clone()).collect();
        if !cycles.is_empty() {
            let pace = Pace::free(self.policy.in_flight);
            let submitted = self.store.submit_roots(cycles, pace).await?;
            if let Submitted::Duplicate(id) = submitted {
                let message = format!("somebody else resumes these cycles, {id} among them: say it again");
                return Err(AppError::new(ErrorKind::Conflict, message));
            }
        }
        for job in jobs {
            let id = job.id.clone();
            if self.store.submit(job).await? == Submitted::Created {
                retried.push(id);
            }
        }
        Ok(GroupRetryAnswer { retried, left_alone })
    }
}
