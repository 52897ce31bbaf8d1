//! Trades and equity as tables for notebooks: columns named as the JSON form names them, written as CSV (`csv.rs`), as Parquet
//! (`parquet.rs`), or row by row as JSON (`json.rs`).

mod csv;
mod json;
mod parquet;

use ktrdr_domain::Timestamp;
use ktrdr_domain::report::{BacktestReport, Direction, ExitReason, Trade};

/// Columns of one length.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    rows: usize,
    columns: Vec<(&'static str, Column)>,
}

/// Values of one type.
#[derive(Debug)]
enum Column {
    Times(Vec<Timestamp>),
    Numbers(Vec<f64>),
    Counts(Vec<u32>),
    Words(Vec<&'static str>),
}

/// Every trade, in order of exit.
#[must_use]
pub fn trades(report: &BacktestReport) -> Table {
    let trades = &report.trades;
    let times = |of: fn(&Trade) -> Timestamp| Column::Times(trades.iter().map(of).collect());
    let numbers = |of: fn(&Trade) -> f64| numbers(trades.iter().map(of));
    let words = |of: fn(&Trade) -> &'static str| Column::Words(trades.iter().map(of).collect());
    let columns = vec![
        ("direction", words(|trade| direction(trade.direction))),
        ("units", numbers(|trade| trade.units)),
        ("entry_time", times(|trade| trade.entry_time)),
        ("entry_price", numbers(|trade| trade.entry_price)),
        ("exit_time", times(|trade| trade.exit_time)),
        ("exit_price", numbers(|trade| trade.exit_price)),
        ("commission", numbers(|trade| trade.commission)),
        ("financing", numbers(|trade| trade.financing)),
        ("gross_pnl", numbers(|trade| trade.gross_pnl)),
        ("net_pnl", numbers(|trade| trade.net_pnl)),
        ("bars_held", Column::Counts(trades.iter().map(|trade| trade.bars_held).collect())),
        ("exit_reason", words(|trade| exit_reason(trade.exit_reason))),
    ];
    Table { name: "trades", rows: trades.len(), columns }
}

/// Equity at every bar's close, by the bar's open.
#[must_use]
pub fn equity(report: &BacktestReport) -> Table {
    let points = &report.equity;
    let columns = vec![
        ("time", Column::Times(points.iter().map(|point| point.time).collect())),
        ("equity", numbers(points.iter().map(|point| point.equity))),
    ];
    Table { name: "equity", rows: points.len(), columns }
}

impl Table {
    /// What it is called: `trades`, `equity`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// −0 + 0 is 0.
fn numbers(values: impl Iterator<Item = f64>) -> Column {
    Column::Numbers(values.map(|value| value + 0.0).collect())
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

fn exit_reason(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::Signal => "signal",
        ExitReason::StopLoss => "stop_loss",
        ExitReason::TakeProfit => "take_profit",
        ExitReason::MaxHolding => "max_holding",
        ExitReason::EndOfData => "end_of_data",
        ExitReason::Ruin => "ruin",
    }
}
