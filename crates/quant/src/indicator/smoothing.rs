//! Exponentially weighted means.

/// Mean with weights `(1 − alpha)^age`, normalised: `Σ wᵢxᵢ / Σ wᵢ` (pandas `ewm(alpha).mean()`). Every value has a
/// mean, the first is the value itself.
pub(crate) fn ewm_adjusted(values: impl IntoIterator<Item = f64>, alpha: f64) -> impl Iterator<Item = f64> {
    let decay = 1.0 - alpha;
    values.into_iter().scan((0.0, 0.0), move |(sum, weight), x| {
        *sum = *sum * decay + x;
        *weight = *weight * decay + 1.0;
        Some(*sum / *weight)
    })
}

/// The recursive mean `mₜ = mₜ₋₁ + alpha (xₜ − mₜ₋₁)` that starts from the plain mean of its first `p` values, as Wilder
/// did it by hand and as TA-Lib and TradingView do it. On a steady trend it lags by its final distance from the first
/// value that counts; started at the first bar it would take some `3 p` bars to get there.
pub(super) struct Seeded {
    alpha: f64,
    period: usize,
    taken: usize,
    mean: f64,
}

impl Seeded {
    /// `alpha = 2 / (p + 1)`: the exponential average that is named by its span.
    pub(super) fn of_span(span: usize) -> Self {
        Self::new(span, 2.0 / (span as f64 + 1.0))
    }

    /// `alpha = 1 / p`: Wilder's `(mₜ₋₁ (p − 1) + xₜ) / p`.
    pub(super) fn wilder(period: usize) -> Self {
        Self::new(period, 1.0 / period as f64)
    }

    fn new(period: usize, alpha: f64) -> Self {
        Self { alpha, period, taken: 0, mean: 0.0 }
    }

    /// Takes in `x` and gives the mean, which counts from the `p`-th value on. Equal values have exactly their own
    /// mean.
    pub(super) fn next(&mut self, x: f64) -> f64 {
        let weight = if self.taken < self.period {
            self.taken += 1;
            1.0 / self.taken as f64
        } else {
            self.alpha
        };
        self.mean += weight * (x - self.mean);
        self.mean
    }
}

/// [`Seeded`] over a series whose first `skipped` values are not valid yet, with `alpha = 2 / (span + 1)`.
pub(super) fn exponential_after(values: &[f64], skipped: usize, span: usize) -> Vec<f64> {
    let mut mean = Seeded::of_span(span);
    let mut out = vec![f64::NAN; skipped.min(values.len())];
    out.extend(values.iter().skip(skipped).map(|x| mean.next(*x)));
    out
}
