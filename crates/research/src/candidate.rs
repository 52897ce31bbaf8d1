//! Which designs are candidates: those whose exam passed everything that is asked of it alone. How many other looks there
//! were, which the deflated Sharpe ratio asks, is settled when the campaign closes.

use ktrdr_domain::StrategyName;
use ktrdr_domain::closing::{Candidate, Sequence};
use ktrdr_domain::gate::{GatePolicy, GateProfile};
use ktrdr_domain::report::BacktestSummary;
use serde::Deserialize;

use crate::cycle::{ChildEnd, Cycle, Stage};

/// The candidate that a cycle has come to be with the end of this child, if it has. The `parity` profile makes no claim about
/// luck, and has none.
#[must_use]
pub fn candidate(cycle: &Cycle, end: &ChildEnd) -> Option<Candidate> {
    match (&cycle.stage, end) {
        (Stage::Backtesting(design, _), ChildEnd::Completed(result)) => {
            let examined = BacktestSummary::deserialize(result).ok()?;
            nominated(cycle, &design.strategy.name, &examined)
        }
        (Stage::Assessing(design, _, examined), _) => nominated(cycle, &design.strategy.name, examined),
        _ => None,
    }
}

fn nominated(cycle: &Cycle, strategy: &StrategyName, examined: &BacktestSummary) -> Option<Candidate> {
    let gates = &cycle.spec.gates;
    let is_one = gates.profile == GateProfile::Honest && passed_by_itself(gates, examined);
    is_one.then(|| Candidate {
        exam: examined.operation.clone(),
        cycle: cycle.id.clone(),
        campaign: cycle.spec.campaign.clone(),
        strategy: strategy.clone(),
        sequence: Sequence { symbol: examined.symbol.clone(), gate: cycle.spec.windows.gate },
        timeframe: examined.timeframe,
        span: examined.window,
        daily: examined.evidence.daily,
        deflated_sharpe_min: gates.deflated_sharpe_min,
    })
}

/// Whether an exam passes, whatever else was tried.
pub(crate) fn passed_by_itself(gates: &GatePolicy, examined: &BacktestSummary) -> bool {
    GatePolicy { deflated_sharpe_min: f64::MIN, ..*gates }.backtest(examined).passed()
}
