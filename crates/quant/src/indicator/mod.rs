//! Every indicator that a strategy may read, computed on bars.
//!
//! Where sources differ, each says which it follows. In common:
//!
//! - A value needs every bar of its definition: a change needs the bar before it, `p` changes need `p + 1` bars.
//! - A recursive average starts from the plain mean of its first `p` values (`smoothing.rs`).
//! - Where nothing moved, so that a quotient would be 0 / 0, an indicator gives the middle of its scale: 50, or 0 where
//!   the scale has two signs, or 1 for a ratio. None guesses a direction there.
//! - What has no value at all (a rate of change from a volume of 0, a VWAP before any volume) is NaN or infinite here,
//!   and features refuse it with the bar's time.
//!
//! Every value at bar `t` depends on bars `0..=t` alone, bit for bit: computing on a prefix gives the prefix of
//! computing on everything. Bars before [`first_valid`] are NaN and are never filled; all outputs of one indicator
//! become valid together. Each takes time linear in the number of bars whatever the period, except `cci`, whose
//! mean absolute deviation looks at every bar of each window.
//!
//! | file | indicators |
//! |---|---|
//! | `average` | sma, ema, wma, distancefromma |
//! | `oscillator` | rsi, stochastic, williamsr, roc, momentum, cci |
//! | `trend` | macd, adx, aroon |
//! | `volatility` | atr, bollingerbands, bollingerbandwidth, keltnerchannels, donchianchannels |
//! | `volume` | obv, vwap, mfi, volumeratio |
//! | `jumps` | jumps |
//! | `session` | tradingday |

mod average;
mod jumps;
mod oscillator;
mod rolling;
mod session;
mod smoothing;
mod trend;
mod volatility;
mod volume;

use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec};

use crate::Bars;

use jumps::Jumps;
use session::{DayEnd, Hours};
pub(crate) use smoothing::ewm_adjusted;

/// An indicator's values.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorOutput {
    /// One vector per output in the order of its definition, each as long as the bars; NaN before the first valid bar.
    pub outputs: Vec<Vec<f64>>,
}

/// Computes an indicator on all bars.
///
/// Parameters are taken as the reader of strategies let them through; one outside its definition's range counts as
/// the nearest end of that range.
#[must_use]
pub fn compute(spec: &IndicatorSpec, bars: &Bars) -> IndicatorOutput {
    let count = |name| count(spec, name);
    let source = bars.field(spec.source);
    let mut outputs = match spec.kind {
        IndicatorKind::Sma => vec![average::sma(source, count("period"))],
        IndicatorKind::Ema => vec![average::ema(source, count("period"))],
        IndicatorKind::Wma => vec![average::wma(source, count("period"))],
        IndicatorKind::DistanceFromMa => {
            let exponential = spec.number("ma_type") >= 0.5;
            vec![average::distance(source, count("period"), exponential)]
        }
        IndicatorKind::Rsi => vec![oscillator::rsi(source, count("period"))],
        IndicatorKind::Stochastic => {
            oscillator::stochastic(bars, count("k_period"), count("smooth_k"), count("d_period")).into()
        }
        IndicatorKind::WilliamsR => vec![oscillator::williams_r(bars, count("period"))],
        IndicatorKind::Roc => vec![oscillator::roc(source, count("period"))],
        IndicatorKind::Momentum => vec![oscillator::momentum(source, count("period"))],
        IndicatorKind::Cci => vec![oscillator::cci(bars, count("period"))],
        IndicatorKind::Macd => {
            trend::macd(source, count("fast_period"), count("slow_period"), count("signal_period")).into()
        }
        IndicatorKind::Adx => trend::adx(bars, count("period")).into(),
        IndicatorKind::Aroon => trend::aroon(bars, count("period")).into(),
        IndicatorKind::Atr => vec![volatility::atr(bars, count("period"))],
        IndicatorKind::BollingerBands => {
            volatility::bollinger(source, count("period"), spec.number("multiplier")).into()
        }
        IndicatorKind::BollingerBandWidth => {
            vec![volatility::bollinger_width(source, count("period"), spec.number("multiplier"))]
        }
        IndicatorKind::KeltnerChannels => {
            let (period, atr_period) = (count("period"), count("atr_period"));
            volatility::keltner(bars, period, atr_period, spec.number("multiplier")).into()
        }
        IndicatorKind::DonchianChannels => volatility::donchian(bars, count("period")).into(),
        IndicatorKind::Obv => vec![volume::obv(bars)],
        IndicatorKind::Vwap => {
            vec![volume::vwap(bars, count("period"), spec.number("use_typical_price") >= 0.5)]
        }
        IndicatorKind::Mfi => vec![volume::mfi(bars, count("period"))],
        IndicatorKind::VolumeRatio => vec![volume::volume_ratio(&bars.volume, count("period"))],
        IndicatorKind::Jumps => {
            let (half_life, window) = (count("period"), count("window"));
            vec![jumps::jumps(source, &Jumps { half_life, threshold: spec.number("threshold"), window })]
        }
        IndicatorKind::TradingDay => {
            let end = if spec.number("utc") >= 0.5 { DayEnd::Utc } else { DayEnd::NewYork };
            let hours = Hours { from: spec.number("from"), until: spec.number("until") };
            session::trading_day(bars, count("days"), end, hours).into()
        }
    };
    let warm_up = first_valid(spec).min(bars.len());
    for output in &mut outputs {
        output[..warm_up].fill(f64::NAN);
    }
    IndicatorOutput { outputs }
}

