//! The indicators a strategy may name: types, parameters with ranges and defaults, outputs.
//!
//! One table serves the reader of strategy files, the JSON schema, the designer's search space and the
//! calculations, so that no two of them can disagree. Repainting indicators (zigzag) are not here, ever.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::nearest::nearest;

/// The bar field an indicator reads.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Opening price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Closing price.
    #[default]
    Close,
    /// Traded volume.
    Volume,
}

/// One indicator as a strategy asks for it: its type and every parameter, defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndicatorSpec {
    /// Which indicator.
    #[serde(rename = "type")]
    pub kind: IndicatorKind,
    /// The field read, where the indicator lets one choose.
    pub source: Source,
    /// Parameters by name, as numbers: `ma_type` is 0 for SMA and 1 for EMA, a flag is 0 or 1. In a strategy's file
    /// and JSON they stand beside `type`, in words where they have words.
    pub params: BTreeMap<String, f64>,
}

impl IndicatorSpec {
    /// Whether it says nothing where no volume is published.
    #[must_use]
    pub fn reads_volume(&self) -> bool {
        use IndicatorKind::{Mfi, Obv, VolumeRatio, Vwap};
        matches!(self.kind, Obv | Vwap | Mfi | VolumeRatio) || self.source == Source::Volume
    }

    /// The spec with every default.
    #[must_use]
    pub fn new(kind: IndicatorKind) -> Self {
        let params = kind.definition().params.iter().map(|p| (p.name.to_owned(), p.default)).collect();
        Self { kind, source: Source::Close, params }
    }

    /// The same with one parameter set.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }

    /// A parameter's value; its default when the spec does not hold it, 0 for a name the indicator has not.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        let default =
            || self.kind.definition().params.iter().find(|p| p.name == name).map_or(0.0, |p| p.default);
        self.params.get(name).copied().unwrap_or_else(default)
    }

    /// A whole-number parameter, such as a period.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.number(name).max(0.0) as usize
    }
}

/// One parameter of an indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Key in the file.
    pub name: &'static str,
    /// Used when the file leaves it out.
    pub default: f64,
    /// Smallest value accepted.
    pub min: f64,
    /// Largest value accepted.
    pub max: f64,
    /// What values look like.
    pub form: ParamForm,
}

/// The form of a parameter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamForm {
    /// Whole numbers.
    Count,
    /// Any number in the range.
    Number,
    /// `true` or `false`, kept as 1 or 0.
    Flag,
    /// `SMA` or `EMA`, kept as 0 or 1.
    Average,
}

/// What an indicator is: names, outputs, parameters with their ranges.
#[derive(Debug, Clone, Copy)]
pub struct IndicatorDefinition {
    /// The indicator.
    pub kind: IndicatorKind,
    /// The name in files.
    pub name: &'static str,
    /// Other spellings that are read.
    pub aliases: &'static [&'static str],
    /// Parameters.
    pub params: &'static [Param],
    /// Outputs, the primary one first; a single output is called `value`.
    pub outputs: &'static [&'static str],
    /// Whether `source` may be chosen.
    pub has_source: bool,
    /// One line: what it measures.
    pub about: &'static str,
    /// Lower and upper end of the values, where they are bounded by construction.
    pub bounds: Option<(f64, f64)>,
    /// Whether values are in price units, so that they mean something else for each symbol and era.
    pub in_price_units: bool,
}

const fn count(name: &'static str, default: u32, min: u32, max: u32) -> Param {
    Param { name, default: default as f64, min: min as f64, max: max as f64, form: ParamForm::Count }
}

const fn number(name: &'static str, default: f64, min: f64, max: f64) -> Param {
    Param { name, default, min, max, form: ParamForm::Number }
}

const fn flag(name: &'static str, default: bool) -> Param {
    Param { name, default: if default { 1.0 } else { 0.0 }, min: 0.0, max: 1.0, form: ParamForm::Flag }
}

