//! Trades and equity as CSV, for notebooks: RFC 3339 times, numbers with every digit they have, a header that names them as the
//! JSON form does.

use std::fmt::Write;

use ktrdr_domain::report::{BacktestReport, Direction, ExitReason};

/// Every trade, in order of exit.
#[must_use]
pub fn trades_csv(report: &BacktestReport) -> String {
    let mut csv = "direction,units,entry_time,entry_price,exit_time,exit_price,commission,financing,gross_pnl,net_pnl,bars_held,\
                   exit_reason\n"
        .to_owned();
    for trade in &report.trades {
        let direction = match trade.direction {
            Direction::Long => "long",
            Direction::Short => "short",
        };
        let reason = match trade.exit_reason {
            ExitReason::Signal => "signal",
            ExitReason::StopLoss => "stop_loss",
            ExitReason::TakeProfit => "take_profit",
            ExitReason::MaxHolding => "max_holding",
            ExitReason::EndOfData => "end_of_data",
            ExitReason::Ruin => "ruin",
        };
        // Writing to text never fails; −0 + 0 is 0.
        let _ = writeln!(
            csv,
            "{direction},{},{},{},{},{},{},{},{},{},{},{reason}",
            trade.units,
            trade.entry_time,
            trade.entry_price,
            trade.exit_time,
            trade.exit_price,
            trade.commission + 0.0,
            trade.financing + 0.0,
            trade.gross_pnl + 0.0,
            trade.net_pnl + 0.0,
            trade.bars_held
        );
    }
    csv
}

/// Equity at every bar's close, by the bar's open.
#[must_use]
pub fn equity_csv(report: &BacktestReport) -> String {
    let mut csv = "time,equity\n".to_owned();
    for point in &report.equity {
        let _ = writeln!(csv, "{},{}", point.time, point.equity + 0.0);
    }
    csv
}
