//! Which indicators the local designer may read, and how. Only scale-free ones: a reading in price units means
//! something else for every symbol and every year.

use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec};

/// What an indicator speaks about; a design likes to hear different families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// Where price stands in its recent range or against its average.
    Place,
    /// How far it has moved.
    Drift,
    /// How strong and how wide moves are, without a direction.
    Regime,
    /// What time of the day it is.
    Clock,
    /// How much is traded.
    Volume,
}

impl Family {
    pub(crate) const ALL: [Self; 5] = [Self::Place, Self::Drift, Self::Regime, Self::Clock, Self::Volume];
}

/// One way to read one indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct IndicatorChoice {
    pub(crate) kind: IndicatorKind,
    /// The output that is read; `None` is the primary one.
    pub(crate) output: Option<&'static str>,
    /// The parameter that says how far back it looks.
    pub(crate) period: &'static str,
    /// Other parameters that differ from their defaults.
    pub(crate) fixed: &'static [(&'static str, f64)],
    /// Sensible values of that parameter.
    pub(crate) range: (f64, f64),
    pub(crate) family: Family,
    /// The value that says nothing in either direction; fuzzy sets lie evenly around it.
    pub(crate) neutral: Option<f64>,
    /// For people.
    pub(crate) words: &'static str,
}

impl IndicatorChoice {
    /// The indicator with its period set to a whole number in range.
    pub(crate) fn spec(&self, period: f64) -> IndicatorSpec {
        let spec =
            IndicatorSpec::new(self.kind).with(self.period, period.round().clamp(self.range.0, self.range.1));
        self.fixed.iter().fold(spec, |spec, (name, value)| spec.with(name, *value))
    }

    /// A few periods from short to long, even on a log scale.
    pub(crate) fn ladder(&self, steps: usize) -> impl Iterator<Item = f64> + use<> {
        let (low, high) = self.range;
        let last = steps.saturating_sub(1).max(1) as f64;
        let steps = if low == high { 1 } else { steps };
        (0..steps).map(move |i| (low * (high / low).powf(i as f64 / last)).round())
    }

    /// What it says over a period, for people: `the rate of change over 24 bars`.
    pub(crate) fn said(&self, period: f64) -> String {
        match self.period {
            "days" if self.range.0 == self.range.1 => self.words.to_owned(),
            "days" => format!("{} over {period} trading days", self.words),
            _ => format!("{} over {period} bars", self.words),
        }
    }

    /// Whether the value says which way: one without only says when others are worth hearing.
    pub(crate) fn has_direction(&self) -> bool {
        self.neutral.is_some()
    }

    /// Whether the indicator needs volume.
    pub(crate) fn needs_volume(&self) -> bool {
        self.family == Family::Volume
    }
}

const fn choice(
    kind: IndicatorKind,
    family: Family,
    range: (f64, f64),
    neutral: Option<f64>,
    words: &'static str,
) -> IndicatorChoice {
    IndicatorChoice { kind, output: None, period: "period", fixed: &[], range, family, neutral, words }
}

/// Outputs of the trading day, whose period is a number of days.
const fn of_day(output: &'static str, choice: IndicatorChoice) -> IndicatorChoice {
    IndicatorChoice { output: Some(output), period: "days", ..choice }
}

const PREVIOUS: IndicatorChoice = of_day(
    "previous",
    choice(IndicatorKind::TradingDay, Family::Drift, (1.0, 10.0), Some(0.0), "the change"),
);
const TODAY: IndicatorChoice = of_day(
    "today",
    choice(IndicatorKind::TradingDay, Family::Drift, (1.0, 1.0), Some(0.0), "the change of the day so far"),
);
const WEEK: IndicatorChoice = of_day(
    "week",
    choice(IndicatorKind::TradingDay, Family::Drift, (1.0, 1.0), Some(0.0), "the change of the week so far"),
);
pub(crate) const HOUR: IndicatorChoice = of_day(
    "hour",
    choice(IndicatorKind::TradingDay, Family::Clock, (1.0, 1.0), None, "the hour of the trading day"),
);

