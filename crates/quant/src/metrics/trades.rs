//! Figures of single trades. Wins and losses are **net** of the costs of both sides; a trade at exactly zero is
//! neither, but counts among all.

use ktrdr_domain::report::backtest::{Direction, Metrics, Trade};

use super::Reasons;
use crate::statistics::{Undefined, ratios};

/// Writes the trade figures of `metrics`.
pub(super) fn fill(trades: &[Trade], metrics: &mut Metrics, reasons: &mut Reasons) {
    let net: Vec<f64> = trades.iter().map(|trade| trade.net_pnl).collect();
    let wins: Vec<f64> = net.iter().copied().filter(|pnl| *pnl > 0.0).collect();
    let losses: Vec<f64> = net.iter().copied().filter(|pnl| *pnl < 0.0).collect();
    let count = |direction| trades.iter().filter(|trade| trade.direction == direction).count() as u64;

    metrics.total_trades = trades.len() as u64;
    metrics.winning_trades = wins.len() as u64;
    metrics.losing_trades = losses.len() as u64;
    metrics.long_trades = count(Direction::Long);
    metrics.short_trades = count(Direction::Short);

    let avg_win = mean(&wins, "winning trade");
    let avg_loss = mean(&losses, "losing trade");
    let all = mean(&net, "trade");
    let bars_held: Vec<f64> = trades.iter().map(|trade| f64::from(trade.bars_held)).collect();
    metrics.win_rate = reasons.keep("win_rate", all.map(|_| wins.len() as f64 / net.len() as f64));
    metrics.profit_factor = reasons.keep("profit_factor", profit_factor(&wins, &losses, all));
    metrics.expectancy = reasons.keep("expectancy", all);
    metrics.payoff_ratio = reasons.keep("payoff_ratio", avg_win.and_then(|win| Ok(win / avg_loss?.abs())));
    metrics.sqn = reasons.keep("sqn", ratios::sqn(&net));
    metrics.avg_win = reasons.keep("avg_win", avg_win);
    metrics.avg_loss = reasons.keep("avg_loss", avg_loss);
    let largest_win = avg_win.map(|_| wins.iter().copied().fold(0.0, f64::max));
    let largest_loss = avg_loss.map(|_| losses.iter().copied().fold(0.0, f64::min));
    metrics.largest_win = reasons.keep("largest_win", largest_win);
    metrics.largest_loss = reasons.keep("largest_loss", largest_loss);
    metrics.avg_holding_bars = reasons.keep("avg_holding_bars", mean(&bars_held, "trade"));
}

/// Sum of wins ÷ absolute sum of losses: 0 when all trades lost, undefined when none did.
fn profit_factor(wins: &[f64], losses: &[f64], all: Result<f64, Undefined>) -> Result<f64, Undefined> {
    all?;
    if losses.is_empty() {
        return Err(Undefined::Nothing("losing trade"));
    }
    Ok(wins.iter().sum::<f64>() / losses.iter().sum::<f64>().abs())
}

fn mean(of: &[f64], what: &'static str) -> Result<f64, Undefined> {
    if of.is_empty() {
        return Err(Undefined::Nothing(what));
    }
    Ok(of.iter().sum::<f64>() / of.len() as f64)
}
