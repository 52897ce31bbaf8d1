//! Schedules, and one record for each of their ticks.
//!
//! **A tick has one record, whatever dies.** Its key is the schedule's name and the tick's instant; whoever writes it first has
//! written it. One process at a time decides what becomes of ticks: the leader, by a lease with a growing fence. A decision is
//! one step: the records and how far it goes, compare-and-set on the leadership and on the schedule as it was read. What was
//! decided is carried out afterwards, under names that follow from the record, so that whoever repeats it does the same.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{Occurrence, Pause, Schedule, SchedulePlan};

use crate::store::{BootId, StoreError};

/// Most schedules at a time.
pub const SCHEDULES_MAX: usize = 100;

/// Most ticks that one step decides.
pub const DECIDED_AT_ONCE: usize = 200;

/// What creating a schedule did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleCreated {
    /// It is there, now or since the same was said before; its ticks are those after that.
    Created,
    /// There is one of that name, with another plan.
    Taken,
    /// There are [`SCHEDULES_MAX`].
    TooMany,
}

/// What a change of a schedule did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleChanged {
    /// It is so now.
    Done,
    /// It was so before.
    Before,
    /// There is no such schedule.
    Missing,
}

/// Who decides what becomes of ticks, for one term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leadership {
    /// The process.
    pub boot: BootId,
    /// The number of its term: each is greater than those before it.
    pub fence: u64,
}

/// What asking for the lead came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// Whoever asked leads.
    Yes {
        /// Its term.
        leadership: Leadership,
        /// Unix milliseconds of the store's clock: the time of all who lead.
        now_ms: i64,
    },
    /// Another process does.
    Other(BootId),
}

/// What becomes of ticks of one schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whose.
    pub schedule: ScheduleName,
    /// The schedule as it was read.
    pub revision: u64,
    /// Who decides.
    pub leadership: Leadership,
    /// Up to when it is decided then, Unix milliseconds.
    pub upto_ms: i64,
    /// What becomes of each tick, at most [`DECIDED_AT_ONCE`]; one that has a record keeps it.
    pub occurrences: Vec<Occurrence>,
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It is written down.
    Recorded,
    /// The schedule was changed meanwhile: read again.
    Stale,
    /// Another process leads.
    NotLeading,
}

/// Schedules.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Makes a schedule.
    async fn create_schedule(
        &self,
        name: &ScheduleName,
        plan: &SchedulePlan,
    ) -> Result<ScheduleCreated, StoreError>;
    /// One of them.
    async fn schedule(&self, name: &ScheduleName) -> Result<Option<Schedule>, StoreError>;
    /// All of them, by name.
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError>;
    /// Pauses one. The first pause stands; its time is the store's, whatever it says.
    async fn pause_schedule(&self, name: &ScheduleName, pause: &Pause)
    -> Result<ScheduleChanged, StoreError>;
    /// Ends a pause.
    async fn resume_schedule(&self, name: &ScheduleName) -> Result<ScheduleChanged, StoreError>;
    /// Removes one; its records stay. Whether it was there.
    async fn delete_schedule(&self, name: &ScheduleName) -> Result<bool, StoreError>;
    /// Takes the lead, or keeps it, for so long.
    async fn lead(&self, boot: &BootId, lease: Duration) -> Result<Lead, StoreError>;
    /// Writes down what becomes of ticks.
    async fn decide(&self, decision: &Decision) -> Result<Decided, StoreError>;
    /// Writes down an occurrence that somebody asked for, unless there is one at that time; whether it was written.
    async fn note_occurrence(&self, occurrence: &Occurrence) -> Result<bool, StoreError>;
    /// Moves an occurrence on to what [`Occurrence::moved`] made of it. Compare-and-set on how often it was moved: false where
    /// somebody else moved it since it was read.
    async fn move_occurrence(&self, moved: &Occurrence) -> Result<bool, StoreError>;
    /// What waits or runs, of all schedules and of those that were deleted, oldest first.
    async fn open_occurrences(&self) -> Result<Vec<Occurrence>, StoreError>;
    /// The record of one time.
    async fn occurrence(&self, schedule: &ScheduleName, at_ms: i64)
    -> Result<Option<Occurrence>, StoreError>;
    /// At most `limit` records of a schedule, the latest first; only those before a time, if one is given.
    async fn occurrences(
        &self,
        schedule: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, StoreError>;
}

impl fmt::Display for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (term {})", self.boot, self.fence)
    }
}
