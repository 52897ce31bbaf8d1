//! What of the schedules somebody should look at.

use ktrdr_domain::Timestamp;
use ktrdr_domain::schedule::{Occurrence, OccurrenceState, Schedule, SkipReason};

use crate::{App, AppError, clock};

/// How long after its time a tick is decided by whoever keeps schedules, at the latest, milliseconds.
const DECIDED_WITHIN_MS: i64 = 60_000;

/// Why a tick may be skipped without that anybody need look.
const MEANT: [SkipReason; 3] = [SkipReason::Paused, SkipReason::Overlap, SkipReason::Deleted];

/// Something that somebody should look at.
pub struct Trouble {
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub action: String,
}

impl Trouble {
    fn new(found: String, action: String) -> Self {
        Self { found, action }
    }
}

impl App {
    /// What somebody should look at, each with what to do about it; how many schedules there are.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn schedule_troubles(&self) -> Result<(usize, Vec<Trouble>), AppError> {
        let schedules = self.schedules.schedules().await?;
        let now_ms = clock::now().0 * 1_000;
        let mut troubles = Vec::new();
        for schedule in &schedules {
            let latest = self.schedules.occurrences(&schedule.name, None, 10).await?;
            troubles.extend(undecided(schedule, now_ms).into_iter().chain(trouble(schedule, &latest)));
        }
        Ok((schedules.len(), troubles))
    }
}

/// A tick that nobody decided upon.
fn undecided(schedule: &Schedule, now_ms: i64) -> Option<Trouble> {
    let after = Timestamp::of_ms(schedule.decided_upto_ms);
    let tick = schedule.plan.cadence.next_after(after)?;
    (tick.0 * 1_000 < now_ms - DECIDED_WITHIN_MS).then(|| {
        let found = format!("{}: nobody was there for {tick}", schedule.name);
        Trouble::new(found, "start `ktrdr up`, in a fleet `ktrdr serve`".to_owned())
    })
}

/// What is wrong with the latest night, or why there is none.
fn trouble(schedule: &Schedule, latest: &[Occurrence]) -> Option<Trouble> {
    let name = &schedule.name;
    if let Some(pause) = schedule.paused.as_ref().filter(|pause| pause.after_failure) {
        let found = format!("{name} is paused: {}", pause.note);
        return Some(Trouble::new(found, format!("see to it, then `ktrdr schedules resume {name}`")));
    }
    let over = latest.iter().find(|occurrence| !occurrence.is_open() && !is_meant(occurrence))?;
    let at = over.at();
    match &over.state {
        OccurrenceState::Ran { outcome, campaign, .. } if outcome.is_trouble() => {
            let found = format!("{name}: the night of {at} ended as {outcome}");
            Some(Trouble::new(found, format!("see `ktrdr campaign show {campaign}`")))
        }
        OccurrenceState::Skipped {
            reason: SkipReason::Paused | SkipReason::Overlap | SkipReason::Deleted,
            ..
        } => None,
        OccurrenceState::Skipped { reason, words } => {
            let found = format!("{name}: the night of {at} was skipped ({reason}): {words}");
            Some(Trouble::new(found, format!("see `ktrdr schedules show {name}`")))
        }
        OccurrenceState::Ran { .. } | OccurrenceState::Waiting { .. } | OccurrenceState::Running { .. } => {
            None
        }
    }
}

/// Whether it was skipped for such a reason: the night before it tells more.
fn is_meant(occurrence: &Occurrence) -> bool {
    matches!(occurrence.state, OccurrenceState::Skipped { reason, .. } if MEANT.contains(&reason))
}
