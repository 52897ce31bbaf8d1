//! The lessons most worth knowing now, in few words: ranked, each with why it was chosen and the last data time it depends on.
//!
//! | why | which |
//! |---|---|
//! | `alike` | strategies most like the one in question; without one, those that came furthest on dev |
//! | `contrast` | for each of them the one most like it that came further, or less far: the difference between the two is what mattered |
//! | `telling_failure` | one for each code that stopped a strategy, the rarer and the later the sooner: what nobody ran into twice says most |
//!
//! They take turns until the room is used up. Pure: the same lessons and question give the same answer. What depends on data after
//! the time in question is never recalled, and memory holds no figure of an exam.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::number::Figure;
use ktrdr_domain::{OperationId, Strategy, StrategyName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Room for a recall, in tokens.
pub const TOKENS_MAX: usize = 2000;

/// Fewest bytes of a token, as an estimate on the safe side: English has 4, JSON and names have 3.
const BYTES_PER_TOKEN: usize = 3;

/// What a lesson takes beside its words, in bytes: names, punctuation.
const FRAME_BYTES: usize = 120;

/// The room for lessons beside words of so many bytes that are told with them.
#[must_use]
pub const fn room_beside(bytes: usize) -> usize {
    TOKENS_MAX.saturating_sub(bytes / BYTES_PER_TOKEN)
}

/// Longest hypothesis repeated, in characters.
const HYPOTHESIS_CHARACTERS: usize = 200;

/// What is asked of memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// Lessons about strategies like this one come first.
    pub like: Option<&'a Strategy>,
    /// Nothing that depends on data after this.
    pub until: Option<Timestamp>,
}

/// What memory answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Recall {
    /// The lessons, the most telling first.
    pub items: Vec<Recalled>,
    /// How much of the room they take, estimated.
    pub tokens: usize,
    /// Lessons that could have been recalled.
    pub of: usize,
}

/// One lesson, in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Recalled {
    /// Why it is here.
    pub why: Why,
    /// The cycle it was learnt from.
    pub cycle: OperationId,
    /// Its campaign.
    pub campaign: CampaignName,
    /// What was tried.
    pub strategy: StrategyName,
    /// How far it came.
    pub reached: Reached,
    /// What it was and what became of it.
    pub says: String,
    /// Last data time it depends on.
    pub known_until: Timestamp,
}

/// Why a lesson is recalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is like what is in question, or came furthest.
    Alike,
    /// It is like one of those, and fared differently.
    Contrast,
    /// It tells of a way to fail.
    TellingFailure,
}

/// Ranks lessons, newest first, and tells as many as the room lets.
#[must_use]
pub fn recall(lessons: &[Lesson], question: &Question<'_>, tokens_max: usize) -> Recall {
    let known = known(lessons, question.until);
    let alike = alike(&known, question.like);
    let contrasts = contrasts(&known, &alike);
    let failures = telling_failures(&known);
    let turns = [(Why::Alike, alike), (Why::Contrast, contrasts), (Why::TellingFailure, failures)];
    let mut recall = Recall { of: known.len(), ..Recall::default() };
    let mut told = BTreeSet::new();
    let longest = turns.iter().map(|(_, ranked)| ranked.len()).max().unwrap_or(0);
    for rank in 0..longest {
        for (why, ranked) in &turns {
            let Some(lesson) = ranked.get(rank).filter(|lesson| !told.contains(&lesson.cycle)) else {
                continue;
            };
            let item = item(*why, lesson);
            let tokens =
                (item.says.len() + item.strategy.as_str().len() + FRAME_BYTES).div_ceil(BYTES_PER_TOKEN);
            if recall.tokens + tokens > tokens_max {
                return recall;
            }
            recall.tokens += tokens;
            told.insert(&lesson.cycle);
            recall.items.push(item);
        }
    }
    recall
}

/// Those that may be known, without those that a later cycle went on with.
fn known(lessons: &[Lesson], until: Option<Timestamp>) -> Vec<&Lesson> {
    let resumed: BTreeSet<&OperationId> = lessons.iter().filter_map(|l| l.resumes.as_ref()).collect();
    let may_be_known = |l: &&Lesson| until.is_none_or(|until| l.known_until <= until);
    lessons.iter().filter(may_be_known).filter(|l| !resumed.contains(&l.cycle)).collect()
}

/// The most similar first; without a strategy in question those that came furthest, then the best on dev.
fn alike<'a>(known: &[&'a Lesson], like: Option<&Strategy>) -> Vec<&'a Lesson> {
    let rank = |lesson: &Lesson| match like {
        Some(strategy) => similarity(&traits(strategy), &traits(&lesson.strategy)),
        None => f64::from(rank_of(lesson)) + merit(lesson),
    };
    by_rank(known.iter().map(|lesson| (rank(lesson), *lesson)).collect())
}

/// For each lesson the one most like it that came further or less far.
fn contrasts<'a>(known: &[&'a Lesson], of: &[&Lesson]) -> Vec<&'a Lesson> {
    let mut seen = BTreeSet::new();
    let contrast = |lesson: &&Lesson| {
        let traits_of_it = traits(&lesson.strategy);
        let others = known.iter().filter(|other| rank_of(other) != rank_of(lesson));
        let ranked = others.map(|o| (similarity(&traits_of_it, &traits(&o.strategy)), *o)).collect();
        by_rank(ranked).into_iter().next()
    };
    // More than fit are never told.
    let near = of.iter().take(CONTRASTED);
    near.filter_map(contrast).filter(|lesson| seen.insert(&lesson.cycle)).collect()
}

