//! What was tried and why it died, and what nobody tried yet, as a designer may know it: figures of dev; of an exam whether it
//! was passed, and the code of what stopped it. A lesson holds nothing else. Which of them are told is memory's choice
//! ([`ktrdr_agent::recall`]); together they take the room of one recall.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_agent::recall::{self, Question, Why};
use ktrdr_domain::evolution::NOT_A_CHAMPION;
use ktrdr_domain::hypothesis::Hypothesis;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::refusal::REPETITION;
use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec, Labels};
use serde_json::{Value, json};

use crate::words::harmless;

/// Open hypotheses that are told.
pub(crate) const IDEAS_MAX: usize = 8;

/// Characters of an idea with its reason.
const IDEA_CHARS_MAX: usize = 400;

/// What was tried, and what may be, in words.
pub(crate) fn text(lessons: &[Lesson], ideas: &[Hypothesis]) -> String {
    let ideas = open(ideas);
    if lessons.is_empty() {
        return format!("# What was tried\n\nNothing yet: this is the first generation.{ideas}");
    }
    let mut text = format!(
        "# What was tried ({} designs; figures are of the development window, net of costs)\n\n{}\n",
        lessons.len(),
        by_kind(lessons)
    );
    let room = recall::room_beside(text.len() + ideas.len());
    for item in recall::recall(lessons, &Question::default(), room).items {
        text.push_str(&format!("\n- {} ({}): {}", item.strategy, why(item.why), harmless(&item.says, 1_000)));
    }
    text + &ideas
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Alike => "came furthest",
        Why::Contrast => "is like one of these, and fared differently",
        Why::TellingFailure => "a telling failure",
    }
}

/// Ideas that wait for a test, numbered from 1.
fn open(ideas: &[Hypothesis]) -> String {
    if ideas.is_empty() {
        return String::new();
    }
    let line = |(number, h): (usize, &Hypothesis)| {
        let words = format!("{} {}", h.idea.text, h.idea.rationale);
        format!("\n{number}. {}", harmless(words.trim(), IDEA_CHARS_MAX))
    };
    let lines: String = (1..).zip(ideas.iter().take(IDEAS_MAX)).map(line).collect();
    format!(
        "\n\n# Open hypotheses\n\nIdeas that were proposed and not tested yet. A strategy that tests one is saved with its number.\n{lines}"
    )
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

/// A lesson in short: what `get_recent_strategies` answers of each.
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
        Reached::Trained if lesson.stopped_by.as_deref() == Some(REPETITION) => {
            "trained; not examined, since it repeats what was"
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
