//! Where a design lives: how long it holds a position, and whether it goes with the market or against it. Both are measured on
//! dev, not read from the strategy: what it does counts, not what it says.

use std::fmt;

use ktrdr_domain::report::DevBacktest;

/// Mean bars held from which on a position counts as held longer.
const HOLDING: [f64; 3] = [6.0, 24.0, 96.0];

/// Correlation with the moves before from which on a style is one.
const STYLE: f64 = 0.1;

/// A cell of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Niche {
    /// How many bounds of [`HOLDING`] are passed.
    holding: usize,
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
    /// Buys what fell, sells what rose.
    Contrarian,
    /// Neither.
    Timing,
    /// Buys what rose, sells what fell.
    TrendFollowing,
}

impl Niche {
    /// Where what traded like this lives; `None` where nobody knows how long it held.
    pub(crate) fn of(dev: &DevBacktest) -> Option<Self> {
        let held = dev.holding_bars.filter(|bars| bars.is_finite())?;
        let style = match dev.trend_following {
            Some(with) if with >= STYLE => Style::TrendFollowing,
            Some(with) if with <= -STYLE => Style::Contrarian,
            _ => Style::Timing,
        };
        Some(Self { holding: HOLDING.iter().filter(|bound| held >= **bound).count(), style })
    }
}

/// `contrarian, held 6 to 24 bars`
impl fmt::Display for Niche {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.style {
            Style::Contrarian => "contrarian",
            Style::Timing => "timing",
            Style::TrendFollowing => "trend-following",
        })?;
        match (self.holding.checked_sub(1).map(|below| HOLDING[below]), HOLDING.get(self.holding)) {
            (Some(least), Some(most)) => write!(f, ", held {least} to {most} bars"),
            (Some(least), None) => write!(f, ", held {least} bars or more"),
            (None, most) => write!(f, ", held under {} bars", most.copied().unwrap_or(HOLDING[0])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_niche_is_told_by_holding_time_and_style() {
        let niche = |held, with| {
            let dev = DevBacktest { holding_bars: held, trend_following: with, ..DevBacktest::default() };
            Niche::of(&dev).map(|niche| niche.to_string())
        };
        assert_eq!(niche(Some(2.5), Some(-0.3)).unwrap(), "contrarian, held under 6 bars");
        assert_eq!(niche(Some(6.0), None).unwrap(), "timing, held 6 to 24 bars");
        assert_eq!(niche(Some(1e300), Some(0.1)).unwrap(), "trend-following, held 96 bars or more");
        assert_eq!(niche(Some(f64::NAN), Some(0.1)), None);
        assert_eq!(niche(None, Some(0.1)), None);
        assert_eq!(niche(Some(30.0), Some(f64::NAN)).unwrap(), "timing, held 24 to 96 bars");
    }
}
