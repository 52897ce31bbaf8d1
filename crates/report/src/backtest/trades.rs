//! Where it was earned: trades on the price, how they turned out, how long they lasted, what ended them.

use ktrdr_chart::{Axis, Cell, Form, Height, Hue, Layer, Plane, Shape, Table, Unit};
use ktrdr_domain::report::sheet::{MarkKind, PriceChart, TradeShapes};
use ktrdr_domain::report::{BacktestSheet, BacktestSummary, ExitReason};

use super::luck::bins;
use crate::document::{Block, Section};
use crate::figures::{count, counted, number};
use crate::words::upper_first;

/// How each kind of mark is drawn, and called.
const MARKS: [(MarkKind, &str, Shape, Hue); 5] = [
    (MarkKind::EntryLong, "long entry", Shape::Up, Hue::Series(0)),
    (MarkKind::EntryShort, "short entry", Shape::Down, Hue::Series(1)),
    (MarkKind::Exit, "exit", Shape::Cross, Hue::Muted),
    (MarkKind::StopLoss, "stop", Shape::Square, Hue::Series(3)),
    (MarkKind::TakeProfit, "target", Shape::Diamond, Hue::Series(2)),
];

pub(super) fn section(summary: &BacktestSummary, sheet: &BacktestSheet) -> Section {
    let symbol = summary.symbol.to_string();
    let mut charts = sheet.price.iter().map(|price| chart(&symbol, price, summary.metrics.total_trades));
    let mut blocks: Vec<Block> = charts.next().map(Block::Chart).into_iter().collect();
    let close_ups: Vec<Plane> = charts.collect();
    if !close_ups.is_empty() {
        blocks.push(Block::Charts(close_ups));
    }
    if let Some(shapes) = &sheet.trades {
        blocks.push(Block::Charts(vec![results(shapes), durations(shapes)]));
        blocks.push(Block::Table(by_exit(shapes)));
    }
    Section::new("Trades", blocks)
}

fn chart(symbol: &str, price: &PriceChart, trades: u64) -> Plane {
    let is_whole = price.bars_per_column > 1 || price.name == "the whole window";
    let band = price.columns.iter().map(|column| (column.time as f64, column.low, column.high));
    let mut layers = vec![Layer::new("lows to highs", Hue::Muted, Form::Band(band.collect()))];
    for (kind, name, shape, hue) in MARKS {
        let marks = price.marks.iter().filter(|mark| mark.kind == kind);
        let points: Vec<(f64, f64)> = marks.map(|mark| (mark.time as f64, mark.price)).collect();
        if !points.is_empty() {
            layers.push(Layer::new(name, hue, Form::Marks(shape, points)));
        }
    }
    let about = match is_whole {
        true => format!(
            "{symbol} over {}, with {}; where many fill one place, one mark stands for them.",
            price.name,
            counted(trades, "trade")
        ),
        false => format!("{symbol} {}, bar by bar.", price.name),
    };
    Plane {
        title: if is_whole { "Trades on the price".into() } else { upper_first(&price.name) },
        about,
        x: Axis::time(),
        y: Axis::of("price", Unit::Number),
        layers,
        height: if is_whole { Height::High } else { Height::Middle },
    }
}

fn results(shapes: &TradeShapes) -> Plane {
    let (losses, wins): (Vec<_>, Vec<_>) =
        bins(&shapes.returns, 1.0).into_iter().partition(|(from, to, _)| from + to < 0.0);
    Plane {
        title: "Results of trades".into(),
        about: "Net result of each as a share of the value entered with, costs of both sides in it.".into(),
        x: Axis::of("net result", Unit::Percent).showing(0.0),
        y: Axis::of("trades", Unit::Number),
        layers: vec![
            Layer::new("losses", Hue::Loss, Form::Columns(losses)),
            Layer::new("wins", Hue::Gain, Form::Columns(wins)),
        ],
        height: Height::Middle,
    }
}

fn durations(shapes: &TradeShapes) -> Plane {
    Plane {
        title: "How long they lasted".into(),
        about: "Bars that each was open in.".into(),
        x: Axis::of("bars held", Unit::Number),
        y: Axis::of("trades", Unit::Number),
        layers: vec![Layer::new("", Hue::Series(0), Form::Columns(bins(&shapes.bars_held, 1.0)))],
        height: Height::Middle,
    }
}

fn by_exit(shapes: &TradeShapes) -> Table {
    let mut table =
        Table::new("What ended them, and what those earned", ["ended by", "trades", "net result", "each"]);
    for exit in &shapes.by_exit {
        let why = match exit.reason {
            ExitReason::Signal => "the strategy's own change of mind",
            ExitReason::StopLoss => "the stop",
            ExitReason::TakeProfit => "the target",
            ExitReason::MaxHolding => "the longest holding time",
            ExitReason::EndOfData => "the end of the data",
            ExitReason::Ruin => "ruin",
        };
        let each = exit.net_pnl / exit.trades.max(1) as f64;
        table.rows.push(vec![
            why.into(),
            Cell::number(count(exit.trades)),
            Cell::number(number(Some(exit.net_pnl))),
            Cell::number(number(Some(each))),
        ]);
    }
    table
}
