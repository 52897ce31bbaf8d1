//! Why features can not be computed.

use ktrdr_domain::strategy::IndicatorKind;
use ktrdr_domain::{Symbol, Timeframe, Timestamp};

/// Why features can not be computed, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FeatureError {
    /// The strategy names no input.
    #[error("the strategy has no features: give nn_inputs at least one entry")]
    Nothing,
    /// The base bars are not of the strategy's base timeframe.
    #[error("base bars are {found}, the strategy decides on {wanted} bars: pass bars of {wanted}")]
    WrongBase {
        /// Timeframe of the bars passed.
        found: Timeframe,
        /// Timeframe of the strategy.
        wanted: Timeframe,
    },
    /// Bars of two instruments in one set.
    #[error("bars of {found} among those of {wanted}: features mix no instruments")]
    MixedSymbols {
        /// The stranger.
        found: Symbol,
        /// The base bars' instrument.
        wanted: Symbol,
    },
    /// A timeframe without bars.
    #[error("feature {feature} needs {timeframe} bars, which were not passed: load {symbol} {timeframe}")]
    MissingBars {
        /// The feature.
        feature: String,
        /// What is missing.
        timeframe: Timeframe,
        /// The instrument.
        symbol: Symbol,
    },
    /// A feature reads something the strategy does not define.
    #[error("feature {feature} reads {reference}, which the strategy does not define: check its indicators")]
    UnknownIndicator {
        /// The feature.
        feature: String,
        /// `id` or `id.output`.
        reference: String,
    },
    /// The bars end before everything has warmed up.
    #[error(
        "{symbol} has {have} {timeframe} bars, and the features need {need} to warm up: load more history"
    )]
    TooFewBars {
        /// The instrument.
        symbol: Symbol,
        /// The base timeframe.
        timeframe: Timeframe,
        /// Base bars passed.
        have: usize,
        /// Base bars needed for one row.
        need: usize,
    },
    /// A higher timeframe has a hole or ends early, so that its last value would be carried on for ever.
    #[error(
        "{symbol} {timeframe} has a hole: no bar closes between {from} and {until} though {bars} base bars do; \
         load the missing {timeframe} bars"
    )]
    Stale {
        /// The instrument.
        symbol: Symbol,
        /// The timeframe with the hole.
        timeframe: Timeframe,
        /// Close of the last bar before the hole.
        from: Timestamp,
        /// Close of the base bar at which it was noticed.
        until: Timestamp,
        /// Base bars that saw the same value.
        bars: usize,
    },
    /// An indicator without a finite value after its warm-up.
    #[error("{indicator} ({kind}) has no value on {symbol} {timeframe} at the bar of {at}: {}", remedy(*.kind))]
    Undefined {
        /// Id in the strategy, with its output.
        indicator: String,
        /// Its type.
        kind: IndicatorKind,
        /// The instrument.
        symbol: Symbol,
        /// The bars it was computed on.
        timeframe: Timeframe,
        /// When the first such bar opened.
        at: Timestamp,
    },
    /// An indicator that divides by the price, on bars where that means nothing.
    #[error(
        "{indicator} ({kind}) divides by the price, and {symbol} {timeframe} has prices of zero or below at the bar of {at}: take an indicator that does not, or `data import` a history without that stretch"
    )]
    NotAboveZero {
        /// Id in the strategy, with its output.
        indicator: String,
        /// Its type.
        kind: IndicatorKind,
        /// The instrument.
        symbol: Symbol,
        /// The bars it was computed on.
        timeframe: Timeframe,
        /// When the first such bar opens.
        at: Timestamp,
    },
    /// A raw value that does not fit a 32-bit number once scaled.
    #[error("feature {feature} is too large for a 32-bit number: use a fuzzy set or a normalization")]
    TooLarge {
        /// The feature.
        feature: String,
    },
    /// A normalised raw input without its scale.
    #[error(
        "feature {feature} has no scale: fit the scaling on the training rows and pass it along with the model"
    )]
    MissingScale {
        /// The feature.
        feature: String,
    },
    /// No training rows to fit a scale on.
    #[error("feature {feature} has no training rows to fit its scale on: load more history")]
    NoTrainingRows {
        /// The feature.
        feature: String,
    },
    /// A leakage proof with nothing on one side of its cut.
    #[error(
        "no leakage proof at bar {cut}: cut between bar {first}, the first with features, and bar {last}"
    )]
    CutOutside {
        /// Base bar asked for.
        cut: usize,
        /// First base bar with features.
        first: usize,
        /// Last base bar that has one after it.
        last: usize,
    },
}

fn remedy(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Vwap => {
            "there is no volume up to that bar; load data with volume or take an indicator without"
        }
        IndicatorKind::Roc => "the earlier value is 0; take another source than volume, or volumeratio",
        _ => "a value there is not a finite number; check the bars",
    }
}
