//! Which designs are worth a look at the exam: elites that passed the gate of training, each another idea, and better on dev than
//! the best of as many worthless designs would look.

use std::collections::BTreeSet;

use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::number::Figure;
use ktrdr_domain::{Sha256, Windows};
use ktrdr_quant::statistics::luck;

use super::archive::{Bred, elites};
use crate::design::Design;

/// Positions on dev that correlate by so much are one idea, and one look at it is enough.
const ONE_IDEA: f64 = 0.7;

/// The champions of all lessons that were not presented before, the best first.
pub(crate) fn champions<'a>(lessons: &'a [Lesson], windows: &Windows, dev_bars: usize) -> Vec<Bred<'a>> {
    let presented: BTreeSet<Sha256> =
        lessons.iter().filter(|lesson| lesson.champion).map(|lesson| lesson.strategy_sha256).collect();
    let bred: Vec<Bred<'a>> = lessons.iter().filter(|lesson| !lesson.champion).filter_map(Bred::of).collect();
    let designs = bred.len() as u64;
    let is_champion =
        |design: &Bred<'_>| design.passed() && design.quality > luck_of(design, designs, windows, dev_bars);
    let mut champions = elites(bred.into_iter().filter(is_champion), 1, ONE_IDEA);
    champions.retain(|champion| !presented.contains(&champion.lesson.strategy_sha256));
    champions
}

/// The yearly Sharpe ratio to expect from the best of so many worthless designs over the stretch that this one traded. That of a
/// worthless one varies by one over its years.
fn luck_of(design: &Bred<'_>, designs: u64, windows: &Windows, dev_bars: usize) -> f64 {
    let traded = design.lesson.dev_backtest.map_or(0, |dev| dev.bars) as f64;
    let years = windows.dev.years() * (traded / dev_bars.max(1) as f64).min(1.0);
    luck::expected_max_sharpe(1.0 / years.max(f64::MIN_POSITIVE), designs)
}

/// A champion as the design of the cycle that presents it.
pub(crate) fn presented(champion: &Bred<'_>, place: usize, of: usize, signed: &str) -> Design {
    let Bred { lesson, niche, quality } = champion;
    let origin = format!(
        "champion {} of {of}: bred by cycle {}, {niche}, active Sharpe ratio {:.2} on dev; trained anew with another seed",
        place + 1,
        lesson.index + 1,
        Figure(*quality),
    );
    Design {
        rationale: lesson.strategy.hypothesis.clone().unwrap_or_default(),
        strategy: lesson.strategy.clone(),
        designer: signed.to_owned(),
        origin,
        champion: true,
        author: lesson.author.clone(),
        ideas: Vec::new(),
        tests: lesson.tests.clone(),
    }
}
