//! What large moves leave behind.

use super::rolling;

/// A jump counts no more than so many deviations, so that one wrong tick or the first move of a market that stood still
/// does not drown what follows.
const EXCESS_MAX: f64 = 10.0;

/// Parameters of [`jumps`].
pub(super) struct Jumps {
    /// Bars after which half of a jump is forgotten.
    pub(super) half_life: usize,
    /// Deviations from which on a move is a jump.
    pub(super) threshold: f64,
    /// Bars that say how large a deviation is.
    pub(super) window: usize,
}

/// Decaying sum of jumps: `Jₜ = 2^(−1 / half-life) Jₜ₋₁ + sign(r) min(max(|r| / σ − threshold, 0), 10)`, where `r` is the
/// bar's change over the close before and `σ` the root mean square of the `window` changes before it, as Lee and
/// Mykland (2008) tell jumps from noise by a local volatility that does not hold the move itself. Where nothing moved
/// before, no move is a jump. First valid: `window + 1`.
pub(super) fn jumps(x: &[f64], Jumps { half_life, threshold, window }: &Jumps) -> Vec<f64> {
    let changes: Vec<f64> = x.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let mut out = vec![f64::NAN; x.len()];
    let decay = libm::exp2(-1.0 / *half_life as f64);
    let mut sum = 0.0;
    rolling::scan(
        changes.len().saturating_sub(1),
        *window,
        |i, _| changes[i] * changes[i],
        |a, b| a + b,
        |t, _, squares| {
            let deviation = (squares / *window as f64).sqrt();
            let change = changes[t + 1];
            let excess = (change.abs() / deviation - threshold).clamp(0.0, EXCESS_MAX);
            let jump = if deviation > 0.0 && change != 0.0 { excess.copysign(change) } else { 0.0 };
            sum = sum * decay + jump;
            out[t + 2] = sum;
        },
    );
    out
}
