//! `agent_design`: design one strategy from dev bars and lessons, and write its file.

use std::collections::HashSet;

use ktrdr_agent::models::Lane;
use ktrdr_agent::{Call, DesignBrief};
use ktrdr_catalog::strategies::{self, Provenance};
use ktrdr_domain::hypothesis::Hypothesis;
use ktrdr_domain::job::{DesignResult, DesignSpec};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::HypothesisId;
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::strategy::DataSplit;
use ktrdr_domain::{Kind, OperationId};
use ktrdr_fabric::clock;
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};

/// Ideas that are looked through: the latest.
const HYPOTHESES_MAX: u32 = 1_000;

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
        let lessons = self.lessons(&research)?;
        let brief = DesignBrief {
            symbol: &research.symbol,
            dev_bars: &dev,
            windows: &windows,
            split: DataSplit::default(),
            lessons: &lessons,
            index: research.index,
            part: research.evolution.as_ref().map(|evolution| evolution.part),
            generation: research.generation,
            seed: research.campaign_seed,
            hypotheses: &self.hypotheses(&research, &lessons)?,
            text: research.brief.as_deref(),
            masked: research.masked,
            account: &research.account,
        };
        let stop = || job.stop.is_stopped();
        let purse = self.0.purse(job)?;
        let lane = Lane::of(research.batch);
        let call = Call { operation: &job.id, attempt: job.fence, stop: &stop, lane, purse: &purse };
        let design = self.0.answer(job, provider.designer.design(&brief, call))?;
        self.0.runtime.block_on(strategies::store(&*self.0.artifacts, &design.strategy))?;
        if let Some(author) = &design.author {
            let provenance = Provenance { strategy_sha256: design.strategy.sha256(), author: author.clone() };
            let (artifacts, name) = (&*self.0.artifacts, &design.strategy.name);
            self.0.runtime.block_on(strategies::store_provenance(artifacts, name, &provenance))?;
        }
        Ok(DesignResult {
            strategy_sha256: design.strategy.sha256(),
            strategy: design.strategy,
            designer: design.designer,
            origin: design.origin,
            champion: design.champion,
            author: design.author,
            hypotheses: design.ideas,
            tests: design.tests,
        })
    }

    /// Ideas that may be tested and, as far as the lessons tell, were not; in an order that does not tell who ended when.
    fn hypotheses(&self, research: &ResearchSpec, lessons: &[Lesson]) -> Result<Vec<Hypothesis>, Fault> {
        let of_one = Some(&research.campaign).filter(|_| research.learns_from == LessonScope::Campaign);
        let known = self.0.runtime.block_on(self.0.ledger.hypotheses(of_one, HYPOTHESES_MAX))?;
        let tested: HashSet<&HypothesisId> =
            lessons.iter().filter(|l| l.test.is_some()).filter_map(|l| l.tests.as_ref()).collect();
        let now = clock::now();
        let mut ideas: Vec<Hypothesis> = known
            .into_iter()
            .filter(|idea| idea.may_be_tested(now) && !tested.contains(&idea.hypothesis.id))
            .map(|idea| idea.hypothesis)
            .filter(|idea| is_idea_in_scope(idea, research))
            .collect();
        // Not by id, which differs by campaign: a night is gone through once more under another name.
        ideas.sort_by(|a, b| b.index.cmp(&a.index).then_with(|| a.idea.text.cmp(&b.idea.text)));
        Ok(ideas)
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

/// Whether a cycle of that number may teach this one anything: of its own campaign those of earlier generations.
fn is_earlier(index: u32, research: &ResearchSpec) -> bool {
    let size = research.generation.max(1);
    research.learns_from == LessonScope::Instrument || index / size < research.index / size
}

fn is_idea_in_scope(idea: &Hypothesis, research: &ResearchSpec) -> bool {
    let is_about_it = idea.symbol == research.symbol && idea.timeframe == research.timeframe;
    // What was proposed with open eyes may name what is hidden.
    let keeps_secrets = idea.masked || !research.masked;
    let is_known = idea.known_until <= research.windows.dev.end;
    is_earlier(idea.index, research) && is_about_it && keeps_secrets && is_known
}

fn is_in_scope(lesson: &Lesson, research: &ResearchSpec) -> bool {
    let wanted = &lesson.strategy.training_data;
    let is_about_it =
        || wanted.symbols.contains(&research.symbol) && wanted.base_timeframe == research.timeframe;
    is_earlier(lesson.index, research) && (research.learns_from == LessonScope::Campaign || is_about_it())
}
