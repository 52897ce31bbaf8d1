//! Was it luck? The strategy among what chance gives, and what the count of trials leaves of it.

use ktrdr_chart::{Axis, Form, Height, Hue, Layer, Plane, Unit};
use ktrdr_domain::report::sheet::{Histogram, NullShape};
use ktrdr_domain::report::{BacktestSheet, BacktestSummary, NullRank};

use crate::document::{Block, Section};
use crate::figures::{counted, decimals, number, percent};

pub(super) fn section(summary: &BacktestSummary, sheet: Option<&BacktestSheet>) -> Section {
    let evidence = &summary.evidence;
    let mut blocks = Vec::new();
    let year = summary.metrics.days_per_year.map_or(1.0, f64::sqrt);
    let nulls = sheet.map_or(&[][..], |sheet| &sheet.nulls);
    let charts: Vec<Plane> = nulls
        .iter()
        .map(|null| match null.name.as_str() {
            "random_entries" => chart(
                null,
                evidence.random_entries,
                year,
                "Among random entries",
                "the same holding times and sides, entered at random bars of the same hour and volatility",
            ),
            _ => chart(
                null,
                evidence.shifted_weeks,
                year,
                "Among other weeks",
                "the same positions, moved by whole weeks",
            ),
        })
        .collect();
    if !charts.is_empty() {
        blocks.push(Block::Charts(charts));
    }
    blocks.extend(deflated(summary, year).map(Block::Words));
    let missing = ["active_return", "random_entries", "shifted_weeks", "deflated_sharpe"]
        .into_iter()
        .filter_map(|name| {
            let reason = summary.undefined.get(name)?;
            Some(format!("{}: not told, as {reason}", name.replace('_', " ")))
        });
    let missing: Vec<String> = missing.collect();
    if !missing.is_empty() {
        blocks.push(Block::List(missing));
    }
    Section::new("Luck or not", blocks)
}

/// Bars of a histogram, stretched by a factor.
pub(crate) fn bins(histogram: &Histogram, factor: f64) -> Vec<(f64, f64, f64)> {
    let width = (histogram.to - histogram.from) / histogram.counts.len().max(1) as f64;
    // A single value has a column, too.
    let width = if width > 0.0 { width } else { histogram.from.abs().max(1.0) / 20.0 };
    let edge = |part: usize| (histogram.from + part as f64 * width) * factor;
    histogram.counts.iter().enumerate().map(|(n, count)| (edge(n), edge(n + 1), f64::from(*count))).collect()
}

fn chart(null: &NullShape, rank: Option<NullRank>, year: f64, title: &str, what: &str) -> Plane {
    let told = rank.map_or_else(String::new, |rank| {
        format!(" {} of {} do as well or better.", percent(Some(rank.p)), counted(rank.draws.into(), "draw"))
    });
    Plane {
        title: title.into(),
        about: format!("Sharpe ratios beyond the market of {what}.{told}"),
        x: Axis::of("Sharpe ratio a year, beyond the market", Unit::Number),
        y: Axis::of("draws", Unit::Number),
        layers: vec![
            Layer::new("", Hue::Muted, Form::Columns(bins(&null.scores, year))),
            Layer::new(
                format!("this strategy: {}", number(Some(null.score * year))),
                Hue::Series(1),
                Form::Upright(null.score * year),
            ),
        ],
        height: Height::Middle,
    }
}

fn deflated(summary: &BacktestSummary, year: f64) -> Option<String> {
    let evidence = &summary.evidence;
    let (luck, deflated) = (evidence.luck_sharpe_daily?, evidence.deflated_sharpe?);
    let own = evidence.active?.sharpe_daily;
    if evidence.trials <= 1 {
        return Some(format!(
            "Nothing else was tried on this stretch yet, so that nothing is deflated: {} is the probability that the Sharpe ratio \
             beyond the market is over zero in truth.",
            decimals(Some(deflated), 3)
        ));
    }
    let different = if evidence.different_trials < evidence.trials {
        format!(", {} of them different", evidence.different_trials)
    } else {
        String::new()
    };
    let correlated: Vec<String> = evidence.correlated.iter().map(ToString::to_string).collect();
    let with = if correlated.is_empty() {
        String::new()
    } else {
        format!(", those at {} among them", correlated.join(" and "))
    };
    Some(format!(
        "The best of {}{different}{with} would be expected to reach a Sharpe ratio of {} a year by luck alone; this one has {}. The \
         deflated Sharpe ratio, the probability that it beats that best in truth, is {}.",
        counted(evidence.trials, "worthless trial"),
        number(Some(luck * year)),
        number(Some(own * year)),
        decimals(Some(deflated), 3)
    ))
}
