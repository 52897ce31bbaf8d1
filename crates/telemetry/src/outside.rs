//! What the store and the broker answered.

use std::time::Duration;

use ktrdr_fabric::broker::{BrokerError, BrokerState, Published, Queue};
use ktrdr_fabric::store::StoreError;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::labels::{OfCall, OfError, OfQueue, Outcome, step_seconds};

/// What came back from outside.
pub(crate) struct Outside {
    steps: Family<OfCall, Histogram, fn() -> Histogram>,
    store_errors: Family<OfError, Counter>,
    published: Family<Outcome, Counter>,
    broker_errors: Family<OfError, Counter>,
    broker_up: Gauge,
    broker_blocked: Gauge,
    consumers: Family<OfQueue, Gauge>,
}

impl Outside {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let outside = Self {
            steps: Family::new_with_constructor(step_seconds),
            store_errors: Family::default(),
            published: Family::default(),
            broker_errors: Family::default(),
            broker_up: Gauge::default(),
            broker_blocked: Gauge::default(),
            consumers: Family::default(),
        };
        registry.register(
            "ktrdr_store_step_seconds",
            "How long the store took for a step",
            outside.steps.clone(),
        );
        registry.register(
            "ktrdr_store_errors",
            "Steps that the store could not do",
            outside.store_errors.clone(),
        );
        registry.register(
            "ktrdr_publish",
            "Messages published, by the broker's answer",
            outside.published.clone(),
        );
        registry.register(
            "ktrdr_broker_errors",
            "Calls that the broker could not do",
            outside.broker_errors.clone(),
        );
        registry.register(
            "ktrdr_broker_up",
            "Whether the broker answered the last time",
            outside.broker_up.clone(),
        );
        registry.register(
            "ktrdr_broker_blocked",
            "Whether the broker takes nothing from this process: it is low on memory or disk",
            outside.broker_blocked.clone(),
        );
        registry.register(
            "ktrdr_consumer_up",
            "Whether this process reads a queue",
            outside.consumers.clone(),
        );
        outside
    }

    pub(crate) fn stepped(&self, call: &'static str, took: Duration, error: Option<&StoreError>) {
        self.steps.get_or_create(&OfCall::from(call)).observe(took.as_secs_f64());
        if let Some(error) = error {
            let word = match error {
                StoreError::Unavailable(_) => "unavailable",
                StoreError::Full(_) => "full",
                StoreError::Replaced(_) => "replaced",
                StoreError::Files(_) => "files",
                StoreError::Corrupt(_) => "corrupt",
                StoreError::Invalid(_) => "invalid",
            };
            self.store_errors.get_or_create(&OfError::from(word)).inc();
        }
    }

    pub(crate) fn published(&self, answers: &[Published]) {
        for answer in answers {
            let word = match answer {
                Published::Confirmed => "confirmed",
                Published::Unroutable => "unroutable",
                Published::Unknown => "unknown",
            };
            self.published.get_or_create(&Outcome::from(word)).inc();
        }
    }

    pub(crate) fn broker_answered<T>(&self, answer: &Result<T, BrokerError>) {
        self.broker_up.set(i64::from(!matches!(answer, Err(BrokerError::Unavailable(_)))));
        let word = match answer {
            Ok(_) => return,
            Err(BrokerError::Unavailable(_)) => "unavailable",
            Err(BrokerError::Topology(_)) => "topology",
        };
        self.broker_errors.get_or_create(&OfError::from(word)).inc();
    }

    /// The broker was looked at, as every process does once a second.
    pub(crate) fn looked(&self, state: BrokerState) {
        self.broker_up.set(i64::from(state != BrokerState::Gone));
        self.broker_blocked.set(i64::from(state == BrokerState::Blocked));
    }

    pub(crate) fn consumes(&self, queue: Queue, up: bool) {
        self.consumers.get_or_create(&OfQueue::from(queue)).set(i64::from(up));
    }
}
