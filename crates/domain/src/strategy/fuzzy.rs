//! Fuzzy sets: named readings of one indicator output.

use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A membership function; values lie in `[0, 1]`, NaN stays NaN.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(tag = "type", content = "parameters", rename_all = "lowercase")]
pub enum Membership {
    /// `[a, b, c]`, `a ≤ b ≤ c`: rises from a to b, falls to c. `a = b` or `b = c` is a shoulder: 1 beyond it.
    Triangular([f64; 3]),
    /// `[a, b, c, d]`, `a ≤ b ≤ c ≤ d`: 1 from b to c. `a = b` or `c = d` is a shoulder: 1 beyond it.
    Trapezoidal([f64; 4]),
    /// `[mean, sigma]`, `sigma > 0`: `exp(−((x − mean) / sigma)² / 2)`.
    Gaussian([f64; 2]),
    /// `[centre, slope]`, `slope ≠ 0`: `1 / (1 + exp(−slope × (x − centre)))`.
    Sigmoid([f64; 2]),
}

impl Membership {
    /// How strongly `x` belongs. The same bits on every machine: exponentials are not the platform's.
    #[must_use]
    #[inline]
    pub fn degree(&self, x: f64) -> f64 {
        match *self {
            Self::Triangular([a, b, c]) => trapezoid(x, a, b, b, c),
            Self::Trapezoidal([a, b, c, d]) => trapezoid(x, a, b, c, d),
            Self::Gaussian([mean, sigma]) => libm::exp(-0.5 * ((x - mean) / sigma).powi(2)),
            Self::Sigmoid([centre, slope]) => 1.0 / (1.0 + libm::exp(-slope * (x - centre))),
        }
    }

    /// Why the parameters make no membership function, if they do not.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let ordered = |p: &[f64]| p.windows(2).all(|w| w[0] <= w[1]) && p[0] < p[p.len() - 1];
        match self {
            Self::Triangular(p) if p.iter().any(|x| !x.is_finite()) => {
                Some("parameters must be finite numbers")
            }
            Self::Trapezoidal(p) if p.iter().any(|x| !x.is_finite()) => {
                Some("parameters must be finite numbers")
            }
            Self::Gaussian(p) | Self::Sigmoid(p) if p.iter().any(|x| !x.is_finite()) => {
                Some("parameters must be finite numbers")
            }
            Self::Triangular(p) if !ordered(p) => Some("parameters [a, b, c] must rise: a <= b <= c, a < c"),
            Self::Trapezoidal(p) if !ordered(p) => {
                Some("parameters [a, b, c, d] must rise: a <= b <= c <= d, a < d")
            }
            Self::Gaussian([_, sigma]) if *sigma <= 0.0 => Some("parameters [mean, sigma] need sigma > 0"),
            Self::Sigmoid([_, slope]) if *slope == 0.0 => {
                Some("parameters [centre, slope] need a slope that is not 0")
            }
            _ => None,
        }
    }
}

/// Ramp up from a to b, one from b to c, ramp down to d. A side of no width is a shoulder: one beyond it.
#[inline]
fn trapezoid(x: f64, a: f64, b: f64, c: f64, d: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let rise = if a < b { (x - a) / (b - a) } else { 1.0 };
    let fall = if c < d { (d - x) / (d - c) } else { 1.0 };
    rise.min(fall).clamp(0.0, 1.0)
}

/// An indicator, or one of its outputs: `rsi_14` or `macd_std.histogram`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IndicatorRef {
    /// The indicator's id in the strategy.
    pub id: String,
    /// The output; `None` is the primary one.
    pub output: Option<String>,
}

impl FromStr for IndicatorRef {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once('.') {
            Some((id, output)) => Self { id: id.to_owned(), output: Some(output.to_owned()) },
            None => Self { id: text.to_owned(), output: None },
        })
    }
}

impl From<String> for IndicatorRef {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(reference) => reference,
            Err(never) => match never {},
        }
    }
}

impl From<IndicatorRef> for String {
    fn from(r: IndicatorRef) -> String {
        r.to_string()
    }
}

impl fmt::Display for IndicatorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.output {
            Some(output) => write!(f, "{}.{output}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

/// A membership below this tells a network nothing.
pub const MEMBERSHIP_HEARD_MIN: f64 = 0.05;

/// Named readings of one indicator output, in file order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FuzzySet {
    /// What is read.
    pub indicator: IndicatorRef,
    /// The readings. At least one.
    #[serde(flatten)]
    pub members: IndexMap<String, Membership>,
}

impl FuzzySet {
    /// Whether `x` lies in a dead zone: no member says anything about it.
    #[must_use]
    pub fn is_silent_at(&self, x: f64) -> bool {
        self.members.values().all(|member| member.degree(x) < MEMBERSHIP_HEARD_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shoulders_hold_beyond_the_edge() {
        let low = Membership::Triangular([0.0, 0.0, 40.0]);
        assert_eq!(
            [low.degree(-5.0), low.degree(0.0), low.degree(20.0), low.degree(40.0)],
            [1.0, 1.0, 0.5, 0.0]
        );
        let high = Membership::Trapezoidal([60.0, 80.0, 100.0, 100.0]);
        assert_eq!([high.degree(60.0), high.degree(70.0), high.degree(150.0)], [0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_set_is_silent_where_its_loudest_member_is() {
        let edge = |at: f64| Membership::Triangular([at, at, at + 100.0]);
        let members = [("a".to_owned(), edge(0.0)), ("b".to_owned(), edge(50.0))].into_iter().collect();
        let set = FuzzySet { indicator: "rsi".to_owned().into(), members };
        assert_eq!([144.0, 145.0, 146.0].map(|x| set.is_silent_at(x)), [false, false, true]);
    }

    #[test]
    fn smooth_functions_are_half_way_where_they_should_be() {
        assert!((Membership::Gaussian([50.0, 10.0]).degree(60.0) - (-0.5f64).exp()).abs() < 1e-15);
        assert_eq!(Membership::Sigmoid([1.0, 4.0]).degree(1.0), 0.5);
        assert!(Membership::Triangular([0.0, 1.0, 2.0]).degree(f64::NAN).is_nan());
    }
}
