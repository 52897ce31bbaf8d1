//! Telemetry: what a process did and what it holds, for Prometheus.
//!
//! Nothing that works counts for itself. Every change goes through a seam of [`ktrdr_fabric`], so the seams are what is
//! measured: [`Telemetry::store`], [`Telemetry::broker`], [`Telemetry::budget`], [`Telemetry::schedules`] and
//! [`Telemetry::registry`] wrap one each, pass every call on as it is, and count what came of it. What is true of the whole fleet rather than of one process is a
//! [`Standing`], looked at when somebody scrapes, of counters that the store keeps anyway.
//!
//! | | names | file |
//! |---|---|---|
//! | operations: attempts, ends, how long they waited and ran | `ktrdr_…` | `work` |
//! | research cycles: outcomes, phases, gates | `agent_…` | `cycles` |
//! | what the store and the broker answered | `ktrdr_store_…`, `ktrdr_publish…`, `ktrdr_consumer_up` | `outside` |
//! | money, tokens, machine time | `agent_tokens`, `agent_budget_spend`, `ktrdr_machine_seconds` | `spending` |
//! | schedules | `ktrdr_schedule_ticks`, `ktrdr_leader` | `nights` |
//! | the worker of this process, and its GPU | `ktrdr_worker_…`, `ktrdr_gpu_…` | `registry`, `gpu` |
//! | requests of the API | `http_server_…` | `http` |
//! | queues, workers, what is left to spend | `ktrdr_queue_…` and more | [`standing`] |
//! | spans that no collector took | `ktrdr_traces_dropped` | `untold` |
//! | the process itself | `process_…`, `ktrdr_build` | `process` |
//!
//! Labels are words of closed sets: kinds, statuses, phases, outcomes. Never an id, a symbol, a strategy or a text: how many
//! series there are depends on none of what users do. Single traces stand beside them as `examples`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod broker;
mod budget;
mod cycles;
mod examples;
mod gpu;
mod http;
mod labels;
mod nights;
mod outside;
mod process;
mod registry;
mod schedules;
mod spending;
pub mod standing;
mod store;
mod untold;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ktrdr_domain::trace::Sample;
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::budget::Budget;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::schedules::Schedules;
use ktrdr_fabric::store::Store;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

pub use gpu::Gpu;
pub use http::Request;
pub use standing::Standing;

/// The media type of [`Telemetry::expose`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that one process counts.
pub struct Telemetry {
    registry: Registry,
    work: Arc<work::Work>,
    cycles: Arc<cycles::Cycles>,
    outside: Arc<outside::Outside>,
    spending: Arc<spending::Spending>,
    nights: Arc<nights::Nights>,
    worker: Arc<registry::Worker>,
    http: http::Http,
    gpu: Arc<OnceLock<Gpu>>,
    gpu_gauges: gpu::Gauges,
    untold: untold::Untold,
    /// What is told is not changed meanwhile: a figure that is set anew is not there for a moment.
    telling: Mutex<()>,
    standing: standing::Gauges,
    process: process::Process,
}

impl Telemetry {
    /// Nothing counted yet, by this version of the program, of whose traces these are told.
    #[must_use]
    pub fn new(version: &str, told: Sample) -> Self {
        let mut registry = Registry::default();
        let registered = &mut registry;
        Self {
            work: Arc::new(work::Work::register(registered, told)),
            cycles: Arc::new(cycles::Cycles::register(registered)),
            outside: Arc::new(outside::Outside::register(registered)),
            spending: Arc::new(spending::Spending::register(registered)),
            nights: Arc::new(nights::Nights::register(registered)),
            worker: Arc::new(registry::Worker::register(registered)),
            http: http::Http::register(registered),
            gpu: Arc::default(),
            gpu_gauges: gpu::Gauges::register(registered),
            untold: untold::Untold::register(registered),
            telling: Mutex::default(),
            standing: standing::Gauges::register(registered),
            process: process::Process::register(registered, version),
            registry,
        }
    }

    /// The same store, measured.
    #[must_use]
    pub fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let (work, cycles, outside) = (self.work.clone(), self.cycles.clone(), self.outside.clone());
        Arc::new(store::MeasuredStore { store, work, cycles, outside })
    }

    /// The same broker, measured.
    #[must_use]
    pub fn broker(&self, broker: Arc<dyn Broker>) -> Arc<dyn Broker> {
        Arc::new(broker::MeasuredBroker { broker, outside: self.outside.clone() })
    }

    /// The same budget, measured.
    #[must_use]
    pub fn budget(&self, budget: Arc<dyn Budget>) -> Arc<dyn Budget> {
        Arc::new(budget::MeasuredBudget { budget, spending: self.spending.clone() })
    }

    /// The same schedules, measured.
    #[must_use]
    pub fn schedules(&self, schedules: Arc<dyn Schedules>) -> Arc<dyn Schedules> {
        Arc::new(schedules::MeasuredSchedules { schedules, nights: self.nights.clone() })
    }

    /// The same registry of workers, measured.
    #[must_use]
    pub fn registry(&self, registry: Arc<dyn WorkerRegistry>) -> Arc<dyn WorkerRegistry> {
        Arc::new(registry::MeasuredRegistry { registry, worker: self.worker.clone(), gpu: self.gpu.clone() })
    }

    /// A request of the API was answered.
    pub fn answered(&self, request: &Request) {
        self.http.answered(request);
    }

    /// From now on this GPU is told of, also to those who ask which workers there are; the first one that is named.
    pub fn watch(&self, gpu: Gpu) {
        let _ = self.gpu.set(gpu);
    }

    /// From now on it is told how many spans this says are lost; the first one that is named.
    pub fn watch_traces(&self, lost: impl Fn() -> u64 + Send + Sync + 'static) {
        self.untold.watch(lost);
    }

    /// How the fleet stands now, for the next [`Self::expose`].
    pub fn stand(&self, standing: &Standing) {
        let _telling = self.telling();
        self.standing.set(standing);
    }

    /// Everything, as text of [`MEDIA_TYPE`].
    #[must_use]
    pub fn expose(&self) -> String {
        let _telling = self.telling();
        self.process.look();
        self.untold.look();
        self.gpu.get().iter().for_each(|gpu| self.gpu_gauges.look(gpu));
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing into a string does not fail.
            Err(std::fmt::Error) => String::new(),
        }
    }

    fn telling(&self) -> MutexGuard<'_, ()> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
