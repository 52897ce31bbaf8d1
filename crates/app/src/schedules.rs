//! Schedules: campaigns that begin by themselves, and what became of each night.
//!
//! A schedule is made once and never changed: another plan is another schedule. Whoever plays the coordinator keeps them
//! ([`keeper`]); a night is begun, watched and stopped in [`night`].

mod asking;
mod health;
pub mod keeper;
mod night;

use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::reason::Reason;
use ktrdr_domain::schedule::{Cadence, Occurrence, Pause, Rules, Schedule, SchedulePlan};
use ktrdr_domain::{Sha256, Timestamp};
use ktrdr_fabric::schedules::{SCHEDULES_MAX, ScheduleChanged, ScheduleCreated};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use health::Trouble;

pub use asking::{BackfillAnswer, BackfillRequest, OccurrencePart, TriggerScheduleRequest};

use crate::campaign::CampaignRequest;
use crate::plan::PlanRequest;
use crate::{App, AppError, ErrorKind, IdempotencyKey, OrKind, clock};

/// Most ticks to come that are told of.
const NEXT_MAX: u32 = 1000;

/// Make a schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRequest {
    /// Its name.
    pub name: ScheduleName,
    /// When: minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// On the clock of which zone of the IANA database.
    pub zone: String,
    /// What each tick begins: a campaign of its own, named after the schedule and the tick.
    pub campaign: CampaignRequest,
    /// Whether every night has the same seed. By default each has one of its own, that follows from the campaign's and the tick.
    #[serde(default)]
    pub same_seed: bool,
    /// What a tick may meet.
    #[serde(default)]
    pub rules: Rules,
    /// Why it may run although there is nothing to find.
    #[serde(default)]
    pub anyway: Option<Reason>,
}

/// What each tick begins, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Night {
    campaign: CampaignRequest,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    same_seed: bool,
}

/// A schedule, what it does next, and what it did last.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct ScheduleStatus {
    /// The schedule.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// Its next tick.
    pub next: Option<NextTick>,
    /// The latest record.
    pub last: Option<Occurrence>,
}

/// A tick to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct NextTick {
    /// Whose.
    pub schedule: ScheduleName,
    /// When.
    pub at: Timestamp,
    /// What the schedule's clock shows then.
    pub shown: String,
    /// By how many seconds that clock is set forward on this day; back, where it is negative.
    pub clock_change_s: Option<i32>,
}

impl Night {
    /// What there is to find in one of them.
    fn plan_request(&self, anyway: Option<&Reason>) -> PlanRequest {
        let CampaignRequest { symbol, timeframe, cycles, agent, mix, generation, gates, .. } =
            self.campaign.clone();
        let anyway = anyway.map(Reason::to_string);
        PlanRequest { symbol, timeframe, cycles, agent, mix, generation, gates, anyway }
    }

    /// The campaign of one night: always the same request, so that it begins once however often it is said.
    fn campaign_of(&self, occurrence: &Occurrence) -> Result<CampaignRequest, AppError> {
        let Self { campaign, same_seed } = self;
        let own_seed = || Sha256::of(format!("{} {}", campaign.seed, occurrence.at_ms).as_bytes()).seed();
        Ok(CampaignRequest {
            campaign: Some(occurrence.campaign().or_kind(ErrorKind::InvalidRequest)?),
            seed: if *same_seed { campaign.seed } else { own_seed() },
            idempotency_key: Some(IdempotencyKey::of_occurrence(occurrence)),
            ..campaign.clone()
        })
    }
}

