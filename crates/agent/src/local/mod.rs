//! Design and assessment without any key: a seeded search and a table of rules.
//!
//! A design is drawn, built, checked and dropped or kept:
//!
//! 1. `screen` the training rows of dev for readings that spoke, `memory` what earlier cycles taught;
//! 2. `explore` with a fresh candidate, or `mutate` one of the best by one or two named changes;
//! 3. `build` it: fuzzy sets (`partition`), label thresholds (`target`) and confidence fitted to training rows;
//! 4. drop it when it was tried before, mostly drop it when its theme was; mend what the linter finds, once.
//!
//! The same brief gives the same design, bit for bit. Cycles of one generation do not see each other's outcomes; so that none
//! repeats another, each first makes the designs of those before it in its generation, from the same lessons.

mod assessor;
mod block;
mod build;
pub(crate) mod candidate;
pub(crate) mod explore;
pub(crate) mod memory;
mod mutate;
mod partition;
mod remarks;
mod screen;
mod search_space;
mod target;
mod words;

use async_trait::async_trait;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::{Author, Severity, Sha256};
use ktrdr_quant::SeededRng;

use crate::design::{Design, DesignBrief};
use crate::lint::{self, Finding};
use crate::market::Market;
use crate::{AgentError, Call, Designer};

pub use assessor::LocalAssessor;

use build::build;
use candidate::{Candidate, Target};
use explore::Search;
use memory::{Memory, Parent};
use screen::Screen;

/// How designs and assessments of this module are signed.
const NAME: &str = "local";

/// Proposals before the search gives up.
const ATTEMPTS_MAX: u32 = 60;

/// Parents that variations start from.
const PARENTS_MAX: usize = 6;

/// The designer that needs no key.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDesigner;

#[async_trait]
impl Designer for LocalDesigner {
    async fn design(&self, brief: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        self.search(brief, &|| call.is_stopped())
    }
}

impl LocalDesigner {
    /// One strategy for one cycle. `stop` is asked between steps; once it says yes, the search is given up.
    ///
    /// # Errors
    /// See [`AgentError`].
    pub fn search(&self, brief: &DesignBrief<'_>, stop: &dyn Fn() -> bool) -> Result<Design, AgentError> {
        search(brief, stop, &|search, rng| search.propose(rng))
    }
}

/// A proposal, and how it came about.
pub(crate) type Proposal = (Candidate, String);

