//! Rank of a run among null draws.

/// How often chance does as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PValue {
    /// `(1 + k) / (1 + m)`, k draws of m scoring as high or higher: never 0, and valid for any number of draws.
    pub p: f64,
    /// Draws.
    pub draws: u32,
}

impl PValue {
    /// That of a `score` among those of null draws.
    #[must_use]
    pub fn of(score: f64, draws: &[f64]) -> Self {
        let as_high = draws.iter().filter(|drawn| **drawn >= score).count();
        Self {
            p: (1 + as_high) as f64 / (1 + draws.len()) as f64,
            draws: u32::try_from(draws.len()).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_counts_among_its_own_draws_and_ties_count_against_it() {
        assert_eq!(PValue::of(3.0, &[1.0, 2.0, 3.0, 4.0]), PValue { p: 3.0 / 5.0, draws: 4 });
        assert_eq!(PValue::of(9.0, &[1.0; 99]).p, 0.01);
        assert_eq!(PValue::of(1.0, &[]), PValue { p: 1.0, draws: 0 });
        assert_eq!(PValue::of(f64::NAN, &[1.0]).p, 0.5);
    }
}
