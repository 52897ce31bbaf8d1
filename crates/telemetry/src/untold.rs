//! Spans that were to be told to a collector of traces and were not: it was away for too long, refused them, or is too slow.

use std::sync::OnceLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::labels::Unlabelled;

/// Absent where this process tells no traces.
pub(crate) struct Untold {
    told: Family<Unlabelled, Counter>,
    lost: OnceLock<Box<dyn Fn() -> u64 + Send + Sync>>,
}

impl Untold {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let untold = Self { told: Family::default(), lost: OnceLock::new() };
        let help = "Parts of traces that no collector took";
        registry.register("ktrdr_traces_dropped", help, untold.told.clone());
        untold
    }

    pub(crate) fn watch(&self, lost: impl Fn() -> u64 + Send + Sync + 'static) {
        let _ = self.lost.set(Box::new(lost));
    }

    /// As many as there are now; who asks holds off everybody else who does.
    pub(crate) fn look(&self) {
        if let Some(lost) = self.lost.get() {
            let told = self.told.get_or_create(&Unlabelled {});
            told.inc_by(lost().saturating_sub(told.get()));
        }
    }
}
