//! The dev window as a designer sees it: what trading costs, how far price moves, and which rows may be learned
//! from. Figures come from the training rows alone, so that the test rows of dev stay a test.

use ktrdr_domain::strategy::IndicatorSpec;
use ktrdr_domain::strategy::label::Labels;
use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_domain::trading::{Account, Costs};
use ktrdr_domain::{Timeframe, Timestamp};
use ktrdr_quant::features::{FeatureBars, coverage};
use ktrdr_quant::labels::Targets;
use ktrdr_quant::{Bars, indicator};
use serde::Serialize;

use crate::AgentError;

/// Fewest bars of dev for which a design makes sense.
pub const BARS_MIN: usize = 500;

/// Share of dev that fits the network under the default split.
const TRAIN_SHARE: f64 = 0.70;

/// Bars of the gate window for each bar of dev under the default windows (25 % against 60 %).
const GATE_BARS_PER_DEV_BAR: f64 = 25.0 / 60.0;

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
    /// Rows of the traded timeframe that fit the network: `0..train_rows`.
    pub train_rows: usize,
}

impl<'a> Market<'a> {
    /// The market of these series, the traded one first.
    ///
    /// # Errors
    /// Fewer than [`BARS_MIN`] bars, prices of zero and below, or an account that can not trade.
    pub fn new(bars: &'a [Bars], account: &Account) -> Result<Self, AgentError> {
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
        let train_rows = (found as f64 * TRAIN_SHARE) as usize;
        let train = bars[0].slice(0..train_rows);
        let price = train.close.iter().sum::<f64>() / train_rows as f64;
        Ok(Self { bars, train, round_trip_cost: round_trip_cost(&account.costs, price), train_rows })
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

    /// Bars that the gate window holds under the default windows.
    #[must_use]
    pub fn gate_bars(&self) -> usize {
        (self.base().len() as f64 * GATE_BARS_PER_DEV_BAR) as usize
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
            Targets::Classes(classes) => coverage::class_shares(&classes),
            Targets::Values(_) => None,
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
            .filter(|h| self.gate_bars() / **h as usize >= 50)
            .map(|h| self.typical_move(*h))
            .collect();
        let paying: Vec<TypicalMove> = moves
            .iter()
            .copied()
            .filter(|m| m.cost_multiple >= MOVE_COSTS_MIN && m.independent >= 100)
            .collect();
        let nearest = moves.iter().copied().max_by(|a, b| a.cost_multiple.total_cmp(&b.cost_multiple));
        if paying.is_empty() { nearest.into_iter().collect() } else { paying }
    }

    /// One indicator output on every bar of the traded timeframe, longer timeframes as of their last closed bar.
    /// `None` without bars of that timeframe or without that output.
    #[must_use]
    pub fn column(
        &self,
        spec: &IndicatorSpec,
        output: Option<&str>,
        timeframe: Timeframe,
    ) -> Option<Vec<f64>> {
        let bars = self.bars.iter().find(|b| b.timeframe == timeframe)?;
        let place =
            output.map_or(Some(0), |name| spec.kind.entry().outputs.iter().position(|o| *o == name))?;
        let values = indicator::compute(spec, bars).outputs.into_iter().nth(place)?;
        Some(if timeframe == self.base().timeframe {
            values
        } else {
            as_of_close(self.base(), bars, &values)
        })
    }
}

/// How many round trips a typical move has to pay for.
pub const MOVE_COSTS_MIN: f64 = 3.0;

/// Cost of entry and exit as a fraction of `price`, without financing.
#[must_use]
pub fn round_trip_cost(costs: &Costs, price: f64) -> f64 {
    2.0 * (costs.commission_rate + costs.slippage_rate) + costs.spread / price
}

/// For each base bar, the value of the last longer bar that had closed when the base bar closed; NaN before.
fn as_of_close(base: &Bars, longer: &Bars, values: &[f64]) -> Vec<f64> {
    let mut closed = 0;
    base.time
        .iter()
        .map(|open| {
            let now = open + base.timeframe.seconds();
            while longer.time.get(closed).is_some_and(|t| t + longer.timeframe.seconds() <= now) {
                closed += 1;
            }
            closed.checked_sub(1).and_then(|last| values.get(last)).copied().unwrap_or(f64::NAN)
        })
        .collect()
}

/// The horizon of a label in bars; `None` for one that ends when price says so.
#[must_use]
pub fn horizon_of(labels: &Labels) -> Option<u32> {
    match labels {
        Labels::TripleBarrier { horizon, .. } | Labels::ForwardReturn { horizon, .. } => Some(*horizon),
        Labels::Zigzag { .. } => None,
    }
}
