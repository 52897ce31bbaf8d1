//! How far and how long an account was under its own peak.

/// The worst falls of an equity curve. Zero is an answer: it never fell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Drawdown {
    /// Largest fall from a peak, in money.
    pub money: f64,
    /// Largest fall from a peak, as a fraction of that peak.
    pub fraction: f64,
    /// Most points in a row under a peak.
    pub longest: u64,
}

impl Drawdown {
    /// The falls of `equity`. The first peak is `start`, so that a loss on the very first bar counts.
    #[must_use]
    pub fn of(start: f64, equity: &[f64]) -> Self {
        let (mut worst, mut peak, mut under) = (Self::default(), start, 0);
        for &now in equity {
            if now >= peak {
                (peak, under) = (now, 0);
                continue;
            }
            under += 1;
            worst.longest = worst.longest.max(under);
            worst.money = worst.money.max(peak - now);
            worst.fraction = worst.fraction.max((peak - now) / peak);
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_fall_in_money_and_in_parts_may_be_different_ones() {
        let fall = Drawdown::of(100.0, &[80.0, 90.0, 300.0, 250.0, 310.0, 309.0, 308.0, 307.0]);
        assert_eq!(fall, Drawdown { money: 50.0, fraction: 0.2, longest: 3 });
    }

    #[test]
    fn a_rising_account_has_no_drawdown() {
        assert_eq!(Drawdown::of(1.0, &[1.0, 1.0, 2.0]), Drawdown::default());
    }
}
