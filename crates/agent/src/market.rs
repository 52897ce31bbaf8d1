//! The dev window as a designer sees it: what trading costs, how far price moves, and which rows may be learned
//! from. Figures come from the training rows alone, so that the test rows of dev stay a test.

use ktrdr_domain::strategy::label::{Class, Labels};
use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_domain::strategy::{DataSplit, IndicatorSpec};
use ktrdr_domain::trading::{Account, Costs};
use ktrdr_domain::{Timeframe, Timestamp, Windows};
use ktrdr_quant::features::{FeatureBars, FeatureError, Join};
use ktrdr_quant::labels::Targets;
use ktrdr_quant::{Bars, indicator};
use serde::Serialize;

use crate::AgentError;

/// Fewest bars of dev for which a design makes sense.
pub const BARS_MIN: usize = 500;

/// Closed trades from which on a result says something.
pub const TRADES_ENOUGH: u64 = 50;

/// Stretches of a horizon, in the training rows, from which on something can be learned.
const INDEPENDENT_MIN: usize = 100;

/// How far ahead a design may look, in bars.
const HORIZONS: [u32; 13] = [2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 144];

/// How far price goes in `horizon` bars, measured on the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TypicalMove {
    /// Bars ahead.
    pub horizon: u32,
    /// Mean absolute return, a fraction.
    pub mean_absolute: f64,
    /// Root mean square return, a fraction.
    pub deviation: f64,
    /// `mean_absolute` ÷ round-trip cost; infinite when trading is free.
    pub cost_multiple: f64,
    /// Stretches of `horizon` bars in the training rows that do not overlap.
    pub independent: usize,
}

/// The dev window's bars with what a designer asks of them.
#[derive(Debug)]
pub struct Market<'a> {
    bars: &'a [Bars],
    /// The training rows of the traded series, for labels that must not look beyond them.
    train: Bars,
    /// Cost of entry and exit as a fraction of price, without financing.
    pub round_trip_cost: f64,
    /// How dev is split into rows that fit the network, stop it and judge it.
    pub split: DataSplit,
    /// Rows of the traded timeframe that fit the network: `0..train_rows`.
    pub train_rows: usize,
    /// Bars that the gate window holds if it trades as often as dev does.
    pub gate_bars: usize,
}

impl<'a> Market<'a> {
    /// The market of these series of the dev window, the traded one first.
    ///
    /// # Errors
    /// Fewer than [`BARS_MIN`] bars, prices of zero and below, or an account that can not trade.
    pub fn new(
        bars: &'a [Bars],
        windows: &Windows,
        split: DataSplit,
        account: &Account,
    ) -> Result<Self, AgentError> {
        account.validate()?;
        let found = bars.first().map_or(0, Bars::len);
        if found < BARS_MIN {
            return Err(AgentError::TooLittleData { found, needed: BARS_MIN });
        }
        if let Some(bar) = bars[0].not_above_zero(0..found) {
            return Err(AgentError::NotAboveZero {
                time: Timestamp(bars[0].time[bar]),
                price: bars[0].low[bar],
            });
        }
        let train_rows = ((found as f64 * split.train) as usize).clamp(1, found);
        let gate_bars = (found as f64 * windows.gate.years() / windows.dev.years()) as usize;
        let train = bars[0].slice(0..train_rows);
        let price = train.close.iter().sum::<f64>() / train_rows as f64;
        let round_trip_cost = round_trip_cost(&account.costs, price);
        Ok(Self { bars, train, round_trip_cost, split, train_rows, gate_bars })
    }

