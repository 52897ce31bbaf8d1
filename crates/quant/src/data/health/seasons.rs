//! When the weeks of a market around the clock open in each season, and which two clocks were confused if that is wrong.
//!
//! Such a market opens by New York: seen from UTC an hour earlier all the while New York has summer time. A file that was
//! written by one kind of clock and read by another shows the difference of the two on top, and each pair of kinds has a
//! difference of its own, because the dates of Europe and of New York are weeks apart.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::week_open::ChangeDates;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
/// Fewer weeks of summer or of winter prove nothing.
const WEEKS_MIN: usize = 8;
/// Share of these weeks that open at the usual time; holidays take the rest.
const SHARE_MIN: f64 = 0.8;
/// Of the three or four weeks a year in which New York has summer time and Europe has none, so many must agree, and more
/// than half.
const BETWEEN_WEEKS_MIN: usize = 2;

/// A clock by its summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The same offset the whole year.
    Fixed,
    /// Summer time by New York's dates.
    NewYork,
    /// Summer time by Europe's dates.
    Europe,
}

/// The usual opens of the weeks in UTC, in seconds of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct SeasonOpens {
    /// While nobody has summer time.
    pub winter_s: i64,
    /// While New York has summer time and Europe has none.
    pub between_s: i64,
    /// While both have it.
    pub summer_s: i64,
}

impl ClockKind {
    const ALL: [Self; 3] = [Self::Fixed, Self::NewYork, Self::Europe];

    /// Hours that summer time adds between the changes of New York and Europe, and in summer.
    const fn summer_time(self) -> [i64; 2] {
        match self {
            Self::Fixed => [0, 0],
            Self::NewYork => [1, 1],
            Self::Europe => [0, 1],
        }
    }
}

impl SeasonOpens {
    /// `None` where a season has too few weeks, or no usual open.
    pub(super) fn of(opens: &[i64]) -> Option<Self> {
        let mut seasons: [Vec<i64>; 3] = Default::default();
        for open in opens {
            let (there, here) = (ChangeDates::NewYork.summer_s(*open), ChangeDates::Europe.summer_s(*open));
            let season = match (there > 0, here > 0) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => 2,
            };
            seasons[season].push(open.rem_euclid(DAY_S));
        }
        let most = |season: &[i64]| {
            usual(season)
                .filter(|(_, weeks)| *weeks >= WEEKS_MIN && *weeks as f64 >= SHARE_MIN * season.len() as f64)
        };
        let [winter, between, summer] = &seasons;
        Some(Self {
            winter_s: most(winter)?.0,
            between_s: usual(between)
                .filter(|(_, weeks)| *weeks >= BETWEEN_WEEKS_MIN && weeks * 2 > between.len())?
                .0,
            summer_s: most(summer)?.0,
        })
    }

    /// Hours after the open of winter, between the changes and in summer.
    fn hours_later(self) -> Option<[i64; 2]> {
        let later = |open_s: i64| (open_s - self.winter_s + DAY_S / 2).rem_euclid(DAY_S) - DAY_S / 2;
        let seconds = [later(self.between_s), later(self.summer_s)];
        seconds.iter().all(|s| s % HOUR_S == 0).then(|| seconds.map(|s| s / HOUR_S))
    }

    /// The kind of clock that wrote the times of a market around the clock, and the other kind that they were read by;
    /// `None` where all is well, and where no two kinds show this.
    pub(super) fn confused(self) -> Option<(ClockKind, ClockKind)> {
        let seen = self.hours_later()?;
        let pairs = ClockKind::ALL.into_iter().flat_map(|w| ClockKind::ALL.map(|r| (w, r)));
        pairs.filter(|(w, r)| w != r).find(|(written, read)| Self::shown(*written, *read) == seen)
    }

    /// What a market by New York shows when one kind of clock wrote and another one read.
    fn shown(written: ClockKind, read: ClockKind) -> [i64; 2] {
        let (market, w, r) = (ClockKind::NewYork.summer_time(), written.summer_time(), read.summer_time());
        [0, 1].map(|season| w[season] - r[season] - market[season])
    }

    /// Whether some season opens two hours before winter: no market's own clock does that.
    pub(super) fn moves_by_two_hours(self) -> bool {
        self.hours_later().is_some_and(|hours| hours.contains(&-2))
    }
}

/// The most frequent time and how often it occurs; of several the earliest.
fn usual(times: &[i64]) -> Option<(i64, usize)> {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    for time in times {
        *counts.entry(*time).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(time, count)| (*count, std::cmp::Reverse(*time)))
}
