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
//! | [`closing::judge`] | candidates of a campaign that ended, all looks → final verdicts; pure | [`closing`] |
//! | | which designs are candidates | [`candidate`] |
//! | [`Orchestrator`] | event → rows → step → lesson → advance | [`driver`] |
//! | [`turn::must_wait`] | whose turn it is at the exam | [`turn`] |
//! | | the end of the last cycle → the campaign's closing | `closer` |
//!
//! Beside relay, sweeper and worker (see `ktrdr-worker`) in one process:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use ktrdr_domain::{Timestamp, name::CampaignName, research::ResearchSpec};
//! # use ktrdr_fabric::{broker::Broker, campaign::Campaigns, ledger::Ledger, store::{Pace, Store}};
//! # use ktrdr_research::{Orchestrator, plan};
//! # use tokio_util::sync::CancellationToken;
//! # async fn up(store: Arc<dyn Store>, campaigns: Arc<dyn Campaigns>, ledger: Arc<dyn Ledger>, broker: Arc<dyn Broker>, template: ResearchSpec,
//! #     campaign: CampaignName, now: Timestamp, nonce: u32) -> Result<(), Box<dyn std::error::Error>> {
//! let stop = CancellationToken::new();
//! let orchestrator = tokio::spawn(Orchestrator::new(store.clone(), campaigns, ledger, broker).run(stop.clone()));
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
pub mod candidate;
mod closer;
pub mod closing;
pub mod cycle;
pub mod driver;
pub mod findings;
mod hypotheses;
mod reading;
pub mod resume;
mod spec;
pub mod turn;

pub use campaign::{PlanError, plan};
pub use cycle::{ChildEnd, Cycle, Decision, Fault, Stage, step};
pub use driver::Orchestrator;
pub use findings::CycleSummary;
