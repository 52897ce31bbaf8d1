//! When bars open: the currency week and share sessions, on New York's clock, without holidays.

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;

/// Trading days of a year without holidays.
pub(super) const DAYS_PER_YEAR: f64 = 365.25 / 7.0 * 5.0;

/// 2000-01-02, a Sunday.
const START: i64 = 946_771_200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// Sunday 17:00 to Friday 17:00 in New York.
    Currency,
    /// 9:00 to 16:00 in New York, Monday to Friday.
    Shares,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Hour,
    Day,
}

impl Step {
    /// As the program names it.
    pub(super) fn timeframe(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }
}

/// Bars per year.
pub(super) fn bars_per_year(session: Session, step: Step) -> f64 {
    match (session, step) {
        (_, Step::Day) => DAYS_PER_YEAR,
        (Session::Currency, Step::Hour) => DAYS_PER_YEAR * 24.0,
        (Session::Shares, Step::Hour) => DAYS_PER_YEAR * 7.0,
    }
}

/// Opens of all bars in so many years, in seconds since 1970, UTC.
pub(super) fn opens(session: Session, step: Step, years: f64) -> Vec<i64> {
    let end = START + (years * 365.25 * DAY_S as f64) as i64;
    let step_s = if step == Step::Hour { HOUR_S } else { DAY_S };
    let mut all = Vec::new();
    let mut time = START;
    while time < end {
        if is_open(session, step, time) {
            all.push(time);
        }
        time += step_s;
    }
    all
}

fn is_open(session: Session, step: Step, time: i64) -> bool {
    let clock = if step == Step::Hour { time - new_york_lag_s(time) } else { time };
    let (weekday, hour) = (weekday(clock), hour(clock));
    match (step, session) {
        (Step::Day, _) => (1..=5).contains(&weekday),
        (Step::Hour, Session::Shares) => (1..=5).contains(&weekday) && (9..16).contains(&hour),
        (Step::Hour, Session::Currency) => match weekday {
            0 => hour >= 17,
            5 => hour < 17,
            6 => false,
            _ => true,
        },
    }
}

/// How far New York's clock is behind UTC, by the rule in force since 2007 (its changes fall into the weekend).
fn new_york_lag_s(time: i64) -> i64 {
    let day = time.div_euclid(DAY_S);
    let (year, _, _) = date(day);
    let is_summer = day >= sunday(year, 3, 2) && day < sunday(year, 11, 1);
    if is_summer { 4 * HOUR_S } else { 5 * HOUR_S }
}

/// The n-th Sunday of a month, in days since 1970.
fn sunday(year: i64, month: i64, n: i64) -> i64 {
    let first = day_of(year, month, 1);
    first + (7 - weekday(first * DAY_S)) % 7 + 7 * (n - 1)
}

/// 0 is Sunday. 1970 began on a Thursday.
pub(super) fn weekday(time: i64) -> i64 {
    (time.div_euclid(DAY_S) + 4).rem_euclid(7)
}

pub(super) fn hour(time: i64) -> i64 {
    time.rem_euclid(DAY_S) / HOUR_S
}

/// The day a bar belongs to, in days since 1970: its date in UTC, but Saturdays and Sundays belong to Monday.
pub(super) fn trading_day(time: i64) -> i64 {
    let day = time.div_euclid(DAY_S);
    match weekday(time) {
        0 => day + 1,
        6 => day + 2,
        _ => day,
    }
}

/// As the program reads it.
pub(super) fn stamp(time: i64) -> String {
    let (year, month, day) = date(time.div_euclid(DAY_S));
    let (minute, second) = (time.rem_euclid(HOUR_S) / 60, time.rem_euclid(60));
    format!("{year:04}-{month:02}-{day:02}T{:02}:{minute:02}:{second:02}Z", hour(time))
}

/// What the program printed or a file says; `None` where it is no such time.
pub(super) fn parse(stamp: &str) -> Option<i64> {
    let number = |from: usize, to: usize| stamp.get(from..to)?.parse::<i64>().ok();
    let day = day_of(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    Some(day * DAY_S + number(11, 13)? * HOUR_S + number(14, 16)? * 60 + number(17, 19)?)
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn date(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// Its inverse.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[test]
fn stamps_are_read_as_they_were_written() {
    assert_eq!(stamp(START), "2000-01-02T00:00:00Z");
    assert_eq!(stamp(1_709_210_096), "2024-02-29T12:34:56Z");
    for time in (0..4_000_000_000).step_by(86_399_999) {
        assert_eq!(parse(&stamp(time)), Some(time));
    }
}

#[test]
fn the_week_opens_on_new_yorks_clock_and_a_year_has_its_bars() {
    let hours = opens(Session::Currency, Step::Hour, 1.0);
    let sundays: Vec<i64> = hours.iter().filter(|t| weekday(**t) == 0).map(|t| hour(*t)).collect();
    assert_eq!(sundays.iter().min(), Some(&21));
    let winter = hours.iter().filter(|t| **t < START + 60 * DAY_S && weekday(**t) == 0);
    assert_eq!(winter.map(|t| hour(*t)).min(), Some(22));
    for (session, step) in
        [(Session::Currency, Step::Hour), (Session::Shares, Step::Hour), (Session::Currency, Step::Day)]
    {
        let found = opens(session, step, 10.0).len() as f64 / 10.0;
        let wanted = bars_per_year(session, step);
        assert!((found / wanted - 1.0).abs() < 0.005, "{session:?} {step:?}: {found} {wanted}");
    }
}
