//! Findings about what the network sees: values, fuzzy sets, units.

use ktrdr_domain::strategy::{FuzzySet, IndicatorRef, MEMBERSHIP_HEARD_MIN, NnInput};
use ktrdr_domain::{Severity, Strategy, Timeframe};
use ktrdr_quant::features::{self, FeatureError};

use super::{Finding, in_percent};
use crate::market::Market;

/// Silent rows that are worth a warning.
const SILENT_WARNING: f64 = 0.05;

/// Silent rows that leave a reading useless.
const SILENT_ERROR: f64 = 0.50;

/// Training rows lost to warming up that are worth a warning.
const WARM_UP_WARNING: f64 = 0.20;

/// Training rows lost to warming up that leave too few.
const WARM_UP_ERROR: f64 = 0.50;

/// One thing the network reads, with its values on dev.
pub(super) struct Reading<'a> {
    /// `rsi_14 on 1h`
    name: String,
    /// Whether the values are in price units.
    in_price_units: bool,
    /// One value per bar of the traded timeframe, or why there are none.
    pub(super) column: Result<Vec<f64>, FeatureError>,
    /// The fuzzy set; `None` for a raw input.
    set: Option<&'a FuzzySet>,
}

/// Everything the network reads.
pub(super) fn of<'a>(strategy: &'a Strategy, market: &Market<'_>) -> Vec<Reading<'a>> {
    let on = |input: &'a NnInput| input.timeframes.iter().map(move |t| (input, *t));
    strategy.nn_inputs.iter().flat_map(on).filter_map(|(i, t)| reading(strategy, market, i, t)).collect()
}

fn reading<'a>(
    strategy: &'a Strategy,
    market: &Market<'_>,
    input: &'a NnInput,
    timeframe: Timeframe,
) -> Option<Reading<'a>> {
    let set = input.fuzzy_set.as_ref().and_then(|id| strategy.fuzzy_sets.get(id));
    let reference: &IndicatorRef = set.map(|s| &s.indicator).or(input.raw_indicator.as_ref())?;
    let spec = strategy.indicators.get(&reference.id)?;
    let name = format!("{reference} on {timeframe}");
    Some(Reading {
        in_price_units: spec.kind.definition().in_price_units,
        column: market.column(&name, spec, reference.output.as_deref(), timeframe),
        name,
        set,
    })
}

pub(super) fn findings(readings: &[Reading<'_>]) -> Vec<Finding> {
    readings.iter().flat_map(|r| [price_units(r), values(r), dead_zone(r)]).flatten().collect()
}

/// What all readings together need before the first row.
pub(super) fn warm_up(strategy: &Strategy, market: &Market<'_>, readings: &[Reading<'_>]) -> Option<Finding> {
    if readings.iter().any(|r| r.column.is_err()) {
        return None;
    }
    let fix = "shorten periods, drop the longest timeframe, or load a longer history";
    let first = match features::warm_up(strategy, &market.feature_bars()) {
        Ok(first) => first as f64,
        Err(e) => return Some(Finding::new(Severity::Error, "slow_start", e.to_string(), fix)),
    };
    let share = first / market.train_rows as f64;
    (share > WARM_UP_WARNING).then(|| {
        Finding::new(
            if share > WARM_UP_ERROR { Severity::Error } else { Severity::Warning },
            "slow_start",
            format!("warming up takes {first} bars, {} of the training rows", in_percent(share)),
            fix,
        )
        .with_evidence([("warm_up_bars", first), ("training_rows", market.train_rows as f64)])
    })
}

fn price_units(reading: &Reading<'_>) -> Option<Finding> {
    reading.in_price_units.then(|| {
        Finding::new(
            Severity::Warning,
            "price_units",
            format!(
                "{} is in price units: it means something else for each symbol and each year",
                reading.name
            ),
            "read distancefromma, roc or bollingerbandwidth instead, which are relative",
        )
    })
}

fn values(reading: &Reading<'_>) -> Option<Finding> {
    let column = match &reading.column {
        Ok(column) => column,
        Err(why) => return Some(unread(reading, why)),
    };
    let mut known = column.iter().filter(|x| x.is_finite());
    let first = known.next();
    let varies = known.any(|x| Some(x) != first);
    (!varies).then(|| {
        Finding::new(
            Severity::Error,
            "no_values",
            format!("{} has the same value or none on every bar of dev", reading.name),
            "drop it, or shorten its period (volume indicators need data with volume)",
        )
        .with_evidence([("bars", column.len() as f64)])
    })
}

/// No bars are a reading that was not checked; bars that can not be read are a fault.
fn unread(reading: &Reading<'_>, why: &FeatureError) -> Finding {
    if matches!(why, FeatureError::MissingBars { .. }) {
        let message = format!("there are no bars for {}", reading.name);
        return Finding::new(Severity::Note, "not_checked", message, "load data of that timeframe");
    }
    let message = format!("{} can not be read: {why}", reading.name);
    Finding::new(Severity::Error, "no_values", message, "mend the data, or read another timeframe")
}

fn dead_zone(reading: &Reading<'_>) -> Option<Finding> {
    let set = reading.set?;
    let known: Vec<f64> = reading.column.as_ref().ok()?.iter().copied().filter(|x| x.is_finite()).collect();
    let silent = known.iter().filter(|x| set.is_silent_at(**x)).count();
    let share = if known.is_empty() { 0.0 } else { silent as f64 / known.len() as f64 };
    (share > SILENT_WARNING).then(|| {
        Finding::new(
            if share > SILENT_ERROR { Severity::Error } else { Severity::Warning },
            "dead_zone",
            format!(
                "no fuzzy set of {} reaches {MEMBERSHIP_HEARD_MIN} on {} of bars",
                reading.name,
                in_percent(share)
            ),
            "let neighbouring sets overlap and give the outermost ones shoulders",
        )
        .with_evidence([("silent_share", share), ("bars", known.len() as f64)])
    })
}
