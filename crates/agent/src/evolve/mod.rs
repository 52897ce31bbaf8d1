//! Designs that are bred on dev alone. Without any key, and beside designs of others: whoever made one, its lesson stands in the
//! same archive.
//!
//! 1. The `archive` holds the best design of each `niche` (how long it holds × with or against the market), by its Sharpe ratio
//!    beyond the market, walk-forward on dev. No near-copy of a better one has a niche of its own.
//! 2. A cycle that breeds draws parents among these elites, the better the likelier, and changes one by one or two named
//!    changes, or crosses it with another one, the less alike the likelier; or it explores. Proposals are built, checked and
//!    dropped or kept as those of the [local](crate::local) search.
//! 3. A cycle that presents takes the next of the `champions` as it is.
//!
//! What an exam said is not heard: a lesson that passed it counts as one that reached it. The same brief gives the same design, bit
//! for bit, on lessons of earlier generations alone.

mod archive;
mod champions;
mod niche;

use async_trait::async_trait;
use ktrdr_domain::evolution::Part;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_quant::{Bars, SeededRng};

use crate::design::{Design, DesignBrief};
use crate::local::candidate::Candidate;
use crate::local::explore::Search;
use crate::local::memory::Parent;
use crate::local::{self, Proposal};
use crate::{AgentError, Call, Designer};

use archive::{Bred, elites};

/// How bred designs are signed.
const NAME: &str = "evolve";

/// Positions on dev that correlate by so much are copies: the better one stands for both.
const NEAR_COPY: f64 = 0.95;

/// How often a design is a fresh one although the archive has as many elites as it takes.
const EXPLORES: f64 = 0.2;

/// With fewer elites than this there is more to explore than to vary.
const ELITES_ENOUGH: f64 = 4.0;

/// How often two parents are crossed.
const CROSSES: f64 = 0.5;

/// How many times likelier a parent is drawn than one whose yearly Sharpe ratio is lower by one, or which the gate of training
/// stopped.
const PRESSURE: f64 = 5.0;

/// The designer of campaigns that evolve.
#[derive(Debug, Clone, Copy, Default)]
pub struct EvolvingDesigner;

#[async_trait]
impl Designer for EvolvingDesigner {
    async fn design(&self, brief: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        self.breed_or_present(brief, &|| call.is_stopped())
    }
}

impl EvolvingDesigner {
    /// One strategy for one cycle: a champion, where the cycle presents and one is left for it. `stop` is asked between steps.
    ///
    /// # Errors
    /// See [`AgentError`].
    pub fn breed_or_present(
        &self,
        brief: &DesignBrief<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Design, AgentError> {
        let lessons = of_dev_alone(brief.lessons);
        if brief.part == Some(Part::Presents) {
            let dev_bars = brief.dev_bars.first().map_or(0, Bars::len);
            let champions = champions::champions(&lessons, brief.windows, dev_bars);
            let place = (brief.index % brief.generation.max(1)) as usize;
            if let Some(champion) = champions.get(place) {
                return Ok(champions::presented(champion, place, champions.len(), NAME));
            }
        }
        let parents = Parents::of(&lessons);
        let design = local::search(&DesignBrief { lessons: &lessons, ..*brief }, stop, &|search, rng| {
            parents.propose(search, rng)
        })?;
        Ok(Design { designer: NAME.to_owned(), ..design })
    }
}

/// Lessons without the word of the exam, and without strategies that no rule allows.
fn of_dev_alone(lessons: &[Lesson]) -> Vec<Lesson> {
    let sound = lessons.iter().filter(|lesson| lesson.strategy.check().is_ok());
    sound.map(|lesson| Lesson { reached: lesson.reached.min(Reached::Trained), ..lesson.clone() }).collect()
}

/// The elites that can be varied.
struct Parents<'a>(Vec<(Bred<'a>, Parent)>);

impl<'a> Parents<'a> {
    fn of(lessons: &'a [Lesson]) -> Self {
        let with_parent = |bred: Bred<'a>| Some((bred, parent(&bred)?));
        Self(
            elites(lessons.iter().filter_map(Bred::of), NEAR_COPY)
                .into_iter()
                .filter_map(with_parent)
                .collect(),
        )
    }

    /// Fresh, varied or crossed.
    fn propose(&self, search: &Search<'_>, rng: &mut SeededRng) -> Proposal {
        let drawn = if rng.chance(self.explores()) { None } else { rng.weighted(&self.weights(|_| 1.0)) };
        let Some((bred, parent)) = drawn.and_then(|drawn| self.0.get(drawn)) else {
            return search.explored(rng);
        };
        if rng.chance(CROSSES) {
            // Nobody is crossed with itself: it is as like itself as can be.
            let unlike = |other: &Bred<'_>| (1.0 - bred.likeness(other)).max(0.0);
            let other =
                |other: &Bred<'_>| if other.lesson.cycle == bred.lesson.cycle { 0.0 } else { unlike(other) };
            let mate = rng.weighted(&self.weights(other)).and_then(|mate| self.0.get(mate));
            if let Some((_, mate)) = mate {
                return search.crossed(parent, mate, rng);
            }
        }
        search.mutated(parent, rng)
    }

    /// How often a design is a fresh one: the more, the emptier the archive.
    fn explores(&self) -> f64 {
        let filled = (self.0.len() as f64 / ELITES_ENOUGH).min(1.0);
        1.0 - (1.0 - EXPLORES) * filled
    }

    /// How likely each is drawn.
    fn weights(&self, liking: impl Fn(&Bred<'_>) -> f64) -> Vec<f64> {
        let merit = |bred: &Bred<'_>| bred.quality + f64::from(u8::from(bred.passed()));
        let best = self.0.iter().map(|(bred, _)| merit(bred)).fold(f64::MIN, f64::max);
        self.0.iter().map(|(bred, _)| PRESSURE.powf(merit(bred) - best) * liking(bred)).collect()
    }
}

fn parent(bred: &Bred<'_>) -> Option<Parent> {
    let lesson = bred.lesson;
    let dev = lesson.dev_backtest.filter(|dev| dev.bars > 0)?;
    Some(Parent {
        candidate: Candidate::of(lesson)?,
        name: lesson.strategy.name.clone(),
        score: bred.quality,
        trades_per_bar: Some(dev.total_trades as f64 / dev.bars as f64),
    })
}
