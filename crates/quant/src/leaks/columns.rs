//! Input columns that go with what the price does *next*: nothing that is known at a close does so strongly.

use std::fmt;
use std::ops::Range;

use crate::Bars;
use crate::features::Join;
use crate::statistics::correlation::{spearman, t_statistic};

/// An honest column has never been seen to go with the next bar's return as closely as this, in ranks.
pub const RANK_CORRELATION_MAX: f64 = 0.2;

/// Nor is a closeness that could be chance a leak.
pub const T_STATISTIC_MAX: f64 = 10.0;

/// A column that knows more than it can.
#[derive(Debug, Clone, PartialEq)]
pub struct Foresight {
    /// Which, such as `EURUSD 1d close`.
    pub column: String,
    /// Spearman's coefficient with the return of the next bar.
    pub correlation: f64,
    /// Its t statistic.
    pub t: f64,
    /// Bars compared.
    pub bars: usize,
}

impl fmt::Display for Foresight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the column {} goes with the return of the next bar (rank correlation {:.2} over {} bars, t {:.0}): it holds \
             what was not known yet. Import it again with the right stamps, or leave it out",
            self.column, self.correlation, self.bars, self.t
        )
    }
}

/// The columns that foresee the traded series within `dev`: its own volume, and prices and volume of the `others`, each
/// as known at a traded bar's close. Its own prices are not examined: that they may go with the next return is what is
/// searched for.
///
/// Prices of others are taken relative to the traded close, so that levels that drift do not hide what is examined. A
/// column that does not vary foresees nothing.
#[must_use]
pub fn foreseeing(traded: &Bars, dev: Range<usize>, others: &[&Bars]) -> Vec<Foresight> {
    let next = next_returns(traded, dev.clone());
    let compared = dev.start..dev.start + next.len();
    let mut columns = vec![(name(traded, "volume"), traded.volume[compared.clone()].to_vec())];
    for other in others {
        columns.extend(known_of(traded, other, compared.clone()));
    }
    columns.into_iter().filter_map(|(column, values)| foresight(column, &values, &next)).collect()
}

/// The return from each bar's close to the next one's, for all but the last of the range.
fn next_returns(traded: &Bars, dev: Range<usize>) -> Vec<f64> {
    traded.close.get(dev).unwrap_or_default().windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
}

fn name(bars: &Bars, column: &str) -> String {
    format!("{} {} {column}", bars.symbol, bars.timeframe)
}

/// The columns of another series at the closes of the traded one. A series with a hole is the reader's to refuse.
fn known_of(traded: &Bars, other: &Bars, compared: Range<usize>) -> Vec<(String, Vec<f64>)> {
    let Ok(join) = Join::new(traded, other) else { return Vec::new() };
    let prices = [("open", &other.open), ("high", &other.high), ("low", &other.low), ("close", &other.close)];
    let relative = |values: &Vec<f64>| -> Vec<f64> {
        let carried = join.carry(values);
        compared.clone().map(|bar| carried[bar] / traded.close[bar] - 1.0).collect()
    };
    let mut columns: Vec<_> =
        prices.into_iter().map(|(column, values)| (name(other, column), relative(values))).collect();
    columns.push((name(other, "volume"), join.carry(&other.volume)[compared].to_vec()));
    columns
}

fn foresight(column: String, values: &[f64], next: &[f64]) -> Option<Foresight> {
    // Before the first bar of another series there is nothing to compare.
    let (known, next): (Vec<f64>, Vec<f64>) =
        values.iter().zip(next).filter(|(value, next)| value.is_finite() && next.is_finite()).unzip();
    let correlation = spearman(&known, &next).ok()?;
    let t = t_statistic(correlation, known.len());
    let foresees = correlation.abs() > RANK_CORRELATION_MAX && t.abs() > T_STATISTIC_MAX;
    foresees.then_some(Foresight { column, correlation, t, bars: known.len() })
}
