//! What became of a tick: one record for each, which is never removed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::name::{BadName, CampaignName, ScheduleName};
use crate::time::Timestamp;

/// One tick of one schedule, or one time that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Occurrence {
    /// Whose.
    pub schedule: ScheduleName,
    /// When it was due. Ticks are whole minutes, what was triggered is not: no two are at the same time.
    #[serde(rename = "at", alias = "at_ms", with = "crate::instant")]
    #[schemars(with = "crate::instant::Instant")]
    pub at_ms: i64,
    /// What made it.
    pub cause: Cause,
    /// Who asked for it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub state: OccurrenceState,
    /// How often it was changed.
    pub moves: u32,
}

/// What made an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    /// The clock.
    Tick,
    /// Somebody, now.
    Trigger,
    /// Somebody, for a tick of the past.
    Backfill,
}

/// Where an occurrence stands. It ends as ran, or as skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OccurrenceState {
    /// It is to begin.
    Waiting {
        /// Not before then.
        #[serde(rename = "begins_at", alias = "begins_at_ms", with = "crate::instant")]
        #[schemars(with = "crate::instant::Instant")]
        begins_at_ms: i64,
    },
    /// Its campaign goes on.
    Running {
        /// The campaign.
        campaign: CampaignName,
        /// Since when.
        #[serde(rename = "began_at", alias = "began_at_ms", with = "crate::instant")]
        #[schemars(with = "crate::instant::Instant")]
        began_at_ms: i64,
        /// Why it was asked to stop, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stopping: Option<StopReason>,
    },
    /// Its campaign ended.
    Ran {
        /// The campaign.
        campaign: CampaignName,
        /// From when.
        #[serde(rename = "began_at", alias = "began_at_ms", with = "crate::instant")]
        #[schemars(with = "crate::instant::Instant")]
        began_at_ms: i64,
        /// Until when it was noticed.
        #[serde(rename = "ended_at", alias = "ended_at_ms", with = "crate::instant")]
        #[schemars(with = "crate::instant::Instant")]
        ended_at_ms: i64,
        /// How.
        outcome: Outcome,
    },
    /// Nothing was begun.
    Skipped {
        /// Why, as a stable word.
        reason: SkipReason,
        /// Why, in words.
        words: String,
    },
}

/// Why nothing was begun.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    JsonSchema,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SkipReason {
    /// The night before it went on.
    Overlap,
    /// It could not begin early enough.
    Late,
    /// The schedule was paused.
    Paused,
    /// Nothing was left to spend.
    Budget,
    /// Nobody was there to begin it.
    Down,
    /// No more looks can be told from luck.
    NothingToFind,
    /// A rule, or missing data, forbade it.
    Refused,
    /// The schedule was deleted before it began.
    Deleted,
}

/// Why a night is stopped by the rules of its schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StopReason {
    /// It took longer than a night may.
    MaxTime,
    /// Its jobs ran longer than those of a night may.
    MaxMachineTime,
    /// The next one takes its place.
    Replaced,
}

/// How a night ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(rename = "NightOutcome")]
pub enum Outcome {
    /// Every cycle ended by itself.
    Finished,
    /// It was stopped when its time, or its machine time, was over.
    Unfinished,
    /// The next one took its place.
    Replaced,
    /// Somebody cancelled it.
    Cancelled,
    /// No cycle came to a verdict.
    Failed,
}

impl Outcome {
    /// Whether somebody should look.
    #[must_use]
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Unfinished | Self::Failed)
    }
}

impl Occurrence {
    /// One that was just decided upon.
    #[must_use]
    pub fn new(schedule: &ScheduleName, at_ms: i64, cause: Cause, state: OccurrenceState) -> Self {
        Self { schedule: schedule.clone(), at_ms, cause, by: None, state, moves: 0 }
    }

    /// The same that somebody asked for.
    #[must_use]
    pub fn by(self, somebody: &str) -> Self {
        Self { by: Some(somebody.to_owned()), ..self }
    }

    /// The same, moved on.
    #[must_use]
    pub fn moved(&self, state: OccurrenceState) -> Self {
        Self { state, moves: self.moves + 1, ..self.clone() }
    }

    /// A skipped one that somebody wants to run all the same, as soon as it is its turn.
    #[must_use]
    pub fn made_up_for(&self, somebody: &str) -> Self {
        let state = OccurrenceState::Waiting { begins_at_ms: self.at_ms };
        Self { cause: Cause::Backfill, ..self.moved(state) }.by(somebody)
    }

    /// Whether it waits or runs.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// Whether its campaign goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state, OccurrenceState::Running { .. })
    }

    /// The instant it was due.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp::of_ms(self.at_ms)
    }

    /// The campaign that it runs, always the same: `nightly-20261129t063000z`.
    ///
    /// # Errors
    /// Never for the times that schedules have.
    pub fn campaign(&self) -> Result<CampaignName, BadName> {
        let when = self.at().to_string().to_ascii_lowercase().replace([':', '-'], "");
        match self.at_ms.rem_euclid(1_000) {
            0 => format!("{}-{when}", self.schedule).parse(),
            ms => format!("{}-{when}-{ms:03}", self.schedule).parse(),
        }
    }
}

impl OccurrenceState {
    /// Skipped, with words.
    pub fn skipped(reason: SkipReason, words: impl fmt::Display) -> Self {
        Self::Skipped { reason, words: words.to_string() }
    }

    /// Whether it is not over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Running { .. })
    }
}