/// Draws from proposals until one is a design, as the module tells.
pub(crate) fn search(
    brief: &DesignBrief<'_>,
    stop: &dyn Fn() -> bool,
    propose: &dyn Fn(&Search<'_>, &mut SeededRng) -> Proposal,
) -> Result<Design, AgentError> {
    let market = Market::new(brief.dev_bars, brief.windows, brief.split, brief.account)?;
    let screen = Screen::of(&market, stop)?;
    let mut memory = Memory::of(brief.lessons);
    let design = |index: u32, memory: &Memory| {
        let opening = index == 0 && brief.lessons.is_empty();
        let search = Search { market: &market, screen: &screen, memory, opening };
        search.design(brief, index, stop, propose)
    };
    for sibling in brief.index - brief.index % brief.generation.max(1)..brief.index {
        match design(sibling, &memory) {
            Ok(sibling) => memory.add_sibling(&sibling.strategy),
            Err(AgentError::Stopped) => return Err(AgentError::Stopped),
            // It has no strategy that could be repeated.
            Err(_) => {}
        }
    }
    Ok(Design { author: remembering(brief.lessons), ..design(brief.index, &memory)? })
}

/// Whose memory may have gone into a design that is varied from what was remembered: of the models that wrote any of it, the one
/// that knows most of the present.
fn remembering(lessons: &[Lesson]) -> Option<Author> {
    let authors = lessons.iter().filter_map(|lesson| lesson.author.as_ref());
    authors.max_by_key(|author| author.training_cutoff).cloned()
}

impl Search<'_> {
    /// The design of one cycle of the generation.
    fn design(
        &self,
        brief: &DesignBrief<'_>,
        index: u32,
        stop: &dyn Fn() -> bool,
        propose: &dyn Fn(&Search<'_>, &mut SeededRng) -> Proposal,
    ) -> Result<Design, AgentError> {
        let mut rng = SeededRng::new(Sha256::of_json(&(brief.seed, index))?.seed());
        let mut last = String::new();
        for attempt in 0..ATTEMPTS_MAX {
            if stop() {
                return Err(AgentError::Stopped);
            }
            let (candidate, origin) = propose(self, &mut rng);
            let patient = attempt < ATTEMPTS_MAX / 2;
            match self.accept(candidate, origin, brief, patient, &mut rng) {
                Ok(design) => return Ok(design),
                Err(reason) => last = reason,
            }
        }
        Err(AgentError::NothingNew { attempts: ATTEMPTS_MAX, last })
    }

    /// Fresh, varied or crossed.
    fn propose(&self, rng: &mut SeededRng) -> Proposal {
        let best = &self.memory.parents[..self.memory.parents.len().min(PARENTS_MAX)];
        let weights: Vec<f64> = best.iter().map(|p| (3.0 * p.score).exp()).collect();
        let parent = |rng: &mut SeededRng| -> Option<&Parent> { best.get(rng.weighted(&weights)?) };
        if rng.chance(self.memory.exploit_chance())
            && let Some(a) = parent(rng)
        {
            let other = parent(rng).filter(|b| b.name != a.name && rng.chance(0.3));
            return match other {
                Some(b) if b.score > a.score => self.crossed(b, a, rng),
                Some(b) => self.crossed(a, b, rng),
                None => self.mutated(a, rng),
            };
        }
        self.explored(rng)
    }

    /// A fresh candidate.
    pub(crate) fn explored(&self, rng: &mut SeededRng) -> Proposal {
        let candidate = self.fresh(rng);
        let how = if self.opening { "opening: the clearest readings" } else { "exploration" };
        let origin = format!("{how}: {}", words::description(&candidate));
        (candidate, origin)
    }

    /// The design of a candidate, mended once if need be; `Err` says why it was dropped. While `patient`, the n-th
    /// variation of a theme is kept once in n times only.
    fn accept(
        &self,
        mut candidate: Candidate,
        mut origin: String,
        brief: &DesignBrief<'_>,
        patient: bool,
        rng: &mut SeededRng,
    ) -> Result<Design, String> {
        let variations = f64::from(self.memory.variations(&candidate.theme()));
        if patient && !rng.chance(1.0 / (1.0 + variations)) {
            return Err("its theme was tried before".to_owned());
        }
        let mut strategy = build(&candidate, self.market, brief.symbol).map_err(|flaw| flaw.to_string())?;
        let mended = self.mend(&mut candidate, &lint::check(&strategy, self.market), rng);
        if !mended.is_empty() {
            strategy = build(&candidate, self.market, brief.symbol).map_err(|flaw| flaw.to_string())?;
            origin = format!("{origin}; mended: {}", mended.join(", "));
        }
        let findings = lint::check(&strategy, self.market);
        if let Some(fault) = findings.iter().find(|f| f.severity == Severity::Error) {
            return Err(fault.to_string());
        }
        strategy.check().map_err(|faults| faults.to_string())?;
        if self.memory.knows(&strategy) {
            return Err("it was tried before".to_owned());
        }
        let rationale = words::rationale(&candidate, self.screen, self.market);
        Ok(Design {
            strategy,
            designer: NAME.to_owned(),
            origin,
            rationale,
            champion: false,
            author: None,
            ideas: Vec::new(),
            tests: None,
        })
    }

    /// Changes what the linter found fault with; the codes that led to a change.
    fn mend(
        &self,
        candidate: &mut Candidate,
        findings: &[Finding],
        rng: &mut SeededRng,
    ) -> Vec<&'static str> {
        let mut mended = Vec::new();
        for finding in findings {
            let before = candidate.clone();
            match finding.code {
                "class_share" => (candidate.target, candidate.hold_share) = (Target::Direction, 0.25),
                "parameters_over_samples" => self.fit_network(candidate, rng),
                "few_trades" => {
                    candidate.separation = (candidate.separation / 2).max(1);
                    candidate.holding_max = candidate.holding_max.or(Some(2 * candidate.horizon));
                }
                "move_under_cost" => {
                    let widest =
                        self.screen.moves.iter().max_by(|a, b| a.cost_multiple.total_cmp(&b.cost_multiple));
                    candidate.horizon = widest.map_or(candidate.horizon, |m| m.horizon);
                }
                _ => {}
            }
            if *candidate != before {
                mended.push(finding.code);
            }
        }
        mended.dedup();
        mended
    }
}
