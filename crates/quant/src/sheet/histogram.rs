//! How values are spread.

use ktrdr_domain::report::sheet::Histogram;

/// Counts in so many equal parts from the smallest to the largest value; values that are not finite are left out.
#[must_use]
pub fn histogram(values: &[f64], parts: usize) -> Histogram {
    let finite = || values.iter().copied().filter(|x| x.is_finite());
    let (from, to) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if from > to || parts == 0 {
        return Histogram::default();
    }
    // One value, however often, is one part.
    let parts = if from == to { 1 } else { parts };
    let mut counts = vec![0u32; parts];
    for x in finite() {
        let part = ((x - from) / (to - from) * parts as f64) as usize;
        counts[part.min(parts - 1)] += 1;
    }
    Histogram { from, to, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_counted_once() {
        let spread = histogram(&[0.0, 1.0, 2.0, 3.9, 4.0, f64::NAN, f64::INFINITY], 4);
        assert_eq!(spread, Histogram { from: 0.0, to: 4.0, counts: vec![1, 1, 1, 2] });
        assert_eq!(histogram(&[2.0, 2.0], 9).counts, [2]);
        assert_eq!(histogram(&[], 9), Histogram::default());
    }
}
