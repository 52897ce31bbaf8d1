//! The close of a campaign: what its verdicts come to once nobody of it will look any more.
//!
//! While a campaign runs, the verdict of a cycle is provisional: it counts the looks up to its own. When every cycle has
//! ended, each candidate is judged again with all looks counted, and the best of them is one test in the sequence of its
//! instrument and gate window, by which false discoveries are controlled across campaigns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gate::GateVerdict;
use crate::id::OperationId;
use crate::name::{CampaignName, StrategyName, Symbol};
use crate::report::DailyRecord;
use crate::time::{Span, Timestamp};
use crate::timeframe::Timeframe;

/// A design that passed at its exam all that is asked of it alone: everything but the deflated Sharpe ratio, which other
/// looks have a part in. Written down once for each exam, never changed, never removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The backtest. A cycle that goes on with another one's exam is the same candidate.
    pub exam: OperationId,
    /// The cycle that came so far first.
    pub cycle: OperationId,
    /// Its campaign.
    pub campaign: CampaignName,
    /// What was examined.
    pub strategy: StrategyName,
    /// Whose sequence of tests it belongs to.
    pub sequence: Sequence,
    /// The bars that were traded.
    pub timeframe: Timeframe,
    /// What was looked at.
    pub span: Span,
    /// Its active return day by day; `None` where that is undefined.
    pub daily: Option<DailyRecord>,
    /// What the campaign's gate asks of the deflated Sharpe ratio.
    pub deflated_sharpe_min: f64,
}

/// The gate window of an instrument: tests on it follow each other, a new window begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Sequence {
    /// The instrument, on whatever timeframe.
    pub symbol: Symbol,
    /// Its gate window.
    pub gate: Span,
}

/// A candidate, judged for good.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct FinalVerdict {
    /// Its exam.
    pub exam: OperationId,
    /// The cycle that came so far first.
    pub cycle: OperationId,
    /// What was examined.
    pub strategy: StrategyName,
    /// Accepted or not: `deflated_sharpe_too_low`, `not_a_discovery`, `metric_missing`.
    #[serde(flatten)]
    pub verdict: GateVerdict,
    /// Looks counted, as in a backtest's evidence.
    pub trials: u64,
    /// Groups of near-copies among them.
    pub different_trials: u64,
    /// Other instruments whose looks were counted in.
    pub correlated: Vec<Symbol>,
    /// Expected best daily Sharpe ratio of that many worthless trials.
    pub luck_sharpe_daily: Option<f64>,
    /// Deflated Sharpe ratio with all of them counted.
    pub deflated_sharpe: Option<f64>,
    /// How likely so much is without any edge: one minus that; 1 where it is undefined.
    pub p_value: f64,
}

/// One test of a sequence: the best candidate of one campaign.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct DiscoveryTest {
    /// The sequence.
    pub sequence: Sequence,
    /// Its number there, from 1.
    pub number: u64,
    /// The level it had to meet.
    pub level: f64,
    /// The exam of the best candidate.
    pub best: OperationId,
    /// Its p-value.
    pub p_value: f64,
    /// Whether a candidate was accepted.
    pub is_discovery: bool,
    /// Discoveries of the sequence so far, this one included.
    pub discoveries: u64,
    /// What is left of the sequence's share of false discoveries for all tests to come.
    pub alpha_left: f64,
    /// The level that the next test has to meet.
    pub next_level: f64,
}

/// What was found when every cycle of a campaign had ended. Written once, never changed, never removed. A campaign to which
/// cycles were added later is closed again by the end of those; what was judged stays judged.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Closing {
    /// The campaign.
    pub campaign: CampaignName,
    /// How many cycles it had, all of which had ended.
    pub cycles: u64,
    /// How many it had at its closing before this one; 0: there was none.
    pub after: u64,
    /// The cycle that ended last, where its end was heard of.
    pub last: Option<OperationId>,
    /// When.
    pub closed_at: Timestamp,
    /// Every candidate since the closing before this one.
    pub verdicts: Vec<FinalVerdict>,
    /// One test for each sequence that a candidate belongs to.
    pub tests: Vec<DiscoveryTest>,
}

impl FinalVerdict {
    /// Whether it was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict.passed()
    }
}

impl Closing {
    /// How many candidates were accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.verdicts.iter().filter(|verdict| verdict.is_accepted()).count() as u64
    }
}

impl Sequence {
    /// What stores keep it under.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {} {}", self.symbol, self.gate.start.0, self.gate.end.0)
    }
}
