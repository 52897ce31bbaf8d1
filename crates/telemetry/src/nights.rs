//! Schedules, as the process that leads sees them.

use ktrdr_domain::schedule::{Occurrence, OccurrenceState, Outcome as Ran};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::labels::Outcome;

/// What becomes of ticks.
pub(crate) struct Nights {
    ticks: Family<Outcome, Counter>,
    leads: Gauge,
}

impl Nights {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let nights = Self { ticks: Family::default(), leads: Gauge::default() };
        registry.register(
            "ktrdr_schedule_ticks",
            "Ticks of schedules that ended: how their night ended, or why there was none",
            nights.ticks.clone(),
        );
        registry.register(
            "ktrdr_leader",
            "Whether this process decides about schedules",
            nights.leads.clone(),
        );
        nights
    }

    pub(crate) fn leads(&self, leads: bool) {
        self.leads.set(i64::from(leads));
    }

    /// A record was written; those that end are counted, each once.
    pub(crate) fn recorded(&self, occurrence: &Occurrence) {
        let word: &'static str = match &occurrence.state {
            OccurrenceState::Waiting { .. } | OccurrenceState::Running { .. } => return,
            OccurrenceState::Skipped { reason, .. } => reason.into(),
            OccurrenceState::Ran { outcome, .. } => match outcome {
                Ran::Finished => "finished",
                Ran::Unfinished => "unfinished",
                Ran::Replaced => "replaced",
                Ran::Cancelled => "cancelled",
                Ran::Failed => "failed",
            },
        };
        self.ticks.get_or_create(&Outcome::from(word)).inc();
    }
}
