//! How much two samples move together.

use super::{Undefined, all_finite};

/// Pearson's coefficient of two samples of one length.
///
/// # Errors
/// Fewer than two pairs, samples of different lengths, a number that is not finite, or a sample that does not vary.
pub fn pearson(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    let found = a.len().min(b.len());
    if found < 2 || a.len() != b.len() {
        return Err(Undefined::TooFew { what: "pairs", needed: a.len().max(b.len()).max(2), found });
    }
    all_finite(a)?;
    all_finite(b)?;
    let n = found as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (da, db) = (a - mean_a, b - mean_b);
        both += da * db;
        of_a += da * da;
        of_b += db * db;
    }
    if of_a <= 0.0 || of_b <= 0.0 {
        return Err(Undefined::NoVariation("samples"));
    }
    Ok((both / (of_a.sqrt() * of_b.sqrt())).clamp(-1.0, 1.0))
}

/// Spearman's coefficient: Pearson's of the ranks, ties sharing their mean rank.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    all_finite(a)?;
    all_finite(b)?;
    pearson(&ranks(a), &ranks(b))
}

/// The t statistic of a coefficient that was measured over `pairs`: `ρ √((n − 2) / (1 − ρ²))`. Infinite where the samples
/// are the same up to scale.
#[must_use]
pub fn t_statistic(coefficient: f64, pairs: usize) -> f64 {
    let freedom = pairs.saturating_sub(2) as f64;
    coefficient * (freedom / (1.0 - coefficient * coefficient)).sqrt()
}

/// Ranks from 0, ties sharing the mean of theirs.
fn ranks(sample: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..sample.len()).collect();
    order.sort_by(|&i, &j| sample[i].total_cmp(&sample[j]));
    let mut ranks = vec![0.0; sample.len()];
    let mut from = 0;
    while from < order.len() {
        let same = order[from..].iter().take_while(|&&i| sample[i] == sample[order[from]]).count();
        let shared = from as f64 + (same - 1) as f64 / 2.0;
        order[from..from + same].iter().for_each(|&i| ranks[i] = shared);
        from += same;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_of_textbook_samples() {
        // IQ and hours of television of ten people: Spearman's ρ = −29/165.
        let iq = [106.0, 86.0, 100.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
        let hours = [7.0, 0.0, 27.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
        assert!((spearman(&iq, &hours).unwrap() + 29.0 / 165.0).abs() < 1e-12);
        assert!((pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn ties_share_their_rank_and_order_is_all_that_counts() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0, 100.0, 1e9]).unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn what_does_not_vary_or_is_not_finite_has_no_coefficient() {
        assert_eq!(pearson(&[1.0, 1.0], &[1.0, 2.0]), Err(Undefined::NoVariation("samples")));
        assert!(spearman(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
        assert!(pearson(&[1.0, 2.0], &[1.0]).is_err());
        assert!(t_statistic(0.5, 14) - 2.0 < 1e-12 && t_statistic(1.0, 9).is_infinite());
    }
}
