//! When the weeks of a series open, and whether any market's clock explains it.
//!
//! Seen from UTC, a market with summer time opens an hour earlier in summer, by its own dates; one without opens at
//! the same time all the year; none opens later in summer but in the south, by dates of the south, and none by two hours
//! earlier. Markets that trade around the clock from Sunday evening to Friday evening follow New York. Whatever else is
//! seen was read in a wrong zone: a broker's clock in a fixed offset, or UTC by a clock that changes.

use std::collections::HashMap;

use chrono::{DateTime, TimeZone};
use chrono_tz::{OffsetComponents, Tz};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seasons::{ClockKind, SeasonOpens};
use crate::Bars;
use crate::data::calendar::weekday;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
/// Longer bars do not show by an hour when a week opens.
const BAR_S_MAX: i64 = HOUR_S;
/// No night of a market is as long, and every weekend is longer.
const REST_S_MIN: i64 = 30 * HOUR_S;
/// Fewer weeks of summer or of winter prove nothing.
const WEEKS_MIN: usize = 8;
/// Share of weeks that the best explanation holds for; holidays take the rest.
const SHARE_MIN: f64 = 0.8;
/// So many weeks the best explanation must be ahead of every other. Europe changes three or four weeks a year apart
/// from New York.
const LEAD_MIN: usize = 2;
/// Hours of a day of which a market around the clock trades all but one, as futures do.
const HOURS_MIN: usize = 23;

/// What no market's clock explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongZone {
    /// The week opens an hour later in summer.
    LaterInSummer(ChangeDates),
    /// One kind of clock wrote the times, another one read them.
    Confused {
        /// The kind of the file's clock.
        written: ClockKind,
        /// The kind it was taken for.
        read: ClockKind,
        /// When the weeks seem to open.
        opens: SeasonOpens,
    },
}

/// Whose dates of summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeDates {
    /// Second Sunday of March, first Sunday of November.
    NewYork,
    /// Last Sundays of March and October.
    Europe,
}

/// One way in which the opens may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Explanation {
    Still,
    Earlier(ChangeDates),
    Later(ChangeDates),
    South(Tz),
}

const EXPLANATIONS: [Explanation; 7] = [
    Explanation::Still,
    Explanation::Earlier(ChangeDates::NewYork),
    Explanation::Earlier(ChangeDates::Europe),
    Explanation::Later(ChangeDates::NewYork),
    Explanation::Later(ChangeDates::Europe),
    Explanation::South(Tz::Australia__Sydney),
    Explanation::South(Tz::Pacific__Auckland),
];

impl Explanation {
    /// Seconds by which this says that the week opens early.
    fn early_s(self, open: i64) -> i64 {
        match self {
            Self::Still => 0,
            Self::Earlier(dates) => dates.summer_s(open),
            Self::Later(dates) => -dates.summer_s(open),
            Self::South(tz) => summer_s(tz, open),
        }
    }

    /// For how many of the weeks it holds.
    fn weeks(self, opens: &[i64]) -> usize {
        let mut counts = HashMap::new();
        for open in opens {
            *counts.entry((open + self.early_s(*open)).rem_euclid(DAY_S)).or_insert(0) += 1;
        }
        counts.into_values().max().unwrap_or(0)
    }
}

impl ChangeDates {
    pub(super) fn summer_s(self, instant: i64) -> i64 {
        match self {
            Self::NewYork => summer_s(Tz::America__New_York, instant),
            Self::Europe => summer_s(Tz::Europe__London, instant),
        }
    }
}

/// Seconds by which a zone's clock is ahead of its winter time.
fn summer_s(tz: Tz, instant: i64) -> i64 {
    let utc = DateTime::from_timestamp(instant, 0).unwrap_or_default().naive_utc();
    tz.offset_from_utc_datetime(&utc).dst_offset().num_seconds()
}

impl WrongZone {
    pub(super) fn of(bars: &Bars) -> Option<Self> {
        if bars.synthetic || bars.timeframe.seconds() > BAR_S_MAX {
            return None;
        }
        let opens = weekly_opens(bars);
        Self::by_seasons(bars, &opens).or_else(|| match best_explanation(&opens)? {
            Explanation::Later(dates) => Some(Self::LaterInSummer(dates)),
            _ => None,
        })
    }

    /// What the three seasons tell: of a market around the clock, and of any other that seems to move by two hours.
    fn by_seasons(bars: &Bars, opens: &[i64]) -> Option<Self> {
        let opens = SeasonOpens::of(opens)?;
        let (written, read) = opens.confused()?;
        let tells = opens.moves_by_two_hours() || trades_around_the_clock(bars);
        tells.then_some(Self::Confused { written, read, opens })
    }
}

/// The first bars after the rests of the weeks, wherever a wrong zone may have put them.
fn weekly_opens(bars: &Bars) -> Vec<i64> {
    let rested = bars.time.windows(2).filter(|pair| pair[1] - pair[0] >= REST_S_MIN);
    rested.map(|pair| pair[1]).collect()
}

/// The one that holds for most weeks, if it is plainly ahead.
fn best_explanation(opens: &[i64]) -> Option<Explanation> {
    let summers = opens.iter().filter(|open| ChangeDates::NewYork.summer_s(**open) > 0).count();
    if summers < WEEKS_MIN || opens.len() - summers < WEEKS_MIN {
        return None;
    }
    let mut ranked = EXPLANATIONS.map(|explanation| (explanation.weeks(opens), explanation));
    ranked.sort_by_key(|(weeks, _)| std::cmp::Reverse(*weeks));
    let [(weeks, best), (second, _), ..] = ranked;
    let is_plain = weeks as f64 >= SHARE_MIN * opens.len() as f64 && weeks >= second + LEAD_MIN;
    is_plain.then_some(best)
}

/// Whether most days in the middle of the week have bars in nearly every hour.
fn trades_around_the_clock(bars: &Bars) -> bool {
    let (mut days, mut last_day) = (0_usize, i64::MIN);
    let (mut hours, mut last_hour) = ([0_usize; 24], i64::MIN);
    for time in &bars.time {
        let (day, hour) = (time.div_euclid(DAY_S), time.div_euclid(HOUR_S));
        if !(2..=4).contains(&weekday(day)) {
            continue;
        }
        days += usize::from(day != last_day);
        hours[hour.rem_euclid(24) as usize] += usize::from(hour != last_hour);
        (last_day, last_hour) = (day, hour);
    }
    hours.iter().filter(|count| **count * 2 > days).count() >= HOURS_MIN
}
