//! `agent_design`: design one strategy from dev bars and lessons, and write its file.

use std::collections::HashSet;

use ktrdr_agent::models::Lane;
use ktrdr_agent::{Call, DesignBrief};
use ktrdr_catalog::strategies;
use ktrdr_domain::job::{DesignResult, DesignSpec};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::strategy::DataSplit;
use ktrdr_domain::{Kind, OperationId};
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};

/// Lessons a designer is shown: the latest.
const LESSONS_MAX: u32 = 500;

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
        let brief = DesignBrief {
            symbol: &research.symbol,
            dev_bars: &dev,
            windows: &windows,
            split: DataSplit::default(),
            lessons: &self.lessons(&research)?,
            index: research.index,
            part: research.evolution.as_ref().map(|evolution| evolution.part),
            generation: research.generation,
            seed: research.campaign_seed,
            text: research.brief.as_deref(),
            account: &research.account,
        };
        let stop = || job.stop.is_stopped();
        let purse = self.0.purse(job)?;
        let lane = Lane::of(research.batch);
        let call = Call { operation: &job.id, attempt: job.fence, stop: &stop, lane, purse: &purse };
        let design = self.0.answer(job, provider.designer.design(&brief, call))?;
        self.0.runtime.block_on(strategies::store(&*self.0.artifacts, &design.strategy))?;
        Ok(DesignResult {
            strategy_sha256: design.strategy.sha256(),
            strategy: design.strategy,
            designer: design.designer,
            origin: design.origin,
            champion: design.champion,
        })
    }

    /// Lessons that depend on nothing after dev, newest first: of the campaign's earlier generations, in an order that does not
    /// tell who ended when, or of whatever campaign about the same instrument and bars. Of a cycle that was cut short and resumed
    /// the whole story counts.
    fn lessons(&self, research: &ResearchSpec) -> Result<Vec<Lesson>, Fault> {
        let of_one = Some(&research.campaign).filter(|_| research.learns_from == LessonScope::Campaign);
        let size = research.generation.max(1);
        // Of the oldest generation that is looked at some may be missing: one more is looked at than is shown.
        let enough = LESSONS_MAX.saturating_add(size) as usize;
        let mut looked_at = u32::try_from(enough).unwrap_or(u32::MAX);
        loop {
            let newest = self.0.ledger.lessons(of_one, looked_at);
            let mut lessons = self.0.runtime.block_on(newest)?;
            let are_all = lessons.len() < looked_at as usize;
            let resumed: HashSet<OperationId> = lessons.iter().filter_map(|l| l.resumes.clone()).collect();
            lessons.retain(|lesson| {
                is_in_scope(lesson, research)
                    && lesson.known_until <= research.windows.dev.end
                    && !resumed.contains(&lesson.cycle)
            });
            // Those that may not be known must not push out those that may.
            if are_all || lessons.len() >= enough {
                if of_one.is_some() {
                    lessons.sort_by(|a, b| b.index.cmp(&a.index).then_with(|| a.cycle.cmp(&b.cycle)));
                }
                lessons.truncate(LESSONS_MAX as usize);
                return Ok(lessons);
            }
            looked_at = looked_at.saturating_mul(4);
        }
    }
}

fn is_in_scope(lesson: &Lesson, research: &ResearchSpec) -> bool {
    let wanted = &lesson.strategy.training_data;
    match research.learns_from {
        LessonScope::Campaign => {
            let size = research.generation.max(1);
            lesson.index / size < research.index / size
        }
        LessonScope::Instrument => {
            wanted.symbols.contains(&research.symbol) && wanted.base_timeframe == research.timeframe
        }
    }
}
