//! Where a value lies on an axis, and ticks at round numbers.

/// Values beyond this are not drawn: differences of two must be finite.
const DRAWABLE: f64 = 1e300;

/// A stretch of numbers that an axis shows; never empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// At the left, or at the bottom.
    pub from: f64,
    /// At the right, or at the top.
    pub to: f64,
}

/// Whether a number can be drawn.
#[must_use]
pub fn is_drawable(x: f64) -> bool {
    x.abs() < DRAWABLE
}

impl Scale {
    /// The smallest one that shows these values; a single value gets room around it, none get 0 to 1.
    #[must_use]
    pub fn over(values: impl IntoIterator<Item = f64>) -> Self {
        let drawn = values.into_iter().filter(|x| is_drawable(*x));
        let (from, to) =
            drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if from > to {
            return Self { from: 0.0, to: 1.0 };
        }
        let room = match to - from > f64::EPSILON * from.abs().max(to.abs()) {
            true => 0.0,
            false => 0.5 * from.abs().max(1.0),
        };
        Self { from: from - room, to: to + room }
    }

    /// The same, ended at round numbers, so that the outermost ticks stand at the ends.
    #[must_use]
    pub fn rounded(self, ticks: usize) -> Self {
        let ended = |scale: Self| {
            let step = scale.step(ticks);
            Self { from: (self.from / step).floor() * step, to: (self.to / step).ceil() * step }
        };
        // A scale that grew may have ticks further apart; one that grew twice has those it was ended at.
        ended(ended(self))
    }

    /// Where a value lies: 0 at `from`, 1 at `to`, never outside; what is no number lies at 0.
    #[must_use]
    pub fn share(&self, x: f64) -> f64 {
        let share = (x - self.from) / (self.to - self.from);
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// The distance of about so many ticks: 1, 2 or 5 times a power of ten.
    #[must_use]
    pub fn step(&self, ticks: usize) -> f64 {
        let rough = (self.to - self.from) / ticks.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor()).max(f64::MIN_POSITIVE);
        let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= rough * 0.999);
        digit.unwrap_or(10.0) * power
    }

    /// About so many round numbers, all of them on the scale.
    #[must_use]
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        let step = self.step(wanted);
        let first = (self.from / step - 1e-9).ceil();
        let slack = step * 1e-9;
        (0..=2 * wanted + 2)
            .map(|n| (first + n as f64) * step + 0.0)
            .take_while(|x| *x <= self.to + slack)
            .filter(|x| *x >= self.from - slack)
            .collect()
    }
}
