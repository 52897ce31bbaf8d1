//! What lessons teach the search: which strategies are worth varying, which readings have paid, what was tried.
//!
//! A lesson counts by dev figures and by how far it came, never by a figure of the exam or the vault:
//!
//! | part | worth |
//! |---|---|
//! | net trading beyond the market, walk-forward on dev | `0.4 × tanh(active Sharpe ratio / 2)`; −0.2 with fewer than 5 trades |
//! | skill: `1 − loss / baseline loss` on the test rows of dev | `0.4 × tanh(20 × skill)` |
//! | how far it came | designed −0.2, trained 0.1, examined 1 |

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::strategy::IndicatorKind;
use ktrdr_domain::{Sha256, Strategy, StrategyName};

use super::candidate::Candidate;

/// Fewer trades than this on dev say nothing about trading.
const TRADES_MIN: u64 = 5;

/// How much an untried reading is worth a look, in units of a lesson's score.
const CURIOSITY: f64 = 0.5;

/// A lesson worth varying.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(crate) candidate: Candidate,
    pub(crate) name: StrategyName,
    pub(crate) score: f64,
    /// Closed trades per bar of dev that was traded; `None` when none was.
    pub(crate) trades_per_bar: Option<f64>,
}

/// Everything remembered.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Best first; equal scores in the order of the lessons.
    pub(crate) parents: Vec<Parent>,
    lessons: usize,
    seen: BTreeSet<Sha256>,
    themes: BTreeMap<String, u32>,
    /// Lessons and summed scores of each kind of indicator.
    kinds: BTreeMap<IndicatorKind, (u32, f64)>,
}

impl Memory {
    pub(crate) fn of(lessons: &[Lesson]) -> Self {
        let mut memory = Self { lessons: lessons.len(), ..Self::default() };
        for lesson in lessons {
            memory.seen.extend([lesson.strategy_sha256, lesson.strategy.content_sha256()]);
            let score = score(lesson);
            let kinds: BTreeSet<IndicatorKind> =
                lesson.strategy.indicators.values().map(|i| i.kind).collect();
            for kind in kinds {
                let (count, sum) = memory.kinds.entry(kind).or_default();
                *count += 1;
                *sum += score;
            }
            if let Some(candidate) = Candidate::of(lesson) {
                *memory.themes.entry(candidate.theme()).or_default() += 1;
                memory.parents.push(Parent {
                    candidate,
                    name: lesson.strategy.name.clone(),
                    score,
                    trades_per_bar: trades_per_bar(lesson),
                });
            }
        }
        memory.parents.sort_by(|a, b| b.score.total_cmp(&a.score));
        memory
    }

    /// A design of the same generation: it is not repeated, and has taught nothing yet.
    pub(crate) fn add_sibling(&mut self, strategy: &Strategy) {
        self.seen.insert(strategy.content_sha256());
    }

    /// Whether this strategy, under any name, was tried or is being tried.
    pub(crate) fn knows(&self, strategy: &Strategy) -> bool {
        [strategy.content_sha256(), strategy.sha256()].iter().any(|hash| self.seen.contains(hash))
    }

    /// How many earlier strategies look at the same things for the same thing.
    pub(crate) fn variations(&self, theme: &str) -> u32 {
        self.themes.get(theme).copied().unwrap_or(0)
    }

    /// What a kind of indicator promises: its mean score and a bonus for being little known (UCB1).
    pub(crate) fn promise(&self, kind: IndicatorKind) -> f64 {
        let (count, sum) = self.kinds.get(&kind).copied().unwrap_or_default();
        let mean = if count == 0 { 0.0 } else { sum / f64::from(count) };
        mean + CURIOSITY * (self.lessons as f64).ln_1p().sqrt() / f64::from(count + 1).sqrt()
    }

    /// How likely the next design builds on an earlier one: more with every lesson, less while none is any good.
    pub(crate) fn exploit_chance(&self) -> f64 {
        let learned = self.lessons as f64 / (self.lessons as f64 + 5.0);
        match self.parents.first() {
            None => 0.0,
            Some(best) if best.score > 0.0 => 0.85 * learned,
            Some(_) => 0.35 * learned,
        }
    }
}

/// A lesson's worth, from −0.8 to 1.8. See the table above.
fn score(lesson: &Lesson) -> f64 {
    let traded = lesson.dev_backtest.filter(|t| t.total_trades >= TRADES_MIN);
    let trading =
        traded.and_then(|t| t.active_sharpe_ratio).map_or(-0.2, |sharpe| 0.4 * (sharpe / 2.0).tanh());
    let losses = lesson.test.as_ref().and_then(|t| t.loss.zip(t.baseline_loss));
    let skill =
        losses.filter(|(_, baseline)| *baseline > 0.0).map_or(0.0, |(loss, baseline)| 1.0 - loss / baseline);
    let reached = match lesson.reached {
        Reached::Designed => -0.2,
        Reached::Trained => 0.1,
        Reached::Examined => 1.0,
    };
    let score = trading + 0.4 * (20.0 * skill).tanh() + reached;
    if score.is_finite() { score } else { -1.0 }
}

fn trades_per_bar(lesson: &Lesson) -> Option<f64> {
    let dev = lesson.dev_backtest.filter(|dev| dev.bars > 0)?;
    Some(dev.total_trades as f64 / dev.bars as f64)
}
