//! What a strategy earned beyond its share of the market.

use super::Undefined;
use super::moments::mean;

/// Returns with the market's part taken out: `aₜ = rₜ − β mₜ`.
///
/// `β` is the slope of the least-squares line of `r` on `m` *with* an intercept; the intercept is not taken out, since it is
/// what the strategy adds. A portfolio that is always long has β 1 and no active return; costs stay in.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveReturns {
    /// Units of the market held, on average, as its returns tell; 0 in a market that does not move.
    pub beta: f64,
    /// One per period.
    pub returns: Vec<f64>,
}

impl ActiveReturns {
    /// The active part of `returns` beside those of the `market` in the same periods.
    ///
    /// # Errors
    /// No periods, a number that is not finite, or samples of different lengths.
    pub fn of(returns: &[f64], market: &[f64]) -> Result<Self, Undefined> {
        if returns.len() != market.len() {
            return Err(Undefined::TooFew {
                what: "returns of the market",
                needed: returns.len(),
                found: market.len(),
            });
        }
        let beta = slope(returns, market)?;
        let returns = returns.iter().zip(market).map(|(r, m)| r - beta * m).collect();
        Ok(Self { beta, returns })
    }
}

/// `Σ (y − ȳ)(x − x̄) / Σ (x − x̄)²`; 0 where `x` does not vary.
fn slope(y: &[f64], x: &[f64]) -> Result<f64, Undefined> {
    let (mean_y, mean_x) = (mean(y)?, mean(x)?);
    let (mut together, mut alone) = (0.0, 0.0);
    for (y, x) in y.iter().zip(x) {
        together += (y - mean_y) * (x - mean_x);
        alone += (x - mean_x) * (x - mean_x);
    }
    Ok(if alone > 0.0 { together / alone } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holding_the_market_leaves_its_costs_only() {
        let market = [0.01, -0.02, 0.015, 0.005, -0.01];
        let held = market.map(|m| 2.0 * m - 0.001);
        let active = ActiveReturns::of(&held, &market).unwrap();
        assert!((active.beta - 2.0).abs() < 1e-12);
        assert!(active.returns.iter().all(|a| (a + 0.001).abs() < 1e-15), "{active:?}");
    }

    #[test]
    fn what_is_earned_apart_from_the_market_stays() {
        // Market and skill are orthogonal: four periods of each sign.
        let market = [0.01, 0.01, -0.01, -0.01];
        let skill = [0.002, 0.004, 0.002, 0.004];
        let active = ActiveReturns::of(&skill, &market).unwrap();
        assert_eq!((active.beta, active.returns), (0.0, skill.to_vec()));
    }

    #[test]
    fn a_market_that_stands_still_explains_nothing_and_samples_must_match() {
        assert_eq!(ActiveReturns::of(&[0.1, 0.2], &[0.0, 0.0]).unwrap().beta, 0.0);
        assert!(ActiveReturns::of(&[0.1], &[0.0, 0.0]).is_err());
        assert!(ActiveReturns::of(&[], &[]).is_err());
        assert!(ActiveReturns::of(&[0.1, f64::NAN], &[0.0, 0.1]).is_err());
    }
}
