//! The research cycle: one pure step, and a driver that reacts to completion events. It can not train or backtest,
//! only enqueue.
//!
//! | part | what it does | file |
//! |---|---|---|
//! | [`plan`] | a campaign: many cycles from one template | [`campaign`] |
//! | [`step`] | the end of a child → what comes next; pure | [`cycle`] |
//! | | what the next child is told | `spec` |
//! | [`CycleSummary`] | what a cycle returns, however it ended | [`findings`] |
//! | [`resume::plan`] | a cycle that was cut short → a new one that goes on with it | [`resume`] |
//! | [`Orchestrator`] | event → rows → step → lesson → advance | [`driver`] |
//!
//! Beside relay, sweeper and worker (see `ktrdr-worker`) in one process:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use ktrdr_domain::{Timestamp, name::CampaignName, research::ResearchSpec};
//! # use ktrdr_fabric::{broker::Broker, ledger::Ledger, store::{Pace, Store}};
//! # use ktrdr_research::{Orchestrator, plan};
//! # use tokio_util::sync::CancellationToken;
//! # async fn up(store: Arc<dyn Store>, ledger: Arc<dyn Ledger>, broker: Arc<dyn Broker>, template: ResearchSpec,
//! #     campaign: CampaignName, now: Timestamp, nonce: u32) -> Result<(), Box<dyn std::error::Error>> {
//! let stop = CancellationToken::new();
//! let orchestrator = tokio::spawn(Orchestrator::new(store.clone(), ledger, broker).run(stop.clone()));
//!
//! let pace = Pace { in_flight: 8, generation: template.generation };
//! store.submit_roots(plan(&campaign, 100, &template, now, nonce)?, pace).await?;
//! // … until the roots are terminal, or on SIGTERM:
//! stop.cancel();
//! orchestrator.await?;
//! # Ok(()) }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod campaign;
pub mod cycle;
pub mod driver;
pub mod findings;
mod reading;
pub mod resume;
mod spec;

pub use campaign::{PlanError, plan};
pub use cycle::{ChildEnd, Cycle, Decision, Fault, Stage, step};
pub use driver::Orchestrator;
pub use findings::CycleSummary;
