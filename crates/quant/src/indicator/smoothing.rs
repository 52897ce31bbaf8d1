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

/// Recursive mean `mₜ = (1 − alpha) mₜ₋₁ + alpha xₜ`, started at the first value (pandas
/// `ewm(alpha, adjust=False).mean()`).
pub(super) struct Recursive {
    alpha: f64,
    mean: Option<f64>,
}

impl Recursive {
    pub(super) fn new(alpha: f64) -> Self {
        Self { alpha, mean: None }
    }

    /// Takes in `x` and gives the mean so far.
    pub(super) fn next(&mut self, x: f64) -> f64 {
        let mean = self.mean.map_or(x, |mean| (1.0 - self.alpha) * mean + self.alpha * x);
        self.mean = Some(mean);
        mean
    }
}

/// [`Recursive`] over a whole series with `alpha = 2 / (span + 1)`.
pub(super) fn recursive(values: &[f64], span: usize) -> Vec<f64> {
    let mut mean = Recursive::new(alpha_of_span(span));
    values.iter().map(|x| mean.next(*x)).collect()
}

/// `2 / (span + 1)`.
pub(super) fn alpha_of_span(span: usize) -> f64 {
    2.0 / (span as f64 + 1.0)
}
