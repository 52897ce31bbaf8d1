//! How the account went: its curve beside the market's, its falls, its months, its figures.

use ktrdr_chart::{Axis, Cell, Form, Height, Hue, Layer, Plane, Table, Unit};
use ktrdr_domain::report::sheet::{AccountCurves, Curve, MonthReturn};
use ktrdr_domain::report::{BacktestSheet, BacktestSummary};

use crate::document::{Block, Fact, Section};
use crate::figures::{UNDEFINED, count, farthest, number, percent, toned};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn sections(summary: &BacktestSummary, sheet: Option<&BacktestSheet>) -> Vec<Section> {
    let mut account = Vec::new();
    if let Some(sheet) = sheet {
        let beta = summary.evidence.active.map(|active| active.beta);
        account.extend(curves(&sheet.account, beta).map(Block::Chart));
    }
    account.push(Block::Facts(facts(summary)));
    let mut through_time = Vec::new();
    if let Some(sheet) = sheet {
        through_time.extend(months(&sheet.months).map(Block::Table));
        through_time.extend(
            sheet
                .rolling_sharpe
                .as_ref()
                .map(|rolling| Block::Chart(rolling_sharpe(rolling.days, &rolling.curve))),
        );
    }
    vec![Section::new("The account", account), Section::new("Through time", through_time)]
}

/// Points on a time axis.
pub(crate) fn points(curve: &Curve) -> Vec<(f64, f64)> {
    curve.iter().map(|(time, value)| (*time as f64, *value)).collect()
}

/// Equity beside the market, and drawdown beneath.
pub(crate) fn curves(account: &AccountCurves, beta: Option<f64>) -> [Plane; 2] {
    let mut layers = Vec::new();
    if let Some(market) = &account.matched_market {
        let name = format!("buy and hold of the same exposure (β {})", number(beta));
        layers.push(Layer::new(name, Hue::Muted, Form::Line(points(market))));
    }
    layers.push(Layer::new(
        "the strategy, net of costs",
        Hue::Series(0),
        Form::Line(points(&account.equity)),
    ));
    let ends = |curve: &Curve| curve.last().map(|point| point.1);
    let about = format!(
        "Account value at the bars' closes, in account currency: {} at the end, beside {} of the market.",
        number(ends(&account.equity)),
        number(account.matched_market.as_ref().and_then(ends))
    );
    let equity = Plane {
        title: "Equity".into(),
        about,
        x: Axis::time(),
        y: Axis::of("account currency", Unit::Number),
        layers,
        height: Height::High,
    };
    let deepest = account.drawdown.iter().map(|point| point.1).fold(0.0, f64::min);
    let drawdown = Plane {
        title: "Drawdown".into(),
        about: format!(
            "How far the account is under its own peak: {} at the deepest.",
            percent(Some(deepest))
        ),
        x: Axis::time(),
        y: Axis::of("under the peak", Unit::Percent).showing(0.0),
        layers: vec![Layer::new("", Hue::Loss, Form::Area(points(&account.drawdown), 0.0))],
        height: Height::Low,
    };
    [equity, drawdown]
}

/// The figures that everybody asks for.
fn facts(summary: &BacktestSummary) -> Vec<Fact> {
    let (m, e) = (&summary.metrics, &summary.evidence);
    let why = |name: &str, note: &str| summary.undefined.get(name).map_or(note.to_owned(), Clone::clone);
    let sharpe = match (m.sharpe_ratio, m.sharpe_standard_error) {
        (Some(sharpe), Some(error)) => format!("{} ± {}", number(Some(sharpe)), number(Some(error))),
        (sharpe, _) => number(sharpe),
    };
    let active = e.active.as_ref();
    vec![
        Fact::new(
            "net return",
            percent(m.total_return_pct),
            why("total_return_pct", "of the initial capital, after costs"),
        ),
        Fact::new("a year", percent(m.cagr), why("cagr", "compounded")),
        Fact::new("Sharpe ratio", sharpe, why("sharpe_ratio", "a year, of daily returns, ± standard error")),
        Fact::new(
            "beyond the market",
            number(active.and_then(|active| active.sharpe_ratio)),
            why("active_return", "Sharpe ratio a year of r − β m"),
        ),
        Fact::new(
            "largest drawdown",
            percent(m.max_drawdown_pct),
            why("max_drawdown_pct", "from the peak at closes"),
        ),
        Fact::new("volatility", percent(m.volatility), why("volatility", "a year, of daily returns")),
        Fact::new(
            "trades",
            count(m.total_trades),
            format!("{} long, {} short", m.long_trades, m.short_trades),
        ),
        Fact::new("win rate", percent(m.win_rate), why("win_rate", "net of both sides' costs")),
        Fact::new(
            "profit factor",
            number(m.profit_factor),
            why("profit_factor", "sum of wins ÷ sum of losses"),
        ),
        Fact::new(
            "break-even cost",
            m.break_even_cost_bps.map_or_else(|| UNDEFINED.into(), |bps| format!("{} bp", number(Some(bps)))),
            why("break_even_cost_bps", "a side: what would eat it all"),
        ),
        Fact::new("exposure", percent(m.exposure), why("exposure", "of all bars with a position")),
        Fact::new(
            "turnover",
            m.turnover.map_or_else(|| UNDEFINED.into(), |times| format!("{} ×", number(Some(times)))),
            why("turnover", "of mean equity, a year"),
        ),
    ]
}

/// Years in rows, months in columns.
fn months(months: &[MonthReturn]) -> Option<Table> {
    let (first, last) = (months.first()?.year, months.last()?.year);
    let worst = farthest(months.iter().map(|month| Some(month.total_return_pct)));
    let head = std::iter::once("").chain(MONTHS).chain(["year"]);
    let mut table = Table::new("Net return by month, in percent; the year compounds its months", head);
    let written = |x: Option<f64>| x.map_or_else(String::new, |x| ktrdr_chart::label::grouped(x * 100.0, 1));
    for year in first..=last {
        let of_year = || months.iter().filter(move |month| month.year == year);
        let cell = |month: u32| {
            let found = of_year().find(|of| of.month == month).map(|of| of.total_return_pct);
            found.map_or_else(|| Cell::number(""), |x| toned(Some(x), worst, written))
        };
        let whole = of_year().fold(1.0, |worth, month| worth * (1.0 + month.total_return_pct)) - 1.0;
        let row = std::iter::once(Cell::words(year.to_string())).chain((1..=12).map(cell));
        table.rows.push(row.chain([Cell::number(written(Some(whole)))]).collect());
    }
    Some(table)
}

fn rolling_sharpe(days: usize, curve: &Curve) -> Plane {
    Plane {
        title: "Rolling Sharpe ratio".into(),
        about: format!(
            "Annualised, of the {days} trading days before each day. It wanders by ±{} by chance alone.",
            number(Some((252.0 / days as f64).sqrt()))
        ),
        x: Axis::time(),
        y: Axis::of("Sharpe ratio a year", Unit::Number).showing(0.0),
        layers: vec![Layer::new("", Hue::Series(0), Form::Line(points(curve)))],
        height: Height::Middle,
    }
}
