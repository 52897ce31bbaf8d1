//! The archive of what was bred: of each niche the best design, none a near-copy of a better one elsewhere. MAP-Elites (Mouret and
//! Clune, 2015) with the elites found anew from the lessons each time, so that nothing has to be kept beside them.

use std::collections::BTreeSet;

use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::positions::Positions;
use ktrdr_domain::report::DevBacktest;
use ktrdr_quant::statistics::correlation;

use super::niche::Niche;

/// Closed trades on dev from which on its figures count: as many as the honest gate asks of an exam.
pub(crate) const TRADES_MIN: u64 = 30;

/// A design of the archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bred<'a> {
    pub(crate) lesson: &'a Lesson,
    pub(crate) niche: Niche,
    /// Annualised Sharpe ratio beyond the market, walk-forward on dev.
    pub(crate) quality: f64,
}

impl<'a> Bred<'a> {
    /// A design that traded enough to have a niche and a quality.
    pub(crate) fn of(lesson: &'a Lesson) -> Option<Self> {
        let dev = traded(lesson)?;
        let quality = dev.active_sharpe_ratio.filter(|sharpe| sharpe.is_finite())?;
        Some(Self { lesson, niche: Niche::of(dev)?, quality })
    }

    /// Whether it passed the gate of training.
    pub(crate) fn passed(&self) -> bool {
        self.lesson.reached >= Reached::Trained
    }

    /// How much both want the same: correlation of the positions that they wanted on dev, 0 where that can not be told.
    pub(crate) fn likeness(&self, other: &Self) -> f64 {
        likeness(self.lesson.dev_positions.as_ref(), other.lesson.dev_positions.as_ref())
    }
}

/// What a design did on dev, if that is enough to tell something.
fn traded(lesson: &Lesson) -> Option<&DevBacktest> {
    lesson.dev_backtest.as_ref().filter(|dev| dev.total_trades >= TRADES_MIN)
}

fn likeness(a: Option<&Positions>, b: Option<&Positions>) -> f64 {
    let (Some(a), Some(b)) = (a, b) else { return 0.0 };
    if a.stretch != b.stretch {
        return 0.0;
    }
    correlation::pearson(&a.means(), &b.means()).unwrap_or(0.0)
}

/// The best of each niche that is not `alike` a better one of another, best first: what passed the gate of training before what did
/// not, then by quality. Equal ones stand in the order of their hashes.
pub(crate) fn elites<'a>(bred: impl Iterator<Item = Bred<'a>>, alike: f64) -> Vec<Bred<'a>> {
    let mut ranked: Vec<Bred<'a>> = bred.collect();
    let (passed, hash) = (|b: &Bred<'_>| b.passed(), |b: &Bred<'_>| b.lesson.strategy_sha256);
    ranked.sort_by(|a, b| {
        passed(b).cmp(&passed(a)).then(b.quality.total_cmp(&a.quality)).then_with(|| hash(a).cmp(&hash(b)))
    });
    let mut settled = BTreeSet::new();
    let mut elites: Vec<Bred<'a>> = Vec::new();
    for design in ranked {
        let is_new = !settled.contains(&design.niche) && elites.iter().all(|e| e.likeness(&design) < alike);
        if is_new {
            settled.insert(design.niche);
            elites.push(design);
        }
    }
    elites
}
