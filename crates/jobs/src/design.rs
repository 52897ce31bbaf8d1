//! `agent_design`: design one strategy from dev bars and lessons, and write its file.

use std::collections::HashSet;

use ktrdr_agent::{Call, DesignBrief};
use ktrdr_catalog::strategies;
use ktrdr_domain::job::{DesignResult, DesignSpec};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::strategy::DataSplit;
use ktrdr_domain::{Kind, OperationId, Sha256, Status};
use ktrdr_fabric::store::Filter;
use ktrdr_worker::{Handler, Job, Outcome};
use serde::Deserialize;

use crate::Services;
use crate::fault::{self, Fault};

/// Lessons a designer is shown: the latest.
const LESSONS_MAX: u32 = 500;

/// Most cycles of a campaign whose designs are looked at while they run: those begun last. More are hardly ever in flight.
const SIBLINGS_MAX: u32 = 1000;

/// See the module.
pub struct Design(pub(crate) Services);

impl Handler for Design {
    fn kind(&self) -> Kind {
        Kind::AgentDesign
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(fault::specification(job).and_then(|spec| self.design(job, spec)))
    }
}

impl Design {
    fn design(&self, job: &Job, spec: DesignSpec) -> Result<DesignResult, Fault> {
        let research = spec.research;
        let provider = self.0.providers.get(&research.agent)?;
        let windows = self.0.windows_of(&research.data, &research.windows)?;
        let dev_of = |pinned| self.0.bars(pinned).map(|bars| bars.slice(bars.window(&windows.dev)));
        let dev = research.data.iter().map(dev_of).collect::<Result<Vec<_>, _>>()?;
        // Those that run are read before the lessons: whoever ends in between is seen by its lesson.
        let in_flight = self.siblings(&research)?;
        let brief = DesignBrief {
            symbol: &research.symbol,
            dev_bars: &dev,
            windows: &windows,
            split: DataSplit::default(),
            lessons: &self.lessons(&research)?,
            in_flight: &in_flight,
            campaign: &research.campaign,
            index: research.index,
            seed: research.seed,
            text: research.brief.as_deref(),
            account: &research.account,
        };
        let stop = || job.stop.is_stopped();
        let call = Call { operation: &job.id, attempt: job.fence, stop: &stop };
        let design = self.0.answer(job, provider.designer.design(&brief, call))?;
        self.0.runtime.block_on(strategies::store(&*self.0.artifacts, &design.strategy))?;
        Ok(DesignResult {
            strategy_sha256: design.strategy.sha256(),
            strategy: design.strategy,
            designer: design.designer,
            origin: design.origin,
        })
    }

    /// Lessons of this campaign that depend on nothing after dev: what a designer may know. Of a cycle that was cut short
    /// and resumed the whole story counts.
    fn lessons(&self, research: &ResearchSpec) -> Result<Vec<Lesson>, Fault> {
        let mut looked_at = LESSONS_MAX;
        loop {
            let newest = self.0.ledger.lessons(Some(&research.campaign), looked_at);
            let mut lessons = self.0.runtime.block_on(newest)?;
            let are_all = lessons.len() < looked_at as usize;
            let resumed: HashSet<OperationId> = lessons.iter().filter_map(|l| l.resumes.clone()).collect();
            lessons.retain(|lesson| {
                lesson.known_until <= research.windows.dev.end && !resumed.contains(&lesson.cycle)
            });
            // Those that may not be known must not push out those that may.
            if are_all || lessons.len() >= LESSONS_MAX as usize {
                lessons.truncate(LESSONS_MAX as usize);
                return Ok(lessons);
            }
            looked_at = looked_at.saturating_mul(4);
        }
    }

    /// Hashes of the designs of other cycles of this campaign that are still under way; those that ended left a lesson.
    fn siblings(&self, research: &ResearchSpec) -> Result<Vec<Sha256>, Fault> {
        let of_campaign = |kind, status, limit| Filter {
            campaign: Some(research.campaign.clone()),
            kind: Some(kind),
            status: Some(status),
            limit,
            ..Filter::default()
        };
        let list = |filter: Filter| self.0.runtime.block_on(self.0.operations.list(&filter));
        let running = list(of_campaign(Kind::AgentResearch, Status::Running, SIBLINGS_MAX))?.operations;
        let mut hashes = Vec::with_capacity(running.len());
        for cycle in running {
            let designed =
                Filter { root: Some(cycle.id), ..of_campaign(Kind::AgentDesign, Status::Completed, 1) };
            let design = list(designed)?.operations.pop().and_then(|design| design.result);
            let design = design.and_then(|result| DesignResult::deserialize(result).ok());
            hashes.extend(design.map(|design| design.strategy.content_sha256()));
        }
        Ok(hashes)
    }
}