    /// The traded series.
    #[must_use]
    pub fn base(&self) -> &'a Bars {
        &self.bars[0]
    }

    /// The traded timeframe and the longer ones there are bars for.
    pub fn timeframes(&self) -> impl Iterator<Item = Timeframe> + '_ {
        let base = self.base().timeframe;
        let longer = self.bars.iter().skip(1).map(|b| b.timeframe).filter(move |t| *t > base);
        std::iter::once(base).chain(longer)
    }

    /// Whether volume is published.
    #[must_use]
    pub fn has_volume(&self) -> bool {
        self.base().volume.iter().any(|v| *v > 0.0)
    }

    /// The bars as features are computed on them.
    #[must_use]
    pub fn feature_bars(&self) -> FeatureBars<'a> {
        FeatureBars { base: &self.bars[0], others: &self.bars[1..] }
    }

    /// Returns over `horizon` bars from each training row on whose end is a training row too.
    #[must_use]
    pub fn train_returns(&self, horizon: u32) -> Vec<f64> {
        let closes = &self.train.close;
        closes.iter().zip(closes.iter().skip(horizon as usize)).map(|(now, then)| then / now - 1.0).collect()
    }

    /// Shares of BUY, HOLD and SELL among the labels of the training rows; `None` when none is settled there.
    #[must_use]
    pub fn class_shares(&self, labels: &Labels) -> Option<[f64; 3]> {
        match ktrdr_quant::labels::make(labels, OutputKind::Classification, &self.train).ok()?.targets {
            Targets::Classes(classes) if !classes.is_empty() => {
                Some(Class::ALL.map(|class| {
                    classes.iter().filter(|c| **c == class).count() as f64 / classes.len() as f64
                }))
            }
            Targets::Classes(_) | Targets::Values(_) => None,
        }
    }

    /// How far price goes in `horizon` bars.
    #[must_use]
    pub fn typical_move(&self, horizon: u32) -> TypicalMove {
        let returns = self.train_returns(horizon);
        let mean = |sum: f64| if returns.is_empty() { 0.0 } else { sum / returns.len() as f64 };
        let mean_absolute = mean(returns.iter().map(|r| r.abs()).sum());
        TypicalMove {
            horizon,
            mean_absolute,
            deviation: mean(returns.iter().map(|r| r * r).sum()).sqrt(),
            cost_multiple: mean_absolute / self.round_trip_cost,
            independent: self.train_rows / horizon.max(1) as usize,
        }
    }

    /// The horizons worth looking at: price typically moves [`MOVE_COSTS_MIN`] round trips, and dev and gate hold
    /// enough stretches of that length. When there is none, the one that comes nearest to paying.
    #[must_use]
    pub fn horizons(&self) -> Vec<TypicalMove> {
        let moves: Vec<TypicalMove> = HORIZONS
            .iter()
            .filter(|h| self.gate_bars / **h as usize >= TRADES_ENOUGH as usize)
            .map(|h| self.typical_move(*h))
            .collect();
        let paying: Vec<TypicalMove> = moves
            .iter()
            .copied()
            .filter(|m| m.cost_multiple >= MOVE_COSTS_MIN && m.independent >= INDEPENDENT_MIN)
            .collect();
        let nearest = moves.iter().copied().max_by(|a, b| a.cost_multiple.total_cmp(&b.cost_multiple));
        if paying.is_empty() { nearest.into_iter().collect() } else { paying }
    }

    /// One indicator output on every bar of the traded timeframe, longer timeframes as of their last closed bar; NaN
    /// before there is one. `feature` is what an error calls it.
    ///
    /// # Errors
    /// No bars of that timeframe, a hole in them, or no such output.
    pub fn column(
        &self,
        feature: &str,
        spec: &IndicatorSpec,
        output: Option<&str>,
        timeframe: Timeframe,
    ) -> Result<Vec<f64>, FeatureError> {
        let base = self.base();
        let bars = self.bars.iter().find(|b| b.timeframe == timeframe).ok_or_else(|| {
            FeatureError::MissingBars { feature: feature.to_owned(), timeframe, symbol: base.symbol.clone() }
        })?;
        let place =
            output.map_or(Some(0), |name| spec.kind.definition().outputs.iter().position(|o| *o == name));
        let values = place.and_then(|place| indicator::compute(spec, bars).outputs.into_iter().nth(place));
        let values = values.ok_or_else(|| FeatureError::UnknownIndicator {
            feature: feature.to_owned(),
            reference: output.unwrap_or_default().to_owned(),
        })?;
        if timeframe == base.timeframe { Ok(values) } else { Ok(Join::new(base, bars)?.carry(&values)) }
    }
}

/// How many round trips a typical move has to pay for.
pub const MOVE_COSTS_MIN: f64 = 3.0;

/// Cost of entry and exit as a fraction of `price`, without financing.
fn round_trip_cost(costs: &Costs, price: f64) -> f64 {
    2.0 * (costs.commission_rate + costs.slippage_rate) + costs.spread / price
}
