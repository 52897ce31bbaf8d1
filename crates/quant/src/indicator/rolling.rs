//! Statistics of a moving window in linear time, without drift.
//!
//! A running sum that adds the newest value and subtracts the oldest collects rounding errors for ever. Instead the
//! series is cut into blocks as long as the window, so that a window is the tail of one block joined with the head
//! of the next (van Herk 1992, Gil and Werman 1993, there for maxima). Tails are summed backwards once per block,
//! heads forwards, and nothing is ever subtracted. Only values of the window itself enter its result.

/// Visits every full window of `period` values of a series of `len`.
///
/// `lift(i, anchor)` makes a summary of value `i`, `join(older, newer)` unites two neighbouring summaries and
/// `take(t, anchor, window)` receives the summary of the values `t + 1 - period ..= t`. The anchor is the index of a
/// value inside the window, the same for all that is joined: sums taken relative to its value stay small, and a
/// window of equal values sums to exactly zero.
pub(super) fn scan<S: Copy>(
    len: usize,
    period: usize,
    lift: impl Fn(usize, usize) -> S,
    join: impl Fn(S, S) -> S,
    mut take: impl FnMut(usize, usize, S),
) {
    let mut tails: Vec<S> = Vec::with_capacity(period);
    let mut block_end = period;
    while block_end <= len {
        let anchor = block_end - 1;
        let mut tail = lift(anchor, anchor);
        tails.clear();
        tails.push(tail);
        for i in (block_end - period..anchor).rev() {
            tail = join(lift(i, anchor), tail);
            tails.push(tail);
        }
        take(anchor, anchor, tail);
        let next = block_end..(anchor + period).min(len);
        if !next.is_empty() {
            let mut head = lift(block_end, anchor);
            take(block_end, anchor, join(tails[period - 2], head));
            for (i, older) in (block_end + 1..next.end).zip(tails[..period - 2].iter().rev()) {
                head = join(head, lift(i, anchor));
                take(i, anchor, join(*older, head));
            }
        }
        block_end += period;
    }
}

/// Arithmetic mean of the last `period` values; NaN until there are so many.
pub(super) fn mean(values: &[f64], period: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    let count = period as f64;
    scan(
        values.len(),
        period,
        |i, anchor| values[i] - values[anchor],
        |a, b| a + b,
        |t, anchor, sum| out[t] = values[anchor] + sum / count,
    );
    out
}

/// [`mean`] of a series whose first `skipped` values are not valid yet.
pub(super) fn mean_after(values: &[f64], skipped: usize, period: usize) -> Vec<f64> {
    let skipped = skipped.min(values.len());
    let mut out = vec![f64::NAN; skipped];
    out.extend(mean(&values[skipped..], period));
    out
}

/// Mean and sample standard deviation (divisor `period − 1`) of the last `period` values, `period` at least 2.
pub(super) fn mean_and_deviation(values: &[f64], period: usize) -> (Vec<f64>, Vec<f64>) {
    let mut means = vec![f64::NAN; values.len()];
    let mut deviations = means.clone();
    let count = period as f64;
    scan(
        values.len(),
        period,
        |i, anchor| {
            let x = values[i] - values[anchor];
            (x, x * x)
        },
        |a, b| (a.0 + b.0, a.1 + b.1),
        |t, anchor, (sum, squares)| {
            means[t] = values[anchor] + sum / count;
            deviations[t] = ((squares - sum * sum / count).max(0.0) / (count - 1.0)).sqrt();
        },
    );
    (means, deviations)
}

/// Largest of the last `period` values.
pub(super) fn highest(values: &[f64], period: usize) -> Vec<f64> {
    extreme(values, period, |a, b| if a > b { a } else { b })
}

/// Smallest of the last `period` values.
pub(super) fn lowest(values: &[f64], period: usize) -> Vec<f64> {
    extreme(values, period, |a, b| if a < b { a } else { b })
}

fn extreme(values: &[f64], period: usize, better: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    scan(values.len(), period, |i, _| values[i], better, |t, _, best| out[t] = best);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_window_is_visited_once_in_order_and_holds_its_own_values(len in 0usize..60, period in 1usize..20) {
            let mut ends = Vec::new();
            scan(len, period, |i, _| (i, i), |older, newer| {
                assert_eq!(older.1 + 1, newer.0, "joined summaries are neighbours, the older one first");
                (older.0, newer.1)
            }, |t, anchor, (first, last)| {
                assert_eq!((first + period, last), (t + 1, t));
                assert!((first..=t).contains(&anchor));
                ends.push(t);
            });
            prop_assert_eq!(ends, (period - 1..len.max(period - 1)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_mean_does_not_drift_and_a_flat_window_has_no_deviation() {
        let mut values = vec![1e12, 0.1, 0.1, 0.1];
        values.extend(vec![0.1; 1000]);
        let (means, deviations) = mean_and_deviation(&values, 3);
        assert!(means[3..].iter().all(|m| *m == 0.1));
        assert!(deviations[3..].iter().all(|d| *d == 0.0));
    }
}
