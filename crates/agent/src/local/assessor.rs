//! The assessor that needs no key: a verdict by three conditions, and the weightiest remarks of each sort.
//!
//! | verdict | when |
//! |---|---|
//! | promising | the gate passed, deflated Sharpe ratio ≥ 0.95, drawdown < 20 %, over 50 trades |
//! | poor | the gate failed and there was no net profit, no trade, or no better timing than half of the null draws |
//! | mediocre | anything else |

use async_trait::async_trait;
use ktrdr_domain::job::AssessmentSpec;
use ktrdr_domain::report::{AssessmentReport, Verdict};

use super::NAME;
use super::remarks::{self, DEFLATED_SHARPE_CONVINCING, DRAWDOWN_EASY, Remark};
use crate::market::TRADES_ENOUGH;
use crate::{AgentError, Assessor, Call};

/// Most sentences of each sort.
const SENTENCES_MAX: usize = 4;

/// Fewest sentences of each sort.
const SENTENCES_MIN: usize = 2;

/// The assessor that needs no key.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalAssessor;

#[async_trait]
impl Assessor for LocalAssessor {
    async fn assess(&self, input: &AssessmentSpec, _: Call<'_>) -> Result<AssessmentReport, AgentError> {
        Ok(self.judge(input))
    }
}

impl LocalAssessor {
    /// The judgement: the same facts give the same words.
    #[must_use]
    pub fn judge(&self, input: &AssessmentSpec) -> AssessmentReport {
        let verdict = verdict(input);
        let (favourable, against): (Vec<Remark>, Vec<Remark>) =
            remarks::of(input).into_iter().partition(|r| r.favourable);
        let suggestions = against.iter().filter_map(|r| r.suggestion.clone());
        AssessmentReport {
            strategy: input.strategy.name.clone(),
            strategy_sha256: input.training.strategy_sha256,
            verdict,
            strengths: some(favourable.into_iter().map(|r| r.text), general_strengths(input)),
            suggestions: some(suggestions, general_suggestions(input, verdict)),
            weaknesses: some(against.into_iter().map(|r| r.text), general_weaknesses(input)),
            hypotheses: Vec::new(),
            assessor: NAME.to_owned(),
        }
    }
}

fn verdict(input: &AssessmentSpec) -> Verdict {
    let (metrics, evidence) = (&input.backtest.metrics, &input.backtest.evidence);
    let passed = input.verdict.passed();
    let convincing = evidence.deflated_sharpe.is_some_and(|d| d >= DEFLATED_SHARPE_CONVINCING);
    let easy = metrics.max_drawdown_pct.is_some_and(|d| d < DRAWDOWN_EASY);
    if passed && convincing && easy && metrics.total_trades > TRADES_ENOUGH {
        return Verdict::Promising;
    }
    let earned = metrics.total_trades > 0 && metrics.total_return_pct.is_some_and(|r| r > 0.0);
    let timed = evidence.null_p().is_none_or(|p| p < 0.5);
    if passed || (earned && timed) { Verdict::Mediocre } else { Verdict::Poor }
}

/// The first sentences, filled up from general ones when there are too few.
fn some(sentences: impl Iterator<Item = String>, general: [String; SENTENCES_MIN]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for sentence in sentences.take(SENTENCES_MAX) {
        if !kept.contains(&sentence) {
            kept.push(sentence);
        }
    }
    let missing = SENTENCES_MIN.saturating_sub(kept.len());
    kept.extend(general.into_iter().take(missing));
    kept
}

fn general_strengths(input: &AssessmentSpec) -> [String; SENTENCES_MIN] {
    let inputs = input.strategy.indicators.len();
    [
        format!(
            "It is simple enough to reason about: {inputs} indicators, {} inputs.",
            input.training.feature_count
        ),
        remarks::answers(input),
    ]
}

fn general_weaknesses(input: &AssessmentSpec) -> [String; SENTENCES_MIN] {
    let backtest = &input.backtest;
    let days = backtest.metrics.days;
    [
        format!("It was judged on one window of {days} days of one instrument, {}.", backtest.symbol),
        format!(
            "It stands among {}, and the best of many looks better than it is.",
            remarks::counted_trials(backtest.evidence.trials)
        ),
    ]
}

fn general_suggestions(input: &AssessmentSpec, verdict: Verdict) -> [String; SENTENCES_MIN] {
    let symbol = &input.backtest.symbol;
    let first = match verdict {
        Verdict::Promising => format!(
            "Retrain it with other seeds and on instruments beside {symbol} before opening the vault."
        ),
        Verdict::Mediocre => "Vary one reading or the horizon, one change at a time.".to_owned(),
        Verdict::Poor => "Spend the next trial on other readings.".to_owned(),
    };
    let [train, _, _] = input.training.rows;
    [first, format!("Train on a longer history than {train} rows, if there is one.")]
}