/// How many lessons are set against another.
const CONTRASTED: usize = 20;

/// One lesson, the newest, for each code: the rarest first, and of equally rare ones the latest in the cycle.
fn telling_failures<'a>(known: &[&'a Lesson]) -> Vec<&'a Lesson> {
    let mut by_code: BTreeMap<&str, (u32, &Lesson)> = BTreeMap::new();
    for lesson in known {
        if let Some(code) = &lesson.stopped_by {
            by_code.entry(code).and_modify(|(count, _)| *count += 1).or_insert((1, lesson));
        }
    }
    let all = by_code.values().map(|(count, _)| count).sum::<u32>().max(1);
    let surprise = |count: u32| (f64::from(all) / f64::from(count)).log2();
    let ranked = by_code.into_values().map(|(n, lesson)| (surprise(n) + f64::from(rank_of(lesson)), lesson));
    by_rank(ranked.collect())
}

/// Highest first; equal ones in the order they came in.
fn by_rank(mut ranked: Vec<(f64, &Lesson)>) -> Vec<&Lesson> {
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    ranked.into_iter().map(|(_, lesson)| lesson).collect()
}

fn rank_of(lesson: &Lesson) -> u8 {
    match lesson.reached {
        Reached::Designed => 0,
        Reached::Trained => 1,
        Reached::Examined => 2,
    }
}

/// Between −0.5 and 0.5, by what it earned beyond the market on dev.
fn merit(lesson: &Lesson) -> f64 {
    let sharpe = lesson.dev_backtest.and_then(|dev| dev.active_sharpe_ratio).filter(|s| s.is_finite());
    sharpe.map_or(-0.5, |sharpe| 0.5 * (sharpe / 2.0).tanh())
}

/// What a strategy is made of.
fn traits(strategy: &Strategy) -> BTreeSet<String> {
    let indicators = strategy.indicators.values().map(|spec| spec.kind.definition().name.to_owned());
    let timeframes = strategy.training_data.timeframes.iter().map(ToString::to_string);
    let symbols = strategy.training_data.symbols.iter().map(ToString::to_string);
    let exits = strategy.risk.exits;
    let exits = [
        exits.stop_loss.map(|_| "stop loss"),
        exits.take_profit.map(|_| "take profit"),
        exits.max_holding_bars.map(|_| "time stop"),
    ];
    let others = [label(strategy), horizon(strategy)].into_iter().flatten();
    indicators
        .chain(timeframes)
        .chain(symbols)
        .chain(exits.into_iter().flatten().map(str::to_owned))
        .chain(others)
        .collect()
}

fn label(strategy: &Strategy) -> Option<String> {
    let labels = serde_json::to_value(strategy.training.labels).ok()?;
    Some(labels.get("source")?.as_str()?.to_owned())
}

/// The horizon to a factor of two.
fn horizon(strategy: &Strategy) -> Option<String> {
    strategy.training.labels.horizon().map(|bars| format!("{} bars ahead", bars.next_power_of_two()))
}

/// Jaccard's coefficient: what both have of what either has.
fn similarity(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let either = a.union(b).count();
    if either == 0 { 0.0 } else { a.intersection(b).count() as f64 / either as f64 }
}

fn item(why: Why, lesson: &Lesson) -> Recalled {
    Recalled {
        why,
        cycle: lesson.cycle.clone(),
        campaign: lesson.campaign.clone(),
        strategy: lesson.strategy.name.clone(),
        reached: lesson.reached,
        says: words(lesson),
        known_until: lesson.known_until,
    }
}

/// `rsi, atr · EURUSD · 1h · triple_barrier, 24 bars ahead: stopped by no_dev_profit; dev net -1.2 %, active Sharpe -0.31, 120
/// trades; skill 0.4 %; its idea: …`
fn words(lesson: &Lesson) -> String {
    let made_of = traits(&lesson.strategy).into_iter().collect::<Vec<_>>().join(", ");
    let fate = match &lesson.stopped_by {
        Some(code) => format!("stopped by {code}"),
        None => "passed its exam".to_owned(),
    };
    let dev = lesson.dev_backtest.map(|dev| {
        let net = dev.total_return_pct.map(|x| format!("net {:.1} %", Figure(x * 100.0)));
        let sharpe = dev.active_sharpe_ratio.map(|x| format!("active Sharpe {:.2}", Figure(x)));
        let p = dev.null_p.map(|p| format!("p {p:.2}"));
        let figures = [net, sharpe, p, Some(format!("{} trades", dev.total_trades))];
        format!("dev {}", figures.into_iter().flatten().collect::<Vec<_>>().join(", "))
    });
    let skill = lesson.test.as_ref().and_then(|test| {
        let skill = 1.0 - test.loss? / test.baseline_loss?;
        skill.is_finite().then(|| format!("skill {:.1} %", Figure(skill * 100.0)))
    });
    let idea = lesson.strategy.hypothesis.as_ref().map(|hypothesis| {
        let beginning: String = hypothesis.chars().take(HYPOTHESIS_CHARACTERS).collect();
        format!("its idea: {}", beginning.replace(char::is_control, " "))
    });
    let facts = [Some(format!("{made_of}: {fate}")), dev, skill, idea];
    facts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