/// The index of the first bar at which every output has a value: the number of bars an indicator needs to warm up.
#[must_use]
pub fn first_valid(spec: &IndicatorSpec) -> usize {
    let count = |name| count(spec, name);
    match spec.kind {
        IndicatorKind::Sma
        | IndicatorKind::Ema
        | IndicatorKind::Wma
        | IndicatorKind::DistanceFromMa
        | IndicatorKind::WilliamsR
        | IndicatorKind::Cci
        | IndicatorKind::BollingerBands
        | IndicatorKind::BollingerBandWidth
        | IndicatorKind::DonchianChannels
        | IndicatorKind::Vwap
        | IndicatorKind::VolumeRatio => count("period") - 1,
        IndicatorKind::Rsi
        | IndicatorKind::Roc
        | IndicatorKind::Momentum
        | IndicatorKind::Aroon
        | IndicatorKind::Atr
        | IndicatorKind::Mfi => count("period"),
        IndicatorKind::Stochastic => count("k_period") + count("smooth_k") + count("d_period") - 3,
        IndicatorKind::Macd => count("fast_period").max(count("slow_period")) + count("signal_period") - 2,
        IndicatorKind::Adx => 2 * count("period") - 1,
        IndicatorKind::KeltnerChannels => (count("period") - 1).max(count("atr_period")),
        IndicatorKind::Jumps => count("window") + 1,
        IndicatorKind::Obv | IndicatorKind::TradingDay => 0,
    }
}

/// Whether an indicator is a share of its source, and so means nothing where that is zero or below.
#[must_use]
pub fn divides_by_source(kind: IndicatorKind) -> bool {
    matches!(
        kind,
        IndicatorKind::DistanceFromMa
            | IndicatorKind::Roc
            | IndicatorKind::BollingerBandWidth
            | IndicatorKind::Jumps
            | IndicatorKind::TradingDay
    )
}

/// A period inside its definition's range, and so at least 1.
fn count(spec: &IndicatorSpec, name: &str) -> usize {
    let range = spec.kind.definition().params.iter().find(|p| p.name == name);
    let (min, max) = range.map_or((1, 1), |p| (p.min as usize, p.max as usize));
    spec.count(name).clamp(min.max(1), max.max(1))
}
