//! What was tried and why it died, as a designer may know it: figures of dev; of an exam whether it was passed, and the code of
//! what stopped it. A lesson holds nothing else. The best come first, then the newest, as many as fit.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_domain::evolution::NOT_A_CHAMPION;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec, Labels};
use serde_json::{Value, json};

/// Most bytes of all lessons together: some 2 000 tokens.
const BYTES_MAX: usize = 7_000;

/// The best, whenever they were.
const BEST_MAX: usize = 8;

/// What was tried, in words.
pub(crate) fn text(lessons: &[Lesson]) -> String {
    if lessons.is_empty() {
        return "# What was tried\n\nNothing yet: this is the first generation.".to_owned();
    }
    let mut text = format!(
        "# What was tried ({} designs; figures are of the development window, net of costs)\n\n{}\n",
        lessons.len(),
        by_kind(lessons)
    );
    for lesson in in_order(lessons) {
        let line = brief(lesson).to_string();
        if text.len() + line.len() > BYTES_MAX {
            break;
        }
        text.push('\n');
        text.push_str(&line);
    }
    text
}

/// The best by how far they came and what they earned beyond the market, then the others, newest first.
fn in_order(lessons: &[Lesson]) -> Vec<&Lesson> {
    let mut best: Vec<&Lesson> = lessons.iter().filter(|l| l.reached > Reached::Designed).collect();
    let earned =
        |lesson: &Lesson| lesson.dev_backtest.and_then(|d| d.active_sharpe_ratio).unwrap_or(f64::MIN);
    best.sort_by(|a, b| b.reached.cmp(&a.reached).then_with(|| earned(b).total_cmp(&earned(a))));
    best.truncate(BEST_MAX);
    let chosen: BTreeSet<_> = best.iter().map(|l| &l.cycle).collect();
    let rest: Vec<&Lesson> = lessons.iter().filter(|l| !chosen.contains(&l.cycle)).collect();
    best.into_iter().chain(rest).collect()
}

/// `rsi 12 tried, 3 past training; adx 4 tried, 0 past training`
fn by_kind(lessons: &[Lesson]) -> String {
    let mut kinds: BTreeMap<IndicatorKind, (u32, u32)> = BTreeMap::new();
    for lesson in lessons {
        let read: BTreeSet<IndicatorKind> = lesson.strategy.indicators.values().map(|i| i.kind).collect();
        for kind in read {
            let (tried, passed) = kinds.entry(kind).or_default();
            *tried += 1;
            *passed += u32::from(lesson.reached > Reached::Designed);
        }
    }
    let told = |(kind, (tried, passed)): (&IndicatorKind, &(u32, u32))| {
        format!("{kind} {tried} tried, {passed} past training")
    };
    kinds.iter().map(told).collect::<Vec<_>>().join("; ")
}

/// One line of a lesson.
pub(crate) fn brief(lesson: &Lesson) -> Value {
    let strategy = &lesson.strategy;
    let dev = lesson.dev_backtest.unwrap_or_default();
    let skill = lesson.test.as_ref().and_then(|t| Some(1.0 - t.loss? / t.baseline_loss?));
    json!({
        "name": strategy.name,
        "reads": strategy.indicators.values().map(reading).collect::<Vec<_>>(),
        "labels": labels(&strategy.training.labels),
        "layers": strategy.model.hidden_layers,
        "reached": reached(lesson),
        "stopped_by": lesson.stopped_by,
        "dev": {
            "skill_over_baseline": skill.map(short),
            "sharpe_beyond_market": dev.active_sharpe_ratio.map(short),
            "net_return": dev.total_return_pct.map(short),
            "trades": dev.total_trades,
        },
    })
}

/// A lesson with its whole strategy: what `get_experiment` answers.
pub(crate) fn whole(lesson: &Lesson) -> Value {
    let mut told = brief(lesson);
    told["strategy"] = json!(lesson.strategy);
    told
}

fn reached(lesson: &Lesson) -> &'static str {
    match lesson.reached {
        Reached::Designed => "designed; training or its gate said no",
        Reached::Trained if lesson.stopped_by.as_deref() == Some(NOT_A_CHAMPION) => {
            "trained; kept to breed from"
        }
        Reached::Trained => "trained; the exam said no",
        Reached::Examined => "passed the exam by itself",
    }
}

fn reading(spec: &IndicatorSpec) -> String {
    let numbers: Vec<String> = spec.params.values().map(ToString::to_string).collect();
    format!("{}({})", spec.kind, numbers.join(","))
}

fn labels(labels: &Labels) -> String {
    let word = match labels {
        Labels::TripleBarrier { .. } => "triple_barrier",
        Labels::ForwardReturn { .. } => "forward_return",
        Labels::Zigzag { .. } => "zigzag",
    };
    labels.horizon().map_or_else(|| word.to_owned(), |horizon| format!("{word} over {horizon} bars"))
}

/// Four digits are as many as mean something.
fn short(x: f64) -> Value {
    format!("{x:.4}").parse::<f64>().map_or(Value::Null, |x| json!(x + 0.0))
}
