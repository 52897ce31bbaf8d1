//! Schedules and what became of their ticks, as stores keep them.

use ktrdr_domain::instant;
use ktrdr_domain::schedule::{Occurrence, OccurrenceState, Pause, SchedulePlan};
use serde::Serialize;

use super::{check_json, check_text, refuse};
use crate::cause::Cause;
use crate::schedules::DECIDED_AT_ONCE;
use crate::store::StoreError;

/// Largest plan of a schedule, in bytes of JSON; longest words of an occurrence.
const PLAN_BYTES_MAX: usize = 64 << 10;
const OCCURRENCE_WORDS_MAX: usize = 500;

/// The plan of a schedule as JSON.
///
/// # Errors
/// [`StoreError::Invalid`] for more than is stored, and rules that can not be kept.
pub fn plan_json(plan: &SchedulePlan) -> Result<String, StoreError> {
    plan.rules.check().map_err(|why| StoreError::Invalid(Cause::of(why)))?;
    check_text("name of the asker", &plan.by)?;
    check_json("request of a schedule", &plan.work, PLAN_BYTES_MAX)?;
    serde_json::to_string(plan)
        .map_err(|e| StoreError::Invalid(Cause::because("the schedule can not be stored", e)))
}

/// A pause as JSON.
///
/// # Errors
/// [`StoreError::Invalid`] for what can not be written.
pub fn pause_json(pause: &Pause) -> Result<String, StoreError> {
    kept(pause, &["at"]).map_err(|e| StoreError::Invalid(Cause::because("the pause can not be stored", e)))
}

fn kept(entry: &impl Serialize, moments: &[&str]) -> serde_json::Result<String> {
    serde_json::to_string(&instant::as_kept(serde_json::to_value(entry)?, moments))
}

/// An occurrence as JSON; words that say why are cut.
///
/// # Errors
/// [`StoreError::Invalid`] for what can not be written.
pub fn occurrence_json(occurrence: &Occurrence) -> Result<String, StoreError> {
    let mut occurrence = occurrence.clone();
    check_text("name of the asker", occurrence.by.as_deref().unwrap_or_default())?;
    if let OccurrenceState::Skipped { words, .. } = &mut occurrence.state {
        words.truncate(words.floor_char_boundary(OCCURRENCE_WORDS_MAX));
    }
    kept(&occurrence, &["at", "begins_at", "began_at", "ended_at"])
        .map_err(|e| StoreError::Invalid(Cause::because("the occurrence can not be stored", e)))
}

/// What one step decides, as JSON.
///
/// # Errors
/// [`StoreError::Invalid`] for more than one step takes.
pub fn decided_json(occurrences: &[Occurrence]) -> Result<Vec<String>, StoreError> {
    if occurrences.len() > DECIDED_AT_ONCE {
        return refuse(format!(
            "one step decides at most {DECIDED_AT_ONCE} ticks, not {}",
            occurrences.len()
        ));
    }
    occurrences.iter().map(occurrence_json).collect()
}
