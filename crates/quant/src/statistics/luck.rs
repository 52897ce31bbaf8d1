//! How good the best of many worthless trials looks.

use std::f64::consts::{E, EULER_GAMMA};

use super::normal;

/// SR₀: the Sharpe ratio to expect from the best of `trials` independent trials without any edge, when their
/// Sharpe ratios have this `variance`: `√V ((1 − γ) Φ⁻¹(1 − 1/N) + γ Φ⁻¹(1 − 1/(N e)))`. Zero for one trial.
///
/// Per period in, per period out. Bailey & López de Prado, *The Deflated Sharpe Ratio* (2014).
#[must_use]
pub fn expected_max_sharpe(variance: f64, trials: u64) -> f64 {
    if trials <= 1 {
        return 0.0;
    }
    let n = trials as f64;
    // Φ⁻¹(1 − q) = −Φ⁻¹(q), and small q keep more digits than numbers next to 1.
    let best =
        -(1.0 - EULER_GAMMA) * normal::quantile(1.0 / n) - EULER_GAMMA * normal::quantile(1.0 / (n * E));
    variance.sqrt() * best
}
