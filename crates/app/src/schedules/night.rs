//! One night: begun when it is its turn, watched while it goes on, stopped when its time is over.
//!
//! Each step is found anew from what is stored, and may be taken again: the campaign's name and the key of its request follow from
//! the record, so that whoever dies between beginning a night and writing that down has begun it once.

use ktrdr_domain::budget::Scope;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::schedule::decision::{late, overlapped, paused};
use ktrdr_domain::schedule::{
    Cause, Occurrence, OccurrenceState, Outcome, Overlap, Schedule, SkipReason, StopReason,
};
use ktrdr_domain::{FailureReason, Status};
use ktrdr_fabric::campaign::Campaign;

use super::Night;
use crate::budget::BUDGET_EXHAUSTED;
use crate::cancel::GroupCancelRequest;
use crate::plan::NOTHING_TO_FIND;
use crate::{App, AppError, ErrorKind, OrKind};

/// Who cancels nights, as their rows say it.
const KEEPER: &str = "schedule";

/// Whether a night may begin.
enum Turn {
    Now,
    Later,
    Never(OccurrenceState),
}

impl App {
    /// The next state of what waits or runs; `None`: it stays as it is. `others` is what else of its schedule waits or runs.
    pub(super) async fn carry_on(
        &self,
        schedule: Option<&Schedule>,
        occurrence: &Occurrence,
        others: &[Occurrence],
        now_ms: i64,
    ) -> Result<Option<OccurrenceState>, AppError> {
        match &occurrence.state {
            OccurrenceState::Waiting { begins_at_ms } => {
                let Some(schedule) = schedule else {
                    let words = "its schedule was deleted before it began";
                    return Ok(Some(OccurrenceState::skipped(SkipReason::Deleted, words)));
                };
                match turn(schedule, occurrence, others, *begins_at_ms, now_ms) {
                    Turn::Now => self.begin(schedule, occurrence, now_ms).await.map(Some),
                    Turn::Later => Ok(None),
                    Turn::Never(skipped) => Ok(Some(skipped)),
                }
            }
            OccurrenceState::Running { campaign, began_at_ms, stopping } => {
                let counted = self.campaigns.campaign(campaign).await?;
                if let Some(outcome) = outcome(counted.as_ref(), *stopping) {
                    let (campaign, began_at_ms) = (campaign.clone(), *began_at_ms);
                    return Ok(Some(OccurrenceState::Ran {
                        campaign,
                        began_at_ms,
                        ended_at_ms: now_ms,
                        outcome,
                    }));
                }
                match (stopping, schedule) {
                    (Some(why), _) => self.stop(campaign, *why).await.map(|()| None),
                    (None, None) => Ok(None),
                    (None, Some(schedule)) => {
                        let why = self.too_long(schedule, occurrence, *began_at_ms, others, now_ms).await?;
                        Ok(why.map(|why| OccurrenceState::Running {
                            campaign: campaign.clone(),
                            began_at_ms: *began_at_ms,
                            stopping: Some(why),
                        }))
                    }
                }
            }
            OccurrenceState::Ran { .. } | OccurrenceState::Skipped { .. } => Ok(None),
        }
    }

    /// Begins a night. What may go better later is an error; what forbids it is a reason to skip it.
    async fn begin(
        &self,
        schedule: &Schedule,
        occurrence: &Occurrence,
        now_ms: i64,
    ) -> Result<OccurrenceState, AppError> {
        let campaign = occurrence.campaign().or_kind(ErrorKind::InvalidInput)?;
        let running =
            OccurrenceState::Running { campaign: campaign.clone(), began_at_ms: now_ms, stopping: None };
        // Begun by somebody who died before the record said so: what there is to find has been asked, and paid for.
        if self.campaigns.campaign(&campaign).await?.is_some() {
            return Ok(running);
        }
        match self.try_to_begin(schedule, occurrence).await {
            Ok(()) => Ok(running),
            Err(why) => match (why.kind, why.code.as_deref()) {
                (_, Some(BUDGET_EXHAUSTED)) => Ok(OccurrenceState::skipped(SkipReason::Budget, why)),
                (_, Some(NOTHING_TO_FIND)) => Ok(OccurrenceState::skipped(SkipReason::NothingToFind, why)),
                (ErrorKind::Unreachable | ErrorKind::StoreLost | ErrorKind::Files, _) => Err(why),
                _ => Ok(OccurrenceState::skipped(SkipReason::Refused, why)),
            },
        }
    }

    async fn try_to_begin(&self, schedule: &Schedule, occurrence: &Occurrence) -> Result<(), AppError> {
        let night: Night =
            serde_json::from_value(schedule.plan.work.clone()).or_kind(ErrorKind::InvalidInput)?;
        self.plan_campaign(&night.plan_request(schedule.plan.anyway.as_ref())).await?.admit()?;
        self.start_campaign(&night.campaign_of(occurrence)?).await.map(|_| ())
    }

