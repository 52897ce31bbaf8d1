//! `agent_assessment`: judge one cycle and write the judgement beside its strategy.

use ktrdr_agent::Call;
use ktrdr_agent::models::Lane;
use ktrdr_catalog::strategies;
use ktrdr_domain::Kind;
use ktrdr_domain::job::AssessmentSpec;
use ktrdr_domain::report::AssessmentReport;
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};

/// See the module.
pub struct Assessment(pub(crate) Services);

impl Handler for Assessment {
    fn kind(&self) -> Kind {
        Kind::AgentAssessment
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(fault::specification(job).and_then(|spec| self.assess(job, &spec)))
    }
}

impl Assessment {
    fn assess(&self, job: &Job, spec: &AssessmentSpec) -> Result<AssessmentReport, Fault> {
        let provider = self.0.providers.get(&spec.agent)?;
        let stop = || job.stop.is_stopped();
        let purse = self.0.purse(job)?;
        let lane = Lane::of(spec.batch);
        let call = Call { operation: &job.id, attempt: job.fence, stop: &stop, lane, purse: &purse };
        let report = self.0.answer(job, provider.assessor.assess(spec, call))?;
        let stored = strategies::store_assessment(&*self.0.artifacts, &spec.strategy.name, &report);
        self.0.runtime.block_on(stored)?;
        Ok(report)
    }
}
