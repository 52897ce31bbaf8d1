//! How trades turned out.

use ktrdr_domain::report::sheet::{ExitCount, TradeShapes};
use ktrdr_domain::report::{ExitReason, Trade};

use super::histogram;

/// Parts of a histogram.
const PARTS: usize = 40;

/// The order in which ends are told.
const ENDS: [ExitReason; 6] = [
    ExitReason::Signal,
    ExitReason::StopLoss,
    ExitReason::TakeProfit,
    ExitReason::MaxHolding,
    ExitReason::EndOfData,
    ExitReason::Ruin,
];

/// Of a run; `None` without a trade.
#[must_use]
pub fn shapes(trades: &[Trade]) -> Option<TradeShapes> {
    let value = |trade: &Trade| (trade.units * trade.entry_price).abs();
    let returns: Vec<f64> = trades.iter().map(|trade| trade.net_pnl / value(trade)).collect();
    let held: Vec<f64> = trades.iter().map(|trade| f64::from(trade.bars_held)).collect();
    let by_exit = ENDS.into_iter().filter_map(|reason| {
        let ended: Vec<f64> =
            trades.iter().filter(|trade| trade.exit_reason == reason).map(|trade| trade.net_pnl).collect();
        let count = ExitCount { reason, trades: ended.len() as u64, net_pnl: ended.iter().sum() };
        (!ended.is_empty()).then_some(count)
    });
    let longest = held.iter().copied().fold(0.0, f64::max);
    let shapes = TradeShapes {
        returns: histogram(&returns, PARTS),
        bars_held: histogram(&held, PARTS.min(longest as usize).max(1)),
        by_exit: by_exit.collect(),
    };
    (!trades.is_empty()).then_some(shapes)
}