macro_rules! indicators {
    ($($kind:ident $name:literal $aliases:expr, $params:expr, $outputs:expr, source $source:literal, bounds $bounds:expr, price $price:literal, $about:literal;)*) => {
        /// Every indicator, by its type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum IndicatorKind {
            $(#[doc = $about] $kind,)*
        }

        /// Every indicator a strategy may read.
        pub const INDICATORS: &[IndicatorDefinition] = &[
            $(IndicatorDefinition {
                kind: IndicatorKind::$kind,
                name: $name,
                aliases: &$aliases,
                params: &$params,
                outputs: &$outputs,
                has_source: $source,
                about: $about,
                bounds: $bounds,
                in_price_units: $price,
            },)*
        ];
    };
}

indicators! {
    Sma "sma" ["simplemovingaverage"], [count("period", 20, 2, 500)], ["value"], source true, bounds None, price true,
        "Simple moving average.";
    Ema "ema" ["exponentialmovingaverage"], [count("period", 20, 1, 500)], ["value"], source true, bounds None, price true,
        "Exponential moving average, alpha = 2 / (period + 1), started from a simple one.";
    Wma "wma" ["weightedmovingaverage"], [count("period", 20, 1, 500)], ["value"], source true, bounds None, price true,
        "Moving average with linear weights 1 to period.";
    Rsi "rsi" ["relativestrengthindex"], [count("period", 14, 2, 100)], ["value"], source true, bounds Some((0.0, 100.0)), price false,
        "Relative strength index, Wilder smoothing.";
    Macd "macd" [], [count("fast_period", 12, 1, 200), count("slow_period", 26, 2, 500), count("signal_period", 9, 1, 200)],
        ["line", "signal", "histogram"], source true, bounds None, price true,
        "Difference of two exponential averages, its signal line and their difference.";
    Stochastic "stochastic" ["stoch"], [count("k_period", 14, 1, 200), count("d_period", 3, 1, 50), count("smooth_k", 3, 1, 50)],
        ["k", "d"], source false, bounds Some((0.0, 100.0)), price false,
        "Place of the close in the recent range, smoothed, and its average.";
    WilliamsR "williamsr" ["williams_r", "williamspercentr"], [count("period", 14, 1, 200)], ["value"], source false,
        bounds Some((-100.0, 0.0)), price false, "Place of the close in the recent range, from -100 to 0.";
    Roc "roc" ["rateofchange"], [count("period", 10, 1, 200)], ["value"], source true, bounds None, price false,
        "Change over period bars in percent.";
    Momentum "momentum" [], [count("period", 10, 1, 200)], ["value"], source true, bounds None, price true,
        "Change over period bars in price units.";
    Cci "cci" ["commoditychannelindex"], [count("period", 20, 2, 200)], ["value"], source false, bounds None, price false,
        "Distance of the typical price from its average in mean absolute deviations / 0.015.";
    Adx "adx" ["averagedirectionalindex"], [count("period", 14, 2, 200)], ["adx", "plus_di", "minus_di"], source false,
        bounds Some((0.0, 100.0)), price false, "Strength of a trend and its two directional indices, Wilder smoothing.";
    Aroon "aroon" [], [count("period", 14, 1, 200)], ["up", "down", "oscillator"], source false,
        bounds Some((-100.0, 100.0)), price false, "Bars since the highest high and the lowest low of period + 1 bars, as percentages.";
    Atr "atr" ["averagetruerange"], [count("period", 14, 1, 100)], ["value"], source false, bounds None, price true,
        "Simple average of period true ranges.";
    BollingerBands "bollingerbands" ["bbands", "bollinger"], [count("period", 20, 2, 200), number("multiplier", 2.0, 0.1, 10.0)],
        ["upper", "middle", "lower"], source true, bounds None, price true,
        "Average and bands of multiplier sample standard deviations.";
    BollingerBandWidth "bollingerbandwidth" ["bbwidth"], [count("period", 20, 2, 200), number("multiplier", 2.0, 0.1, 10.0)],
        ["value"], source true, bounds None, price false, "Width of the Bollinger bands over their middle.";
    KeltnerChannels "keltnerchannels" ["keltner"],
        [count("period", 20, 2, 200), count("atr_period", 10, 1, 100), number("multiplier", 2.0, 0.1, 10.0)],
        ["upper", "middle", "lower"], source false, bounds None, price true,
        "Exponential average of the close and bands of multiplier average true ranges.";
    DonchianChannels "donchianchannels" ["donchian"], [count("period", 20, 2, 500)], ["upper", "middle", "lower"],
        source false, bounds None, price true, "Highest high, lowest low and their middle.";
    DistanceFromMa "distancefromma" ["distance_from_ma"],
        [count("period", 20, 1, 200), Param { name: "ma_type", default: 0.0, min: 0.0, max: 1.0, form: ParamForm::Average }],
        ["value"], source true, bounds None, price false, "Distance from a moving average in percent.";
    Obv "obv" ["onbalancevolume"], [], ["value"], source false, bounds None, price false,
        "Running sum of volume signed by the close's direction.";
    Vwap "vwap" [], [count("period", 20, 1, 200), flag("use_typical_price", true)], ["value"], source false,
        bounds None, price true, "Volume-weighted average price over period bars.";
    Mfi "mfi" ["moneyflowindex"], [count("period", 14, 1, 100)], ["value"], source false, bounds Some((0.0, 100.0)), price false,
        "Relative strength of money flow.";
    VolumeRatio "volumeratio" ["volume_ratio"], [count("period", 20, 1, 200)], ["value"], source false,
        bounds None, price false, "Volume over its simple average.";
    Jumps "jumps" [], [count("period", 24, 1, 200), number("threshold", 2.0, 0.5, 10.0), count("window", 100, 10, 500)], ["value"],
        source false, bounds None, price false,
        "Moves beyond threshold deviations of the window bars before, by how far, each half forgotten after period bars.";
    TradingDay "tradingday" ["trading_day"], [count("days", 1, 1, 20), flag("utc", false), count("from", 0, 0, 23), count("until", 24, 1, 24)],
        ["previous", "today", "hour", "week"], source false, bounds None, price false,
        "Changes in percent over the last whole trading days (to 17:00 in New York, or midnight UTC), since then and since the last trading week, 0 but where a bar closes after hour from and by hour until, and hours since.";
}

