//! Operations, as the process that moves them sees them.

use std::time::Duration;

use ktrdr_domain::{Kind, Operation, OperationId, Status};
use ktrdr_fabric::store::{Attempt, Finish, Finished, Swept};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use serde_json::Value;

use crate::labels::{Attempted, Ended, OfKind, job_seconds, waiting_seconds};

type Seconds = Family<OfKind, Histogram, fn() -> Histogram>;

/// What becomes of operations here.
pub(crate) struct Work {
    submitted: Family<OfKind, Counter>,
    ended: Family<Ended, Counter>,
    attempts: Family<Attempted, Counter>,
    waited: Seconds,
    ran: Seconds,
    cancelled_after: Histogram,
    rescued: Counter,
    came_due: Counter,
    published_again: Counter,
    fenced: Counter,
    found_ended: Counter,
    samples: Counter,
    training_seconds: Counter<f64>,
    bars: Counter,
}

impl Work {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let work = Self {
            submitted: Family::default(),
            ended: Family::default(),
            attempts: Family::default(),
            waited: Family::new_with_constructor(waiting_seconds),
            ran: Family::new_with_constructor(job_seconds),
            cancelled_after: waiting_seconds(),
            rescued: Counter::default(),
            came_due: Counter::default(),
            published_again: Counter::default(),
            fenced: Counter::default(),
            found_ended: Counter::default(),
            samples: Counter::default(),
            training_seconds: Counter::default(),
            bars: Counter::default(),
        };
        registry.register("ktrdr_submitted", "Operations created", work.submitted.clone());
        registry.register("ktrdr_ops", "Operations that ended, by how", work.ended.clone());
        registry.register(
            "ktrdr_attempts",
            "Attempts that ended, by what they came to",
            work.attempts.clone(),
        );
        registry.register(
            "ktrdr_enqueue_to_start_seconds",
            "From an operation's submit to its first claim, by the store's clock",
            work.waited.clone(),
        );
        registry.register("ktrdr_job_duration_seconds", "How long attempts ran", work.ran.clone());
        registry.register(
            "ktrdr_cancel_latency_seconds",
            "From the request to stop a running job to its end, by the store's clock",
            work.cancelled_after.clone(),
        );
        registry.register("ktrdr_rescues", "Leases of lost workers that sweeps ended", work.rescued.clone());
        registry.register(
            "ktrdr_due",
            "Retries and deferred operations that came due",
            work.came_due.clone(),
        );
        registry.register(
            "ktrdr_republished",
            "Messages and events published again because they may have been lost",
            work.published_again.clone(),
        );
        registry.register(
            "ktrdr_fenced",
            "Attempts that had lost their operation to another",
            work.fenced.clone(),
        );
        registry.register(
            "ktrdr_ack_lost",
            "Messages of operations that had ended: their acknowledgement was lost, or they came twice",
            work.found_ended.clone(),
        );
        registry.register(
            "ktrdr_training_samples",
            "Rows × epochs that trainings fitted",
            work.samples.clone(),
        );
        registry.register(
            "ktrdr_training_fit_seconds",
            "Seconds of the epochs of trainings that completed",
            work.training_seconds.clone(),
        );
        registry.register("ktrdr_backtest_bars", "Bars that backtests traded", work.bars.clone());
        work
    }

    pub(crate) fn submitted(&self, id: &OperationId) {
        self.submitted.get_or_create(&OfKind::of(id)).inc();
    }

    pub(crate) fn ended(&self, id: &OperationId, status: Status) {
        if status.is_terminal() {
            self.ended.get_or_create(&Ended::of(id, status)).inc();
        }
    }

    /// It is claimed. Only the first time it waited for a worker alone.
    pub(crate) fn claimed(&self, operation: &Operation) {
        if let (1, Some(started_at_ms)) = (operation.fence, operation.started_at_ms) {
            let waited = self.waited.get_or_create(&OfKind::from(operation.kind));
            waited.observe(seconds(started_at_ms - operation.created_at_ms));
        }
    }

    /// Whoever claimed it found that it had ended before.
    pub(crate) fn found_ended(&self) {
        self.found_ended.inc();
    }

    /// A beat found that the operation is another's.
    pub(crate) fn fenced(&self) {
        self.fenced.inc();
    }

    pub(crate) fn finished(&self, attempt: &Attempt, ending: &Ending, answer: Finished) {
        let status = match answer {
            Finished::Recorded(status) => status,
            // Our own fence: an earlier call got through, and is counted now.
            Finished::Refused { status: Some(status), fence } if fence == attempt.fence => status,
            Finished::Refused { .. } => return self.fenced(),
        };
        let id = &attempt.id;
        self.attempts.get_or_create(&Attempted::of(id, ending.outcome)).inc();
        let ran = Duration::from_millis(attempt.since.elapsed_ms());
        self.ran.get_or_create(&OfKind::of(id)).observe(ran.as_secs_f64());
        self.ended(id, status);
        if status == Status::Completed {
            self.samples.inc_by(ending.samples);
            self.training_seconds.inc_by(ending.fit_seconds);
            self.bars.inc_by(ending.bars);
        }
    }

    /// A running job ended because somebody had asked for that.
    pub(crate) fn cancelled(&self, row: &Operation) {
        if let (Some(cancel), Some(ended_at_ms)) = (&row.cancel, row.finished_at_ms) {
            self.cancelled_after.observe(seconds(ended_at_ms - cancel.at_ms));
        }
    }

    pub(crate) fn swept(&self, swept: Swept) {
        self.rescued.inc_by(u64::from(swept.rescued));
        self.came_due.inc_by(u64::from(swept.due));
        self.published_again(swept.republished);
    }

    pub(crate) fn published_again(&self, count: u32) {
        self.published_again.inc_by(u64::from(count));
    }
}

fn seconds(ms: i64) -> f64 {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64()
}

/// How an attempt ends, as far as it is counted.
pub(crate) struct Ending {
    outcome: &'static str,
    /// Rows × epochs of a training.
    samples: u64,
    fit_seconds: f64,
    /// Bars of a backtest.
    bars: u64,
}

impl Ending {
    pub(crate) fn of(id: &OperationId, how: &Finish) -> Self {
        let plain = |outcome| Self { outcome, samples: 0, fit_seconds: 0.0, bars: 0 };
        match how {
            Finish::Completed(result) => Self::completed(plain("completed"), id, result),
            Finish::Failed { .. } => plain("failed"),
            Finish::Cancelled => plain("cancelled"),
            Finish::Retry { .. } => plain("retry"),
            Finish::Defer { .. } => plain("deferred"),
            Finish::Release => plain("released"),
        }
    }

    /// A result comes from a job of any version: what is not there counts nothing.
    fn completed(plain: Self, id: &OperationId, result: &Value) -> Self {
        let number = |path: &str| result.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let seconds = |path: &str| {
            let given = result.pointer(path).and_then(Value::as_f64);
            given.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).unwrap_or(0.0)
        };
        match () {
            () if id.is_of(Kind::Training) => {
                let samples = number("/rows/0").saturating_mul(number("/epochs_trained"));
                Self { samples, fit_seconds: seconds("/training_seconds"), ..plain }
            }
            () if id.is_of(Kind::Backtesting) => Self { bars: number("/bars"), ..plain },
            () => plain,
        }
    }
}
