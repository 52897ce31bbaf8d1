//! What it bears: other costs, a late hand, the loss of its best moments, each year, calm and lively days.

use ktrdr_chart::{Cell, Table};
use ktrdr_domain::report::BacktestSheet;
use ktrdr_domain::report::sheet::{StressKind, StressRow};

use crate::document::{Block, Section};
use crate::figures::{cell, count, farthest, number, percent, toned};

pub(super) fn section(sheet: &BacktestSheet) -> Section {
    let groups = [
        (
            &[StressKind::Costs, StressKind::Delay, StressKind::Without][..],
            "The same decisions under other circumstances",
        ),
        (&[StressKind::Year][..], "Year by year (UTC); trades by the year they ended in"),
        (
            &[StressKind::Volatility][..],
            "Thirds of the days, by the market's volatility over the 20 days before each",
        ),
    ];
    let tables = groups.into_iter().filter_map(|(kinds, caption)| {
        let rows: Vec<&StressRow> = sheet.stress.iter().filter(|row| kinds.contains(&row.kind)).collect();
        (!rows.is_empty()).then(|| Block::Table(table(caption, &rows)))
    });
    Section::new("What it bears", tables.collect())
}

fn table(caption: &str, rows: &[&StressRow]) -> Table {
    let has = |of: fn(&StressRow) -> bool| rows.iter().any(|row| of(row));
    let (falls, trades) = (has(|row| row.max_drawdown_pct.is_some()), has(|row| row.trades.is_some()));
    let head = ["", "net return", "Sharpe", "beyond market"].into_iter().chain(falls.then_some("drawdown"));
    let mut table = Table::new(caption, head.chain(trades.then_some("trades")).chain(["days"]));
    let worst = farthest(rows.iter().map(|row| row.total_return_pct));
    for row in rows {
        let mut cells = vec![
            Cell::words(row.name.clone()),
            toned(row.total_return_pct, worst, percent),
            cell(row.sharpe_ratio, number),
            cell(row.active_sharpe_ratio, number),
        ];
        cells.extend(falls.then(|| cell(row.max_drawdown_pct, percent)));
        cells
            .extend(trades.then(|| row.trades.map_or_else(|| Cell::number("–"), |n| Cell::number(count(n)))));
        cells.push(Cell::number(count(row.days)));
        table.rows.push(cells);
    }
    table
}
