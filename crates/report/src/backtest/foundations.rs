//! How all this is computed: conventions, what is undefined and why, hashes by which it can be repeated.

use std::collections::BTreeMap;

use ktrdr_chart::{Cell, Table};
use ktrdr_domain::report::{BacktestSummary, Contamination, Part};

use crate::document::{Block, Section};
use crate::figures::{cell, count, dates, decimals, number, percent};

pub(super) fn section(summary: &BacktestSummary) -> Section {
    let mut blocks = Vec::new();
    if let Some(exam) = summary.contamination.as_ref().filter(|_| summary.quarantine.is_empty()) {
        blocks.push(Block::Table(contamination(exam)));
    }
    let undefined = undefined(summary);
    if !undefined.is_empty() {
        blocks.push(Block::Folded("Figures that are undefined".into(), vec![Block::List(undefined)]));
    }
    let conventions =
        summary.conventions.iter().map(|(topic, text)| format!("{}: {text}", topic.replace('_', " ")));
    blocks.push(Block::Folded("Conventions".into(), vec![Block::List(conventions.collect())]));
    blocks.push(Block::Folded("Account and costs".into(), vec![Block::List(account(summary))]));
    blocks.push(Block::Folded(
        "Hashes, by which a replay is compared".into(),
        vec![Block::Table(hashes(summary))],
    ));
    Section::new("How it is computed", blocks)
}

/// The reason, then the figures it concerns.
fn undefined(summary: &BacktestSummary) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (figure, reason) in &summary.undefined {
        by_reason.entry(reason).or_default().push(figure);
    }
    by_reason.into_iter().map(|(reason, figures)| format!("as {reason}: {}", figures.join(", "))).collect()
}

fn contamination(exam: &Contamination) -> Table {
    let caption = format!("Written by {}: on the time it may remember, and after it", exam.author);
    let head = ["", "time", "net return", "Sharpe", "beyond market, a day", "trades", "days"];
    let row = |name: &str, part: Option<Part>| match part {
        None => vec![Cell::words(name), Cell::words("no bar")],
        Some(part) => vec![
            Cell::words(name),
            Cell::words(dates(&part.span)),
            cell(part.total_return_pct, percent),
            cell(part.sharpe_ratio, number),
            cell(part.active_sharpe_daily, |x| decimals(x, 4)),
            Cell::number(count(part.trades)),
            Cell::number(count(part.days)),
        ],
    };
    Table::new(caption, head).row(row("before its cutoff", exam.before)).row(row("after it", exam.after))
}

fn account(summary: &BacktestSummary) -> Vec<String> {
    let (account, costs) = (&summary.account, &summary.account.costs);
    let fraction = |x: f64| percent(Some(x));
    let exits = [
        account.exits.stop_loss.map(|x| format!("stop at {} from the entry", fraction(x))),
        account.exits.take_profit.map(|x| format!("target at {} from the entry", fraction(x))),
        account.exits.max_holding_bars.map(|bars| format!("closed after {bars} bars")),
    ];
    let fixed = [
        format!("initial capital {}", number(Some(account.initial_capital))),
        format!("size {:?}", account.sizing),
        format!(
            "commission {} of traded value a side",
            decimals(Some(costs.commission_rate * 1e4), 2) + " bp"
        ),
        format!("slippage {} of the price a side", decimals(Some(costs.slippage_rate * 1e4), 2) + " bp"),
        format!("spread {} in price units", costs.spread),
    ];
    fixed.into_iter().chain(exits.into_iter().flatten()).collect()
}

fn hashes(summary: &BacktestSummary) -> Table {
    let hashes = &summary.hashes;
    let mut rows = vec![("strategy or signals".to_owned(), hashes.subject.to_string())];
    rows.extend(hashes.model.map(|model| ("model".to_owned(), model.to_string())));
    rows.extend(hashes.data.iter().map(|(name, hash)| (format!("bars {name}"), hash.to_string())));
    rows.push(("trades".to_owned(), hashes.trades.to_string()));
    let mut table = Table::new("SHA-256", ["of", "hash"]);
    table.rows.extend(rows.into_iter().map(|(of, hash)| vec![Cell::words(of), Cell::words(hash)]));
    table
}