impl IndicatorKind {
    /// What this indicator is.
    #[must_use]
    pub fn definition(self) -> &'static IndicatorDefinition {
        // The enum and the table are written by one macro, in one order.
        &INDICATORS[self as usize]
    }
}

/// A type that is not known, with the nearest that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("indicator type {found:?} is not known{}", near.map(|n| format!(": did you mean {n:?}?")).unwrap_or_default())]
pub struct UnknownIndicator {
    /// What was written.
    pub found: String,
    /// The nearest known name.
    pub near: Option<&'static str>,
}

impl FromStr for IndicatorKind {
    type Err = UnknownIndicator;
    /// Case does not matter; aliases are read.
    fn from_str(text: &str) -> Result<Self, UnknownIndicator> {
        let wanted = text.to_ascii_lowercase();
        let known = INDICATORS.iter().find(|e| e.name == wanted || e.aliases.contains(&wanted.as_str()));
        known.map(|e| e.kind).ok_or_else(|| UnknownIndicator {
            found: crate::excerpt::excerpt(text),
            near: nearest(text, INDICATORS.iter().map(|e| e.name)),
        })
    }
}

impl TryFrom<String> for IndicatorKind {
    type Error = UnknownIndicator;
    fn try_from(text: String) -> Result<Self, UnknownIndicator> {
        text.parse()
    }
}

impl From<IndicatorKind> for String {
    fn from(kind: IndicatorKind) -> String {
        kind.definition().name.to_owned()
    }
}

impl fmt::Display for IndicatorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.definition().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_its_kinds_row_and_names_are_unique() {
        let mut names: Vec<&str> =
            INDICATORS.iter().flat_map(|e| e.aliases.iter().copied().chain([e.name])).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for definition in INDICATORS {
            assert_eq!(definition.kind.definition().name, definition.name);
            assert_eq!(definition.name.to_uppercase().parse(), Ok(definition.kind));
            assert!(
                definition.params.iter().all(|p| (p.min..=p.max).contains(&p.default)),
                "{}",
                definition.name
            );
        }
    }

    #[test]
    fn a_typo_names_the_nearest() {
        assert_eq!("bolingerbands".parse::<IndicatorKind>().unwrap_err().near, Some("bollingerbands"));
    }
}
