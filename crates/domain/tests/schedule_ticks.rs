//! Ticks on wall clocks that change: compared with what a clock shows, minute by minute, over years.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;
use ktrdr_domain::Timestamp;
use ktrdr_domain::schedule::{BadCadence, Cadence};
use proptest::prelude::*;

const ZONES: [&str; 3] = ["America/New_York", "Europe/London", "Australia/Lord_Howe"];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn cadence(cron: &str, zone: &str) -> Cadence {
    Cadence::new(cron, zone).unwrap()
}

/// What the clock shows at the ticks of a stretch.
fn shown(cron: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
    let (cadence, to) = (cadence(cron, zone), at(to));
    let ticks = cadence.ticks_after(Timestamp(at(from).0 - 1)).take_while(|tick| *tick < to);
    ticks.map(|tick| cadence.shown(tick)).collect()
}

#[test]
fn a_named_time_that_the_clock_skips_is_due_at_the_first_instant_behind_the_gap() {
    let new_york = shown("30 2 * * *", ZONES[0], "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z");
    assert_eq!(
        new_york,
        ["2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"]
    );
    let london = shown("30 1 * * *", ZONES[1], "2026-03-28T00:00:00Z", "2026-03-30T23:00:00Z");
    assert_eq!(
        london,
        ["2026-03-28T01:30:00+00:00", "2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00"]
    );
    // Half an hour: 02:00 becomes 02:30, which is there.
    let lord_howe = shown("30 2 * * *", ZONES[2], "2026-10-02T13:30:00Z", "2026-10-05T13:00:00Z");
    assert_eq!(
        lord_howe,
        ["2026-10-03T02:30:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-05T02:30:00+11:00"]
    );
    let skipped = shown("15 2 * * *", ZONES[2], "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z");
    assert_eq!(skipped, ["2026-10-04T02:30:00+11:00"]);
    // Several that fall on one instant are one.
    let several = shown("0,15,30 2,3 * * *", ZONES[0], "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
    assert_eq!(
        several,
        ["2026-03-08T03:00:00-04:00", "2026-03-08T03:15:00-04:00", "2026-03-08T03:30:00-04:00"]
    );
}

#[test]
fn a_named_time_that_the_clock_shows_twice_is_due_the_first_time() {
    let new_york = shown("30 1 * * *", ZONES[0], "2026-10-31T04:00:00Z", "2026-11-03T05:00:00Z");
    assert_eq!(
        new_york,
        ["2026-10-31T01:30:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"]
    );
    let london = shown("30 1 * * *", ZONES[1], "2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z");
    assert_eq!(london, ["2026-10-25T01:30:00+01:00"]);
    let lord_howe = shown("45 1 * * *", ZONES[2], "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z");
    assert_eq!(lord_howe, ["2026-04-05T01:45:00+11:00"]);
    // A list of hours names them, too.
    let list = shown("30 1,2 * * *", ZONES[0], "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
    assert_eq!(list, ["2026-11-01T01:30:00-04:00", "2026-11-01T02:30:00-05:00"]);
}

#[test]
fn an_interval_comes_in_both_hours_and_not_in_the_one_that_is_skipped() {
    let autumn = shown("30 * * * *", ZONES[0], "2026-11-01T04:30:00Z", "2026-11-01T08:00:00Z");
    assert_eq!(
        autumn,
        [
            "2026-11-01T00:30:00-04:00",
            "2026-11-01T01:30:00-04:00",
            "2026-11-01T01:30:00-05:00",
            "2026-11-01T02:30:00-05:00"
        ]
    );
    let spring = shown("30 * * * *", ZONES[0], "2026-03-08T06:00:00Z", "2026-03-08T09:00:00Z");
    assert_eq!(
        spring,
        ["2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00", "2026-03-08T04:30:00-04:00"]
    );
    let half = shown("*/15 * * * *", ZONES[2], "2026-04-04T14:30:00Z", "2026-04-04T15:45:00Z");
    assert_eq!(half.len(), 5, "{half:?}");
    assert_eq!(half.iter().filter(|shown| shown.contains("T01:45")).count(), 2, "{half:?}");
}

/// A night a day, through six years and on three clocks: none is lost, none comes twice.
#[test]
fn a_time_of_the_day_comes_once_on_each_day() {
    for zone in ZONES {
        for cron in ["30 1 * * *", "30 2 * * *", "0 0 * * *", "59 23 * * *"] {
            let ticks = shown(cron, zone, "2024-01-01T13:00:00Z", "2030-01-01T13:00:00Z");
            let mut days: Vec<&str> = ticks.iter().map(|shown| &shown[..10]).collect();
            assert_eq!(days.len(), 2192, "{cron} in {zone}");
            days.dedup();
            assert_eq!(days.len(), 2192, "{cron} in {zone}");
        }
    }
}

#[test]
fn a_day_that_an_island_skips_is_made_up_for_behind_it() {
    let samoa = shown("0 9 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2012-01-01T12:00:00Z");
    assert_eq!(
        samoa,
        [
            "2011-12-29T09:00:00-10:00",
            "2011-12-31T00:00:00+14:00",
            "2011-12-31T09:00:00+14:00",
            "2012-01-01T09:00:00+14:00"
        ]
    );
}

#[test]
fn the_days_on_which_clocks_change_are_known() {
    let new_york = cadence("30 1 * * *", ZONES[0]);
    assert_eq!(new_york.clock_change_s(at("2026-03-08T06:30:00Z")), Some(3600));
    assert_eq!(new_york.clock_change_s(at("2026-11-01T05:30:00Z")), Some(-3600));
    assert_eq!(new_york.clock_change_s(at("2026-11-02T06:30:00Z")), None);
    assert_eq!(cadence("0 1 * * *", ZONES[2]).clock_change_s(at("2026-10-04T00:00:00Z")), Some(1800));
}

#[test]
fn texts_that_are_no_cadence_are_refused_with_what_is_wrong() {
    let long = format!("{} 1 * * *", "0,".repeat(60));
    for wrong in [
        "",
        "@daily",
        "* * * *",
        "0 30 1 * * *",
        "30 1 * * * 2026",
        "61 1 * * *",
        "30 25 * * *",
        "30 1 * * MONDAYS",
        "ä 1 * * *",
        "30 1\0 * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "-1 * * * *",
        "99999999999999999999 * * * *",
        &long,
    ] {
        let refused = Cadence::new(wrong, "UTC");
        assert!(matches!(refused, Err(BadCadence::Cron(..))), "{wrong:?}: {refused:?}");
    }
    assert!(matches!(Cadence::new("0 0 30 2 *", "UTC"), Err(BadCadence::Never(_))));
    // The rarest there are: a leap day on a certain day of the week, once in 28 years.
    for weekday in 0..7 {
        let text = format!("0 0 29 2 +{weekday}");
        let cadence = Cadence::new(&text, "UTC").unwrap_or_else(|why| panic!("{text}: {why}"));
        let ticks: Vec<String> =
            cadence.ticks_after(at("1999-01-01T00:00:00Z")).take(2).map(|tick| tick.to_string()).collect();
        let years: Vec<i32> = ticks.iter().map(|tick| tick[..4].parse().unwrap()).collect();
        assert_eq!(years[1] - years[0], 28, "{text}: {ticks:?}");
    }
    assert!(matches!(Cadence::new("0 0 * * *", "Mars/Olympus"), Err(BadCadence::Zone(_))));
    assert!(Cadence::new("0 0 29 2 *", "UTC").is_ok());
    let written = serde_json::to_value(cadence(" 30  1 * * * ", ZONES[0])).unwrap();
    assert_eq!(written, serde_json::json!({ "cron": "30 1 * * *", "zone": "America/New_York" }));
    assert!(serde_json::from_value::<Cadence>(written).is_ok());
}

/// Hours and minutes that a text means, read without the parser that is tried.
fn means(field: &str, value: u32) -> bool {
    field.split(',').any(|part| match part.split_once('/') {
        Some((_, step)) => value.is_multiple_of(step.parse().unwrap()),
        None => part == "*" || part.parse() == Ok(value),
    })
}

fn offset_s(zone: Tz, at: i64) -> i32 {
    let utc = DateTime::from_timestamp(at, 0).unwrap().naive_utc();
    zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()
}

/// The ticks of an interval: every minute that a clock shows and the text means.
fn intervals(minutes: &str, hours: &str, zone: Tz, from: i64, to: i64) -> Vec<i64> {
    let means = |at: &i64| {
        let local = DateTime::from_timestamp(*at + i64::from(offset_s(zone, *at)), 0).unwrap();
        means(minutes, local.minute()) && means(hours, local.hour())
    };
    (from.div_euclid(60) * 60..to).step_by(60).filter(|at| *at >= from).filter(means).collect()
}

fn field(most: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        (1..8_u32).prop_map(|step| format!("*/{step}")),
        (0..most).prop_map(|one| one.to_string()),
        proptest::collection::btree_set(0..most, 1..4).prop_map(|many| many
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(",")),
    ]
}

/// Days around every change of 2024 to 2027, and others.
fn around_changes() -> impl Strategy<Value = (&'static str, i64)> {
    let days = ["03-09", "03-30", "04-05", "10-03", "10-25", "11-01", "07-15"];
    (0..ZONES.len(), 2024..2028, 0..days.len(), 0..3 * 1440_i64).prop_map(move |(zone, year, day, minute)| {
        (ZONES[zone], at(&format!("{year}-{}", days[day])).0 - 86_400 + minute * 60)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_interval_is_every_minute_that_the_clock_shows((zone, from) in around_changes(), minutes in field(60), step in 1..6_u32) {
        let hours = if step == 1 { "*".to_owned() } else { format!("*/{step}") };
        let to = from + 2 * 86_400;
        let cadence = cadence(&format!("{minutes} {hours} * * *"), zone);
        let ticks: Vec<i64> =
            cadence.ticks_after(Timestamp(from - 1)).map(|tick| tick.0).take_while(|tick| *tick < to).collect();
        prop_assert_eq!(ticks, intervals(&minutes, &hours, cadence.zone(), from, to));
    }

    #[test]
    fn a_named_time_comes_once_for_each_reading_of_the_clock((zone, from) in around_changes(), minute in 0..60_u32, hour in 0..24_u32) {
        let cadence = cadence(&format!("{minute} {hour} * * *"), zone);
        let ticks: Vec<i64> = cadence.ticks_after(Timestamp(from)).map(|tick| tick.0).take(5).collect();
        for pair in ticks.windows(2) {
            // A day, give or take what a clock changes and what lies in a gap.
            prop_assert!((22 * 3600..=26 * 3600).contains(&(pair[1] - pair[0])), "{ticks:?}");
        }
        // Whether it is asked from one tick, or from anywhere before the next, the next is the same.
        for pair in ticks.windows(2) {
            for asked in [pair[0], pair[0] + 1, (pair[0] + pair[1]) / 2, pair[1] - 1] {
                prop_assert_eq!(cadence.next_after(Timestamp(asked)), Some(Timestamp(pair[1])));
            }
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,40}|[0-9*,/LW#? -]{0,60}") {
        if let Ok(cadence) = Cadence::new(&text, "Europe/London") {
            let next = cadence.next_after(at("2026-03-29T00:00:00Z"));
            prop_assert!(next.is_some(), "{text}");
        }
    }
}
