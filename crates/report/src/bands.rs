//! Several accounts over the same time, as one band: from the least to the most at every moment, and the middle of them.

use ktrdr_chart::{Form, Hue, Layer};
use ktrdr_domain::number::median;
use ktrdr_domain::report::sheet::Curve;
use schemars::JsonSchema;
use serde::Serialize;

/// Fewest accounts that make a band: two are two lines.
pub const CURVES_MIN: usize = 3;

/// Moments at which they are compared.
const MOMENTS: usize = 200;

/// How far accounts are from each other.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Band {
    /// How many accounts.
    pub accounts: u64,
    /// Moment by moment.
    pub points: Vec<BandPoint>,
}

/// What accounts have earned since the moment from which on all of them are known, as fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct BandPoint {
    /// Unix seconds.
    pub time: i64,
    /// Least of all.
    pub least: f64,
    /// The middle of them.
    pub middle: f64,
    /// Most of all.
    pub most: f64,
}

impl Band {
    /// Of these accounts, over the time that all of them have; `None` of too few, and where there is no such time.
    #[must_use]
    pub fn of(accounts: &[&Curve]) -> Option<Self> {
        let known: Vec<&Curve> = accounts.iter().copied().filter(|curve| !curve.is_empty()).collect();
        let from = known.iter().map(|curve| curve[0].0).max()?;
        let to = known.iter().map(|curve| curve[curve.len() - 1].0).min()?;
        if known.len() < CURVES_MIN || from >= to {
            return None;
        }
        let moment = |n: usize| from + (to - from) * n as i64 / (MOMENTS as i64 - 1);
        let points = (0..MOMENTS).filter_map(|n| BandPoint::at(moment(n), from, &known)).collect();
        Some(Self { accounts: known.len() as u64, points })
    }

    /// The band, and the middle on it.
    #[must_use]
    pub fn layers(&self, name: &str, hue: Hue) -> [Layer; 2] {
        let span = self.points.iter().map(|at| (at.time as f64, at.least, at.most)).collect();
        let middle = self.points.iter().map(|at| (at.time as f64, at.middle)).collect();
        [
            Layer::new(format!("{name}: least to most of {}", self.accounts), hue, Form::Band(span)),
            Layer::new(format!("{name}: the middle"), hue, Form::Line(middle)),
        ]
    }
}

impl BandPoint {
    fn at(time: i64, from: i64, accounts: &[&Curve]) -> Option<Self> {
        let earned = |curve: &&Curve| {
            let begun = worth(curve, from).filter(|worth| *worth > 0.0)?;
            Some(worth(curve, time)? / begun - 1.0)
        };
        let mut all: Vec<f64> = accounts.iter().filter_map(earned).filter(|x| x.is_finite()).collect();
        all.sort_by(f64::total_cmp);
        Some(Self { time, least: *all.first()?, middle: median(&all)?, most: *all.last()? })
    }
}

/// The last value that was known then.
fn worth(curve: &Curve, time: i64) -> Option<f64> {
    let known = curve.partition_point(|point| point.0 <= time);
    Some(curve.get(known.checked_sub(1)?)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising(by: f64, from: i64) -> Curve {
        (from..from + 100).map(|hour| (hour * 3_600, 1_000.0 + by * (hour - from) as f64)).collect()
    }

    #[test]
    fn a_band_spans_the_time_that_all_accounts_have() {
        let accounts = [rising(1.0, 0), rising(2.0, 10), rising(-1.0, 5)];
        let band = Band::of(&accounts.iter().collect::<Vec<_>>()).unwrap();
        let (first, last) = (band.points[0], band.points[MOMENTS - 1]);
        assert_eq!((first.time, last.time), (10 * 3_600, 99 * 3_600));
        assert_eq!([first.least, first.middle, first.most], [0.0; 3], "all begin at nothing");
        assert!((last.most - 0.178).abs() < 1e-12 && last.middle > 0.08 && last.least < -0.08, "{last:?}");
        assert!(band.points.iter().all(|at| at.least <= at.middle && at.middle <= at.most));
    }

    #[test]
    fn two_accounts_or_no_common_time_make_none() {
        let (early, late) = (rising(1.0, 0), rising(1.0, 500));
        assert_eq!(Band::of(&[&early, &early]), None);
        assert_eq!(Band::of(&[&early, &early, &late]), None);
        assert_eq!(Band::of(&[&early, &early, &Curve::new()]), None);
    }
}