    /// Why a night that goes on must stop, if it must.
    async fn too_long(
        &self,
        schedule: &Schedule,
        occurrence: &Occurrence,
        began_at_ms: i64,
        others: &[Occurrence],
        now_ms: i64,
    ) -> Result<Option<StopReason>, AppError> {
        let rules = &schedule.plan.rules;
        let is_over = |seconds: u64| now_ms.saturating_sub(began_at_ms).cast_unsigned() / 1_000 >= seconds;
        if rules.max_time_s.is_some_and(is_over) {
            return Ok(Some(StopReason::MaxTime));
        }
        if rules.overlap == Overlap::Cancel && others.iter().any(|other| replaces(other, occurrence, now_ms))
        {
            return Ok(Some(StopReason::Replaced));
        }
        let Some(most_s) = rules.max_machine_time_s else { return Ok(None) };
        let scope = Scope::Campaign(occurrence.campaign().or_kind(ErrorKind::InvalidInput)?);
        let spent =
            self.budget.balances(&[scope]).await?.first().map_or(0, |balance| balance.spent.machine_ms);
        Ok((spent / 1_000 >= most_s).then_some(StopReason::MaxMachineTime))
    }

    /// Cancels a campaign, once.
    async fn stop(&self, campaign: &CampaignName, why: StopReason) -> Result<(), AppError> {
        if self.campaigns.campaign(campaign).await?.is_none_or(|counted| counted.cancel.is_some()) {
            return Ok(());
        }
        let reason = match why {
            StopReason::MaxTime => "the night's time is over",
            StopReason::MaxMachineTime => "the night's machine time is used up",
            StopReason::Replaced => "the next night takes its place",
        };
        let request = GroupCancelRequest {
            within: None,
            campaign: Some(campaign.clone()),
            kind: None,
            status: None,
            reason: reason.to_owned(),
            by: KEEPER.to_owned(),
        };
        let noted = self.note(KEEPER, "cancel_campaign", campaign.as_str(), reason).await?;
        let done = self.cancel_group(self.plan_cancel(&request).await?).await;
        self.note_outcome(noted, &done.as_ref().map_or_else(ToString::to_string, |_| "cancelled".into()))
            .await;
        done.map(|_| ())
    }
}

/// Whether it is the turn of one that waits.
fn turn(
    schedule: &Schedule,
    occurrence: &Occurrence,
    others: &[Occurrence],
    begins_at_ms: i64,
    now_ms: i64,
) -> Turn {
    let rules = &schedule.plan.rules;
    if occurrence.cause == Cause::Tick {
        if let Some(pause) = &schedule.paused {
            return Turn::Never(paused(pause));
        }
        if (now_ms - occurrence.at_ms) / 1_000 > rules.max_lateness_s.cast_signed() {
            return Turn::Never(late(rules.max_lateness_s));
        }
    }
    if now_ms < begins_at_ms {
        return Turn::Later;
    }
    match occurrence.cause {
        Cause::Backfill => turn_of_backfill(schedule, occurrence, others),
        Cause::Tick | Cause::Trigger => turn_beside(rules.overlap, occurrence, others),
    }
}

/// What is made up for runs one after the other, and waits while the schedule is paused.
fn turn_of_backfill(schedule: &Schedule, occurrence: &Occurrence, others: &[Occurrence]) -> Turn {
    let is_first = |other: &Occurrence| other.is_running() || other.at_ms < occurrence.at_ms;
    if schedule.paused.is_some() || others.iter().any(is_first) { Turn::Later } else { Turn::Now }
}

/// Whether one may begin beside others.
fn turn_beside(overlap: Overlap, occurrence: &Occurrence, others: &[Occurrence]) -> Turn {
    let running = others.iter().find(|other| other.is_running());
    let is_later = |other: &&Occurrence| other.at_ms > occurrence.at_ms && other.cause == Cause::Tick;
    let later = others.iter().find(is_later).filter(|_| overlap == Overlap::Cancel);
    match (overlap, running, later) {
        // Of several that would take the place of one that ends slowly, the latest does.
        (Overlap::Cancel, _, Some(later)) => Turn::Never(overlapped(later)),
        (Overlap::Skip, Some(other), _) => Turn::Never(overlapped(other)),
        (Overlap::Buffer | Overlap::Cancel, Some(_), _) => Turn::Later,
        (Overlap::Allow, _, _) | (_, None, _) => Turn::Now,
    }
}

/// Whether one that waits is to take the place of one that runs.
fn replaces(other: &Occurrence, running: &Occurrence, now_ms: i64) -> bool {
    let is_due = matches!(other.state, OccurrenceState::Waiting { begins_at_ms } if begins_at_ms <= now_ms);
    is_due && other.at_ms > running.at_ms && other.cause != Cause::Backfill
}

/// How a campaign ended; `None` while it goes on.
fn outcome(campaign: Option<&Campaign>, stopping: Option<StopReason>) -> Option<Outcome> {
    let Some(campaign) = campaign else { return Some(Outcome::Failed) };
    if !campaign.has_ended() {
        return None;
    }
    let was_cancelled = campaign.with_status(Status::Cancelled) > 0;
    let verdicts = campaign.count(|cycles| match cycles.status {
        Status::Completed => true,
        Status::Failed => cycles.reason == Some(FailureReason::Gate),
        Status::Pending | Status::Running | Status::Cancelled => false,
    });
    Some(match (stopping, was_cancelled) {
        (Some(StopReason::Replaced), true) => Outcome::Replaced,
        (Some(StopReason::MaxTime | StopReason::MaxMachineTime), true) => Outcome::Unfinished,
        (None, true) => Outcome::Cancelled,
        (_, false) if verdicts == 0 => Outcome::Failed,
        (_, false) => Outcome::Finished,
    })
}
