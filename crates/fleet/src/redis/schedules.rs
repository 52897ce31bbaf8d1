//! Schedules on Redis, the records of their ticks, and who decides about them.
//!
//! A call whose answer was lost is made again, and may hear that it is done already: whoever asks reads again then.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{Occurrence, Pause, Schedule, SchedulePlan};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::limits;
use ktrdr_fabric::schedules::{
    Decided, Decision, Lead, Leadership, SCHEDULES_MAX, ScheduleChanged, ScheduleCreated, Schedules,
};
use ktrdr_fabric::store::{BootId, StoreError};
use redis::{FromRedisValue, Value, from_redis_value};

use super::call::Call;
use super::row::json;
use super::store::{RedisStore, whole_ms};

#[async_trait]
impl Schedules for RedisStore {
    async fn create_schedule(
        &self,
        name: &ScheduleName,
        plan: &SchedulePlan,
    ) -> Result<ScheduleCreated, StoreError> {
        let call = self.session.call(&self.session.scripts.schedule_create).arg(name.as_str());
        let answer = call.arg(limits::plan_json(plan)?).arg(SCHEDULES_MAX).answer().await?;
        match answer.word()?.as_str() {
            "created" => Ok(ScheduleCreated::Created),
            "taken" => Ok(ScheduleCreated::Taken),
            "too_many" => Ok(ScheduleCreated::TooMany),
            _ => Err(answer.unexpected()),
        }
    }

    async fn schedule(&self, name: &ScheduleName) -> Result<Option<Schedule>, StoreError> {
        Ok(self.schedules_of(name.as_str()).await?.pop())
    }

    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        let mut schedules = self.schedules_of("").await?;
        schedules.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(schedules)
    }

    async fn pause_schedule(
        &self,
        name: &ScheduleName,
        pause: &Pause,
    ) -> Result<ScheduleChanged, StoreError> {
        limits::check_text("name of the asker", &pause.by)?;
        self.turn(name, &limits::pause_json(pause)?).await
    }

    async fn resume_schedule(&self, name: &ScheduleName) -> Result<ScheduleChanged, StoreError> {
        self.turn(name, "").await
    }

    async fn delete_schedule(&self, name: &ScheduleName) -> Result<bool, StoreError> {
        self.session.call(&self.session.scripts.schedule_delete).arg(name.as_str()).answer().await?.at(0)
    }

    async fn lead(&self, boot: &BootId, lease: Duration) -> Result<Lead, StoreError> {
        let call = self.session.call(&self.session.scripts.schedule_lead).arg(&boot.0);
        let answer = call.arg(whole_ms(lease)).answer().await?;
        match answer.word()?.as_str() {
            "leads" => {
                let leadership = Leadership { boot: boot.clone(), fence: answer.at(1)? };
                Ok(Lead::Yes { leadership, now_ms: answer.parsed(2)? })
            }
            "other" => Ok(Lead::Other(BootId(answer.at(1)?))),
            _ => Err(answer.unexpected()),
        }
    }

    async fn decide(&self, decision: &Decision) -> Result<Decided, StoreError> {
        let Decision { schedule, revision, leadership, upto_ms, occurrences } = decision;
        let records = limits::decided_json(occurrences)?;
        let call = self.session.call(&self.session.scripts.schedule_decide).arg(&leadership.boot.0);
        let mut call = call.arg(leadership.fence).arg(schedule.as_str()).arg(revision).arg(upto_ms);
        for (occurrence, record) in occurrences.iter().zip(records) {
            call = kept(call.arg(occurrence.at_ms), occurrence, record);
        }
        let answer = call.answer().await?;
        match answer.word()?.as_str() {
            "recorded" => Ok(Decided::Recorded),
            "stale" => Ok(Decided::Stale),
            "not_leading" => Ok(Decided::NotLeading),
            _ => Err(answer.unexpected()),
        }
    }

    async fn note_occurrence(&self, occurrence: &Occurrence) -> Result<bool, StoreError> {
        let record = limits::occurrence_json(occurrence)?;
        let call = self.session.call(&self.session.scripts.occurrence_note);
        let call = call.arg(occurrence.schedule.as_str()).arg(occurrence.at_ms);
        kept(call, occurrence, record).answer().await?.at(0)
    }

    async fn move_occurrence(&self, moved: &Occurrence) -> Result<bool, StoreError> {
        let record = limits::occurrence_json(moved)?;
        let call = self.session.call(&self.session.scripts.occurrence_move);
        let call = call.arg(moved.schedule.as_str()).arg(moved.at_ms);
        kept(call, moved, record).answer().await?.at(0)
    }

    async fn open_occurrences(&self) -> Result<Vec<Occurrence>, StoreError> {
        records(self.session.call(&self.session.scripts.occurrences_open).value().await?)
    }

    async fn occurrence(
        &self,
        schedule: &ScheduleName,
        at_ms: i64,
    ) -> Result<Option<Occurrence>, StoreError> {
        Ok(self.records_of(schedule, &at_ms.to_string(), &at_ms.to_string(), 1).await?.pop())
    }

    async fn occurrences(
        &self,
        schedule: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, StoreError> {
        limits::check_page(limit)?;
        let upto = before_ms.map_or_else(|| "+inf".to_owned(), |before_ms| format!("({before_ms}"));
        self.records_of(schedule, &upto, "-inf", limit).await
    }
}

