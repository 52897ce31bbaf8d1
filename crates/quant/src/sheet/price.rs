//! The price with the trades on it: the whole window, and the neighbourhoods of the best and the worst trade.

use std::ops::Range;

use ktrdr_domain::report::Trade;
use ktrdr_domain::report::sheet::{Mark, MarkKind, PriceChart, PriceColumn};

use crate::Bars;

/// Columns of a chart at most.
const COLUMNS: usize = 500;

/// Bars before and after a trade in its close-up, at least.
const AROUND: usize = 40;

/// A trade that was open for longer is no close-up.
const CLOSE_UP_BARS: usize = 400;

/// Marks of one kind and column.
type Cell = (MarkKind, usize);

/// The whole window, then where most was won and lost.
#[must_use]
pub fn charts(bars: &Bars, range: Range<usize>, trades: &[Trade]) -> Vec<PriceChart> {
    let mut charts = vec![chart("the whole window", bars, range.clone(), trades)];
    let by_result = |a: &&Trade, b: &&Trade| a.net_pnl.total_cmp(&b.net_pnl);
    let best = trades.iter().max_by(by_result).filter(|trade| trade.net_pnl > 0.0);
    let worst = trades.iter().min_by(by_result).filter(|trade| trade.net_pnl < 0.0);
    for (name, trade) in [("around the best trade", best), ("around the worst trade", worst)] {
        let near = trade.and_then(|trade| neighbourhood(bars, &range, trade));
        charts.extend(near.map(|near| chart(name, bars, near, trades)));
    }
    charts
}

fn neighbourhood(bars: &Bars, range: &Range<usize>, trade: &Trade) -> Option<Range<usize>> {
    let [entry, exit] = [trade.entry_time, trade.exit_time].map(|time| bars.index_at_or_after(time));
    let around = AROUND.max(exit.saturating_sub(entry) / 2);
    let near = entry.saturating_sub(around).max(range.start)..(exit + around).min(range.end);
    (near.len() < CLOSE_UP_BARS && near.len() < range.len()).then_some(near)
}

fn chart(name: &str, bars: &Bars, range: Range<usize>, trades: &[Trade]) -> PriceChart {
    let bars_per_column = range.len().div_ceil(COLUMNS).max(1);
    let starts = range.clone().step_by(bars_per_column);
    let column = |from: usize| {
        let of = from..(from + bars_per_column).min(range.end);
        PriceColumn {
            time: bars.time[from],
            low: bars.low[of.clone()].iter().copied().fold(f64::INFINITY, f64::min),
            high: bars.high[of.clone()].iter().copied().fold(f64::NEG_INFINITY, f64::max),
            close: bars.close[of.end - 1],
        }
    };
    let columns: Vec<PriceColumn> = starts.map(column).collect();
    let marks = marks(trades, &columns, bars.time[range.end - 1]);
    PriceChart { name: name.to_owned(), bars_per_column, columns, marks }
}

/// Entries and exits of the stretch, of each kind one in a column.
fn marks(trades: &[Trade], columns: &[PriceColumn], last: i64) -> Vec<Mark> {
    let all = trades.iter().flat_map(|trade| {
        let entry = (trade.entry_time.0, trade.entry_price, MarkKind::of_entry(trade.direction));
        let exit = (trade.exit_time.0, trade.exit_price, MarkKind::of_exit(trade.exit_reason));
        [entry, exit]
    });
    let first = columns.first().map_or(i64::MAX, |column| column.time);
    let inside = all.filter(|(time, _, _)| (first..=last).contains(time));
    let mut taken = std::collections::BTreeSet::<Cell>::new();
    inside
        .filter(|(time, _, kind)| {
            taken.insert((*kind, columns.partition_point(|column| column.time <= *time)))
        })
        .map(|(time, price, kind)| Mark { time, price, kind })
        .collect()
}
