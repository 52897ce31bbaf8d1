//! Several results side by side: one table, one plot; of a strategy that was trained several times what the seed changes.

mod seeds;

use ktrdr_chart::{Axis, Cell, Form, Height, Hue, Layer, Plane, Table, Unit};
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::report::sheet::{AccountCurves, Curve};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backtest::Tearsheet;
use crate::document::{Block, Document, Section, Weight};
use crate::figures::{cell, count, dates, decimals, farthest, number, percent, toned};
use crate::training::TrainingPage;

/// Most results side by side: more lines nobody tells apart.
pub const COMPARED_MAX: usize = 20;

/// Results of one kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Of backtests.
    Backtests(Vec<Tearsheet>),
    /// Of trainings.
    Trainings(Vec<TrainingPage>),
}

impl Comparison {
    /// What it says.
    #[must_use]
    pub fn document(&self) -> Document {
        let (what, many) = match self {
            Self::Backtests(all) => ("backtests", all.len()),
            Self::Trainings(all) => ("trainings", all.len()),
        };
        let mut document = Document {
            title: format!("{many} {what} side by side"),
            lead: "In the order they were asked for; the letters stand at the ends of the lines.".into(),
            ..Document::default()
        };
        let (growth, table) = match self {
            Self::Backtests(all) => {
                backtest_notices(&mut document, all);
                (
                    all.iter().map(|one| one.sheet.as_ref().map(|sheet| &sheet.account)).collect(),
                    backtests(all),
                )
            }
            Self::Trainings(all) => {
                (all.iter().map(TrainingPage::dev_account).collect::<Vec<_>>(), trainings(all))
            }
        };
        let mut blocks = vec![Block::Table(table)];
        blocks.extend(plot(&growth).map(Block::Chart));
        document.add(Section::new("Side by side", blocks));
        if let Self::Trainings(all) = self {
            document.add(seeds::section(all));
        }
        document
    }
}

impl TrainingPage {
    /// What it would have earned on dev.
    fn dev_account(&self) -> Option<&AccountCurves> {
        self.sheet.as_ref()?.dev.as_ref()
    }
}

fn backtest_notices(document: &mut Document, all: &[Tearsheet]) {
    for (letter, one) in letters().zip(all) {
        if let Some(known) = &one.summary.in_sample {
            document.notice(Weight::Grave, format!("{letter} is IN-SAMPLE"), format!("{known}."));
        }
        if let Some(finding) = one.summary.quarantine.first() {
            document.notice(Weight::Grave, format!("{letter} is QUARANTINED"), format!("{finding}."));
        }
    }
    let stretch = |one: &Tearsheet| (one.summary.symbol.clone(), one.summary.window);
    if all.windows(2).any(|pair| stretch(&pair[0]) != stretch(&pair[1])) {
        let text = "They traded different instruments or different times: figures that depend on those are not comparable.";
        document.notice(Weight::Plain, "Not the same stretch", text);
    }
    let text = "Whoever picks the best of several picks luck too: the deflated Sharpe ratio counts every look, this choice adds one.";
    document.notice(Weight::Plain, "The best of many", text);
}

/// A, B, C …
fn letters() -> impl Iterator<Item = char> {
    'A'..='Z'
}

fn said(verdict: &GateVerdict) -> String {
    match verdict {
        GateVerdict::Passed => "survives".into(),
        GateVerdict::Failed { code, .. } => code.clone(),
    }
}

fn backtests(all: &[Tearsheet]) -> Table {
    let head = [
        "",
        "strategy",
        "on",
        "time",
        "net return",
        "Sharpe",
        "beyond market",
        "drawdown",
        "trades",
        "null p",
        "deflated",
        "gate",
        "operation",
    ];
    let mut table = Table::new("Net of costs; Sharpe ratios a year, of daily returns", head);
    let worst = farthest(all.iter().map(|one| one.summary.metrics.total_return_pct));
    for (letter, one) in letters().zip(all) {
        let (s, m, e) = (&one.summary, &one.summary.metrics, &one.summary.evidence);
        let is_shown = s.quarantine.is_empty();
        let shown = |x: Option<f64>| x.filter(|_| is_shown);
        table.rows.push(vec![
            Cell::words(letter.to_string()),
            Cell::words(s.subject.clone()),
            Cell::words(format!("{} {}", s.symbol, s.timeframe)),
            Cell::words(dates(&s.window)),
            toned(shown(m.total_return_pct), worst, percent),
            cell(shown(m.sharpe_ratio), number),
            cell(shown(e.active.and_then(|active| active.sharpe_ratio)), number),
            cell(shown(m.max_drawdown_pct), percent),
            Cell::number(count(m.total_trades)),
            cell(e.null_p(), |x| decimals(x, 3)),
            cell(e.deflated_sharpe, |x| decimals(x, 3)),
            Cell::words(said(&one.verdict)),
            Cell::words(s.operation.to_string()),
        ]);
    }
    table
}

fn trainings(all: &[TrainingPage]) -> Table {
    let head = [
        "",
        "strategy",
        "model",
        "test loss",
        "baseline",
        "accuracy",
        "net on dev",
        "beyond market",
        "chance as well",
        "gate",
        "operation",
    ];
    let mut table = Table::new("On the test rows, and traded walk-forward on dev", head);
    let dev_return = |one: &TrainingPage| one.training.dev_backtest.and_then(|dev| dev.total_return_pct);
    let worst = farthest(all.iter().map(dev_return));
    for (letter, one) in letters().zip(all) {
        let (t, test, dev) = (&one.training, &one.training.test, one.training.dev_backtest);
        table.rows.push(vec![
            Cell::words(letter.to_string()),
            Cell::words(t.model.strategy.to_string()),
            Cell::words(format!("{}_v{}", t.model.timeframe, t.model.version)),
            cell(test.loss, |x| decimals(x, 4)),
            cell(test.baseline_loss, |x| decimals(x, 4)),
            cell(test.accuracy, percent),
            toned(dev_return(one), worst, percent),
            cell(dev.and_then(|dev| dev.active_sharpe_ratio), number),
            cell(dev.and_then(|dev| dev.null_p), percent),
            Cell::words(said(&one.verdict)),
            Cell::words(one.operation.to_string()),
        ]);
    }
    table
}

/// What each account grew to; `None` where no sheet was kept.
fn plot(accounts: &[Option<&AccountCurves>]) -> Option<Plane> {
    let growth = |curve: &Curve| -> Option<Vec<(f64, f64)>> {
        let start = curve.first().map(|point| point.1).filter(|start| *start > 0.0)?;
        Some(curve.iter().map(|(time, value)| (*time as f64, value / start - 1.0)).collect())
    };
    let lines = letters().zip(accounts).enumerate().filter_map(|(n, (letter, account))| {
        let line =
            Layer::new(letter.to_string(), Hue::Series(n), Form::Line(growth(&account.as_ref()?.equity)?));
        Some(line.ending(letter.to_string()))
    });
    let layers: Vec<Layer> = lines.collect();
    (!layers.is_empty()).then(|| Plane {
        title: "Growth".into(),
        about: "Account value since the first bar, net of costs.".into(),
        x: Axis::time(),
        y: Axis::of("since the start", Unit::Percent).showing(0.0),
        layers,
        height: Height::High,
    })
}
