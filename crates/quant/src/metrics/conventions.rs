//! What the figures rest on, in words, to be printed beside them.

use std::collections::BTreeMap;

use crate::data::calendar::{Calendar, TradingWeek};

/// The conventions of all figures, by topic.
#[must_use]
pub fn conventions(calendar: Option<&Calendar>) -> BTreeMap<String, String> {
    let (year, week) = match calendar {
        Some(calendar) => (year(calendar), week(calendar.week)),
        None => {
            ("not annualised: the data holds no whole week to measure a year by".to_owned(), "each UTC date")
        }
    };
    let fixed = [
        (
            "returns",
            "simple returns of equity marked to the close, from the initial capital to after the forced close",
        ),
        ("risk_free_rate", "none is subtracted"),
        (
            "sharpe_ratio",
            "daily mean / standard deviation (ddof 1), annualised; days without a position count as 0",
        ),
        ("sortino_ratio", "daily mean / root mean square of negative returns over all days, annualised"),
        ("cagr", "years of 365.25 calendar days from the first bar's open to the last bar's close"),
        (
            "drawdown",
            "compounded, from the running peak of equity at bar closes; the first peak is the initial capital",
        ),
        ("trades", "net of the costs of both sides; a trade at exactly zero is neither win nor loss"),
        (
            "fills",
            "decided at a bar's close, filled at the next bar's open; a stop or target that a bar opens at or beyond \
             fills at that open; later in the bar the stop comes before the target",
        ),
        (
            "slippage",
            "slippage and half the spread on market orders: entries, exits by signal or time, stops, the forced close; \
             a target is a limit order, filled at its price or better, commission only",
        ),
        (
            "certainty",
            "PSR and minimum track record against a Sharpe ratio of 0, on daily returns with raw kurtosis",
        ),
        ("undefined", "a figure that does not exist is null with its reason, never 0"),
    ];
    let mut conventions: BTreeMap<String, String> =
        fixed.into_iter().map(|(topic, words)| (topic.to_owned(), words.to_owned())).collect();
    conventions.insert("annualisation".to_owned(), year);
    conventions.insert("days".to_owned(), format!("{week}; days without bars are not counted"));
    conventions
}

fn year(calendar: &Calendar) -> String {
    format!(
        "square root of {:.1} days a year (bars: {:.1}), measured from the data's own calendar",
        calendar.days_per_year, calendar.bars_per_year
    )
}

fn week(week: TradingWeek) -> &'static str {
    match week {
        TradingWeek::EveryDay => "each UTC date, Saturdays and Sundays too, by the bar's open",
        TradingWeek::MondayToFriday => {
            "each UTC date by the bar's open; bars on Saturday or Sunday belong to Monday"
        }
        TradingWeek::Other => "each UTC date with a bar, by the bar's open",
    }
}
