//! Traces: what operations went through, told to whoever collects traces by OTLP (HTTP, protobuf).
//!
//! **The row is the trace.** No context is kept or handed on: ids are hashes of operation ids ([`ktrdr_domain::trace`]), and the
//! history of a row says when it waited, who claimed it and what became of each attempt, also of one whose worker was killed.
//! So whoever relays the event of an operation's end reads the row and tells the whole story, once, by one clock. What no row
//! knows is told by who does it: messages that are published, calls of language models.
//!
//! | span | told by | file |
//! |---|---|---|
//! | `agent.research_cycle`, `agent.phase.…` | the relay, when the cycle has ended | `cycle` |
//! | `training` and the like, `wait …`, `process …` for each attempt | the relay, when the job has ended | `job` |
//! | `publish …` | the relay, as it publishes | `broker` |
//! | `request` | whoever is asked for an operation by a part of another trace | `links` |
//! | `chat …` | the worker, as it asks a model | `call` |
//!
//! Nothing waits for a collector: what is told goes through a bounded queue, and what finds no room there is counted.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod broker;
mod call;
mod collector;
mod cycle;
mod job;
mod links;
pub mod names;
mod part;
mod post;
mod queue;
mod teller;

use std::sync::Arc;
use std::time::Duration;

use ktrdr_agent::purse::CallWatch;
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::store::{BootId, OperationReader};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use collector::{BadCollector, Collector};
pub use links::Links;

/// How long the end of a process waits for what is left to be told.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Tells of what a process sees, until [`Self::end`].
pub struct Tracer {
    queue: Arc<queue::Queue>,
    teller: JoinHandle<()>,
    stop: CancellationToken,
    boot: String,
}

impl Tracer {
    /// Begins to tell a collector. This process is `boot`, of that version; what operations went through stands in these rows.
    ///
    /// # Errors
    /// When no TLS can be had.
    pub fn start(
        collector: Collector,
        boot: &BootId,
        version: &'static str,
        rows: Arc<dyn OperationReader>,
    ) -> Result<Self, BadCollector> {
        let (queue, items) = queue::Queue::new(collector.sample);
        let (queue, stop, boot) = (Arc::new(queue), CancellationToken::new(), boot.to_string());
        let post = post::Post::new(collector, version, boot.clone())?;
        let teller = teller::Teller::new(items, Arc::clone(&queue), rows, post);
        let teller = tokio::spawn(teller.run(stop.clone()));
        Ok(Self { queue, teller, stop, boot })
    }

    /// The same broker, told of: for whoever relays. `system` is what is behind it.
    #[must_use]
    pub fn broker(&self, broker: Arc<dyn Broker>, system: &'static str) -> Arc<dyn Broker> {
        Arc::new(broker::TracedBroker { broker, queue: Arc::clone(&self.queue), system })
    }

    /// Tells of calls of language models.
    #[must_use]
    pub fn calls(&self) -> Arc<dyn CallWatch> {
        Arc::new(call::Calls { queue: Arc::clone(&self.queue), boot: self.boot.clone() })
    }

    /// Tells where operations came from.
    #[must_use]
    pub fn links(&self) -> Links {
        Links { queue: Arc::clone(&self.queue) }
    }

    /// How much was not told so far, whenever it is asked.
    pub fn lost(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let queue = Arc::clone(&self.queue);
        move || queue.lost()
    }

    /// Tells what is left, for three seconds at most.
    pub async fn end(self) {
        self.stop.cancel();
        let teller = self.teller.abort_handle();
        if timeout(LAST_WORDS, self.teller).await.is_err() {
            teller.abort();
            info!("the collector is slow; the last traces are not told");
        }
        if self.queue.lost() > 0 {
            info!(lost = self.queue.lost(), "this much was not told of in traces");
        }
    }
}
