//! Nights that somebody asks for: one now, or those that were skipped; and the records of all.

use ktrdr_domain::Timestamp;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::decision::overlap;
use ktrdr_domain::schedule::{Cause, Occurrence, OccurrenceState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::no_schedule;
use crate::idempotency::Seed;
use crate::operations::within_part;
use crate::{App, AppError, ErrorKind, IdempotencyKey, clock};

/// Most nights that one request makes up for.
const BACKFILL_MAX: usize = 100;

/// Begin a night now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerScheduleRequest {
    /// The schedule.
    pub schedule: ScheduleName,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Make up for ticks that were skipped, or came before the schedule was there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillRequest {
    /// The schedule.
    pub schedule: ScheduleName,
    /// The first time that is meant.
    pub from: Timestamp,
    /// The first time that is not; at most now.
    pub to: Timestamp,
}

/// What making up for ticks came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct BackfillAnswer {
    /// Ticks that run now, one after the other.
    pub queued: Vec<Timestamp>,
    /// Ticks that ran, run or wait already.
    pub left: Vec<Timestamp>,
}

/// A part of the records of a schedule, the latest first.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct OccurrencePart {
    /// The records.
    pub occurrences: Vec<Occurrence>,
    /// Where the next part begins, if there may be one: before that time, Unix milliseconds.
    pub next: Option<i64>,
}

impl App {
    /// Begins a night now, whether or not the schedule is paused.
    ///
    /// # Errors
    /// When there is no schedule of that name, or its rules let none begin beside the one that goes on.
    pub async fn trigger_schedule(&self, request: &TriggerScheduleRequest) -> Result<Occurrence, AppError> {
        let name = &request.schedule;
        let schedule = self.expect_schedule(name).await?;
        let seed = self.remembered(request.idempotency_key.as_ref(), Seed::fresh(request)?).await?;
        // Never at a whole minute, where a tick may be.
        let at_ms = seed.now.0 * 1_000 + 1 + i64::from(seed.nonce % 999);
        if let Some(before) = self.schedules.occurrence(name, at_ms).await? {
            return Ok(before);
        }
        let others = self.open_of(name).await?;
        if let Some(OccurrenceState::Skipped { words, .. }) = overlap(&schedule, &others) {
            let message = format!("{name} lets no night begin beside another: {words}");
            return Err(AppError::new(ErrorKind::Conflict, message).coded("overlap"));
        }
        let waiting = OccurrenceState::Waiting { begins_at_ms: at_ms };
        let asked = Occurrence::new(name, at_ms, Cause::Trigger, waiting).by(&self.by);
        self.schedules.note_occurrence(&asked).await?;
        // Whoever keeps schedules would begin it, too; who asks is told at once.
        if let Some(state) = self.carry_on(Some(&schedule), &asked, &others, now_ms()).await? {
            self.schedules.move_occurrence(&asked.moved(state)).await?;
        }
        let recorded = self.schedules.occurrence(name, at_ms).await?;
        recorded.ok_or_else(|| AppError::new(ErrorKind::Conflict, format!("the record of {name} is gone")))
    }

    /// Makes up for ticks that were skipped, or came before the schedule was there: they run one after the other.
    ///
    /// # Errors
    /// When there is no schedule of that name, or more ticks are meant than one request may ask for.
    pub async fn backfill_schedule(&self, request: &BackfillRequest) -> Result<BackfillAnswer, AppError> {
        let BackfillRequest { schedule: name, from, to } = request;
        let schedule = self.expect_schedule(name).await?;
        let to = (*to).min(clock::now());
        let ticks = schedule.plan.cadence.ticks_after(Timestamp(from.0.saturating_sub(1)));
        let ticks: Vec<Timestamp> = ticks.take_while(|tick| *tick < to).take(BACKFILL_MAX + 1).collect();
        if ticks.is_empty() || ticks.len() > BACKFILL_MAX {
            let message = match ticks.len() {
                0 => format!(
                    "{name} has no tick from {from} to {to}: `ktrdr schedules show {name}` tells what it had"
                ),
                _ => format!("from {from} to {to} there are more than {BACKFILL_MAX} ticks: ask for fewer"),
            };
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let mut answer = BackfillAnswer { queued: Vec::new(), left: Vec::new() };
        for tick in ticks {
            let is_queued = self.make_up_for(name, tick).await?;
            if is_queued { &mut answer.queued } else { &mut answer.left }.push(tick);
        }
        Ok(answer)
    }

    async fn make_up_for(&self, name: &ScheduleName, tick: Timestamp) -> Result<bool, AppError> {
        let at_ms = tick.0 * 1_000;
        let changed = match self.schedules.occurrence(name, at_ms).await? {
            None => {
                let waiting = OccurrenceState::Waiting { begins_at_ms: at_ms };
                let asked = Occurrence::new(name, at_ms, Cause::Backfill, waiting).by(&self.by);
                self.schedules.note_occurrence(&asked).await?
            }
            Some(skipped @ Occurrence { state: OccurrenceState::Skipped { .. }, .. }) => {
                self.schedules.move_occurrence(&skipped.made_up_for(&self.by)).await?
            }
            Some(_) => false,
        };
        Ok(changed)
    }

    /// A part of the records of a schedule, also of one that was deleted: at most `limit` before a time, or the latest.
    ///
    /// # Errors
    /// When there was never a schedule of that name, or the limit is out of range.
    pub async fn occurrences(
        &self,
        name: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<OccurrencePart, AppError> {
        within_part(limit)?;
        let occurrences = self.schedules.occurrences(name, before_ms, limit).await?;
        if occurrences.is_empty() && before_ms.is_none() && self.schedules.schedule(name).await?.is_none() {
            return Err(no_schedule(name));
        }
        let is_full = occurrences.len() == limit as usize;
        let next = occurrences.last().filter(|_| is_full).map(|last| last.at_ms);
        Ok(OccurrencePart { occurrences, next })
    }
}

/// Unix milliseconds of this machine's clock.
fn now_ms() -> i64 {
    clock::now().0 * 1_000 + 999
}
