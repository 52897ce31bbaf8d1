//! The whole of a backtest as pure code: features → network → decisions → fills → figures. No IO, no clock.

use std::collections::BTreeMap;
use std::ops::Range;

use ktrdr_domain::report::Metrics;
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Span, Strategy};
use ktrdr_neural::Network;
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::data::health::WINDOW_BARS_MIN;
use ktrdr_quant::decide;
use ktrdr_quant::features::{FeatureMatrix, Indicators, Scaling};
use ktrdr_quant::metrics;
use ktrdr_quant::simulate::{Run, Simulation, Target};
use ndarray::Array2;

use crate::fault::Fault;

/// Bars simulated between two looks at the stop token, each of which tells how it goes.
pub const BARS_PER_LOOK: usize = 50;

/// A trained strategy, ready to decide.
#[derive(Debug, Clone, Copy)]
pub struct Trader<'a> {
    /// The strategy.
    pub strategy: &'a Strategy,
    /// Scaling fitted in training.
    pub scaling: &'a Scaling,
    /// The network.
    pub network: &'a Network,
}

/// The bars of one window, or why there are not enough.
///
/// # Errors
/// When the window holds fewer than [`WINDOW_BARS_MIN`] bars; names both numbers.
pub fn window(bars: &Bars, span: &Span) -> Result<Range<usize>, Fault> {
    let range = bars.window(span);
    if range.len() < WINDOW_BARS_MIN {
        return Err(Fault::input(format!(
            "{} {} has {} bars in {span}, a backtest needs at least {WINDOW_BARS_MIN}: choose a longer stretch or import more",
            bars.symbol,
            bars.timeframe,
            range.len()
        )));
    }
    Ok(range)
}

impl Trader<'_> {
    /// What the network is shown at each close from bar `from` on, the first of a window.
    ///
    /// # Errors
    /// When the window starts before every feature has warmed up, or a feature is not a finite number.
    pub fn features(&self, indicators: &Indicators<'_>, from: usize) -> Result<FeatureMatrix, Fault> {
        let rows = indicators.rows_from(from, self.scaling).map_err(Fault::input)?;
        if rows.first_bar > from {
            return Err(Fault::input(format!(
                "the features of {} need {} bars to warm up, and only {from} lie before the window: start it later",
                self.strategy.name, rows.first_bar
            )));
        }
        Ok(rows)
    }

    /// The position wanted at the close of each row's bar.
    ///
    /// # Errors
    /// When the rows do not fit the network, or an output is not a finite number.
    pub fn targets(&self, rows: &Array2<f32>) -> Result<Vec<Target>, Fault> {
        let outputs = self.network.predict(rows).map_err(Fault::input)?;
        decide::targets(&outputs, &self.strategy.decisions).map_err(Fault::input)
    }
}

/// Trades targets, telling `progress` how it goes; `None` from it stops.
///
/// # Errors
/// An impossible account or a numeric overflow; [`Fault::Stopped`] when `progress` said so.
pub fn trade(
    bars: &Bars,
    range: &Range<usize>,
    targets: &[Target],
    account: &Account,
    progress: &mut dyn FnMut(&Simulation<'_>) -> Option<()>,
) -> Result<Run, Fault> {
    let mut simulation = Simulation::new(bars, range.clone(), targets, account).map_err(Fault::input)?;
    while !simulation.is_done() {
        simulation.advance(BARS_PER_LOOK).map_err(Fault::input)?;
        progress(&simulation).ok_or(Fault::Stopped)?;
    }
    simulation.finish().map_err(Fault::input)
}

/// The figures of a run, why some are undefined, and the calendar they are annualised by.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The figures.
    pub metrics: Metrics,
    /// Why a figure is `None`, by its name.
    pub undefined: BTreeMap<String, String>,
    /// The data's own calendar; `None` for series too short to have one.
    pub calendar: Option<Calendar>,
}

/// Computes the figures of a run over `range` of `bars`.
#[must_use]
pub fn figures(run: &Run, bars: &Bars, range: Range<usize>, account: &Account) -> Figures {
    let calendar = Calendar::of(bars);
    let (metrics, undefined) = metrics::compute(run, bars, range, account.initial_capital, calendar.as_ref());
    Figures { metrics, undefined, calendar }
}
