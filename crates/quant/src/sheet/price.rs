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

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;
    use ktrdr_domain::report::{Direction, ExitReason};

    use super::*;

    fn zigzag(bars: usize) -> Bars {
        let mut series = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), bars);
        for bar in 0..bars {
            let price = 100.0 + (bar % 97) as f64;
            series.time.push(bar as i64 * 3_600);
            series.open.push(price);
            series.high.push(price + 1.0);
            series.low.push(price - 1.0);
            series.close.push(price);
            series.volume.push(0.0);
        }
        series
    }

    fn trade(entry: usize, exit: usize, net_pnl: f64) -> Trade {
        Trade {
            direction: Direction::Long,
            units: 1.0,
            entry_time: Timestamp(entry as i64 * 3_600),
            entry_price: 100.0,
            exit_time: Timestamp(exit as i64 * 3_600),
            exit_price: 100.0 + net_pnl,
            commission: 0.0,
            financing: 0.0,
            gross_pnl: net_pnl,
            net_pnl,
            bars_held: (exit - entry) as u32,
            exit_reason: ExitReason::StopLoss,
        }
    }

    #[test]
    fn many_bars_and_trades_make_few_columns_and_marks_that_reach_as_far() {
        let bars = zigzag(100_000);
        let trades: Vec<Trade> =
            (0..5_000).map(|n| trade(n * 19, n * 19 + 10, f64::from(n as u32 % 7) - 3.0)).collect();
        let charts = charts(&bars, 0..bars.len(), &trades);
        let whole = &charts[0];
        assert!(whole.columns.len() <= COLUMNS && whole.marks.len() <= 2 * (COLUMNS + 1));
        let highest = whole.columns.iter().map(|column| column.high).fold(0.0, f64::max);
        let lowest = whole.columns.iter().map(|column| column.low).fold(f64::INFINITY, f64::min);
        assert_eq!((lowest, highest), (99.0, 197.0));
        assert_eq!(whole.columns.last().unwrap().close, bars.close[99_999]);
        assert!(whole.marks.iter().any(|mark| mark.kind == MarkKind::StopLoss));
    }

    #[test]
    fn the_best_and_the_worst_trade_are_seen_from_near() {
        let bars = zigzag(2_000);
        let trades = [trade(500, 520, 3.0), trade(900, 910, -2.0), trade(1_999, 1_999, 0.5)];
        let charts = charts(&bars, 0..bars.len(), &trades);
        let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
        assert_eq!(names, ["the whole window", "around the best trade", "around the worst trade"]);
        assert_eq!(charts[1].columns.len(), 100, "forty bars to either side");
        assert_eq!(charts[1].marks.len(), 2);
        assert!(super::charts(&bars, 0..bars.len(), &[])[0].marks.is_empty());
    }
}