impl RedisStore {
    /// One of this name, or all where it is empty.
    async fn schedules_of(&self, name: &str) -> Result<Vec<Schedule>, StoreError> {
        let found = self.session.call(&self.session.scripts.schedule_read).arg(name).value().await?;
        readable::<Vec<Vec<String>>>(found)?.iter().map(|kept| schedule(kept)).collect()
    }

    /// Pauses, or ends a pause where nothing is said.
    async fn turn(&self, name: &ScheduleName, pause: &str) -> Result<ScheduleChanged, StoreError> {
        let call = self.session.call(&self.session.scripts.schedule_pause);
        let answer = call.arg(name.as_str()).arg(pause).answer().await?;
        match answer.word()?.as_str() {
            "done" => Ok(ScheduleChanged::Done),
            "before" => Ok(ScheduleChanged::Before),
            "missing" => Ok(ScheduleChanged::Missing),
            _ => Err(answer.unexpected()),
        }
    }

    async fn records_of(
        &self,
        schedule: &ScheduleName,
        upto: &str,
        from: &str,
        limit: u32,
    ) -> Result<Vec<Occurrence>, StoreError> {
        let call = self.session.call(&self.session.scripts.occurrences).arg(schedule.as_str());
        records(call.arg(upto).arg(from).arg(limit).value().await?)
    }
}

/// The arguments that a record is kept by.
fn kept<'s>(call: Call<'s>, occurrence: &Occurrence, record: String) -> Call<'s> {
    call.arg(u8::from(occurrence.is_open())).arg(occurrence.moves).arg(record)
}

/// Each `moves record`.
fn records(found: Value) -> Result<Vec<Occurrence>, StoreError> {
    let read = |kept: &String| match kept.split_once(' ') {
        Some((_, record)) => json(record),
        None => Err(StoreError::Corrupt("an occurrence is cut short".into())),
    };
    readable::<Vec<String>>(found)?.iter().map(read).collect()
}

/// `name, plan, created, decided up to, pause or nothing, its time, revision`
fn schedule(kept: &[String]) -> Result<Schedule, StoreError> {
    let [name, plan, created, decided, paused, paused_at, revision] = kept else {
        return Err(StoreError::Corrupt("a schedule is cut short".into()));
    };
    let time = |text: &String| {
        text.parse().map_err(|e| StoreError::Corrupt(Cause::because("the time of a schedule", e)))
    };
    let paused: Option<Pause> = if paused.is_empty() { None } else { Some(json(paused)?) };
    let paused_at_ms = time(paused_at)?;
    Ok(Schedule {
        name: name.parse().map_err(|e| StoreError::Corrupt(Cause::of(e)))?,
        plan: json(plan)?,
        created_at_ms: time(created)?,
        decided_upto_ms: time(decided)?,
        paused: paused.map(|pause| Pause { at_ms: paused_at_ms, ..pause }),
        revision: revision.parse().map_err(|e| StoreError::Corrupt(Cause::of(e)))?,
    })
}

fn readable<T: FromRedisValue>(value: Value) -> Result<T, StoreError> {
    from_redis_value(value).map_err(|e| StoreError::Corrupt(Cause::of(e)))
}
