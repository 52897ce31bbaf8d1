//! From what a clock showed to when that was.

use ktrdr_domain::{Timeframe, Timestamp};

use super::FileClock;
use super::moment::{Clock, Moment};
use super::note::Note;
use crate::data::fault::Problem;
use crate::data::zone::{Instants, TimeZone};

const DAY_S: i64 = 86_400;

/// Tells instants of rows that come in order of time, and remembers what it had to assume.
pub(super) struct ClockReader {
    is_daily: bool,
    header: Clock,
    given: Option<FileClock>,
    previous: i64,
    given_was_used: bool,
    header_was_used: Option<TimeZone>,
    midnights_kept: bool,
    /// Bars in repeated hours, taken as summer time and as winter time.
    summer: u64,
    winter: u64,
}

impl ClockReader {
    pub(super) fn new(timeframe: Timeframe, header: Clock, given: Option<FileClock>) -> Self {
        Self {
            is_daily: timeframe.is_daily_or_longer(),
            header,
            given,
            previous: i64::MIN,
            given_was_used: false,
            header_was_used: None,
            midnights_kept: false,
            summer: 0,
            winter: 0,
        }
    }

    /// The instant a bar opens. Midnights of daily bars are dates: they stay midnight UTC of their trading day.
    pub(super) fn instant(&mut self, moment: Moment) -> Result<i64, Problem> {
        let wall_s = moment.wall_s;
        if self.is_daily && wall_s % DAY_S == 0 {
            self.midnights_kept |= !matches!(moment.clock, Clock::Ahead(0) | Clock::Unknown);
            return Ok(wall_s);
        }
        let instant = match self.clock_of(moment) {
            Clock::Ahead(ahead_s) => wall_s - ahead_s,
            Clock::Zone(zone) => self.instant_in(zone, wall_s)?,
            Clock::Unknown => return Err(Problem::NoZone { text: wall(wall_s) }),
        };
        self.previous = instant;
        Ok(instant)
    }

    /// A cell knows better than its header, and the header better than the user.
    fn clock_of(&mut self, moment: Moment) -> Clock {
        if moment.clock != Clock::Unknown {
            return moment.clock;
        }
        if let Clock::Zone(zone) = self.header {
            self.header_was_used = Some(zone);
        }
        if self.header != Clock::Unknown {
            return self.header;
        }
        self.given_was_used = true;
        match self.given {
            Some(FileClock::Ahead(ahead_s)) => Clock::Ahead(i64::from(ahead_s)),
            Some(FileClock::Zone(zone)) => Clock::Zone(zone),
            None => Clock::Unknown,
        }
    }

    /// Of an hour that came twice, the first is summer time: the row before tells whether that has passed.
    fn instant_in(&mut self, zone: TimeZone, wall_s: i64) -> Result<i64, Problem> {
        match zone.instants(wall_s) {
            Instants::Once(instant) => Ok(instant),
            Instants::Never => Err(Problem::SkippedHour { wall: wall(wall_s), zone: zone.to_string() }),
            Instants::Twice(summer, _) if self.previous < summer => {
                self.summer += 1;
                Ok(summer)
            }
            Instants::Twice(_, winter) if self.previous < winter => {
                self.winter += 1;
                Ok(winter)
            }
            Instants::Twice(..) => Err(Problem::RepeatedHour { wall: wall(wall_s), zone: zone.to_string() }),
        }
    }

    pub(super) fn notes(&self) -> impl Iterator<Item = Note> {
        let bars = self.summer + self.winter;
        let repeated = Note::RepeatedHours { bars, alone: self.summer.saturating_sub(self.winter) };
        let given = self.given.filter(|_| self.given_was_used);
        let header = self.header_was_used.map(|zone| Note::ClockOfHeader(zone.to_string()));
        let midnights = self.midnights_kept.then_some(Note::DatesAreTradingDays);
        let repeated = (bars > 0).then_some(repeated);
        [header, given.map(Note::ClockApplied), midnights, repeated].into_iter().flatten()
    }
}

/// What a clock showed, in words.
fn wall(wall_s: i64) -> String {
    Timestamp(wall_s).to_string().trim_end_matches('Z').replace('T', " ")
}
