//! One file per kind of job: read inputs, call the pure code, write artefacts.
//!
//! | kind | file | reads | writes |
//! |---|---|---|---|
//! | `agent_design` | [`design`] | dev bars, lessons | `strategies/<name>.yaml` |
//! | `training` | [`training`] | dev bars | `models/<strategy>/<timeframe>_v<N>/`, with a sheet |
//! | `backtesting` | [`backtesting`] | bars, model or signals | a trial in the ledger, `reports/<operation>/<fence>/backtest.json`, `sheet.json` |
//! | `agent_assessment` | [`assessment`] | reports in its specification | `strategies/<name>/assessment.json` |
//! | `data_load` | [`data_load`] | `imports/<sha256>.csv` | `data/<SYMBOL>_<timeframe>.csv` |
//! | `probe` | [`probe`] | nothing | nothing, or `probes/<operation>/<attempt>` |
//!
//! Who pays for what they cost stands in [`spending`].
//!
//! Before this: the worker claimed an operation. After this: the worker records what a handler returned.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod assessment;
pub mod backtesting;
pub mod data_load;
pub mod design;
pub mod evaluate;
pub mod fault;
mod foresight;
mod inputs;
pub mod probe;
pub mod spending;
pub mod training;
mod windows;

use std::sync::Arc;

use ktrdr_agent::{AgentError, Providers};
use ktrdr_catalog::series::{self, SeriesCache};
use ktrdr_domain::window::WindowPolicy;
use ktrdr_domain::{DataRef, DeviceRequest};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::ledger::{Ledger, LedgerReader};
use ktrdr_neural::{Backend, Cpu};
use ktrdr_quant::Bars;
use ktrdr_worker::{Handler, Job};
use tokio::runtime::Handle;

use crate::fault::Fault;
use crate::spending::{JobPurse, Metered, Spending};

/// What jobs may use of the world.
#[derive(Clone)]
pub struct Services {
    /// Bars, models, strategies, reports.
    pub artifacts: Arc<dyn Artifacts>,
    /// Trials and lessons, to learn from.
    pub ledger: Arc<dyn LedgerReader>,
    /// How instruments are cut that have no windows yet.
    pub windows: WindowPolicy,
    /// Looks at a gate window after which research on it ends.
    pub looks_max: u64,
    /// Runs the IO of job threads, which are no tasks themselves.
    pub runtime: Handle,
    /// Whether probes may crash or block this process when their specification says so: never in production.
    pub chaos_probes: bool,
    /// Bars read before.
    pub series: Arc<SeriesCache>,
    /// Trains networks that do not ask for a CPU.
    pub backend: Arc<dyn Backend>,
    /// Who designs and assesses, by the name that a specification carries.
    pub providers: Providers,
    /// Who pays for jobs.
    pub spending: Spending,
}

impl Services {
    /// What trains a network with this request. A CPU is everywhere, beside a GPU too.
    pub(crate) fn backend_for(&self, request: DeviceRequest) -> Arc<dyn Backend> {
        match request {
            DeviceRequest::Cpu => Arc::new(Cpu::new()),
            DeviceRequest::Any | DeviceRequest::Gpu => Arc::clone(&self.backend),
        }
    }

    /// A purse for what a provider costs in this job.
    pub(crate) fn purse<'a>(&'a self, job: &'a Job) -> Result<JobPurse<'a>, Fault> {
        Ok(self.runtime.block_on(JobPurse::open(&self.spending, job))?)
    }

    /// The handler, paid for by how long it runs.
    fn metered(&self, handler: impl Handler + 'static) -> Arc<dyn Handler> {
        Arc::new(Metered { handler, spending: self.spending.clone(), runtime: self.runtime.clone() })
    }

    /// A provider's answer, waited for on the job's own thread, and given up as soon as the job should stop.
    pub(crate) fn answer<T>(
        &self,
        job: &Job,
        answer: impl Future<Output = Result<T, AgentError>>,
    ) -> Result<T, Fault> {
        let answer = self.runtime.block_on(job.stop.unless_stopped(answer));
        answer.ok_or(Fault::Stopped)?.map_err(Fault::from)
    }

    /// Reads a pinned series; other bytes than the pinned ones are refused.
    pub(crate) fn bars(&self, pinned: &DataRef) -> Result<Arc<Bars>, Fault> {
        let read = series::read_pinned(&*self.artifacts, &self.series, pinned);
        Ok(self.runtime.block_on(read)?)
    }
}

/// Every handler: one per kind that can be claimed. Into the ledger write those alone that show what an exam holds, and count it:
/// backtests, and trainings that reach into the vault. What research computes is paid for by the time it takes.
#[must_use]
pub fn handlers(services: &Services, ledger: Arc<dyn Ledger>) -> Vec<Arc<dyn Handler>> {
    vec![
        services.metered(design::Design(services.clone())),
        services.metered(training::Training { services: services.clone(), ledger: Arc::clone(&ledger) }),
        services.metered(backtesting::Backtesting { services: services.clone(), ledger }),
        services.metered(assessment::Assessment(services.clone())),
        Arc::new(data_load::DataLoad(services.clone())),
        Arc::new(probe::Probe(services.clone())),
    ]
}
