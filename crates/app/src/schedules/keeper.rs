//! The keeper of schedules: decides what becomes of ticks, and carries it out. Every coordinator has one; one of them leads.

use std::time::Duration;

use ktrdr_domain::schedule::decision::{Due, decide};
use ktrdr_domain::schedule::{Occurrence, OccurrenceState, Pause, Schedule, SkipReason};
use ktrdr_fabric::schedules::{DECIDED_AT_ONCE, Decided, Decision, Lead, Leadership};
use ktrdr_fabric::store::BootId;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{App, AppError};

/// Between two looks, where no tick is due sooner.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long the lead lasts: who takes it over from one that died begins a night so much later at most.
pub const LEASE: Duration = Duration::from_secs(15);

/// Longest note of a pause after a failure, in bytes.
const NOTE_BYTES_MAX: usize = 300;

/// Keeps the schedules of a workspace, while it leads.
pub struct Keeper {
    app: App,
    boot: BootId,
}

impl Keeper {
    /// One that has not begun. What it changes is recorded under the name `schedule`.
    #[must_use]
    pub fn new(app: &App, boot: BootId) -> Self {
        Self { app: App { by: "schedule".to_owned(), ..app.clone() }, boot }
    }

    /// Looks until it is stopped. What fails is tried again with the next look.
    pub async fn run(self, stop: CancellationToken) {
        let looking = async {
            loop {
                let wait = self.look().await.unwrap_or_else(|why| {
                    warn!(%why, "schedules can not be kept at present; the next look tries again");
                    LOOK_EVERY
                });
                tokio::time::sleep(wait).await;
            }
        };
        stop.run_until_cancelled(looking).await;
    }

    /// Decides and carries out what there is at this moment. How long until the next look.
    ///
    /// # Errors
    /// When the store, or what a night needs, is out of reach: a look that was cut short anywhere is made up for by the next.
    pub async fn look(&self) -> Result<Duration, AppError> {
        let schedules = self.app.schedules.schedules().await?;
        let open = self.app.schedules.open_occurrences().await?;
        if schedules.is_empty() && open.is_empty() {
            return Ok(LOOK_EVERY);
        }
        let Lead::Yes { leadership, now_ms } = self.app.schedules.lead(&self.boot, LEASE).await? else {
            return Ok(LOOK_EVERY);
        };
        for schedule in &schedules {
            self.decide(schedule, &leadership, now_ms).await?;
        }
        self.carry_on(now_ms).await?;
        let next = schedules.iter().filter_map(|schedule| until_next(schedule, now_ms)).min();
        Ok(next.unwrap_or(LOOK_EVERY).min(LOOK_EVERY))
    }

    /// Writes down what becomes of the ticks of a schedule that came, all that there are.
    async fn decide(
        &self,
        schedule: &Schedule,
        leadership: &Leadership,
        now_ms: i64,
    ) -> Result<(), AppError> {
        let mut read = Some(schedule.clone());
        while let Some(schedule) = read {
            let due = Due::of(&schedule, now_ms, DECIDED_AT_ONCE);
            let Some(last) = due.ticks.last() else { return Ok(()) };
            let upto_ms = last.0 * 1_000;
            let open = self.app.open_of(&schedule.name).await?;
            let decision = Decision {
                schedule: schedule.name.clone(),
                revision: schedule.revision,
                leadership: leadership.clone(),
                upto_ms,
                occurrences: decide(&schedule, &due, &open, now_ms),
            };
            match self.app.schedules.decide(&decision).await? {
                Decided::Recorded if due.is_all => return Ok(()),
                Decided::NotLeading => return Ok(()),
                Decided::Recorded | Decided::Stale => {}
            }
            read = self.app.schedules.schedule(&schedule.name).await?;
        }
        Ok(())
    }

    /// Carries out what is open. One that can not be carried on keeps no other from it.
    async fn carry_on(&self, now_ms: i64) -> Result<(), AppError> {
        let schedules = self.app.schedules.schedules().await?;
        let mut open = self.app.schedules.open_occurrences().await?;
        let mut failed = None;
        for i in 0..open.len() {
            let occurrence = open[i].clone();
            let schedule = schedules.iter().find(|schedule| schedule.name == occurrence.schedule);
            let of_same = |other: &&Occurrence| other.schedule == occurrence.schedule && other.is_open();
            let others: Vec<Occurrence> = open
                .iter()
                .filter(of_same)
                .filter(|other| other.at_ms != occurrence.at_ms)
                .cloned()
                .collect();
            match self.app.carry_on(schedule, &occurrence, &others, now_ms).await {
                Ok(None) => {}
                Ok(Some(state)) => {
                    let moved = occurrence.moved(state);
                    self.record(schedule, &moved).await?;
                    open[i] = moved;
                }
                Err(why) => failed = Some(why.at(format!("{} of {}", occurrence.schedule, occurrence.at()))),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Writes down where an occurrence stands now; where that is a failure, the schedule is paused first, if it is to be.
    async fn record(&self, schedule: Option<&Schedule>, moved: &Occurrence) -> Result<(), AppError> {
        if let Some(failure) = failure(&moved.state)
            && let Some(schedule) = schedule.filter(|schedule| schedule.plan.rules.pause_on_failure)
        {
            self.pause(schedule, &format!("the night of {} {failure}", moved.at())).await?;
        }
        if self.app.schedules.move_occurrence(moved).await? {
            info!(schedule = %moved.schedule, at = %moved.at(), state = ?moved.state, "a scheduled night");
        }
        Ok(())
    }

    async fn pause(&self, schedule: &Schedule, why: &str) -> Result<(), AppError> {
        let words: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let Ok(note) = words[..words.floor_char_boundary(NOTE_BYTES_MAX)].parse() else { return Ok(()) };
        let pause = Pause { note, by: self.app.by.clone(), after_failure: true, at_ms: 0 };
        let noted = self.app.note("schedule", "pause_schedule", schedule.name.as_str(), why).await?;
        let done = self.app.schedules.pause_schedule(&schedule.name, &pause).await;
        self.app.note_outcome(noted, if done.is_ok() { "paused" } else { "failed" }).await;
        Ok(done.map(|_| ())?)
    }
}

/// What of a state is a failure of its night, in words.
fn failure(state: &OccurrenceState) -> Option<String> {
    match state {
        OccurrenceState::Ran { outcome, campaign, .. } if outcome.is_trouble() => {
            Some(format!("ended as {outcome}: see `ktrdr campaign show {campaign}`"))
        }
        OccurrenceState::Skipped { reason: reason @ SkipReason::Refused, words } => {
            Some(format!("could not begin ({reason}): {words}"))
        }
        _ => None,
    }
}

/// How long until the next tick of a schedule.
fn until_next(schedule: &Schedule, now_ms: i64) -> Option<Duration> {
    let now = ktrdr_domain::Timestamp::of_ms(now_ms);
    let next_ms = schedule.plan.cadence.next_after(now)?.0 * 1_000;
    u64::try_from(next_ms - now_ms).ok().map(Duration::from_millis)
}
