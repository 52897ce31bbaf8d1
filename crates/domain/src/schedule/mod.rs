//! Schedules: what runs by itself, when, and what became of each time.
//!
//! | idea | file |
//! |---|---|
//! | when the ticks are: a cron text on a wall clock somewhere | [`cadence`] |
//! | what a tick may meet: another night, a pause, a program that was away | [`rules`] |
//! | what became of a tick | [`occurrence`] |
//! | what is to become of ticks that came | [`decision`] |

pub mod cadence;
pub mod decision;
pub mod occurrence;
pub mod rules;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use cadence::{BadCadence, Cadence};
pub use occurrence::{Cause, Occurrence, OccurrenceState, Outcome, SkipReason, StopReason};
pub use rules::{BadRules, Overlap, Rules};

use crate::name::ScheduleName;
use crate::reason::Reason;

/// What a schedule was made to do. It never changes: another plan is another schedule.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulePlan {
    /// When.
    pub cadence: Cadence,
    /// What a tick may meet.
    pub rules: Rules,
    /// What is run: a request of the application floor, as JSON.
    pub work: Value,
    /// Who made it.
    pub by: String,
    /// Why it may run although there is nothing to find.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anyway: Option<Reason>,
}

/// Why nothing runs by itself at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Pause {
    /// Why, in somebody's words.
    pub note: Reason,
    /// Who paused it.
    pub by: String,
    /// Whether that was a failure, and not a person.
    pub after_failure: bool,
    /// Since when, by the store's clock.
    #[serde(rename = "at", alias = "at_ms", with = "crate::instant")]
    #[schemars(with = "crate::instant::Instant")]
    pub at_ms: i64,
}

/// A schedule as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: ScheduleName,
    /// What it was made to do.
    #[serde(flatten)]
    pub plan: SchedulePlan,
    /// When it was made, by the store's clock.
    #[serde(rename = "created_at", alias = "created_at_ms", with = "crate::instant")]
    #[schemars(with = "crate::instant::Instant")]
    pub created_at_ms: i64,
    /// Up to when it is written down what becomes of its ticks.
    #[serde(rename = "decided_upto", alias = "decided_upto_ms", with = "crate::instant")]
    #[schemars(with = "crate::instant::Instant")]
    pub decided_upto_ms: i64,
    /// Why it is paused, if it is.
    pub paused: Option<Pause>,
    /// How often it was changed.
    #[serde(skip)]
    pub revision: u64,
}
