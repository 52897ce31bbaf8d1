//! Take, claim, run with heartbeat, record, acknowledge. Knows no kind of job: kinds register as [`Handler`]s.
//!
//! | part | what it does | file |
//! |---|---|---|
//! | [`Relay`] | outbox → broker | [`relay`] |
//! | [`Worker`] | broker → slots, one consumer of each kind | [`worker`], `kind_consumer`, `consumers` |
//! | | says that it is there and how it finds the broker, hears what operators ask | `heartbeats`, [`broker_watch`], `paused` |
//! | | one delivery: claim → run → watch → record → ack | `attempt`, `watch` |
//! | [`Sweeper`] | brings back what was lost | [`sweeper`], `lost_messages` |
//!
//! All parts in one process, each stopped by the same token (an orchestrator, when there is one, beside them):
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use ktrdr_fabric::{broker::Broker, registry::WorkerRegistry, store::Store};
//! # use ktrdr_worker::{Exit, Handler, Identity, KindConfig, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig};
//! # use tokio_util::sync::CancellationToken;
//! # async fn up(store: Arc<dyn Store>, broker: Arc<dyn Broker>, registry: Arc<dyn WorkerRegistry>, probe: Arc<dyn Handler>)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let config = WorkerConfig { kinds: vec![KindConfig::new(probe.kind(), 4)], ..WorkerConfig::default() };
//! let identity = Identity::of_this_process("0.1.0", "cpu");
//! let sweeper = Sweeper::new(store.clone(), SweeperConfig::default()).watching_queues(broker.clone());
//! let worker =
//!     Worker::new(store.clone(), broker.clone(), registry, vec![probe], identity, config, sweeper.trigger())?;
//!
//! let drain = CancellationToken::new();
//! let stop = CancellationToken::new();
//! let relay = tokio::spawn(Relay::new(store, broker).run(stop.clone()));
//! let sweeper = tokio::spawn(sweeper.run(stop.clone()));
//!
//! // On SIGTERM: `drain.cancel()`. The relay goes on while jobs are given back, because giving back is publishing.
//! // A second SIGTERM cancels `force_drain`.
//! let exit = worker.run(drain, CancellationToken::new()).await;
//! stop.cancel();
//! relay.await?;
//! sweeper.await?;
//! if exit == Exit::Unhealthy {
//!     std::process::exit(ktrdr_worker::EXIT_UNHEALTHY.into());
//! }
//! # Ok(()) }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod attempt;
pub mod broker_watch;
pub mod config;
mod confirmed;
mod consumers;
mod current;
pub mod handler;
mod heartbeats;
pub mod identity;
mod kind_consumer;
mod lost_messages;
mod outside;
mod paused;
pub mod progress;
pub mod registration;
pub mod relay;
mod running_jobs;
mod settle;
pub mod stop;
pub mod sweeper;
mod threads;
mod watch;
pub mod worker;

pub use broker_watch::BrokerWatch;
pub use config::{ConfigError, KindConfig, WorkerConfig};
pub use current::current_operation;
pub use handler::{Handler, Job, Outcome};
pub use identity::Identity;
pub use progress::ProgressCell;
pub use registration::Registration;
pub use relay::Relay;
pub use stop::{StopReason, StopToken};
pub use sweeper::{SweepTrigger, Sweeper, SweeperConfig};
pub use worker::{EXIT_UNHEALTHY, Exit, Worker};
