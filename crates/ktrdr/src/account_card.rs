//! What an account went through, below the figures of a backtest: what trading cost, how trades ended, the market beside it, its
//! equity as a line of blocks.

use std::collections::BTreeMap;

use ktrdr_domain::number::Figure;
use ktrdr_domain::report::{BacktestReport, Trade};
use ktrdr_domain::trading::Costs;

use crate::describe::{counted, thousands};
use crate::screen::Screen;
use crate::spark;

/// Prints it; `hold` is what the market itself did over the stretch, as a fraction.
pub(crate) fn print(screen: &Screen, report: &BacktestReport, hold: Option<f64>) {
    let line = |name: &str, said: String| screen.line(format!("  {name:<13} {said}"));
    line("trades", sides(&report.trades));
    if let Some(exits) = exits(&report.trades) {
        line("exits", exits);
    }
    line("costs", costs(report));
    if let Some(hold) = hold {
        line("buy & hold", format!("{:.2} %, before costs", Figure(hold * 100.0)));
    }
    let equity: Vec<f64> = report.equity.iter().map(|point| point.equity).collect();
    if let (Some(first), Some(last)) = (equity.first(), equity.last()) {
        line("equity", format!("{} {:.0} → {:.0}", spark::line(&equity), Figure(*first), Figure(*last)));
    }
}

fn sides(trades: &[Trade]) -> String {
    let won = trades.iter().filter(|trade| trade.net_pnl > 0.0).count() as u64;
    let long =
        trades.iter().filter(|trade| trade.direction == ktrdr_domain::report::Direction::Long).count() as u64;
    let all = trades.len() as u64;
    format!("{} long · {} short · {} won", thousands(long), thousands(all - long), thousands(won))
}

/// What ended them, the most frequent first.
fn exits(trades: &[Trade]) -> Option<String> {
    let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
    for trade in trades {
        let word = serde_json::to_value(trade.exit_reason).unwrap_or_default();
        *by_reason.entry(word.as_str().unwrap_or_default().replace('_', " ")).or_default() += 1;
    }
    let mut all: Vec<_> = by_reason.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let said: Vec<String> =
        all.into_iter().map(|(reason, count)| format!("{} {reason}", thousands(count))).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

/// What was paid, and by which rates.
fn costs(report: &BacktestReport) -> String {
    let total = |of: fn(&Trade) -> f64| Figure(report.trades.iter().map(of).sum::<f64>());
    let Costs { commission_rate, spread, slippage_rate, .. } = report.summary.account.costs;
    format!(
        "commission {:.2} · financing {:.2} in {} · rates a side: commission {:.3} %, slippage {:.3} %, half of a spread of {spread}",
        total(|trade| trade.commission),
        total(|trade| trade.financing),
        counted(report.trades.len() as u64, "trade"),
        commission_rate * 100.0,
        slippage_rate * 100.0,
    )
}