/// Trading days that end at midnight UTC.
const UTC: &[(&str, f64)] = &[("utc", 1.0)];

/// Every choice.
pub(crate) const SEARCH_SPACE: &[IndicatorChoice] = &[
    choice(IndicatorKind::Rsi, Family::Place, (6.0, 60.0), Some(50.0), "relative strength"),
    IndicatorChoice {
        period: "k_period",
        ..choice(IndicatorKind::Stochastic, Family::Place, (8.0, 120.0), Some(50.0), "the stochastic")
    },
    choice(IndicatorKind::WilliamsR, Family::Place, (8.0, 150.0), Some(-50.0), "Williams %R"),
    choice(IndicatorKind::Cci, Family::Place, (10.0, 150.0), Some(0.0), "the commodity channel index"),
    choice(
        IndicatorKind::DistanceFromMa,
        Family::Place,
        (10.0, 200.0),
        Some(0.0),
        "the distance from the moving average",
    ),
    choice(IndicatorKind::Roc, Family::Drift, (3.0, 150.0), Some(0.0), "the rate of change"),
    IndicatorChoice {
        output: Some("oscillator"),
        ..choice(IndicatorKind::Aroon, Family::Drift, (14.0, 120.0), Some(0.0), "the Aroon oscillator")
    },
    choice(IndicatorKind::Adx, Family::Regime, (8.0, 60.0), None, "trend strength"),
    choice(
        IndicatorKind::BollingerBandWidth,
        Family::Regime,
        (12.0, 120.0),
        None,
        "the width of the Bollinger bands",
    ),
    choice(IndicatorKind::Jumps, Family::Drift, (4.0, 160.0), Some(0.0), "what large moves left behind"),
    PREVIOUS,
    IndicatorChoice { fixed: UTC, ..PREVIOUS },
    TODAY,
    IndicatorChoice { fixed: UTC, ..TODAY },
    WEEK,
    HOUR,
    choice(IndicatorKind::Mfi, Family::Volume, (8.0, 60.0), Some(50.0), "money flow"),
    choice(IndicatorKind::VolumeRatio, Family::Volume, (10.0, 100.0), None, "volume against its average"),
];

/// The choice that reads this output of this indicator, if there is one: the most particular about its parameters.
pub(crate) fn find(spec: &IndicatorSpec, output: Option<&str>) -> Option<&'static IndicatorChoice> {
    let primary = spec.kind.definition().outputs[0];
    let reads = |choice: &&IndicatorChoice| {
        let agrees = choice.fixed.iter().all(|(name, value)| spec.number(name).total_cmp(value).is_eq());
        choice.kind == spec.kind && choice.output.unwrap_or(primary) == output.unwrap_or(primary) && agrees
    };
    SEARCH_SPACE.iter().filter(reads).max_by_key(|choice| choice.fixed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_scale_free_and_within_the_limits_of_its_indicator() {
        for choice in SEARCH_SPACE {
            let definition = choice.kind.definition();
            assert!(!definition.in_price_units, "{}", definition.name);
            assert!(choice.output.is_none_or(|o| definition.outputs.contains(&o)), "{}", definition.name);
            let param = definition.params.iter().find(|p| p.name == choice.period).unwrap();
            assert!(choice.range.0 >= param.min && choice.range.1 <= param.max, "{}", definition.name);
            assert_eq!(find(&choice.spec(choice.range.0), choice.output), Some(choice));
        }
    }

    #[test]
    fn a_ladder_goes_from_end_to_end() {
        let steps: Vec<f64> = SEARCH_SPACE[0].ladder(3).collect();
        assert_eq!(steps, [6.0, 19.0, 60.0]);
        assert_eq!(HOUR.ladder(4).collect::<Vec<f64>>(), [1.0]);
    }
}
