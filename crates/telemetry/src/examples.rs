//! Examples: beside each step of a histogram stands the trace of the operation that was counted there last, so that whoever
//! sees a slow one can look at it. A trace is no label: there are no more series than without.

use std::time::SystemTime;

use ktrdr_domain::trace::Sample;
use ktrdr_domain::{OperationId, TraceId};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;

/// The trace, by the name that Grafana looks for.
#[derive(Debug, Clone, EncodeLabelSet)]
pub(crate) struct OfTrace {
    trace_id: String,
}

/// Seconds with examples.
pub(crate) type Seconds = HistogramWithExemplars<OfTrace>;

/// Counts so many seconds of an operation. It is an example where its trace is told: only then somebody can look at it.
pub(crate) fn observe(seconds: &Seconds, value: f64, operation: &OperationId, told: Sample) {
    let trace = TraceId::of(operation);
    let example = told.takes(trace).then(|| OfTrace { trace_id: trace.to_string() });
    seconds.observe(value, example, Some(SystemTime::now()));
}
