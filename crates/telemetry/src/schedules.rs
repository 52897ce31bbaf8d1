//! Schedules that are measured.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{Occurrence, Pause, Schedule, SchedulePlan};
use ktrdr_fabric::schedules::{Decided, Decision, Lead, ScheduleChanged, ScheduleCreated, Schedules};
use ktrdr_fabric::store::{BootId, StoreError};

use crate::nights::Nights;

pub(crate) struct MeasuredSchedules {
    pub(crate) schedules: Arc<dyn Schedules>,
    pub(crate) nights: Arc<Nights>,
}

#[async_trait]
impl Schedules for MeasuredSchedules {
    async fn create_schedule(
        &self,
        name: &ScheduleName,
        plan: &SchedulePlan,
    ) -> Result<ScheduleCreated, StoreError> {
        self.schedules.create_schedule(name, plan).await
    }

    async fn schedule(&self, name: &ScheduleName) -> Result<Option<Schedule>, StoreError> {
        self.schedules.schedule(name).await
    }

    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        self.schedules.schedules().await
    }

    async fn pause_schedule(
        &self,
        name: &ScheduleName,
        pause: &Pause,
    ) -> Result<ScheduleChanged, StoreError> {
        self.schedules.pause_schedule(name, pause).await
    }

    async fn resume_schedule(&self, name: &ScheduleName) -> Result<ScheduleChanged, StoreError> {
        self.schedules.resume_schedule(name).await
    }

    async fn delete_schedule(&self, name: &ScheduleName) -> Result<bool, StoreError> {
        self.schedules.delete_schedule(name).await
    }

    async fn lead(&self, boot: &BootId, lease: Duration) -> Result<Lead, StoreError> {
        let answer = self.schedules.lead(boot, lease).await;
        self.nights.leads(matches!(answer, Ok(Lead::Yes { .. })));
        answer
    }

    async fn decide(&self, decision: &Decision) -> Result<Decided, StoreError> {
        let answer = self.schedules.decide(decision).await?;
        if answer == Decided::Recorded {
            decision.occurrences.iter().for_each(|occurrence| self.nights.recorded(occurrence));
        }
        Ok(answer)
    }

    async fn note_occurrence(&self, occurrence: &Occurrence) -> Result<bool, StoreError> {
        self.schedules.note_occurrence(occurrence).await
    }

    async fn move_occurrence(&self, moved: &Occurrence) -> Result<bool, StoreError> {
        let is_ours = self.schedules.move_occurrence(moved).await?;
        if is_ours {
            self.nights.recorded(moved);
        }
        Ok(is_ours)
    }

    async fn open_occurrences(&self) -> Result<Vec<Occurrence>, StoreError> {
        self.schedules.open_occurrences().await
    }

    async fn occurrence(
        &self,
        schedule: &ScheduleName,
        at_ms: i64,
    ) -> Result<Option<Occurrence>, StoreError> {
        self.schedules.occurrence(schedule, at_ms).await
    }

    async fn occurrences(
        &self,
        schedule: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, StoreError> {
        self.schedules.occurrences(schedule, before_ms, limit).await
    }
}
