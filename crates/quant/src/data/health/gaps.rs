//! Steps between bars that are longer than a bar, and whether they were to be expected.

use std::collections::HashMap;

use ktrdr_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bars;
use crate::data::calendar::{FRIDAY, MONDAY, SATURDAY, SUNDAY, TradingWeek, weekday};
use crate::data::holiday::{is_holiday, is_weekend};

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// How many gaps are listed; all are counted.
const LISTED_MAX: usize = 20;

/// Why there is no bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapClass {
    /// Friday to Sunday or Monday: 35 to 55 hours, or as in most weeks of this series.
    Weekend,
    /// A holiday, or up to 3 days around a weekend.
    Holiday,
    /// A break that most weeks of this series have at this hour, such as the night of a share.
    Session,
    /// Over 72 hours for no reason known.
    Closure,
    /// Shorter, for no reason known: most likely lost data.
    Unexpected,
}

/// One gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Gap {
    /// When the last bar before it closes.
    pub from: Timestamp,
    /// When the next bar opens.
    pub to: Timestamp,
    /// Why.
    pub class: GapClass,
}

/// All steps over 1.5 bars, counted by class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Gaps {
    /// Gaps over a weekend: how many.
    pub weekend: u64,
    /// Gaps over a holiday: how many.
    pub holiday: u64,
    /// Gaps between the sessions of a market: how many.
    pub session: u64,
    /// Gaps of more than 3 days for no reason known: how many.
    pub closure: u64,
    /// Gaps that nothing explains: how many.
    pub unexpected: u64,
    /// Bars that would fill the unexpected gaps; fewer if the market rests in between.
    pub unexpected_bars: u64,
    /// The longest closures and unexpected gaps, longest first, at most 20.
    pub longest: Vec<Gap>,
}

impl Gaps {
    pub(super) fn of(bars: &Bars) -> Self {
        let habits = Habits::of(bars);
        let bar_s = bars.timeframe.seconds();
        let mut gaps = Self::default();
        for (last, next) in steps(bars) {
            let gap = Gap {
                from: Timestamp(last + bar_s),
                to: Timestamp(next),
                class: habits.classify(last, next, bar_s),
            };
            gaps.count(gap, bar_s);
        }
        gaps
    }

    fn count(&mut self, gap: Gap, bar_s: i64) {
        let missing = gap.to.0 - gap.from.0;
        match gap.class {
            GapClass::Weekend => self.weekend += 1,
            GapClass::Holiday => self.holiday += 1,
            GapClass::Session => self.session += 1,
            GapClass::Closure => self.closure += 1,
            GapClass::Unexpected => {
                self.unexpected += 1;
                self.unexpected_bars += (missing / bar_s).unsigned_abs();
            }
        }
        if matches!(gap.class, GapClass::Closure | GapClass::Unexpected) {
            let place = self.longest.partition_point(|other| other.to.0 - other.from.0 >= missing);
            self.longest.insert(place, gap);
            self.longest.truncate(LISTED_MAX);
        }
    }
}

/// The opens on both sides of each step over 1.5 bars.
fn steps(bars: &Bars) -> impl Iterator<Item = (i64, i64)> {
    let bar_s = bars.timeframe.seconds();
    bars.time
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .filter(move |(last, next)| (next - last) * 2 > bar_s * 3)
}

/// The breaks this series takes every week, learned from itself.
struct Habits {
    week: TradingWeek,
    weeks: i64,
    /// How often a break begins in this hour of the week and lasts this many hours.
    counts: HashMap<(i64, i64), i64>,
}

impl Habits {
    fn of(bars: &Bars) -> Self {
        let mut counts = HashMap::new();
        for (last, next) in steps(bars) {
            *counts.entry(Self::key(last, next)).or_insert(0) += 1;
        }
        let weeks = bars.span().map_or(0, |span| (span.end.0 - span.start.0) / WEEK_S);
        Self { week: TradingWeek::of(bars), weeks, counts }
    }

    fn key(last: i64, next: i64) -> (i64, i64) {
        (last.rem_euclid(WEEK_S) / HOUR_S, (next - last + HOUR_S / 2) / HOUR_S)
    }

    /// Whether at least half of the weeks have this break. Clocks that change in spring and autumn move it by an hour.
    fn is_habit(&self, last: i64, next: i64) -> bool {
        let (start, hours) = Self::key(last, next);
        let near = (-1..=1).flat_map(|s| (-1..=1).map(move |h| ((start + s).rem_euclid(168), hours + h)));
        let count: i64 = near.filter_map(|key| self.counts.get(&key)).sum();
        self.weeks >= 2 && count * 2 >= self.weeks
    }

    fn classify(&self, last: i64, next: i64, bar_s: i64) -> GapClass {
        let missing = next - last - bar_s;
        let (from, to) = (last.div_euclid(DAY_S), next.div_euclid(DAY_S));
        let rests = self.week == TradingWeek::MondayToFriday;
        let habit = self.is_habit(last, next);
        let over_weekend =
            matches!(weekday(from), FRIDAY | SATURDAY) && matches!(weekday(to), SUNDAY | MONDAY);
        let usual_weekend = habit || (35 * HOUR_S..=55 * HOUR_S).contains(&missing);
        let on_holiday = missing <= 4 * DAY_S && (from..=to).take(7).any(is_holiday);
        let around_weekend = missing <= 3 * DAY_S && (from + 1..to).any(is_weekend);
        if rests && over_weekend && usual_weekend {
            GapClass::Weekend
        } else if rests && !habit && (on_holiday || around_weekend) {
            GapClass::Holiday
        } else if habit {
            GapClass::Session
        } else if missing > 3 * DAY_S {
            GapClass::Closure
        } else {
            GapClass::Unexpected
        }
    }
}
