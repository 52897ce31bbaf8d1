//! Fuzzy partitions fitted to data: neighbours cross at one half and sum to one everywhere, so that no value
//! falls between two sets. The outermost members are shoulders that hold beyond the data.

use ktrdr_domain::strategy::Membership;

use crate::figures::{quantile, round_significant, round_to};

/// Named members in rising order.
pub(crate) type Partition = Vec<(&'static str, Membership)>;

/// Fewest and most members of a fitted partition.
pub(crate) const MEMBERS: std::ops::RangeInclusive<usize> = 2..=5;

/// Names and the quantiles at which members peak.
const LAYOUTS: [(&[&str], &[f64]); 4] = [
    (&["low", "high"], &[0.10, 0.90]),
    (&["low", "middle", "high"], &[0.10, 0.50, 0.90]),
    (&["lowest", "low", "high", "highest"], &[0.05, 0.35, 0.65, 0.95]),
    (&["lowest", "low", "middle", "high", "highest"], &[0.05, 0.25, 0.50, 0.75, 0.95]),
];

/// A partition of `members` members for these values; with fewer when values lie too close together for that
/// many, `None` when they hardly vary at all.
///
/// `neutral` is a value around which members shall lie evenly; `bounds` are the ends of the scale.
pub(crate) fn fit(
    values: &[f64],
    members: usize,
    neutral: Option<f64>,
    bounds: Option<(f64, f64)>,
) -> Option<Partition> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = bounds.or_else(|| Some((*sorted.first()?, *sorted.last()?)))?;
    let members = members.clamp(*MEMBERS.start(), *MEMBERS.end());
    (*MEMBERS.start()..=members).rev().find_map(|count| {
        let (names, shares) = LAYOUTS[count - MEMBERS.start()];
        let peaks = round_apart(&peaks(&sorted, shares, neutral))?;
        Some(names.iter().copied().zip(members_at(&peaks, least, most)).collect())
    })
}

/// Where members peak: at quantiles, or evenly around the neutral value at quantiles of the distance from it.
fn peaks(sorted: &[f64], shares: &[f64], neutral: Option<f64>) -> Vec<f64> {
    let Some(centre) = neutral else {
        return shares.iter().map(|share| quantile(sorted, *share)).collect();
    };
    let mut distances: Vec<f64> = sorted.iter().map(|x| (x - centre).abs()).collect();
    distances.sort_by(f64::total_cmp);
    let reach = |share: f64| quantile(&distances, (2.0 * share - 1.0).abs());
    shares
        .iter()
        .map(|share| centre + (share - 0.5).signum() * if *share == 0.5 { 0.0 } else { reach(*share) })
        .collect()
}

/// Peaks rounded to as few digits as keep them apart; `None` when they are not.
fn round_apart(peaks: &[f64]) -> Option<Vec<f64>> {
    let span = peaks.last()? - peaks.first()?;
    if span <= 0.0 || !span.is_finite() {
        return None;
    }
    let magnitude = span.log10().floor() as i32;
    (1..=3).map(|digits| round_all(peaks, digits - magnitude)).find(|rounded| {
        // Uneven rounding must not turn a narrow step into a cliff: half of the true step has to be left.
        rounded
            .windows(2)
            .zip(peaks.windows(2))
            .all(|(r, p)| r[1] - r[0] > 0.5 * (p[1] - p[0]) && p[1] > p[0])
    })
}

fn round_all(values: &[f64], decimals: i32) -> Vec<f64> {
    values.iter().map(|x| round_to(*x, decimals)).collect()
}

fn members_at(peaks: &[f64], least: f64, most: f64) -> Vec<Membership> {
    let last = peaks.len() - 1;
    let low_end = round_significant(least, 3).min(peaks[0]);
    let high_end = round_significant(most, 3).max(peaks[last]);
    (0..=last)
        .map(|i| match i {
            0 => Membership::Trapezoidal([low_end, low_end, peaks[0], peaks[1]]),
            _ if i == last => Membership::Trapezoidal([peaks[last - 1], peaks[last], high_end, high_end]),
            _ => Membership::Triangular([peaks[i - 1], peaks[i], peaks[i + 1]]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_values_make_a_partition_that_sums_to_one_or_none_at_all(
            values in prop::collection::vec(-1e6f64..1e6, 0..200),
            members in 0usize..9,
            neutral in prop::option::of(-1e3f64..1e3),
        ) {
            if let Some(partition) = fit(&values, members, neutral, None) {
                prop_assert!(MEMBERS.contains(&partition.len()));
                prop_assert!(partition.iter().all(|(_, m)| m.fault().is_none()));
                for x in values {
                    let total: f64 = partition.iter().map(|(_, m)| m.degree(x)).sum();
                    prop_assert!((total - 1.0).abs() < 1e-9, "{x}: {total} in {partition:?}");
                }
            }
        }
    }

    fn ramp(low: f64, high: f64) -> Vec<f64> {
        (0..=1_000).map(|i| low + (high - low) * f64::from(i) / 1_000.0).collect()
    }

    #[test]
    fn memberships_sum_to_one_on_and_beyond_the_data() {
        for members in MEMBERS {
            for (neutral, bounds) in [(None, None), (Some(50.0), Some((0.0, 100.0)))] {
                let partition = fit(&ramp(20.0, 90.0), members, neutral, bounds).unwrap();
                assert_eq!(partition.len(), members);
                for x in ramp(-50.0, 200.0) {
                    let total: f64 = partition.iter().map(|(_, m)| m.degree(x)).sum();
                    assert!((total - 1.0).abs() < 1e-12, "{x}: {total}");
                }
                assert!(partition.iter().all(|(_, m)| m.fault().is_none()));
            }
        }
    }

    #[test]
    fn members_lie_evenly_around_the_neutral_value() {
        let partition = fit(&ramp(-0.4, 1.2), 3, Some(0.0), None).unwrap();
        assert_eq!(partition[1].0, "middle");
        let Membership::Triangular([low, centre, high]) = partition[1].1 else { panic!("{partition:?}") };
        assert_eq!((centre, low), (0.0, -high));
    }

    #[test]
    fn numbers_are_short() {
        let partition = fit(&ramp(0.123_456, 0.987_654), 2, None, None).unwrap();
        assert_eq!(partition[0].1, Membership::Trapezoidal([0.123, 0.123, 0.21, 0.90]));
    }

    #[test]
    fn values_that_hardly_vary_make_no_partition_and_crowded_ones_a_smaller() {
        assert_eq!(fit(&[3.0; 100], 3, None, None), None);
        assert_eq!(fit(&[], 3, None, None), None);
        assert_eq!(fit(&[f64::NAN; 9], 3, None, None), None);
        let crowded: Vec<f64> = (0..100).map(|i| if i < 60 { 0.0 } else { f64::from(i) }).collect();
        assert!(fit(&crowded, 5, None, None).unwrap().len() < 5);
    }
}
