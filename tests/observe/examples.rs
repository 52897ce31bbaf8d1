//! From a slow one among many to what it went through: histograms show traces of single operations, and the collector has them.

use super::prometheus::Prometheus;
use crate::collector::Collector;
use crate::world::wait_for;

pub(super) const WITH_EXAMPLES: [&str; 3] =
    ["ktrdr_enqueue_to_start_seconds", "ktrdr_job_duration_seconds", "ktrdr_cancel_latency_seconds"];

/// Prometheus keeps an example of each, and its trace was told.
pub(super) fn all_lead_to_traces(prometheus: &Prometheus, collector: &Collector) {
    for histogram in WITH_EXAMPLES {
        let trace = wait_for("an example", || prometheus.examples(&format!("{histogram}_bucket")).pop());
        let told = collector.trace(&trace, |_| true);
        assert!(!told.is_empty(), "{histogram}: {trace}");
    }
}
