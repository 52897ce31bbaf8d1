//! Operations, as the process that moves them sees them.

use std::time::Duration;

use ktrdr_domain::trace::Sample;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, Status};
use ktrdr_fabric::store::{Attempt, Finish, Finished, Swept};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use serde_json::Value;

use crate::examples::{Seconds, observe};
use crate::labels::{Attempted, Ended, Failure, OfKind, job_seconds, waiting_seconds};

type SecondsOfKind = Family<OfKind, Seconds, fn() -> Seconds>;

/// What becomes of operations here.
pub(crate) struct Work {
    submitted: Family<OfKind, Counter>,
    ended: Family<Ended, Counter>,
    failures: Family<Failure, Counter>,
    attempts: Family<Attempted, Counter>,
    waited: SecondsOfKind,
    ran: SecondsOfKind,
    cancelled_after: Seconds,
    rescued: Counter,
    came_due: Counter,
    published_again: Counter,
    fenced: Counter,
    found_ended: Counter,
    samples: Counter,
    training_seconds: Counter<f64>,
    bars: Counter,
    /// Traces that are told.
    told: Sample,
}

impl Work {
    pub(crate) fn register(registry: &mut Registry, told: Sample) -> Self {
        let work = Self {
            submitted: Family::default(),
            ended: Family::default(),
            failures: Family::default(),
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
            told,
        };
        work.register_ends(registry);
        work.register_losses(registry);
        work.register_throughput(registry);
        work
    }

    fn register_ends(&self, registry: &mut Registry) {
        registry.register("ktrdr_submitted", "Operations created", self.submitted.clone());
        registry.register("ktrdr_ops", "Operations that ended, by how", self.ended.clone());
        registry.register("ktrdr_failures", "Operations that failed, by why", self.failures.clone());
        registry.register(
            "ktrdr_attempts",
            "Attempts that ended, by what they came to",
            self.attempts.clone(),
        );
        registry.register(
            "ktrdr_enqueue_to_start_seconds",
            "From an operation's submit to its first claim, by the store's clock",
            self.waited.clone(),
        );
        registry.register("ktrdr_job_duration_seconds", "How long attempts ran", self.ran.clone());
        registry.register(
            "ktrdr_cancel_latency_seconds",
            "From the request to stop a running job to its end, by the store's clock",
            self.cancelled_after.clone(),
        );
    }

    fn register_losses(&self, registry: &mut Registry) {
        let mut count = |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        count("ktrdr_rescues", "Leases of lost workers that sweeps ended", &self.rescued);
        count("ktrdr_due", "Retries and deferred operations that came due", &self.came_due);
        count(
            "ktrdr_republished",
            "Messages and events published again because they may have been lost",
            &self.published_again,
        );
        count("ktrdr_fenced", "Attempts that had lost their operation to another", &self.fenced);
        count(
            "ktrdr_ack_lost",
            "Messages of operations that had ended: their acknowledgement was lost, or they came twice",
            &self.found_ended,
        );
    }

    fn register_throughput(&self, registry: &mut Registry) {
        registry.register(
            "ktrdr_training_samples",
            "Rows × epochs that trainings fitted",
            self.samples.clone(),
        );
        registry.register(
            "ktrdr_training_fit_seconds",
            "Seconds of the epochs of trainings that completed",
            self.training_seconds.clone(),
        );
        registry.register("ktrdr_backtest_bars", "Bars that backtests traded", self.bars.clone());
    }

    pub(crate) fn submitted(&self, id: &OperationId) {
        self.submitted.get_or_create(&OfKind::of(id)).inc();
    }

    pub(crate) fn ended(&self, id: &OperationId, status: Status) {
        if status.is_terminal() {
            self.ended.get_or_create(&Ended::of(id, status)).inc();
        }
    }

    /// It failed, for good.
    pub(crate) fn failed(&self, id: &OperationId, reason: &FailureReason) {
        self.failures.get_or_create(&Failure::of(id, reason)).inc();
    }

    /// It is claimed. Only the first time it waited for a worker alone.
    pub(crate) fn claimed(&self, operation: &Operation) {
        if let (1, Some(started_at_ms)) = (operation.fence, operation.started_at_ms) {
            let waited = self.waited.get_or_create(&OfKind::from(operation.kind));
            let after = seconds(started_at_ms - operation.created_at_ms);
            observe(&waited, after, &operation.id, self.told);
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
        observe(&self.ran.get_or_create(&OfKind::of(id)), ran.as_secs_f64(), id, self.told);
        self.ended(id, status);
        if let (Status::Failed, Some(reason)) = (status, &ending.reason) {
            self.failed(id, reason);
        }
        if status == Status::Completed {
            self.samples.inc_by(ending.samples);
            self.training_seconds.inc_by(ending.fit_seconds);
            self.bars.inc_by(ending.bars);
        }
    }

    /// A running job ended because somebody had asked for that.
    pub(crate) fn cancelled(&self, row: &Operation) {
        if let (Some(cancel), Some(ended_at_ms)) = (&row.cancel, row.finished_at_ms) {
            observe(&self.cancelled_after, seconds(ended_at_ms - cancel.at_ms), &row.id, self.told);
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
    /// Why the operation failed, if it did.
    reason: Option<FailureReason>,
    /// Rows × epochs of a training.
    samples: u64,
    fit_seconds: f64,
    /// Bars of a backtest.
    bars: u64,
}

impl Ending {
    pub(crate) fn of(id: &OperationId, how: &Finish) -> Self {
        let plain = |outcome| Self { outcome, reason: None, samples: 0, fit_seconds: 0.0, bars: 0 };
        let failing = |outcome, reason| Self { reason: Some(reason), ..plain(outcome) };
        match how {
            Finish::Completed(result) => Self::completed(plain("completed"), id, result),
            Finish::Failed { reason, .. } => failing("failed", reason.clone()),
            Finish::Cancelled => plain("cancelled"),
            // It fails where this was its last try.
            Finish::Retry { .. } => failing("retry", FailureReason::AttemptsExhausted),
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
