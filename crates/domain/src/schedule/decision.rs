//! What is to become of ticks that came: a pure function of the schedule, the ticks, and what of it goes on.

use super::occurrence::{Cause, Occurrence, OccurrenceState, SkipReason};
use super::rules::{Overlap, ms};
use super::{Pause, Schedule};
use crate::time::Timestamp;

/// Ticks that are due, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The ticks.
    pub ticks: Vec<Timestamp>,
    /// Whether they are all there are: the last one is the latest that came.
    pub is_all: bool,
}

impl Due {
    /// The ticks of a schedule on which nothing was decided up to now, at most so many.
    #[must_use]
    pub fn of(schedule: &Schedule, now_ms: i64, at_most: usize) -> Self {
        let (after, now) = (seconds(schedule.decided_upto_ms), seconds(now_ms));
        let mut due = schedule.plan.cadence.ticks_after(after).take_while(|tick| *tick <= now);
        let ticks: Vec<Timestamp> = due.by_ref().take(at_most).collect();
        Self { is_all: ticks.len() < at_most || due.next().is_none(), ticks }
    }
}

/// What is to become of each tick. `open` is what of the schedule waits or runs.
#[must_use]
pub fn decide(schedule: &Schedule, due: &Due, open: &[Occurrence], now_ms: i64) -> Vec<Occurrence> {
    let last = due.ticks.len().saturating_sub(1);
    let of_one = |(i, tick): (usize, &Timestamp)| {
        let is_latest = due.is_all && i == last;
        let at_ms = tick.0 * 1_000;
        let state = fate(schedule, at_ms, is_latest, open, now_ms);
        Occurrence::new(&schedule.name, at_ms, Cause::Tick, state)
    };
    due.ticks.iter().enumerate().map(of_one).collect()
}

fn fate(
    schedule: &Schedule,
    at_ms: i64,
    is_latest: bool,
    open: &[Occurrence],
    now_ms: i64,
) -> OccurrenceState {
    let rules = &schedule.plan.rules;
    let age_ms = now_ms - at_ms;
    if let Some(pause) = &schedule.paused {
        return paused(pause);
    }
    if age_ms > ms(rules.catch_up_s) {
        let words =
            format!("nobody was there to begin it, for longer than it may wait ({} s)", rules.catch_up_s);
        return OccurrenceState::skipped(SkipReason::Down, words);
    }
    if !is_latest {
        let words = "nobody was there to begin it, and a later one was due already when somebody was";
        return OccurrenceState::skipped(SkipReason::Down, words);
    }
    if age_ms > ms(rules.max_lateness_s) {
        return late(rules.max_lateness_s);
    }
    match overlap(schedule, open) {
        Some(skipped) => skipped,
        None => {
            let begins_at_ms = at_ms + rules.jitter_ms(schedule.name.as_str(), at_ms);
            OccurrenceState::Waiting { begins_at_ms }
        }
    }
}

/// What becomes of a time that is not to begin because of others of its schedule; `None`: it may wait for its turn.
#[must_use]
pub fn overlap(schedule: &Schedule, open: &[Occurrence]) -> Option<OccurrenceState> {
    let in_the_way = match schedule.plan.rules.overlap {
        Overlap::Skip => open.first(),
        Overlap::Buffer => open.iter().find(|other| !other.is_running()),
        Overlap::Cancel | Overlap::Allow => None,
    };
    in_the_way.map(overlapped)
}

/// Skipped because of another one.
#[must_use]
pub fn overlapped(other: &Occurrence) -> OccurrenceState {
    let how = if other.is_running() { "goes on" } else { "waits" };
    OccurrenceState::skipped(SkipReason::Overlap, format!("the one of {} still {how}", other.at()))
}

/// Skipped because of a pause.
#[must_use]
pub fn paused(pause: &Pause) -> OccurrenceState {
    OccurrenceState::skipped(SkipReason::Paused, format!("{}: {}", pause.by, pause.note))
}

/// Skipped because it came too late.
#[must_use]
pub fn late(max_lateness_s: u64) -> OccurrenceState {
    let words = format!("it could not begin within {max_lateness_s} s after its time");
    OccurrenceState::skipped(SkipReason::Late, words)
}

fn seconds(at_ms: i64) -> Timestamp {
    Timestamp::of_ms(at_ms)
}
