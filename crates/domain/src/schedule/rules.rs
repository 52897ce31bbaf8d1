//! What a tick may meet, and what is done then.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::excerpt::excerpt;
use crate::hash::Sha256;

/// Longest stretch of any rule.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

/// What becomes of a tick while the schedule's night before it goes on.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
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
#[strum(serialize_all = "snake_case", parse_err_ty = BadOverlap, parse_err_fn = BadOverlap::of)]
pub enum Overlap {
    /// It is skipped.
    #[default]
    Skip,
    /// It waits for its turn; one at most does.
    Buffer,
    /// The other one is cancelled, and it begins when that has ended.
    Cancel,
    /// Both go on.
    Allow,
}

impl Overlap {
    /// Every one of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Text that says nothing about overlaps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} says nothing about overlaps: use skip, buffer, cancel or allow")]
pub struct BadOverlap(String);

impl BadOverlap {
    fn of(text: &str) -> Self {
        Self(excerpt(text))
    }
}

/// The rules of a schedule. Durations are in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// What becomes of a tick while the night before it goes on.
    pub overlap: Overlap,
    /// How old a tick may be that came while nobody was there: of those within it the latest one runs, every other is skipped.
    pub catch_up_s: u64,
    /// How long after its tick a night may begin, whatever kept it.
    pub max_lateness_s: u64,
    /// A night begins up to so much after its tick, by a number that is always the same for the same tick.
    pub jitter_s: u64,
    /// How long a night may take before it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_time_s: Option<u64>,
    /// How long the jobs of a night may run, added up, before it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_machine_time_s: Option<u64>,
    /// Whether a night that failed, or could not begin, pauses the schedule.
    pub pause_on_failure: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            overlap: Overlap::Skip,
            catch_up_s: 3_600,
            max_lateness_s: 12 * 3_600,
            jitter_s: 0,
            max_time_s: None,
            max_machine_time_s: None,
            pause_on_failure: false,
        }
    }
}

/// Rules that can not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRules {
    /// Out of range.
    #[error("{0} is {1} s: use up to {max} s", max = LONGEST.as_secs())]
    TooLong(&'static str, u64),
    /// Nothing could begin.
    #[error("{0} is zero: nothing could run")]
    Nothing(&'static str),
    /// A night would be too late before it begins.
    #[error("the jitter ({jitter_s} s) is longer than a night may be late ({max_lateness_s} s)")]
    JitterTooLong {
        /// The jitter.
        jitter_s: u64,
        /// How late a night may be.
        max_lateness_s: u64,
    },
}

impl Rules {
    /// Whether they can be kept.
    ///
    /// # Errors
    /// See [`BadRules`].
    pub fn check(&self) -> Result<(), BadRules> {
        let stretches = [
            ("the catch-up window", Some(self.catch_up_s)),
            ("the latest begin", Some(self.max_lateness_s)),
            ("the jitter", Some(self.jitter_s)),
            ("the longest night", self.max_time_s),
            ("the most machine time", self.max_machine_time_s),
        ];
        for (what, seconds) in stretches {
            if let Some(seconds) = seconds.filter(|seconds| *seconds > LONGEST.as_secs()) {
                return Err(BadRules::TooLong(what, seconds));
            }
        }
        for (what, seconds) in
            [("the longest night", self.max_time_s), ("the most machine time", self.max_machine_time_s)]
        {
            if seconds == Some(0) {
                return Err(BadRules::Nothing(what));
            }
        }
        let Self { jitter_s, max_lateness_s, .. } = *self;
        if jitter_s > max_lateness_s {
            return Err(BadRules::JitterTooLong { jitter_s, max_lateness_s });
        }
        Ok(())
    }

    /// How long after its tick a night begins. The name takes part, so that schedules of one minute do not begin together.
    #[must_use]
    pub fn jitter_ms(&self, schedule: &str, at_ms: i64) -> i64 {
        let most_ms = self.jitter_s.saturating_mul(1_000);
        let drawn = Sha256::of(format!("{schedule} {at_ms}").as_bytes()).seed();
        i64::try_from(drawn % (most_ms + 1)).unwrap_or_default()
    }
}

/// A stretch of so many seconds in milliseconds.
pub(super) fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}