impl App {
    /// Makes a schedule. Its ticks are those after now. Saying the same again changes nothing.
    ///
    /// # Errors
    /// When its nights could not begin, could find nothing, or another schedule has its name.
    pub async fn create_schedule(&self, request: &ScheduleRequest) -> Result<ScheduleStatus, AppError> {
        let ScheduleRequest { name, cron, zone, rules, anyway, .. } = request;
        let night = Night { campaign: request.campaign.clone(), same_seed: request.same_seed };
        if night.campaign.campaign.is_some() || night.campaign.idempotency_key.is_some() {
            let message = "each night is a campaign of its own, named after the schedule and the tick: leave out the campaign's \
                           name and idempotency key";
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let plan = SchedulePlan {
            cadence: Cadence::new(cron, zone).or_kind(ErrorKind::InvalidRequest)?,
            rules: *rules,
            work: serde_json::to_value(&night).or_kind(ErrorKind::InvalidRequest)?,
            by: self.by.clone(),
            anyway: anyway.clone(),
        };
        plan.rules.check().or_kind(ErrorKind::InvalidRequest)?;
        self.rehearse_campaign(&night.campaign).await?;
        self.plan_campaign(&night.plan_request(anyway.as_ref())).await?.admit()?;
        let refuse = |message: String| Err(AppError::new(ErrorKind::Conflict, message));
        match self.schedules.create_schedule(name, &plan).await? {
            ScheduleCreated::Created => self.schedule(name).await,
            ScheduleCreated::Taken => refuse(format!(
                "there is a schedule {name} with another plan: choose another name, or delete it first"
            )),
            ScheduleCreated::TooMany => {
                refuse(format!("there are {SCHEDULES_MAX} schedules: delete one of them first"))
            }
        }
    }

    /// All schedules, by name.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn list_schedules(&self) -> Result<Vec<ScheduleStatus>, AppError> {
        let mut all = Vec::new();
        for schedule in self.schedules.schedules().await? {
            all.push(self.status_of(schedule).await?);
        }
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn schedule(&self, name: &ScheduleName) -> Result<ScheduleStatus, AppError> {
        let schedule = self.expect_schedule(name).await?;
        self.status_of(schedule).await
    }

    /// Ticks to come, 1 to 1000 of them: of one schedule, or of all in their order.
    ///
    /// # Errors
    /// When there is no schedule of that name, or the number is out of range.
    pub async fn next_ticks(
        &self,
        name: Option<&ScheduleName>,
        count: u32,
    ) -> Result<Vec<NextTick>, AppError> {
        if !(1..=NEXT_MAX).contains(&count) {
            let message = format!("{count} ticks to come: ask for 1 to {NEXT_MAX}");
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let schedules = match name {
            Some(name) => vec![self.expect_schedule(name).await?],
            None => self.schedules.schedules().await?,
        };
        let of_one = |schedule: &Schedule| {
            let ticks = schedule.plan.cadence.ticks_after(clock::now()).take(count as usize);
            ticks.map(|at| NextTick::of(schedule, at)).collect::<Vec<_>>()
        };
        let mut ticks: Vec<NextTick> = schedules.iter().flat_map(of_one).collect();
        ticks.sort_by_key(|tick| tick.at);
        ticks.truncate(count as usize);
        Ok(ticks)
    }

    /// Pauses a schedule: its ticks are skipped, and say so. Whether it was not paused before.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn pause_schedule(&self, name: &ScheduleName, note: &Reason) -> Result<bool, AppError> {
        let pause = Pause { note: note.clone(), by: self.by.clone(), after_failure: false, at_ms: 0 };
        changed(name, self.schedules.pause_schedule(name, &pause).await?)
    }

    /// Ends a pause. Whether it was paused.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn resume_schedule(&self, name: &ScheduleName) -> Result<bool, AppError> {
        changed(name, self.schedules.resume_schedule(name).await?)
    }

    /// Removes a schedule. Its records stay; what waits is skipped.
    ///
    /// # Errors
    /// When there is none of that name, or one of its nights goes on.
    pub async fn delete_schedule(&self, name: &ScheduleName) -> Result<(), AppError> {
        if let Some(running) = self.open_of(name).await?.iter().find(|open| open.is_running()) {
            let message = format!(
                "the night of {} goes on: wait for its end, or cancel it with `ktrdr campaign cancel {}`, and delete then",
                running.at(),
                running.campaign().or_kind(ErrorKind::InvalidInput)?
            );
            return Err(AppError::new(ErrorKind::Conflict, message));
        }
        match self.schedules.delete_schedule(name).await? {
            true => Ok(()),
            false => Err(no_schedule(name)),
        }
    }

    async fn status_of(&self, schedule: Schedule) -> Result<ScheduleStatus, AppError> {
        let last = self.schedules.occurrences(&schedule.name, None, 1).await?.pop();
        let next = schedule.plan.cadence.next_after(clock::now()).map(|at| NextTick::of(&schedule, at));
        Ok(ScheduleStatus { schedule, next, last })
    }

    async fn expect_schedule(&self, name: &ScheduleName) -> Result<Schedule, AppError> {
        self.schedules.schedule(name).await?.ok_or_else(|| no_schedule(name))
    }

    /// What of a schedule waits or runs, oldest first.
    async fn open_of(&self, name: &ScheduleName) -> Result<Vec<Occurrence>, AppError> {
        let mut open = self.schedules.open_occurrences().await?;
        open.retain(|occurrence| occurrence.schedule == *name);
        Ok(open)
    }
}

impl NextTick {
    fn of(schedule: &Schedule, at: Timestamp) -> Self {
        let cadence = &schedule.plan.cadence;
        let (shown, clock_change_s) = (cadence.shown(at), cadence.clock_change_s(at));
        Self { schedule: schedule.name.clone(), at, shown, clock_change_s }
    }
}

fn changed(name: &ScheduleName, change: ScheduleChanged) -> Result<bool, AppError> {
    match change {
        ScheduleChanged::Done => Ok(true),
        ScheduleChanged::Before => Ok(false),
        ScheduleChanged::Missing => Err(no_schedule(name)),
    }
}

fn no_schedule(name: &ScheduleName) -> AppError {
    let message = format!("there is no schedule {name}; see `ktrdr schedules list`");
    AppError::new(ErrorKind::NotFound, message)
}
